"""Trouble with customers' keys and with requests to be erased: the right values of their inputs."""

import duckdb
import pytest
from conftest import Troubled

EXACT = 2**53
FIELD = "24-erasure-in-another-spelling"
SHARED, CALLER = "keys-01-erasure-of-a-shared-number", "keys-02-erasure-of-a-caller"
# the records that each request meets; those of the field's input depend on how spellings are read
MET = {"KS-1": 0, "KS-2": 2, "KS-3": 0, "KC-1": 2, "KC-2": 0, "KC-3": 0}


def rows(troubled: Troubled, query: str) -> list[tuple[object, ...]]:
    with troubled.warehouse.open() as connection:
        return connection.execute(query).fetchall()


def outcomes(troubled: Troubled) -> dict[str, tuple[int, str | None]]:
    """Of every request, the records it met and what is said of it."""
    kept = troubled.warehouse.published.parent / "kept" / "erasure_outcomes.parquet"
    found = duckdb.execute(f"select request_id, rows_met, sentence from '{kept}'").fetchall()
    return {number: (met, sentence) for number, met, sentence in found}


def customers_of(troubled: Troubled, partner: str) -> list[int]:
    """Keys of the partner's buyers."""
    found = rows(
        troubled,
        "select distinct customer_key from fct_transaction inner join dim_partner using (partner_key) "
        f"where partner_code = '{partner}' order by 1",
    )
    return [int(str(key)) for (key,) in found]


def test_the_owners_of_one_car_are_two_customers_for_every_tool(troubled: Troubled) -> None:
    keys = customers_of(troubled, "KEY-FR")
    assert len(keys) == len({float(key) for key in keys}) == 16
    hashes = rows(
        troubled,
        "select count(distinct customer_key), count(distinct customer_key::double) "
        "from work.intermediate.int_identity_node where customer_key is not null",
    )
    # the input is what it says: hashes do collapse
    assert int(str(hashes[0][1])) <= int(str(hashes[0][0])) - 8


def test_every_published_key_of_a_customer_is_exact_as_a_double(troubled: Troubled) -> None:
    found = rows(
        troubled,
        "select table_name, column_name from duckdb_columns() "
        "where database_name = 'published' and column_name like '%customer_key'",
    )
    assert len(found) > 6
    for table, column in found:
        assert rows(troubled, f"select count(*) from {table} where {column} not between 0 and {EXACT - 1}") == [(0,)]


def test_no_hash_of_an_identity_is_published(troubled: Troubled) -> None:
    columns = rows(
        troubled,
        "select table_name, column_name from duckdb_columns() "
        "where database_name = 'published' and data_type = 'BIGINT'",
    )
    assert len(columns) > 50
    nodes = f"select node_key from work.intermediate.int_customer_node where node_key >= {EXACT}"
    for table, column in columns:
        assert rows(troubled, f"select count(*) from {table} where {column} in ({nodes})") == [(0,)], (table, column)


def test_a_customer_has_one_row_and_every_fact_finds_it(troubled: Troubled) -> None:
    assert rows(troubled, "select count(*) - count(distinct customer_key) from dim_customer") == [(0,)]
    for table in ("fct_transaction", "fct_contact", "fct_nps_response", "fct_survey_invitation", "fct_retention"):
        lost = (
            f"select count(*) from {table} anti join dim_customer using (customer_key) where customer_key is not null"
        )
        assert rows(troubled, lost) == [(0,)], table
    assert rows(troubled, "select count(*) from fct_transaction where customer_key is not null") > [(0,)]


def test_the_first_build_changes_no_key(troubled: Troubled) -> None:
    assert rows(troubled, "select count(*) from dim_customer_change") == [(0,)]


@pytest.mark.parametrize("number", MET)
def test_each_request_says_how_many_records_it_met(troubled: Troubled, number: str) -> None:
    met, sentence = outcomes(troubled)[number]
    assert met == MET[number]
    assert (sentence is None) == bool(met)
    assert (f"! Request {number} to be erased met nobody" in troubled.output) == (not met)
    assert (f"{number} {met}" in troubled.output) == bool(met)


@pytest.mark.parametrize("number", [f"X{number}" for number in range(1, 6)])
def test_a_request_in_another_spelling_meets_the_person_or_is_said(troubled: Troubled, number: str) -> None:
    met, _ = outcomes(troubled)[number]
    assert met in (0, 2)
    assert (f"! Request {number} to be erased met nobody" in troubled.output) == (not met)
    left = rows(
        troubled,
        "select count(*) from work.base.base_dealer__sales_orders "
        f"where partner_code = 'ER-IT' and order_no = 'S{number[1:]}'",
    )
    assert left == [(0 if met else 1,)]


def test_what_was_tried_is_said_and_nobody_is_named(troubled: Troubled) -> None:
    said = {number: sentence for number, (_, sentence) in outcomes(troubled).items() if sentence}
    assert "the number is shared by many" in said["KS-1"]
    assert "tried as e-mail address;" in said["KS-3"]
    assert "no e-mail address or phone number in it could be read" in said["KC-2"]
    assert all("@" not in sentence and "555" not in sentence and "23125" not in sentence for sentence in said.values())


def test_the_warnings_are_those_that_met_nobody(troubled: Troubled) -> None:
    warned = rows(
        troubled,
        "select warning_code, dataset, partner_code, file_path, rows_affected, rows_total, sentence "
        "from work.intermediate.int_erasure_warning",
    )
    said = outcomes(troubled)
    assert {row[-1] for row in warned} == {sentence for met, sentence in said.values() if not met}
    assert {row[:3] + row[4:6] for row in warned} == {("erasure_met_nobody", "chain__erasure_requests", None, 1, None)}
    assert {"chain/erasure_requests_keys_01.csv", "chain/erasure_requests_keys_02.csv"} <= {row[3] for row in warned}


def test_who_was_met_is_gone_and_the_others_stay(troubled: Troubled) -> None:
    assert len(customers_of(troubled, "KEY-DE")) == 11
    left = rows(troubled, "select contact_no from fct_contact where contact_no like 'KC-%'")
    assert left == [("KC-3",)]
