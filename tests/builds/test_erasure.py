"""An erasure request takes a person out of everything that is built, and keeps them out.

Who a person is comes from the generator's list of planted requests and from the landing files; hashes are made here
with hashlib, not with the project's SQL.
"""

import csv
import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
from landing_builder import TEST_KEY, Warehouse, build
from lent_parse import KEPT, OWNER

from demo.generate import generate

SCALE, SEED = 0.05, 3
REQUESTS = Path("chain") / "erasure_requests.csv"
# whatever dbt leaves is searched for people
WRITES_ALL = {"DBT_WRITE_JSON": "true", "DBT_LOG_LEVEL_FILE": "debug"}
# any address of the demo's people; no table has a reason to hold one
ADDRESS = re.compile(rb"[A-Za-z0-9._-]+@[A-Za-z0-9-]+\.example", re.IGNORECASE)
# customers' keys are hashes modulo this
GIVEN_KEYS = 8_000_000_000_000_000
WHOLE_NUMBERS = ("BIGINT", "HUGEINT", "UBIGINT", "INTEGER")


def hashed(kind: str, value: str) -> int:
    """The keyed hash of an identity, as docs/landing.md describes it."""
    return int(hashlib.sha256(f"{TEST_KEY}|{kind}|{value}".encode()).hexdigest()[:15], 16)


@dataclass(frozen=True)
class Person:
    """A customer's row in the file of one dealer or shop."""

    partner: str
    number: str
    email: str
    phone: str

    @property
    def hashes(self) -> set[int]:
        """The keyed hashes of all that the row says, and the customer keys that follow from them."""
        found = {hashed("customer", f"{self.partner}|{self.number}")}
        if re.fullmatch(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\".]{2,}", self.email):
            found.add(hashed("email", self.email.lower()))
        digits = re.sub(r"\D", "", self.phone.replace("(0)", ""))
        if self.phone.startswith("+") and len(digits) >= 7:
            found.add(hashed("phone", f"+{digits}"))
        return found | {value % GIVEN_KEYS for value in found}


def people(landing: Path) -> list[Person]:
    """All customers that dealers and shops list."""
    found = []
    for file in sorted([*landing.glob("dealer/*/customers*.csv"), *landing.glob("shop/*/customers*.csv")]):
        with file.open(encoding="utf-8", errors="replace", newline="") as stream:
            for row in csv.DictReader(line.replace("\0", "") for line in stream):
                number = row.get("customer_no") or row.get("loyalty_no")
                if number:
                    found.append(Person(file.parent.name, number, row.get("email") or "", row.get("phone") or ""))
    return found


def files_of(folder: Path) -> list[Path]:
    """Everything that a build wrote: both databases, raw files, compiled models, logs, documents."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def found_in_bytes(files: Iterable[Path], hashes: set[int]) -> set[tuple[str, str]]:
    """Files that hold an address, or one of the hashes as eight bytes or as digits."""
    found = set()
    needles = [needle for value in hashes for needle in (value.to_bytes(8, "little"), str(value).encode())]
    for file in files:
        content = file.read_bytes()
        if ADDRESS.search(content):
            found.add((file.name, "address"))
        if any(needle in content for needle in needles):
            found.add((file.name, "hash"))
    return found


def found_in_columns(warehouse: Warehouse, hashes: set[int]) -> set[str]:
    """Columns of either database that hold an address or one of the hashes, however they are packed."""
    found = set()
    with duckdb.connect() as connection:
        connection.execute(f"attach '{warehouse.published}' as published (read_only)")
        connection.execute(f"attach '{warehouse.work}' as work (read_only)")
        connection.execute("create table hashes as select unnest(?) as value", [sorted(hashes)])
        columns = connection.execute(
            "select database_name, schema_name, table_name, column_name, data_type from duckdb_columns() "
            "where database_name in ('published', 'work')"
        ).fetchall()
        for database, schema, table, column, kind in columns:
            place = f'{database}.{schema}."{table}"'
            if kind in WHOLE_NUMBERS:
                query = f'select 1 from {place} where "{column}" in (from hashes) limit 1'
            elif kind == "VARCHAR":
                query = (
                    f"select 1 from {place} where regexp_matches(\"{column}\", '@[a-z0-9-]+\\.example', 'i') limit 1"
                )
            else:
                continue
            if connection.execute(query).fetchall():
                found.add(f"{database}.{table}.{column}")
    return found


@dataclass(frozen=True)
class Story:
    """One landing folder, and its warehouse as three builds in a row left it."""

    landing: Path
    folder: Path
    erased: list[Person]
    others: list[Person]
    before: tuple[set[str], int]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """People are customers, then ask to be erased, and then one of them calls again."""
    root = tmp_path_factory.mktemp("erasure")
    landing, folder = root / "landing", root / "warehouse"
    generate(landing, root / "truth.json", SCALE, SEED)
    planted = json.loads((root / "truth.json").read_text(encoding="utf-8"))["erasure_requests"]
    named = {(request["partner_code"], request["record_no"]) for request in planted}
    listed = people(landing)
    erased = [person for person in listed if (person.partner, person.number) in named]
    others = [person for person in listed if (person.partner, person.number) not in named]
    requests = (landing / REQUESTS).read_bytes()
    (landing / REQUESTS).unlink()
    first = build(landing, folder, data_tests=False, variables=WRITES_ALL)
    hashes = {value for person in erased for value in person.hashes}
    before = (found_in_columns(first, hashes), count_rows(first))
    (landing / REQUESTS).write_bytes(requests)
    build(landing, folder, data_tests=False, variables=WRITES_ALL)
    return Story(landing, folder, erased, others, before)


def count_rows(warehouse: Warehouse) -> int:
    """Rows of the transactions' fact."""
    with warehouse.open() as connection:
        return connection.execute("select count(*) from fct_transaction").fetchone()[0]


