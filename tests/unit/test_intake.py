import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from conftest import KEY

from nps_chain.contracts.landing import load_contract
from nps_chain.errors import UserError
from nps_chain.intake import intake, loader
from nps_chain.intake.files import list_landing, scan
from nps_chain.intake.projection import schema
from nps_chain.intake.readers.delimited import read_records
from nps_chain.intake.readers.parquet_files import ParquetReader
from nps_chain.intake.readers.reader import MACROS, UnreadableFileError
from nps_chain.people import identity, spellings
from nps_chain.raw_folder import dataset_sql, tidy
from nps_chain.settings import ROOT

CUSTOMERS = "customer_no,name,email,phone,segment,customer_since\n"
PROGRAMME_COSTS = "industry,country,link,month,programme_cost,currency,head_count\n"
BLANKS = spellings.BLANKS


def hashed(kind: str, *parts: str) -> int:
    """The documented hash, computed without the project's code."""
    return int(hashlib.sha256("|".join([KEY, kind, *parts]).encode()).hexdigest()[:15], 16)


# ---------------------------------------------------------------- reading well-formed files


def test_every_blank_is_taken_off_both_ends_and_left_inside():
    kept = ["", "a", "a b", "\x01", "é", "!", "a\u00a0b"]
    ends = ["", *BLANKS, "\n \t"]
    texts = [before + text + after for text in kept for before in ends for after in ends]
    with duckdb.connect() as connection:
        identity.create_macros(connection)
        found = connection.execute(
            "select list(clean(text) order by place) from unnest(?) with ordinality as texts (text, place)", [texts]
        ).fetchone()
    assert found == ([text.strip(BLANKS) or None for text in texts],)


def test_columns_are_found_by_name(landing):
    landing.write("dealer/D1/customers.csv", '\ufeffSEGMENT, Customer_No ,spare\r\nprivate,"7",x\r\n')
    landing.intake()
    assert landing.rows("dealer__customers", "customer_hash, email_hash, segment") == [
        (hashed("customer", "D1", "7"), None, "private")
    ]
    file = landing.manifest()["dealer/D1/customers.csv"]
    assert file["status"] == "loaded"
    assert file["message"] == "Columns that are not in the contract were ignored: spare."


def test_files_with_other_headers_are_read_together(landing):
    landing.write("dealer/D1/customers_1.csv", "customer_no,segment\n1,private\n2,private\n")
    landing.write("dealer/D1/customers_2.csv", "segment,customer_no\nbusiness,3\n")
    landing.write("dealer/D1/customers_3.csv", "customer_no,segment\n4,private\n")
    landing.intake()
    rows = landing.rows("dealer__customers", "file_number, line_number, customer_hash, segment")
    assert [(number, line, segment) for number, line, _, segment in rows] == [
        (2, 2, "private"),
        (2, 3, "private"),
        (3, 2, "business"),
        (4, 2, "private"),
    ]


def test_file_names_may_hold_pattern_characters(landing):
    landing.write("dealer/D1/customers [1]*.csv", CUSTOMERS + "1,,,,private,\n")
    landing.write_parquet("manufacturer/M1/products[a]?.parquet", "select 'P' as product_code, 'n' as product_name")
    landing.intake()
    assert len(landing.rows("dealer__customers")) == 1
    assert len(landing.rows("manufacturer__products")) == 1


def test_windows_1252(landing):
    header = "peildatum;dealernummer;dealernaam;eigenaar;plaats;status\n"
    landing.write("importer/I1/dealernetwerk.csv", (header + "01-01-2024;D1;Café “€”;;;\n").encode("cp1252"))
    landing.write("importer/I1/dealernetwerk_2.csv", ("\ufeff" + header + "01-02-2024;D1;Café €;;;\n").encode())
    landing.write(
        "importer/I1/dealernetwerk_3.csv", header.encode() + b"01-03-2024;D1;\x81;;;\n01-03-2024;D2;\x80;;;\n"
    )
    landing.intake()
    names = landing.rows("importer__dealer_network", "line_number, dealer_name")
    assert names == [(2, "Café “€”"), (2, "Café €"), (3, "€")]
    assert landing.rejects() == [(2, "bad_encoding")]


