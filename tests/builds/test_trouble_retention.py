"""What comes after the answer, and where deliveries end: trouble from the field with its right values."""

import itertools
from datetime import date

import duckdb
import pandas as pd
import pytest
from trouble import Troubled


@pytest.fixture(scope="module")
def warehouse(troubled: Troubled) -> duckdb.DuckDBPyConnection:
    return troubled.warehouse.open()


@pytest.fixture(scope="module")
def as_of(warehouse: duckdb.DuckDBPyConnection) -> date:
    """The day that all inputs together reach to."""
    return warehouse.execute("select as_of_on from work.intermediate.int_period").fetchone()[0]


def came_back(warehouse: duckdb.DuckDBPyConnection, partner: str, measure: str = "chain") -> dict[str, date | None]:
    """The day on which the customer of each answer came back, by the answer's number."""
    rows = warehouse.execute(
        "select response_no, case when is_event then exit_on end from fct_retention as retention "
        "join fct_nps_response using (response_key) "
        "join dim_partner on retention.partner_key = dim_partner.partner_key "
        "where partner_code = ? and retention_measure = ?",
        [partner, measure],
    ).fetchall()
    assert len(dict(rows)) == len(rows)
    return dict(rows)


def followed(warehouse: duckdb.DuckDBPyConnection, partner: str) -> list[tuple[str | None, date, int]]:
    """Why, and on which day, follow-up of a partner's answers ended without a purchase, and how often."""
    return warehouse.execute(
        "select censoring_reason, exit_on, count(*) from fct_retention "
        "join dim_partner using (partner_key) "
        "where partner_code = ? and retention_measure = 'chain' and not is_event group by all order by all",
        [partner],
    ).fetchall()


def money(warehouse: duckdb.DuckDBPyConnection, partner: str, kinds: tuple[str, ...]) -> list[tuple[float, float]]:
    """Revenue and margin of each customer's transactions of some kinds, what costs nothing in all left out."""
    return warehouse.execute(
        "select cast(sum(revenue_eur) as double), cast(sum(margin_eur) as double) from fct_transaction "
        "join dim_partner using (partner_key) where partner_code = ? and transaction_kind in ? "
        "group by customer_key having sum(revenue_eur) != 0 order by all",
        [partner, list(kinds)],
    ).fetchall()


def warnings(warehouse: duckdb.DuckDBPyConnection) -> dict[str, tuple[str, int, int, str]]:
    rows = warehouse.execute(
        "select partner_code, warning_code, rows_affected, rows_total, sentence "
        "from work.intermediate.int_delivery_warning"
    ).fetchall()
    return {partner: tuple(said) for partner, *said in rows}


# ---------------------------------------------------------------------------------- what comes after the answer


