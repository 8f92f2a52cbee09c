"""The command line: `python -m docsite`."""

import sys

from docsite.build import SITE, build
from nps_chain.errors import UserError


def main() -> int:
    """Build the site; what the user can put right ends in one sentence."""
    try:
        build()
    except UserError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    print(f"site: open {SITE / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