# ---------------------------------------------------------------- damaged rows


def test_damaged_rows_are_rejected_with_their_line(landing):
    landing.write(
        "dealer/D1/customers.csv",
        CUSTOMERS.encode()
        + b'1,"two\nlines",,,private,\n'  # 2
        + b"2,,,,private\n"  # 4 short
        + b"3,,,,private,,\n"  # 5 long
        + b'4,"never closed,,,private,\n'  # 6
        + b"5,,\xff,,private,\n"  # 7
        + b"6,\0,,,private,\n"  # 8
        + b"\n   \n"  # 9, 10
        + b'7,"closed" loosely,,,private,\n'  # 11
        + b"8,,,,private,",  # 12
    )
    landing.intake()
    assert [row[0] for row in landing.rows("dealer__customers", "line_number")] == [2, 11, 12]
    assert landing.rejects() == [
        (4, "ragged_row"),
        (5, "ragged_row"),
        (6, "unterminated_quote"),
        (7, "bad_encoding"),
        (8, "nul_byte"),
    ]
    assert landing.manifest()["dealer/D1/customers.csv"]["rows_read"] == 8


def test_open_quote_that_a_later_quote_closes_costs_its_own_line(landing):
    landing.write("dealer/D1/customers.csv", CUSTOMERS + '1,"open,,,private,\n2,,,,private,\n3,"x",,,private,\n')
    landing.intake()
    assert [row[0] for row in landing.rows("dealer__customers", "line_number")] == [3, 4]
    assert landing.rejects() == [(2, "unterminated_quote")]


def test_quote_may_not_stay_open_for_ever():
    lines = [b"a,b\n", b'1,"\n', *[b"x,y\n"] * 3000, b'"\n']
    records = list(read_records(lines, ",", "utf-8"))
    assert [record.reason for record in records if record.reason] == ["unterminated_quote", "unterminated_quote"]
    assert len(records) == len(lines)


def test_ndjson(landing):
    good = {"contact_id": 7, "country": "NL", "cost": 6.5, "resolved": True, "caller": {"email": "A@b.nl"}, "x": [1]}
    lines = [json.dumps(good).encode(), b"", b"[1]", b"{bad", b'{"contact_id": {"a": 1}, "country": " "}']
    landing.write("contact_centre/C1/contacts.ndjson", b"\n".join(lines) + b"\n")
    damaged = [b'\xef\xbb\xbf{"contact_id": "1"}', b'{"contact_id": "\xff"}', b"\0", *lines]
    landing.write("contact_centre/C1/contacts_2.ndjson", b"\r\n".join(damaged))
    landing.intake()
    columns = "file_number, line_number, contact_id, country, cost, resolved, email_hash"
    whole = ("7", "NL", "6.5", "true", hashed("email", "a@b.nl"))
    nested = ('{"a":1}', None, None, None, None)
    assert landing.rows("contact_centre__contacts", columns) == [
        (2, 1, *whole),
        (2, 5, *nested),
        (3, 1, "1", None, None, None, None),
        (3, 4, *whole),
        (3, 8, *nested),
    ]
    assert landing.rejects() == [
        (3, "not_json"),
        (4, "not_json"),
        (2, "bad_encoding"),
        (3, "nul_byte"),
        (6, "not_json"),
        (7, "not_json"),
    ]
    assert [landing.manifest()[f"contact_centre/C1/{name}"]["rows_read"] for name in ("contacts.ndjson",)] == [4]


