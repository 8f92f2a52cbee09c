"""The command line: `python -m nps_chain <command>`."""

import argparse
import sys
from pathlib import Path

from nps_chain.contracts import dbt_files, pages
from nps_chain.contracts.landing import load_contract
from nps_chain.errors import MACHINE_FAULTS, UserError, machine_sentence
from nps_chain.messages import say
from nps_chain.publishing.export import export
from nps_chain.publishing.verdict import LANGUAGES, verdict
from nps_chain.running import build, demo_data
from nps_chain.settings import load_settings


def main(arguments: list[str] | None = None) -> int:
    """Run one command; what the user can put right ends in one sentence."""
    options = _parser().parse_args(arguments)
    try:
        _run(options)
    except UserError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    except MACHINE_FAULTS as error:
        print(f"Error: {machine_sentence(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return _stopped()
    except RuntimeError as error:
        # a query that is stopped at the keyboard says so in an error of its own
        if not isinstance(error.__cause__, KeyboardInterrupt):
            raise
        return _stopped()
    return 0


def _stopped() -> int:
    print("Stopped.", file=sys.stderr)
    return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m nps_chain", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (
        ("build", "from raw files to the published warehouse and the verdict"),
        ("intake", "read the landing folder into warehouse/raw"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("--landing", type=Path, help="your landing folder; without it the demo data")
        command.add_argument("--demo-scale", default="1", help="scale of the demo data (default 1)")
        command.add_argument("--anew", action="store_true", help="read and make everything anew, not what changed")
    check = commands.add_parser("check", help="check raw files alone, or what the last build left")
    check.add_argument("--landing", type=Path, help="the landing folder to check")
    demo = commands.add_parser("demo", help="generate the demo data")
    demo.add_argument("--demo-scale", default="1", help="scale of the demo data (default 1)")
    commands.add_parser("publish", help="publish the marts of the working database")
    commands.add_parser("export", help="write the published tables as Parquet and as CSV for a spreadsheet")
    printed = commands.add_parser("verdict", help="print the verdict of the published warehouse")
    printed.add_argument("--language", choices=LANGUAGES, default="en", help="language of its sentences (default en)")
    commands.add_parser("docs", help="write from the contract what dbt and docs/landing.md say of it")
    return parser


def _run(options: argparse.Namespace) -> None:
    settings = load_settings()
    match options.command:
        case "build":
            build.build(settings, options.landing, options.demo_scale, options.anew)
        case "intake":
            with build.sole_build(settings):
                build.take_in(settings, options.landing, options.demo_scale, options.anew)
        case "demo":
            demo_data.make(options.demo_scale)
        case "publish":
            with build.sole_build(settings):
                build.publish_marts(settings)
        case "check":
            with build.sole_build(settings):
                build.check_alone(settings, options.landing)
        case "export":
            say(f"export: {export(settings.published_database, settings.export)} tables in {settings.export}")
        case "verdict":
            print(verdict(settings.published_database, options.language))
        case "docs":
            pages.write()
            for line in dbt_files.write(load_contract()):
                say(f"docs: {line}")


if __name__ == "__main__":
    sys.exit(main())
