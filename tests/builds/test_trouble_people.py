"""Who is one person, in trouble from the field: couples, desks, fleets, households, chains of strangers, decisions."""

import csv
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from conftest import Troubled
from landing_builder import TEST_KEY

from nps_chain.people import identity

Numbers = dict[tuple[str, str], int]


@pytest.fixture(scope="module")
def db(troubled: Troubled) -> Iterator[duckdb.DuckDBPyConnection]:
    """The troubled warehouse, with the hash of identities."""
    with troubled.warehouse.open() as connection:
        identity.create_macros(connection)
        identity.set_key(connection, TEST_KEY)
        yield connection


def customers(db: duckdb.DuckDBPyConnection, troubled: Troubled, *partners: str) -> Numbers:
    """The customer of every number in the partners' lists."""
    found = {}
    for partner in partners:
        (path,) = troubled.landing.glob(f"*/{partner}/customers.csv")
        for number in numbers_of(path):
            row = db.execute(
                "select coalesce(any_value(customer_key), any_value(asked)) "
                "from (select identity_hash('customer', ?) as asked) "
                "left join work.intermediate.int_customer_node on node_key = asked",
                [f"{partner}|{number}"],
            ).fetchone()
            assert row
            found[partner, number] = row[0]
    return found


def numbers_of(path: Path) -> list[str]:
    with path.open(encoding="utf-8", newline="") as stream:
        return [row[0] for row in list(csv.reader(stream))[1:]]


def hub(db: duckdb.DuckDBPyConnection, kind: str, address: str) -> tuple[bool, str, int | None]:
    row = db.execute(
        "select is_hub, cut_reason, customer_key from work.intermediate.int_identity_node where node_key = "
        "identity_hash(?, ?)",
        [kind, address],
    ).fetchone()
    assert row
    return row


# ---------------------------------------------------------------- the field's inputs


def test_couples_desks_and_recycled_numbers_are_all_their_people(
    db: duckdb.DuckDBPyConnection, troubled: Troubled
) -> None:
    found = customers(db, troubled, "PL-PL")
    assert len(found) == 19
    assert len(set(found.values())) == 19
    for kind, address in (
        ("email", "family@x.example"),
        ("phone", "+48601555010"),
        ("email", "info@garage.example"),
    ):
        # an address that is nobody's by itself, such as info@, need not come as far as here
        row = db.execute(
            "select is_hub, customer_key from work.intermediate.int_customer_node where node_key = identity_hash(?, ?)",
            [kind, address],
        ).fetchone()
        assert row in (None, (True, None)), address


@pytest.mark.parametrize(("partner", "cars"), [("F5-SE", 5), ("F8-SE", 8)])
def test_drivers_are_neither_the_company_nor_each_other(
    db: duckdb.DuckDBPyConnection, troubled: Troubled, partner: str, cars: int
) -> None:
    ((company),) = customers(db, troubled, partner).values()
    drivers = db.execute(
        "select customer_key, score from fct_nps_response inner join dim_partner using (partner_key) "
        "where partner_code = ?",
        [f"I{partner}"],
    ).fetchall()
    assert len(drivers) == cars
    assert len({customer for customer, _ in drivers} | {company}) == cars + 1
    bought = db.execute(
        "select customer_key, count(*) from fct_transaction inner join dim_partner using (partner_key) "
        "where partner_code = ? group by all",
        [partner],
    ).fetchall()
    assert bought == [(company, cars)]
    # the company can be reached at its own address
    assert hub(db, "email", f"fleet@{partner.lower()}.example")[:2] == (False, None)
    reached = db.execute(
        "select customer_key from work.intermediate.int_customer_node where node_key = identity_hash('email', ?)",
        [f"fleet@{partner.lower()}.example"],
    ).fetchall()
    assert reached == [(company,)]


# ---------------------------------------------------------------- our own


def test_a_household_with_cards_at_ten_shops_is_one_customer_and_comes_back(
    db: duckdb.DuckDBPyConnection, troubled: Troubled
) -> None:
    found = customers(db, troubled, *(f"CJ-{number:02d}" for number in range(1, 11)))
    households = {number: {key for (_, other), key in found.items() if other == number} for _, number in found}
    assert [len(keys) for keys in households.values()] == [1] * 12
    kept = dict(
        db.execute(
            "select retention_measure, count(*) filter (where is_event and duration_days <= 180) from fct_retention "
            "inner join dim_partner using (partner_key) where partner_code like 'CJ-%' group by all"
        ).fetchall()
    )
    assert kept == {"chain": 9, "partner": 0}