def test_parquet_values_become_plain_text(landing):
    landing.write_parquet(
        "manufacturer/M1/warranty_claims.parquet",
        "select 1.0::double as claim_id, 'NL' as Country, 'ab-1' as serial_number, "
        "timestamp '2024-01-31' as claimed_on, 12.50::decimal(9, 2) as amount, 'EUR' as currency, "
        "1e-7::double as handled_by, 1 as spare "
        "union all select 'nan'::double, '', null, null, null, null, 1e20::double, 1",
    )
    landing.write_parquet(
        "manufacturer/M1/survey_answers.parquet",
        "select 'I' as invitation_id, timestamp '2024-01-31 10:00:00.5' as answered_at, 9.0::float as recommend_score",
    )
    landing.intake()
    columns = "line_number, claim_id, country, serial_hash, claimed_on, handled_by, amount"
    assert landing.rows("manufacturer__warranty_claims", columns) == [
        (1, "1", "NL", hashed("serial", "AB1"), "2024-01-31", "0.0000001", "12.50"),
        (2, None, None, None, None, "100000000000000000000", None),
    ]
    assert landing.rows("manufacturer__survey_answers", "answered_at, score") == [("2024-01-31T10:00:00.5", "9")]


def test_parquet_with_a_time_zone(landing):
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    moment = pa.array([1_706_695_200_000_000], pa.timestamp("us", tz="Europe/Amsterdam"))
    table = pa.table({"invitation_id": ["I"], "answered_at": moment, "recommend_score": [10]})
    pq.write_table(table, landing.write("manufacturer/M1/survey_answers.parquet", b""))
    landing.intake()
    assert landing.rows("manufacturer__survey_answers", "answered_at, score") == [("2024-01-31T10:00:00Z", "10")]


# ---------------------------------------------------------------- files that cannot be used


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "it is empty"),
        (b"\n\n", "no readable header"),
        ("customer_no,segment\n".encode("utf-16") + b"\x00", "UTF-16 and damaged"),
        (b"segment,email\nprivate,a@b.nl\n", "lacks the required column customer_no"),
        (b"segment;email\n", "seem to be separated by a semicolon, where a comma is expected"),
        (b"customer_no,Customer_No\n", "names the column customer_no twice"),
        (b"customer_no,x@y.nl,x@y.nl\n", "names a column twice"),
        (b"customer_no,segment\r1,private\r", "carriage return"),
    ],
)
def test_unusable_file_is_one_sentence_and_the_rest_loads(landing, content, said):
    landing.write("dealer/D1/customers.csv", content)
    landing.write("dealer/D1/customers_2.csv", CUSTOMERS + "1,,,,private,\n")
    landing.intake()
    file = landing.manifest()["dealer/D1/customers.csv"]
    assert file["status"] == "failed"
    assert file["rows_read"] == 0
    assert file["message"].startswith("dealer/D1/customers.csv was not read: ")
    assert said in file["message"]
    assert "\n" not in file["message"]
    assert "a@b.nl" not in file["message"]
    assert "x@y.nl" not in file["message"]
    assert len(landing.rows("dealer__customers")) == 1


def test_damaged_parquet(landing):
    query = "select 'P' || i as product_code, 'n' || i as product_name from range(5000) t(i)"
    landing.write_parquet("manufacturer/M1/products.parquet", query)
    landing.write_parquet("manufacturer/M1/products_2.parquet", query)
    damaged = landing.root / "manufacturer/M1/products_2.parquet"
    content = bytearray(damaged.read_bytes())
    content[4:400] = os.urandom(396)
    damaged.write_bytes(content)
    landing.write("manufacturer/M1/products_3.parquet", b"PAR1 no parquet")
    landing.intake()
    status = {path: file["status"] for path, file in landing.manifest().items() if "products" in path}
    assert list(status.values()) == ["loaded", "failed", "failed"]
    assert len(landing.rows("manufacturer__products")) == 5000


