"""The intake over hundreds of random files, over many files at once, and over large ones."""

import csv
import io

import duckdb
import pytest
from conftest import KEY, Landing
from contract_parts import as_written, contract_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nps_chain.intake import intake, loader, projection
from nps_chain.intake.files import Scan
from nps_chain.people import spellings
from nps_chain.raw_folder import dataset_sql

CUSTOMERS = "customer_no,name,email,phone,segment,customer_since\n"
PROGRAMME_COSTS = "industry,country,link,month,programme_cost,currency,head_count\n"
BLANKS = spellings.BLANKS

FIELDS = st.text(
    alphabet=st.one_of(st.sampled_from(list(' ",;ab\n\té€漢😀')), st.characters(exclude_categories=("Cs", "Cc"))),
    max_size=8,
)
TABLES = st.lists(st.lists(FIELDS, min_size=7, max_size=7), max_size=12)


def as_csv(rows: list[list[str]], newline: str, quoting: int) -> bytes:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator=newline, quoting=quoting)
    writer.writerows([PROGRAMME_COSTS.strip().split(","), *rows])
    return buffer.getvalue().encode()


def expected_rows(data: bytes) -> list[tuple]:
    """Python's csv module as the oracle of fields and line numbers."""
    reader = csv.reader(io.StringIO(data.decode(), newline=""))
    rows, start = [], 1
    for fields in reader:
        if start > 1 and any(fields):
            rows.append((start, *(field.replace("\r\n", "\n").strip(BLANKS) or None for field in fields)))
        start = reader.line_num + 1
    return rows


@pytest.fixture
def costs_alone(monkeypatch):
    """The one data set that is read hundreds of times."""
    monkeypatch.setattr(intake, "load_contract", lambda: contract_of("chain__programme_costs"))
    monkeypatch.setattr(projection, "known_sql", as_written)


def read_back(folder: Landing) -> list[tuple]:
    return folder.rows(
        "chain__programme_costs",
        "line_number, industry, country, link, month, programme_cost, currency, head_count",
    )


@pytest.mark.usefixtures("costs_alone")
@pytest.mark.parametrize("patient", [False, True], ids=["quick", "patient"])
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=TABLES.filter(lambda rows: all(any(field.strip(BLANKS) for field in row) for row in rows)),
    newline=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_any_csv_gives_the_rows_and_lines_of_the_csv_module(tmp_path_factory, patient, rows, newline, quoting):
    root = tmp_path_factory.mktemp("csv")
    folder = Landing(root / "landing", root / "raw")
    data = as_csv(rows, newline, quoting)
    folder.write("chain/programme_costs.csv", data)
    if patient:
        # blank lines say nothing, but only the patient way can count them
        folder.write("chain/programme_costs.csv", data + b"\n \n\n")
    folder.intake()
    assert read_back(folder) == expected_rows(data)
    assert folder.rejects() == []
    assert folder.manifest()["chain/programme_costs.csv"]["rows_read"] == len(rows)


DAMAGED = st.lists(
    st.one_of(
        st.binary(max_size=30),
        st.just(b'retail,NL,shop,2024-01,"1,0",EUR,2'),
        st.just(b'retail,NL,shop,2024-01,"1\n0",EUR,2'),
        st.just(b'retail,NL,shop,"2024-01,1,EUR,2'),
        st.just("retail,NL,shop,é,1,EUR,2".encode()),
        st.just(b"retail,NL,shop,\xe9,1,EUR,2"),
    ),
    max_size=20,
)


@pytest.mark.usefixtures("costs_alone")
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=DAMAGED)
def test_damage_never_loses_count(tmp_path_factory, lines):
    root = tmp_path_factory.mktemp("damage")
    folder = Landing(root / "landing", root / "raw")
    folder.write("chain/programme_costs.csv", PROGRAMME_COSTS.encode() + b"\n".join(lines))
    folder.intake()
    found = [line for line, *_ in read_back(folder)] + [line for line, _ in folder.rejects()]
    assert len(found) == len(set(found)) == folder.manifest()["chain/programme_costs.csv"]["rows_read"]


@pytest.mark.parametrize("large_bytes", [0, 400, loader.LARGE_BYTES], ids=["large", "both", "small"])
def test_quick_and_patient_agree_on_many_files(make_landing, monkeypatch, large_bytes):
    monkeypatch.setattr(loader, "LARGE_BYTES", large_bytes)

    def fill(folder: Landing) -> None:
        for partner in range(30):
            body = "".join(f'{row},"n, {row}",a{row}@b.nl,,private,\n' for row in range(partner))
            folder.write(f"dealer/D{partner}/customers.csv", CUSTOMERS + body + ("short\n" if partner % 7 == 3 else ""))

    quick, patient = make_landing("quick"), make_landing("patient")
    fill(quick)
    quick.intake()
    fill(patient)
    monkeypatch.setattr(Scan, "has_uniform_newlines", property(lambda self: False))
    patient.intake()
    assert quick.rows("dealer__customers") == patient.rows("dealer__customers")
    assert quick.rejects() == patient.rejects()
    assert quick.manifest() == patient.manifest()
    assert len(quick.rejects()) == 4


def test_large_files_keep_the_order_of_their_lines(landing, monkeypatch):
    monkeypatch.setattr(loader, "LARGE_BYTES", 0)
    rows = 200_000
    for part in range(2):
        body = "".join(f"{line},{'é' * (line % 5)},,,private,2020-01-01\n" for line in range(2, rows + 2))
        landing.write(f"dealer/D1/customers_{part}.csv", CUSTOMERS + body)
    landing.intake()
    counts = duckdb.execute(
        "select count(*), "
        "count(*) filter (where customer_hash = ('0x' || left(sha256(? || line_number), 15))::bigint), "
        "count(distinct (file_id, line_number)) "
        f"from {dataset_sql(landing.raw, 'dealer__customers')}",
        [f"{KEY}|customer|D1|"],
    ).fetchone()
    assert counts == (2 * rows, 2 * rows, 2 * rows)
