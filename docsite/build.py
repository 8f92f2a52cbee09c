"""Build the site: the picture of the star, Sphinx's pages, dbt's pages, and a look at all of them."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb

from docsite import check
from docsite.contents import FIRST_PAGE
from docsite.drawing import draw
from docsite.star import read_star
from nps_chain.contracts.marts import load_tables
from nps_chain.errors import UserError
from nps_chain.settings import ROOT

PICTURE = ROOT / "docs" / "star.svg"
SITE = ROOT / "site"
DBT_PAGE = "dbt/index.html"


def build(site: Path = SITE) -> None:
    """Build the site anew, and fail where a page would need a network or a link leads nowhere."""
    PICTURE.write_text(picture(), encoding="utf-8")
    shutil.rmtree(site, ignore_errors=True)
    with tempfile.TemporaryDirectory() as scratch:
        _write_pages(site, Path(scratch))
        _write_models(site / DBT_PAGE, Path(scratch))
    if faults := check.faults(site, apart=frozenset({DBT_PAGE})):
        raise UserError(f"The site is not one to read offline: {' '.join(faults)}")


def picture() -> str:
    """The star as SVG."""
    return draw(read_star(load_tables()))


def _write_pages(site: Path, scratch: Path) -> None:
    """Sphinx's pages; a link that leads nowhere, or a page that no list names, is an error."""
    options = ["-b", "html", "-c", str(ROOT / "docsite"), "-d", str(scratch / "doctrees"), "-q", "-W", "--keep-going"]
    _run("Sphinx", [sys.executable, "-m", "sphinx", *options, str(ROOT), str(site)], {"PYTHONPATH": str(ROOT)})
    shutil.copyfile(site / f"{FIRST_PAGE}.html", site / "index.html")


def _write_models(page: Path, scratch: Path) -> None:
    """The pages of dbt as one file. They need no build: types are those of the contracts, in empty tables."""
    database = scratch / "nps_chain.duckdb"
    with duckdb.connect(str(database)) as connection:
        connection.execute("create schema marts")
        for table in load_tables():
            columns = ", ".join(f'"{column.name}" {column.kind}' for column in table.columns)
            connection.execute(f'create table marts."{table.name}" ({columns})')
    places = {"NPS_WORK_DB": str(database), "NPS_RAW": "warehouse/raw", "NPS_TARGET": "duckdb", "NPS_LOAD": "all"}
    options = ["--project-dir", str(ROOT), "--profiles-dir", str(ROOT), "--target-path", str(scratch / "target")]
    options += ["--log-path", str(scratch / "logs"), "--no-partial-parse", "--quiet"]
    dbt = str(Path(sys.executable).with_name("dbt"))
    _run("dbt", [dbt, "--no-send-anonymous-usage-stats", "docs", "generate", "--static", *options], places)
    text = (scratch / "target" / "static_index.html").read_text(encoding="utf-8")
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(text.replace(str(ROOT), "."), encoding="utf-8")


def _run(tool: str, command: list[str], environment: dict[str, str]) -> None:
    """Run a tool; what it says is shown only where it fails."""
    done = subprocess.run(command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stdout + done.stderr, file=sys.stderr)
        raise UserError(f"{tool} could not make its pages of the site; what it said stands above.")