def test_strangers_who_hang_together_by_shared_addresses_are_themselves(
    db: duckdb.DuckDBPyConnection, troubled: Troubled
) -> None:
    of_one_dealer = customers(db, troubled, "CH-BE")
    over_dealers = customers(db, troubled, "CH-B1", "CH-B2", "CH-B3", "CH-B4")
    assert [len(set(found.values())) for found in (of_one_dealer, over_dealers)] == [40, 40]
    callers = db.execute(
        "select count(distinct customer_key), count(customer_key) from fct_contact inner join dim_partner "
        "using (partner_key) where partner_code = 'CH-CC'"
    ).fetchall()
    assert callers == [(20, 40)]
    assert hub(db, "email", "two7@chain.example") == (True, "chain_of_people", None)
    assert hub(db, "email", "one7@chain.example") == (True, "several_people", None)


def test_who_looked_has_the_last_word(db: duckdb.DuckDBPyConnection, troubled: Troubled) -> None:
    found = customers(db, troubled, "DC-FR", "DC-SH")
    assert found["DC-FR", "d1"] == found["DC-FR", "d2"]
    assert found["DC-FR", "d3"] == found["DC-FR", "d4"]
    assert found["DC-FR", "d5"] != found["DC-SH", "005"]
    assert len(set(found.values())) == 5
    refused = db.execute(
        "select reason_code from mart_quarantine where dataset = 'chain__identity_decisions'"
    ).fetchall()
    assert refused == [("value_not_allowed",)]


# ---------------------------------------------------------------- what is said of it


def test_the_health_of_identities_adds_up(db: duckdb.DuckDBPyConnection) -> None:
    nodes = db.execute("from work.intermediate.int_identity_node").df()
    health = (
        db.execute("from mart_identity_health")
        .df()
        .set_index(["measure_code", "group_code", "chain_code"])
        .sort_index()
    )
    counts = health["cases"]
    sizes = nodes.dropna(subset="customer_key").groupby("customer_key").size()
    assert counts["customers_by_size"].sum() == len(sizes)
    assert counts["customers_by_size", "2", "all"] == (sizes == 2).sum()
    assert counts["identities_of_largest", "all", "all"] == sizes.max()
    cut = nodes[nodes["is_hub"]].groupby(["node_kind", "cut_reason"]).size()
    assert cut.to_dict() == {
        (measure.removeprefix("cut_"), reason): cases
        for (measure, reason, _), cases in counts.items()
        if measure.startswith("cut_")
    }
    assert counts["clusters_taken_apart", "all", "all"] == nodes["cut_cluster_key"].nunique()
    answers = db.execute(
        "select count(*), count(*) filter (where customer_key is null) from fct_nps_response"
    ).fetchone()
    assert counts["answers_named_by"].sum() == answers[0]
    assert counts["answers_named_by"].xs("nobody", level="group_code").sum() == answers[1]
    assert counts["decisions", "same", "all"] == 2


def test_chains_taken_apart_are_a_warning(db: duckdb.DuckDBPyConnection) -> None:
    warnings = db.execute(
        "select warning_code, rows_affected, sentence from work.intermediate.int_identity_warning order by all"
    ).fetchall()
    assert "identity_cluster_apart" in {code for code, *_ in warnings}
    assert all(rows > 0 and sentence.endswith(".") for _, rows, sentence in warnings)


def test_drivers_who_call_and_cards_under_a_tills_address_are_themselves(
    db: duckdb.DuckDBPyConnection, troubled: Troubled
) -> None:
    found = customers(db, troubled, "FC-AT", "FC-SH")
    calls = dict(
        db.execute(
            "select contact_no, customer_key from fct_contact inner join dim_partner using (partner_key) "
            "where partner_code = 'FC-CC'"
        ).fetchall()
    )
    drivers = {calls[f"c{number}"] for number in range(1, 7)}
    assert len(drivers | {found["FC-AT", "L1"]}) == 7
    assert calls["c9"] == found["FC-AT", "L1"]
    assert {calls["c7"], calls["c8"]} == {found["FC-AT", "T2"]}
    assert len({key for (partner, _), key in found.items() if partner == "FC-SH"}) == 5
