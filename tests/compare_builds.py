"""Do two revisions of the project publish the same? Builds a landing folder with each and compares every table.

    python tests/compare_builds.py --base c6eb300 --engine spark --landing path \\
        --rewritten "chain_link_key=chain_link_key // 10 * 100 + chain_link_key % 10"

Without --landing the folder is the one that both engines are compared on: the corpus of bad input, a small demo and the
real data. Where a column was meant to change, --rewritten says how: the base's values are so rewritten first.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb

PROJECT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(PROJECT / folder) for folder in (".", "tests/support", "tests/builds")]

from parity import differences  # noqa: E402

KEY = "a-key-of-the-comparison-only"


def extract(revision: str, target: Path) -> Path:
    """The project as it is at a revision."""
    target.mkdir()
    archive = subprocess.run(["git", "archive", revision], cwd=PROJECT, check=True, capture_output=True).stdout
    subprocess.run(["tar", "-x", "-C", str(target)], input=archive, check=True)
    return target


def build(project: Path, landing: Path, warehouse: Path, engine: str) -> Path:
    """The published file of a build of everything with that project's code."""
    # as it stands: a linked environment is still the environment
    python = str(PROJECT / (".venv-spark" if engine == "spark" else ".venv") / "bin" / "python")
    settings = {"NPS_WAREHOUSE": str(warehouse), "NPS_ENGINE": engine, "NPS_IDENTITY_KEY": KEY, "NPS_CHECKS": "none"}
    command = [python, "-m", "nps_chain", "build", "--landing", str(landing)]
    subprocess.run(command, cwd=project, env=os.environ | settings, check=True, stdout=sys.stderr)
    return warehouse / "nps_chain.duckdb"


def rewrite(published: Path, column: str, expression: str) -> int:
    """Give the column its new values in every table that has it; say in how many."""
    with duckdb.connect(str(published)) as connection:
        tables = connection.execute(
            "select table_name from duckdb_columns() where column_name = ? and database_name = current_database()",
            [column],
        ).fetchall()
        for (table,) in tables:
            connection.execute(f"update {table} set {column} = {expression}")
    return len(tables)


def lay_default(landing: Path) -> None:
    """The folder on which the engines are compared."""
    from bad_input.corpus import lay_corpus  # type: ignore[import-not-found]
    from real_data import lay_cdnow, lay_survey, read_purchases  # type: ignore[import-not-found]

    from demo.generate import generate

    generate(landing, landing.with_name("truth.json"), 0.1, 5)
    lay_survey(landing)
    lay_cdnow(landing, read_purchases())
    lay_corpus(landing, partners="chain/partners_corpus.csv", rates="chain/exchange_rates_corpus.csv")


def compare(options: argparse.Namespace, folder: Path) -> list[str]:
    """A sentence per difference."""
    landing = options.landing.resolve() if options.landing else folder / "landing"
    if not options.landing:
        lay_default(landing)
    before = build(extract(options.base, folder / "base"), landing, folder / "before", options.engine)
    after = build(PROJECT, landing, folder / "after", options.engine)
    for column, _, expression in (said.partition("=") for said in options.rewritten):
        print(f"{column} is rewritten in {rewrite(before, column, expression)} tables of the base", file=sys.stderr)
    return differences(before, after)


def main() -> int:
    """Print the differences; 1 if there are any."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--base", required=True, help="the revision to compare with")
    parser.add_argument("--landing", type=Path, help="a landing folder of your own")
    parser.add_argument("--engine", choices=["duckdb", "spark"], default="duckdb")
    parser.add_argument("--rewritten", action="append", default=[], metavar="COLUMN=EXPRESSION")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="compare-builds-"))
    try:
        found = compare(options, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print("\n".join(found) or "no difference")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
