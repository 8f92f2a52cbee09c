"""Loading what has changed gives, row for row, what making everything anew gives, after any sequence of loads.

A small chain is laid down in full; then files of its tiers arrive late, are cut, corrected, sent again, spoilt and
withdrawn, at random. After every load the published tables are compared with those of a build that knows of nothing
before. NPS_LOADS sets how many loads follow each other, NPS_LOADS_SEED which random numbers they draw.
"""

import csv
import io
import os
import random
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import duckdb
import pytest
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest
from landing_builder import PROJECT, TEST_KEY

from demo.generate import generate
from nps_chain.raw_folder import Load, changes_path
from nps_chain.running import build, dbt, kept
from nps_chain.running.state import take_state, write_state
from nps_chain.settings import KEY_VARIABLE, Settings

LOADS = int(os.environ.get("NPS_LOADS", "0"))
SEED = int(os.environ.get("NPS_LOADS_SEED", "11"))
SCALE = 0.05
EDITS_PER_LOAD = 12
REQUESTS = 2
# what every row is judged by: a change there makes everything anew, which says nothing about loading changes
JUDGING_PATHS = ("chain/partners", "chain/exchange_rates", "chain/erasure", "products", "dealernetwerk")


class Warehouse:
    """One warehouse folder, built in this process by the steps of `nps_chain build` without data tests."""

    # dbt's reading of the project, which holds the place of the raw files
    manifests: ClassVar[dict[tuple[Path, str], Manifest]] = {}

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.settings = Settings(folder, folder / "raw", folder / "work.duckdb")
        self.monkeypatch = monkeypatch
        self.loaded_changes = False
        folder.mkdir(exist_ok=True)

    def build(self, landing: Path, anew: bool = False, silenced: str | None = None) -> Load:
        """Load the landing folder; of changes in the data set `silenced` dbt is not told."""
        self.prepare()
        state = take_state(self.settings)
        load, self.loaded_changes = build.take_in(self.settings, landing, "1", anew, state)
        if silenced:
            told = changes_path(self.settings.raw, silenced)
            duckdb.execute(f"copy (select * from read_parquet('{told}') limit 0) to '{told}' (format parquet)")
        build.run_dbt(self.settings, self.loaded_changes)
        write_state(self.settings, load)
        kept.keep_customers(self.settings)
        return load

    def begin_as(self, other: "Warehouse") -> None:
        """Know the keys of customers that the other warehouse knows by now, and nothing else."""
        shutil.rmtree(self.settings.kept, ignore_errors=True)
        if other.settings.kept.exists():
            shutil.copytree(other.settings.kept, self.settings.kept)

    def prepare(self) -> None:
        """Let the project's steps run dbt here."""
        self.monkeypatch.setattr(dbt, "build", self._dbt)
        self.monkeypatch.setenv(KEY_VARIABLE, TEST_KEY)

    def _dbt(
        self, settings: Settings, options: list[str], load: str = "all", work_database: Path | None = None
    ) -> None:
        """What dbt.build does, in this process and without tests."""
        places = {"DBT_TARGET_PATH": "target", "DBT_LOG_PATH": "logs"}
        # dbt's reading of the project holds the place of the raw files, so that has to be one for all warehouses
        raw = settings.warehouse.parent / "raw_in_use"
        raw.unlink(missing_ok=True)
        raw.symlink_to(settings.raw)
        environment = settings.environment() | {"NPS_RAW": str(raw), "NPS_LOAD": load}
        environment |= {name: str(settings.warehouse / place) for name, place in places.items()}
        if work_database:
            environment["NPS_WORK_DB"] = str(work_database)
        for name, value in environment.items():
            self.monkeypatch.setenv(name, value)
        common = ["--quiet", "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
        known = (raw, load)
        if known not in self.manifests:
            self.manifests[known] = dbtRunner().invoke(["parse", "--no-partial-parse", *common]).result
        selected = options[:2] if "--select" in options else []
        outcome = dbtRunner(manifest=self.manifests[known]).invoke(["build", *selected, *dbt.NO_TESTS, *common])
        DuckDBConnectionManager.close_all_connections()
        assert outcome.success, outcome.exception


def differences(one: Warehouse, other: Warehouse) -> dict[str, tuple[int, int]]:
    """Per public table the rows, counting repeats, that only one of two warehouses holds."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{one.settings.work_database}' as one (read_only)")
        connection.execute(f"attach '{other.settings.work_database}' as other (read_only)")
        tables = connection.execute(
            "select table_name from duckdb_tables() where database_name = 'one' and schema_name = 'marts' order by 1"
        ).fetchall()
        found = {}
        for (table,) in tables:
            apart = tuple(
                connection.execute(
                    f"select count(*) from (from {here}.marts.{table} except all from {there}.marts.{table})"
                ).fetchone()[0]
                for here, there in (("one", "other"), ("other", "one"))
            )
            if any(apart):
                found[table] = apart
        assert len(tables) > 20
        return found


class Tiers:
    """What the tiers do to their files between two loads."""

    def __init__(self, landing: Path, aside: Path, chance: random.Random) -> None:
        self.landing = landing
        self.aside = aside
        self.chance = chance
        self.done: Counter[str] = Counter()

    def files(self, folder: Path) -> list[Path]:
        """Files whose change is a change of some rows."""
        found = (path for path in folder.rglob("*") if path.is_file())
        return sorted(path for path in found if not any(part in str(path) for part in JUDGING_PATHS))

    def work(self) -> None:
        """One change."""
        actions: list[Callable[[Path], None]] = [
            self.withdraw, self.cut, self.correct, self.send_again, self.spoil, self.swap_people,
        ]  # fmt: skip
        if self.files(self.aside) and self.chance.random() < 0.4:
            self.arrive(self.chance.choice(self.files(self.aside)))
        else:
            self.chance.choice(actions)(self.chance.choice(self.files(self.landing)))

    def arrive(self, file: Path) -> None:
        """A file that was withdrawn or cut comes, whole and late."""
        self.done["arrive"] += 1
        file.replace(self._place(file, self.aside, self.landing))

    def withdraw(self, file: Path) -> None:
        """A file goes."""
        self.done["withdraw"] += 1
        file.replace(self._place(file, self.landing, self.aside))

    def cut(self, file: Path) -> None:
        """The last rows of a file are not there yet."""
        rows = self._read(file)
        if len(rows) > 3:
            self.done["cut"] += 1
            whole = self._place(file, self.landing, self.aside)
            whole.write_bytes(file.read_bytes())
            self._write(file, rows[: 1 + int((len(rows) - 1) * self.chance.random())])

    def correct(self, file: Path) -> None:
        """Single fields change: taken over from another row of the file."""
        rows = self._read(file)
        if len(rows) > 2:
            self.done["correct"] += 1
            for _ in range(min(5, len(rows) - 1)):
                one, other = self.chance.randrange(1, len(rows)), self.chance.randrange(1, len(rows))
                column = self.chance.randrange(len(rows[0]))
                if len(rows[one]) == len(rows[other]) == len(rows[0]):
                    rows[one][column] = rows[other][column]
            self._write(file, rows)

    def swap_people(self, file: Path) -> None:
        """Rows lose or take over an identity, so that people fall apart or become one."""
        rows = self._read(file)
        names = [str(name) for name in rows[0]] if rows else []
        wanted = ("customer_no", "loyalty_no", "email", "phone", "serial_no", "e_mail", "telefoon", "chassisnummer")
        columns = [number for number, name in enumerate(names) if name in wanted]
        if columns and len(rows) > 2:
            self.done["swap"] += 1
            for _ in range(min(5, len(rows) - 1)):
                one, other = self.chance.randrange(1, len(rows)), self.chance.randrange(1, len(rows))
                column = self.chance.choice(columns)
                if len(rows[one]) == len(rows[other]) == len(rows[0]):
                    rows[one][column] = self.chance.choice([rows[other][column], None])
            self._write(file, rows)

    def send_again(self, file: Path) -> None:
        """Some rows come once more in a file of their own, a few of them changed."""
        rows = self._read(file)
        if len(rows) > 1:
            self.done["again"] += 1
            again = [rows[0], *self.chance.sample(rows[1:], min(6, len(rows) - 1))]
            target = file.with_name(f"{file.stem}_again{file.suffix}")
            self._write(target, again)
            if self.chance.random() < 0.5:
                self.correct(target)

    def spoil(self, file: Path) -> None:
        """Bytes are lost."""
        content = file.read_bytes()
        if len(content) > 10:
            self.done["spoil"] += 1
            place = self.chance.randrange(len(content))
            file.write_bytes(content[:place] + b'\0"\n' + content[place + 5 :])

    def _place(self, file: Path, here: Path, there: Path) -> Path:
        target = there / file.relative_to(here)
        target.parent.mkdir(parents=True, exist_ok=True)
        return target

    def _read(self, file: Path) -> list[list[object]]:
        """Names and rows, of any format."""
        if file.suffix == ".parquet":
            try:
                relation = duckdb.sql(f"select columns(*)::varchar from read_parquet('{file}')")
            except duckdb.Error:
                return []
            return [list(relation.columns), *map(list, relation.fetchall())]
        text = file.read_bytes().decode("utf-8", errors="replace").replace("\0", "")
        if file.suffix == ".ndjson":
            return [["line"], *([line] for line in text.splitlines() if line)]
        return [list(row) for row in csv.reader(io.StringIO(text, newline=""), delimiter=self._delimiter(file))]

    def _write(self, file: Path, rows: list[list[object]]) -> None:
        if file.suffix == ".parquet":
            columns = {str(name): [row[number] for row in rows[1:]] for number, name in enumerate(rows[0])}
            lists = ", ".join(f'unnest(?::varchar[]) as "{name}"' for name in columns)
            query = f"copy (select {lists}) to '{file}' (format parquet)"
            duckdb.execute(query, list(columns.values()))
        elif file.suffix == ".ndjson":
            file.write_text("".join(f"{row[0]}\n" for row in rows[1:] if row[0] is not None), encoding="utf-8")
        else:
            text = io.StringIO()
            writer = csv.writer(text, delimiter=self._delimiter(file))
            writer.writerows(["" if value is None else value for value in row] for row in rows)
            file.write_text(text.getvalue(), encoding="utf-8")

    def _delimiter(self, file: Path) -> str:
        return ";" if file.parent.parent.name == "importer" else ","


def few_requests(file: Path) -> None:
    """Leave so few people erased that most loads don't bear on them."""
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    file.write_text("".join(lines[: 1 + REQUESTS]), encoding="utf-8")


@pytest.mark.skipif(not LOADS, reason="NPS_LOADS is not set; `make fuzz` sets it")
def test_any_sequence_of_loads_equals_a_build_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    landing = tmp_path / "landing"
    generate(landing, tmp_path / "truth.json", SCALE, SEED)
    few_requests(landing / "chain" / "erasure_requests.csv")
    chance = random.Random(SEED)
    tiers = Tiers(landing, tmp_path / "aside", chance)
    tiers.aside.mkdir()
    growing = Warehouse(tmp_path / "growing", monkeypatch)
    # the first load: not everything is there yet
    for _ in range(EDITS_PER_LOAD):
        tiers.chance.choice([tiers.withdraw, tiers.cut])(chance.choice(tiers.files(landing)))
    growing.build(landing)
    loaded_changes = 0
    for number in range(LOADS):
        for _ in range(EDITS_PER_LOAD):
            tiers.work()
        anew = Warehouse(tmp_path / f"anew_{number}", monkeypatch)
        anew.begin_as(growing)
        load = growing.build(landing)
        # what bears on an erased person is read anew
        loaded_changes += growing.loaded_changes
        assert not growing.loaded_changes or sum(load.changed_rows.values()) > 0
        anew.build(landing, anew=True)
        assert differences(growing, anew) == {}, (SEED, number, tiers.done)
    assert loaded_changes > 0
    # and a test of the comparison: one sale is withdrawn, and dbt is not told
    orders = chance.choice(sorted(landing.glob("dealer/*/sales_orders.csv")))
    tiers.cut(orders)
    anew = Warehouse(tmp_path / "anew", monkeypatch)
    anew.begin_as(growing)
    assert growing.build(landing, silenced="dealer__sales_orders").changed_rows["dealer__sales_orders"] > 0
    anew.build(landing, anew=True)
    assert "fct_transaction" in differences(growing, anew)