def hashes_of(persons: list[Person]) -> set[int]:
    """All their hashes."""
    return {value for person in persons for value in person.hashes}


def test_before_the_request_the_scan_finds_them(story: Story) -> None:
    columns, _ = story.before
    assert len(story.erased) > 5
    assert {"published.fct_transaction.customer_key", "work.base_dealer__customers.email_hash"} <= columns


def test_afterwards_nothing_of_them_is_left(story: Story) -> None:
    warehouse = Warehouse(story.folder / "nps_chain.duckdb", story.folder / "work.duckdb")
    assert found_in_columns(warehouse, hashes_of(story.erased)) == set()
    written = files_of(story.folder)
    assert {"work.duckdb", "nps_chain.duckdb", "dbt.log", "manifest.json", "_files.parquet"} <= {
        path.name for path in written
    }
    assert found_in_bytes(written, hashes_of(story.erased)) == set()
    assert count_rows(warehouse) < story.before[1]


def test_their_rows_are_counted_and_not_listed(story: Story) -> None:
    warehouse = Warehouse(story.folder / "nps_chain.duckdb", story.folder / "work.duckdb")
    with warehouse.open() as connection:
        erased, apart = connection.execute(
            "select sum(rows_erased), count(*) filter (where rows_in != rows_accepted + rows_quarantined) "
            "from mart_pipeline_health"
        ).fetchone()
        listed = connection.execute("select count(*) from mart_quarantine where reason_code = 'erased_on_request'")
        assert erased > len(story.erased)
        assert (apart, listed.fetchone()[0]) == (0, 0)


def test_what_names_their_answers_goes_with_them(story: Story) -> None:
    """Follow-ups and ratings name an answer, not a person: those that are left find theirs among the answers left."""
    warehouse = Warehouse(story.folder / "nps_chain.duckdb", story.folder / "work.duckdb")
    with warehouse.open() as connection:
        for dataset in ("chain__follow_ups", "chain__survey_items"):
            erased, left, orphans = connection.execute(
                "select (select sum(rows_erased) from mart_pipeline_health where dataset = ?), count(*), "
                f"count(*) filter (where response_key is null) from work.staging.stg_{dataset} as named "
                "left join dim_survey on survey = survey_code "
                "left join work.intermediate.int_survey_response as answers "
                "on answers.survey_key = dim_survey.survey_key and answers.partner_code = named.partner_code "
                "and answers.response_no = named.response_no",
                [dataset],
            ).fetchone()
            assert erased > 0 and left > 0, dataset
            assert orphans == 0, dataset


def test_the_others_stay(story: Story) -> None:
    warehouse = Warehouse(story.folder / "nps_chain.duckdb", story.folder / "work.duckdb")
    erased = {person.email.lower() for person in story.erased}
    others = [person for person in story.others if person.email.lower() not in erased]
    with warehouse.open() as connection:
        kept = connection.execute(
            "select count(distinct customer_hash) from work.base.base_dealer__customers where customer_hash in "
            "(select unnest(?))",
            [[hashed("customer", f"{person.partner}|{person.number}") for person in others]],
        ).fetchone()[0]
    dealers = {person.partner + person.number for person in others if person.partner.startswith("DLR")}
    # a person may be a customer of two dealers, and is then erased from both
    assert kept > 0.97 * len(dealers)


def test_dbt_reads_the_project_once_per_database(story: Story) -> None:
    """The scratch database of an erasure doesn't make the build after it read everything again."""
    logs = "".join(path.read_text(encoding="utf-8") for path in (story.folder / "logs").glob("dbt.log*"))
    # that of the build before the request and that of the erasure, unless both were lent it
    anew = 0 if (OWNER / KEPT).is_file() else 2
    assert logs.count('"name": "UnableToPartialParse"') == anew


def test_who_was_erased_stays_out_when_they_come_again(story: Story) -> None:
    person = next(person for person in story.erased if "@" in person.email and person.partner.startswith("DLR"))
    stranger = "never.seen.before@post.example"
    late = story.landing / "dealer" / person.partner / "customers_late.csv"
    header = (late.parent / "customers.csv").read_text(encoding="utf-8").splitlines()[0].split(",")
    rows = [
        {"customer_no": "LATE-1", "email": person.email, "segment": "private"},
        {"customer_no": "LATE-2", "email": stranger, "segment": "private"},
    ]
    with late.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, header)
        writer.writeheader()
        writer.writerows(rows)
    again = build(story.landing, story.folder, data_tests=False, variables=WRITES_ALL)
    hashes = hashes_of(story.erased) | {hashed("customer", f"{person.partner}|LATE-1")}
    assert found_in_columns(again, hashes) == set()
    assert found_in_bytes(files_of(story.folder), hashes) == set()
    other = {hashed("customer", f"{person.partner}|LATE-2"), hashed("email", stranger)}
    assert found_in_columns(again, other) >= {"work.base_dealer__customers.email_hash"}


def test_the_scan_sees_what_it_looks_for(tmp_path: Path) -> None:
    secret = 2**59 + 12345
    plain = tmp_path / "plain.duckdb"
    with duckdb.connect(str(plain)) as connection:
        connection.execute("pragma force_compression = 'uncompressed'")
        connection.execute(f"create table kept as select {secret} + range * range as number from range(1000)")
    (tmp_path / "text.log").write_text(f"customer {secret} of jan@post.example")
    assert found_in_bytes([plain], {secret}) == {("plain.duckdb", "hash")}
    assert found_in_bytes([plain, tmp_path / "text.log"], {7**20}) == {("text.log", "address")}
