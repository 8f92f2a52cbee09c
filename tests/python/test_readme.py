"""The README opens with the verdict of a real run: what it shows must be what the demo build printed."""

import os
import re
from pathlib import Path

import pytest

from nps_chain.publishing.verdict import verdict

ROOT = Path(__file__).parents[2]
PUBLISHED = Path(os.environ.get("NPS_WAREHOUSE", ROOT / "warehouse")) / "nps_chain.duckdb"


@pytest.mark.skipif("NPS_WAREHOUSE" not in os.environ, reason="make test builds the demo first and names its warehouse")
def test_the_readme_shows_the_verdict_of_the_demo_build() -> None:
    """A changed figure needs a changed README."""
    shown = re.search(r"<!-- verdict.*?-->\n```\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert shown is not None
    assert shown.group(1).rstrip() == verdict(PUBLISHED).rstrip()