@pytest.mark.parametrize("error", [duckdb.OutOfMemoryException, duckdb.IOException])
def test_intact_parquet_is_never_called_damaged(landing, monkeypatch, error):
    landing.write_parquet("manufacturer/M1/products.parquet", "select 'P' as product_code, 'n' as product_name")

    def fail(self, query):
        raise error("the machine ran short")

    monkeypatch.setattr(loader.DatasetLoader, "_copy", fail)
    path = landing.root / "manufacturer/M1/products.parquet"
    file = next(file for file in list_landing(landing.root, load_contract()) if file.path == path)
    with duckdb.connect() as connection:
        connection.execute(MACROS)
        identity.create_macros(connection)
        identity.set_key(connection, KEY)
        connection.execute("create table rejects (dataset varchar, file_id bigint, line_number bigint, reason varchar)")
        copier = loader.DatasetLoader(connection, file.dataset, landing.raw, landing.root)
        with pytest.raises(UserError, match="try again: the machine ran short"):
            copier.load([file], {})
    assert not copier.failed


def test_parquet_that_changes_while_it_is_read_is_said_so(landing):
    landing.write_parquet("manufacturer/M1/products.parquet", "select 'P' as product_code, 'n' as product_name")
    path = landing.root / "manufacturer/M1/products.parquet"
    file = next(file for file in list_landing(landing.root, load_contract()) if file.path == path)
    with duckdb.connect() as connection:
        reader = ParquetReader(connection, file.dataset, landing.root)
        prepared = reader.prepare(file, None)
        with pytest.raises(UnreadableFileError, match="cannot decode"):
            reader.read_patiently(prepared)
        path.write_bytes(path.read_bytes()[:100])
        with pytest.raises(UnreadableFileError, match="changed while it was read"):
            reader.read_patiently(prepared)


def test_refused_and_unknown_files(landing, tmp_path):
    outside = tmp_path / "outside.csv"
    outside.write_text(CUSTOMERS + "1,,,,private,\n")
    folder = landing.write("dealer/D1/customers_1.csv", CUSTOMERS + "1,,,,private,\n").parent
    (folder / "customers_2.csv").symlink_to(outside)
    (folder / "customers_3.csv").symlink_to(folder / "customers_1.csv")
    (folder / "customers_4.csv").symlink_to(folder / "nowhere.csv")
    landing.write("dealer/D1/customers_\n.csv", "x")
    landing.write("dealer/D 1/customers.csv", CUSTOMERS)
    landing.write("dealer/D1/.customers.csv", "x")
    landing.write(".git/config", "x")
    landing.write("notes.txt", "x")
    (landing.root / "shop").symlink_to(tmp_path)
    (folder / "customers_5.csv").mkdir()
    landing.intake()
    found = {path: (file["status"], file["message"]) for path, file in landing.manifest().items()}
    assert found.pop("chain/partners.csv")[0] == "loaded"
    assert found.pop("dealer/D1/customers_1.csv")[0] == "loaded"
    assert found.pop("dealer/D1/customers_3.csv")[0] == "loaded"
    assert {path: status for path, (status, _) in found.items()} == {
        ".git": "unknown",
        "dealer/D 1/customers.csv": "failed",
        "dealer/D1/.customers.csv": "unknown",
        "dealer/D1/customers_\\u000a.csv": "failed",
        "dealer/D1/customers_2.csv": "failed",
        "dealer/D1/customers_4.csv": "failed",
        "notes.txt": "unknown",
        "shop": "unknown",
    }
    assert "leaves the landing folder" in found["dealer/D1/customers_2.csv"][1]
    assert len(landing.rows("dealer__customers")) == 2


def test_missing_required_file_and_the_schema_of_the_empty_folder(make_landing):
    empty = make_landing("empty")
    empty.intake()
    manifest = empty.manifest()
    assert [(file["dataset"], file["status"], file["rows_read"]) for file in manifest.values()] == [
        ("chain__partners", "missing", 0)
    ]
    assert "is required" in manifest["chain/partners*.csv"]["message"]
    for dataset in load_contract().datasets:
        described = duckdb.execute(f"describe from {dataset_sql(empty.raw, dataset.name)}").fetchall()
        assert {name: kind.lower() for name, kind, *_ in described} == schema(dataset)