def test_the_surveyed_purchase_is_not_what_came_after_it(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Input 02: asked between contract and delivery, or while the car is in the workshop."""
    for measure in ("chain", "partner"):
        found = came_back(warehouse, "PRE-DE", measure)
        assert len(found) == 24
        assert set(found.values()) == {None}
    named = warehouse.execute(
        "select count(*) from fct_nps_response as responses join fct_transaction as bought using (transaction_key) "
        "join dim_partner on responses.partner_key = dim_partner.partner_key "
        "where partner_code = 'PRE-DE' and transaction_on > response_on"
    ).fetchone()
    assert named == (24,)


def test_what_was_not_paid_in_the_end_is_no_coming_back(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Input 17: 0.00, taken back the next day, a return alone, like for like; only customer 5 bought."""
    expected = dict.fromkeys(["Q1", "Q2", "Q3", "Q4", "Q6"]) | {"Q5": date(2024, 6, 1)}
    assert came_back(warehouse, "RET-CH") == came_back(warehouse, "RET-CH", "partner") == expected


def test_credit_notes_take_back_what_was_bought(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Input 23: a car and a service credited by negative lines."""
    assert set(came_back(warehouse, "CN-BE").values()) == {None}
    assert money(warehouse, "CN-BE", ("new_unit", "service", "return")) == [(20_000, 1_000)] * 4
    kinds = warehouse.execute(
        "select transaction_kind, is_reversed, is_customer_paid, is_retention_event, count(*) from fct_transaction "
        "join dim_partner using (partner_key) where partner_code = 'CN-BE' group by all order by all"
    ).fetchall()
    assert kinds == [
        ("new_unit", False, True, True, 4),
        ("new_unit", True, True, False, 1),
        ("return", False, False, False, 2),
        ("service", True, True, False, 1),
    ]


def test_orders_that_say_when_they_were_agreed_and_what_they_take_back(warehouse: duckdb.DuckDBPyConnection) -> None:
    """An input of our own: ordered_on, reverses and status of a dealer."""
    day = date(2024, 6, 1)
    expected = dict.fromkeys(f"U{number}" for number in range(8)) | {"U1": day, "U4": day, "U5": day}
    assert came_back(warehouse, "RTA-DE") == expected
    refused = warehouse.execute(
        "select reason_code, column_name, count(*) from mart_quarantine "
        "where file_path like 'dealer/RTA-DE/%' and reason_code != 'superseded_row' group by all"
    ).fetchall()
    assert refused == [("out_of_range", "revenue", 1)]
    orders = warehouse.execute(
        "select count(*), cast(sum(revenue_eur) as double) from fct_transaction "
        "join dim_partner using (partner_key) where partner_code = 'RTA-DE'"
    ).fetchone()
    # eight first cars; second cars 0, 1 and what is left of 4; the cancelled one is nowhere
    assert orders == (19, 8 * 20_000 + 2 * 30_000 + 25_000)
    owners = warehouse.execute(
        "select count(*) from work.intermediate.int_ownership as ownership "
        "join work.staging.stg_dealer__sales_orders as orders using (serial_hash) "
        "where partner_code = 'RTA-DE' and (order_no in ('T2', 'T3', 'T6'))"
    ).fetchone()
    assert owners == (0,)


def test_receipts_that_are_taken_back(warehouse: duckdb.DuckDBPyConnection) -> None:
    """An input of our own: a receipt named before it was written, returns by amount and by number, another currency."""
    expected = dict.fromkeys(["QA", "QB", "QE"]) | {"QC": date(2024, 6, 25), "QD": date(2024, 6, 5)}
    assert came_back(warehouse, "RTB-CH") == expected
    pair = warehouse.execute(
        "select purchases.revenue_eur + lines.revenue_eur, purchases.margin_eur + lines.margin_eur "
        "from fct_transaction as lines join fct_transaction as purchases "
        "on lines.reverses_transaction_key = purchases.transaction_key "
        "join dim_partner on lines.partner_key = dim_partner.partner_key where partner_code = 'RTB-CH'"
    ).fetchall()
    assert [tuple(map(float, sums)) for sums in pair] == [(0, 0)] * 3


# ---------------------------------------------------------------------------------------- where deliveries end


def test_follow_up_ends_with_a_dealers_deliveries(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Input 20: of two dealers alike one's system was replaced in April."""
    last = date(2024, 4, 10)
    assert {(reason, day) for reason, day, _ in followed(warehouse, "LAG-US")} == {("deliveries_end", last)}
    # the other's customers all came back
    assert followed(warehouse, "OK-US") == []
    answers = len(came_back(warehouse, "LAG-US")), len(came_back(warehouse, "OK-US"))
    assert answers == (30, 40)
    code, affected, total, sentence = warnings(warehouse)["LAG-US"]
    assert (code, affected, total) == ("deliveries_ended", 10, 40)
    assert "2024-04-10" in sentence
    assert "OK-US" not in warnings(warehouse)


def test_a_survey_that_is_newer_than_its_till(warehouse: duckdb.DuckDBPyConnection, as_of: date) -> None:
    """An input of our own: a shop's till falls silent; the contact centre's callers are seen where they last bought."""
    last = date(2024, 5, 31)
    assert {(reason, day) for reason, day, _ in followed(warehouse, "RTC-ES")} == {("deliveries_end", last)}
    assert {(reason, day) for reason, day, _ in followed(warehouse, "RTD-ES")} == {("as_of", as_of)}
    exits = warehouse.execute(
        "select response_no, exit_on <= date '2024-05-31', coalesce(censoring_reason, 'event') from fct_retention "
        "join fct_nps_response using (response_key) join dim_partner "
        "on fct_retention.partner_key = dim_partner.partner_key where partner_code = 'RTC-CC' order by response_no"
    ).fetchall()
    assert [number for number, *_ in exits] == ["V0", "V2", "V3", "V4", "V5"]
    found = {number: said for number, *said in exits}
    assert found["V0"][0]
    assert found["V4"] == [True, "deliveries_end"]
    assert found["V5"] == [False, "as_of"]
    assert "deliveries_end" not in {found["V2"][1], found["V3"][1]}
    assert warnings(warehouse)["RTC-ES"][0] == "deliveries_ended"
    assert not {"RTD-ES", "RTC-CC", "SND-SH", "SND-NL"} & warnings(warehouse).keys()


def test_quiet_days_are_no_end(warehouse: duckdb.DuckDBPyConnection, as_of: date) -> None:
    """An input of our own: an order every four weeks, a summer shop, and a dealer that never delivered any."""
    assert {(reason, day) for reason, day, _ in followed(warehouse, "RTE-PL")} == {("as_of", as_of)}
    assert {(reason, day) for reason, day, _ in followed(warehouse, "RTF-IT")} == {("as_of", as_of)}
    assert came_back(warehouse, "RTG-AT") == {}
    said = warnings(warehouse)
    assert not {"RTE-PL", "RTF-IT"} & said.keys()
    assert said["RTG-AT"][:3] == ("no_deliveries", 4, 4)


def test_the_published_tables_say_who_came_back(warehouse: duckdb.DuckDBPyConnection, as_of: date) -> None:
    """Retention of all points of sale, made again by pandas from the public facts alone."""
    responses = warehouse.execute("select * from fct_nps_response where customer_key is not null").df()
    partners = warehouse.execute("select partner_key, partner_code from dim_partner").df()
    bought = warehouse.execute("select * from fct_transaction").df().merge(partners, on="partner_key")
    found = warehouse.execute("select * from fct_retention where retention_measure = 'partner'").df()
    asked = responses.merge(partners, on="partner_key")
    days = bought.groupby("partner_code")["transaction_on"].unique().map(sorted)
    ends = days.map(lambda there: _end(there, pd.Timestamp(as_of)))
    expected = {}
    for row in asked[asked["partner_code"].isin(ends.index)].itertuples():
        after = bought[
            (bought["customer_key"] == row.customer_key)
            & (bought["partner_code"] == row.partner_code)
            & (bought["chain_key"] == row.chain_key)
            & bought["is_retention_event"]
            & (bought["transaction_on"] > row.response_on)
            & (bought["ordered_on"].fillna(bought["transaction_on"]) > row.response_on)
            & (bought["transaction_key"] != row.transaction_key)
        ]
        end = ends[row.partner_code]
        event = after["transaction_on"].min()
        if end > row.response_on:
            is_event = pd.notna(event) and event <= end
            expected[row.response_key] = (event if is_event else end, is_event)
    got = found[found["censoring_reason"] != "ownership_end"]
    assert len(got) > 1_000
    assert {row.response_key: (row.exit_on, row.is_event) for row in got.itertuples()} == {
        key: expected[key] for key in got["response_key"]
    }
    assert set(expected) == set(found["response_key"])


def _end(days: list[pd.Timestamp], as_of: pd.Timestamp) -> pd.Timestamp:
    """The day to which a partner's customers can be followed (docs/decisions.md)."""
    gaps = [(later - earlier).days for earlier, later in itertools.pairwise(days)] or [35]
    is_ended = (as_of - days[-1]).days > max(35, *gaps, 5 * sum(gaps) / len(gaps))
    return days[-1] if is_ended else as_of
