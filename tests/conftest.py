"""What tests share: markers by folder, a landing folder to fill and the intake over it, and the compiled project."""

import os
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from contract_parts import whole
from cost import no_builds
from landing_builder import build
from trouble import Troubled, lay_down
from xdist.scheduler import LoadScopeScheduling

from nps_chain.intake import intake
from nps_chain.raw_folder import dataset_sql
from nps_chain.settings import SERVER_VARIABLES

if TYPE_CHECKING:
    from study.sql_harness import CompiledProject, Sandbox

# A test that names its warehouse means its raw folder and database too, and other tests run beside it; nor
# do tests build on a server that somebody has named.
for variable in ("NPS_RAW", "NPS_WORK_DB", "NPS_TARGET", *SERVER_VARIABLES):
    os.environ.pop(variable, None)

KEY = "a-key-for-tests-only"
TESTS = Path(__file__).parent
# each is a marker too
FOLDERS = ("unit", "statistics", "builds", "engines")
# files whose names begin so share the build `troubled`
SHARED = "test_trouble"
# Files that take minutes, longest first, so that no worker is left alone with one at the end.
LONGEST = (
    *("test_spark_parity", "test_killed", "test_rebuild", "test_loads", "test_erasure", "test_bad_input"),
    *("test_loads_by_hand", "test_study"),
)


def folder_of(item: pytest.Item) -> str:
    """The folder of a test, which says what it costs."""
    folder = item.path.relative_to(TESTS).parts[0]
    if folder not in FOLDERS:
        raise pytest.UsageError(f"{item.nodeid} lies in none of tests/{', tests/'.join(FOLDERS)}")
    return folder


class ByBuild(LoadScopeScheduling):
    """A file stays with one worker, since its tests share builds, and so do the files about trouble, which share one.

    xdist's own groups need not hold: it writes them into the names of tests, which pytest 9.2 does not let it change,
    and then every worker makes every build.
    """

    def _split_scope(self, nodeid: str) -> str:
        """The file of a test, or what several share."""
        file = nodeid.split("::", 1)[0]
        return SHARED if Path(file).stem.startswith(SHARED) else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ByBuild:
    """Hand out tests by the builds that they share, whatever --dist says."""
    return ByBuild(config, log)


# before pytest selects by marker
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test with its folder, and put the longest files first; each stays in its own order."""
    for item in items:
        item.add_marker(folder_of(item))
    last = len(LONGEST)
    items.sort(key=lambda item: LONGEST.index(item.path.stem) if item.path.stem in LONGEST else last)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """In tests/unit neither a test nor its fixtures may start dbt or a build."""
    with no_builds() if folder_of(item) == "unit" else nullcontext():
        return (yield)


@pytest.fixture(scope="session")
def troubled(tmp_path_factory: pytest.TempPathFactory) -> Troubled:
    """A build of all trouble from the field: one per worker, however many files ask for it."""
    folder = tmp_path_factory.mktemp("trouble")
    landing = folder / "landing"
    lay_down(landing)
    warehouse = build(landing, folder / "warehouse")
    return Troubled(landing, warehouse, (folder / "warehouse" / "build.log").read_text(encoding="utf-8"))


@dataclass
class Landing:
    """A landing folder under construction, and what the intake made of it."""

    root: Path
    raw: Path

    def write(self, path: str, content: str | bytes) -> Path:
        """Lay down a file."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
        return target

    def write_parquet(self, path: str, query: str) -> None:
        """Lay down a Parquet file with the rows of a query."""
        target = self.write(path, b"")
        duckdb.execute(f"copy ({query}) to '{target}' (format parquet)")

    def intake(self, anew: bool = False) -> intake.Summary:
        """Read the folder, or what has changed in it."""
        return intake.run(self.root, self.raw, KEY, anew=anew)

    def rows(self, dataset: str, columns: str = "*") -> list[tuple[Any, ...]]:
        """Rows of a raw data set in the order of file and line."""
        return self._in_order(columns, dataset_sql(self.raw, dataset))

    def rejects(self) -> list[tuple[int, str]]:
        """Line and reason of every reject."""
        return self._in_order("line_number, reason", f"read_parquet('{self.raw}/_rejects.parquet')")

    def _in_order(self, columns: str, relation: str) -> list[tuple[Any, ...]]:
        files = f"(select file_id, file_number from read_parquet('{self.raw}/_files.parquet'))"
        query = f"select {columns} from {relation} inner join {files} using (file_id)"
        return duckdb.execute(f"{query} order by file_number, line_number").fetchall()

    def raw_files(self) -> list[Path]:
        """All files of the raw folder."""
        return sorted(path for path in self.raw.rglob("*") if path.is_file())

    def raw_bytes(self) -> dict[str, bytes]:
        """Content of all files of the raw folder."""
        return {str(path.relative_to(self.raw)): path.read_bytes() for path in self.raw_files()}

    def manifest(self) -> dict[str, dict[str, Any]]:
        """The manifest by path."""
        relation = duckdb.execute(f"from read_parquet('{self.raw}/_files.parquet')")
        names = [column[0] for column in relation.description]
        return {row["file_path"]: row for row in (dict(zip(names, row, strict=True)) for row in relation.fetchall())}


@pytest.fixture(autouse=True, scope="session")
def contract_read_once() -> Iterator[None]:
    """The intake takes the contract as it was read first; no test changes it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(intake, "load_contract", whole)
        yield


@pytest.fixture
def make_landing(tmp_path: Path) -> Callable[[str], Landing]:
    """Folders by name."""

    def make(name: str) -> Landing:
        root = tmp_path / name / "landing"
        root.mkdir(parents=True)
        return Landing(root, tmp_path / name / "warehouse" / "raw")

    return make


@pytest.fixture
def landing(make_landing: Callable[[str], Landing]) -> Landing:
    """One folder with one partner per country that the tests use."""
    folder = make_landing("one")
    folder.write(
        "chain/partners.csv",
        "partner_code,link,industry,country,partner_name,valid_from\n"
        "D1,dealer,automotive,NL,Dealer,2020-01-01\n"
        "S1,shop,retail,GB,Shop,2020-01-01\n"
        "M1,manufacturer,automotive,,Maker,2020-01-01\n",
    )
    return folder


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> "CompiledProject":
    """The compiled queries of every model, probe and analysis."""
    # imported late, as dbt takes seconds to import
    from compiled import compile_once

    return compile_once(tmp_path_factory)


@pytest.fixture
def sandbox(project: "CompiledProject") -> "Sandbox":
    """An empty database for one test of compiled models."""
    from study.sql_harness import Sandbox

    return Sandbox(project)