def test_landing_folder_must_be_there(tmp_path):
    with pytest.raises(UserError, match="does not exist"):
        intake.run(tmp_path / "nowhere", tmp_path / "raw", KEY)


# ---------------------------------------------------------------- identity


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("Jan.Smit+x@Example.COM ", "jan.smit+x@example.com"),
        ("n/a", None),
        ("a@b", None),
        ("a b@c.nl", None),
    ],
)
def test_email(landing, written, value):
    landing.write("dealer/D1/customers.csv", CUSTOMERS + f"1,,{written},,,\n")
    landing.intake()
    assert landing.rows("dealer__customers", "email_hash") == [(value and hashed("email", value),)]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("+31 6 1234-5678", "+31612345678"),
        ("+31 (0)6 12345678", "+31612345678"),
        ("0031612345678", "+31612345678"),
        ("06-12345678", "+31612345678"),
        ("(06) 12 34 56 78", "+31612345678"),
        ("31612345678", "+31612345678"),
        ("+44 20 7946 0000", "+442079460000"),
        ("123456", None),
        ("0000000000", None),
        ("unknown", None),
    ],
)
def test_phone(landing, written, value):
    landing.write("dealer/D1/customers.csv", CUSTOMERS + f"1,,,{written},,\n")
    landing.intake()
    assert landing.rows("dealer__customers", "phone_hash") == [(value and hashed("phone", value),)]


def test_phone_is_completed_by_the_country_of_the_row_or_the_partner(landing):
    landing.write("shop/S1/customers.csv", "loyalty_no,phone\n1,020 7946 0000\n")
    landing.write(
        "chain/erasure_requests.csv",
        "request_id,requested_on,country,phone\n1,2024-01-01,nl,0612345678\n2,2024-01-01,,0612345678\n",
    )
    landing.intake()
    assert landing.rows("shop__customers", "phone_hash") == [(hashed("phone", "+442079460000"),)]
    assert landing.rows("chain__erasure_requests", "phone_hash") == [(hashed("phone", "+31612345678"),), (None,)]


def test_numbers_are_hashed_within_their_partner(landing):
    landing.write("dealer/D1/customers.csv", CUSTOMERS + " 007 is kept,,,,,\n".replace(" is kept", ""))
    landing.write("shop/S1/customers.csv", "loyalty_no\n007\n")
    landing.write(
        "chain/acquisition_reasons.csv",
        "partner_code,customer_no,acquired_on,reason\nD1,007,2024-01-01,price\nS1,007,2024-01-01,price\n",
    )
    landing.write(
        "contact_centre/C1/contacts.ndjson",
        '{"contact_id": "1", "agent": 12, "caller": {"shop_code": "S1", "loyalty_no": "007"}}\n'
        '{"contact_id": "2", "caller": {"loyalty_no": "007"}}\n',
    )
    landing.intake()
    dealer, shop = hashed("customer", "D1", "007"), hashed("customer", "S1", "007")
    assert landing.rows("dealer__customers", "customer_hash") == [(dealer,)]
    assert landing.rows("shop__customers", "loyalty_hash") == [(shop,)]
    assert landing.rows("chain__acquisition_reasons", "customer_hash") == [(dealer,), (shop,)]
    assert landing.rows("contact_centre__contacts", "loyalty_hash, agent_hash") == [
        (shop, hashed("agent", "C1", "12")),
        (None, None),
    ]


def test_nothing_that_identifies_a_person_is_written(landing):
    secrets = ["jan.smit@example.com", "0612345678", "31612345678", "VIN0000042", "Jan Smit", "CUST-4711", KEY]
    row = 'CUST-4711,Jan Smit,jan.smit@example.com,0612345678,private,"2020-01-01"\n'
    landing.write("dealer/D1/customers.csv", CUSTOMERS + row)
    landing.write("dealer/D1/customers_2.csv", CUSTOMERS + row + 'CUST-4711,"Jan Smit,jan.smit@example.com\n')
    landing.write("dealer/D1/customers_3.csv", row)
    landing.write(
        "importer/I1/eigenaarsonderzoek.csv",
        "uitnodigingsnummer;chassisnummer;e_mail;telefoon;verzonden_op;toelichting\n"
        "1;VIN0000042;jan.smit@example.com;0612345678;01-01-2024;Jan Smit é\n".replace("é", "\xe9"),
    )
    landing.intake()
    assert sorted(path.name for path in landing.raw.parent.iterdir()) == ["raw"]
    for path in landing.raw_files():
        content = path.read_bytes()
        assert not [secret for secret in secrets if secret.encode() in content], path.name
        if path.suffix != ".parquet":
            continue
        texts = duckdb.execute(f"select t::varchar from read_parquet('{path}') as t").fetchall()
        assert not [secret for secret in secrets if secret in str(texts)], path.name


# ---------------------------------------------------------------- the run as a whole


def test_same_folder_gives_the_same_bytes(landing):
    for partner in range(5):
        landing.write(f"dealer/D{partner}/customers.csv", CUSTOMERS + "1,,a@b.nl,,private,\nshort\n")
    landing.intake()
    first = landing.raw_bytes()
    landing.intake(anew=True)
    assert landing.raw_bytes() == first


def test_intake_that_is_killed_leaves_the_old_raw_folder(landing):
    landing.intake()
    before = landing.raw_bytes()
    landing.write("dealer/D1/customers.csv", CUSTOMERS + "1,,,,private,\n")
    script = (
        "import os, pathlib, sys\n"
        "from nps_chain.intake import intake\n"
        "intake.write_manifest = lambda raw, files: os._exit(9)\n"
        "intake.run(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), 'a-key-for-tests-only')\n"
    )
    killed = subprocess.run([sys.executable, "-c", script, landing.root, landing.raw], cwd=ROOT, check=False)
    assert killed.returncode == 9
    assert landing.raw_bytes() == before
    landing.intake()
    assert len(landing.rows("dealer__customers")) == 1
    assert [path.name for path in landing.raw.parent.iterdir()] == ["raw"]


def test_intake_that_is_killed_between_the_renames_is_put_right(landing):
    landing.intake()
    landing.raw.rename(landing.raw.with_name("raw.old-1"))
    tidy(landing.raw)
    assert (landing.raw / "_files.parquet").is_file()


def test_scan_over_chunk_borders(tmp_path, monkeypatch):
    monkeypatch.setattr("nps_chain.intake.files.CHUNK", 1)
    path = tmp_path / "file"
    path.write_bytes("é,€\r\na,b\r\n\r\n".encode())
    result = scan(path, text=True)
    assert (result.newlines, result.crlfs, result.carriage_returns) == (3, 3, 3)
    assert result.is_utf8
    assert result.has_uniform_newlines
    assert result.lines == 2


def test_key_is_required(monkeypatch):
    monkeypatch.setenv(identity.KEY_VARIABLE, "x" * 15)
    with pytest.raises(UserError, match="at least 16"):
        identity.identity_key()


def test_examples_of_the_landing_page_load(make_landing):
    """Every example block of docs/landing.md, laid down as it stands there."""
    folder = make_landing("page")
    page = (ROOT / "docs" / "landing.md").read_text(encoding="utf-8").split("## The smallest folder that builds")[1]
    path = None
    for block in page.split("# Data sets")[0].split("```"):
        if path and block.startswith("\n"):
            folder.write(path, block[1:].encode("cp1252" if path.startswith("importer") else "utf-8"))
            path = None
        elif "`landing/" in block:
            path = block.split("`landing/")[-1].split("`")[0]
    summary = folder.intake()
    assert len(summary.files) == 7
    assert {file.status for file in summary.files} == {"loaded"}
    assert summary.rejects == 0
    assert all(Path(file.file_path).name and file.rows_read for file in summary.files)
