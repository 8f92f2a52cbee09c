"""Right values of the inputs about files, their order, and days."""

import re
from collections.abc import Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

import duckdb
import pytest
from trouble import Troubled

CONTACTS = "work.staging.stg_contact_centre__contacts"
DUPLICATES = 12


@pytest.fixture(scope="module")
def tables(troubled: Troubled) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published tables, and the working database as `work`."""
    with troubled.warehouse.open() as connection:
        yield connection


def _quarantined(tables: duckdb.DuckDBPyConnection, path: str) -> list[tuple[int, str]]:
    query = f"select line_number, reason_code from mart_quarantine where file_path = '{path}' order by line_number"
    return tables.execute(query).fetchall()


def _answers(tables: duckdb.DuckDBPyConnection, partner: str) -> list[tuple[date, str, int]]:
    """Days, quarters and how many answers, as published."""
    return tables.execute(
        "select response_on, cast(year(response_on) as varchar) || ' Q' || quarter(response_on), count(*) "
        "from fct_nps_response inner join dim_partner using (partner_key) "
        f"where partner_code = '{partner}' group by all order by all"
    ).fetchall()


# ---------------------------------------------------------------- days


@pytest.mark.parametrize(
    ("partner", "moment", "zone"),
    [
        ("UTC-US", "2024-07-01T02:30:00+00:00", "America/New_York"),
        ("OFF-US", "2024-06-30T22:30:00-04:00", "America/New_York"),
        ("UTC-GB", "2024-06-30T23:30:00+00:00", "Europe/London"),
        ("EV-LA", "2024-07-01T05:30:00+00:00", "America/Los_Angeles"),
    ],
)
def test_an_answer_counts_on_the_day_where_it_was_given(
    tables: duckdb.DuckDBPyConnection, partner: str, moment: str, zone: str
) -> None:
    day = datetime.fromisoformat(moment).astimezone(ZoneInfo(zone)).date()
    assert _answers(tables, partner) == [(day, f"2024 Q{2 if partner != 'UTC-GB' else 3}", DUPLICATES)]


def test_a_row_that_names_its_country_has_its_days_there(tables: duckdb.DuckDBPyConnection) -> None:
    found = tables.execute(f"select contact_id, opened_on from {CONTACTS} where partner_code = 'EV-CC' order by 1")
    july = date(2024, 7, 1)
    assert found.fetchall()[:3] == [("e1", date(2024, 6, 30)), ("e2", july), ("e3", july)]


def test_the_hour_that_comes_twice_costs_no_answer(tables: duckdb.DuckDBPyConnection) -> None:
    found = tables.execute(
        "select invitation_no, date_diff('minute', sent_at, answered_at), score "
        "from work.staging.stg_dealer__post_service_survey where partner_code = 'EV-NL' order by 1"
    ).fetchall()
    assert found == [("A1", 20, 9), ("A2", 40, 9), ("A3", None, None), ("A4", 10, 8), ("A5", 20, 10)]
    survey = "dealer/EV-NL/post_service_survey.csv"
    assert _quarantined(tables, survey) == [(4, "answer_before_invitation")]
    assert [day for day, _, _ in _answers(tables, "EV-NL")] == [date(2024, 7, 1), date(2024, 10, 27)]
    contacts = tables.execute(
        f"select contact_id, date_diff('minute', opened_at, closed_at) from {CONTACTS} where contact_id in ('e4', 'e5')"
    ).fetchall()
    assert contacts == [("e4", 10)]
    assert _quarantined(tables, "contact_centre/EV-CC/contacts.ndjson") == [(5, "closed_before_opened")]


def test_a_zone_that_is_none_is_quarantined(tables: duckdb.DuckDBPyConnection) -> None:
    assert _quarantined(tables, "chain/partners_west.csv") == [(3, "value_not_allowed")]


# ---------------------------------------------------------------- the order of delivery


def test_the_last_download_stands(tables: duckdb.DuckDBPyConnection) -> None:
    asked = "select count(score) from work.staging.stg_dealer__{} where partner_code = 'DUP-BE'"
    assert tables.execute(asked.format("post_sale_survey")).fetchall() == [(DUPLICATES,)]
    assert tables.execute(asked.format("post_service_survey")).fetchall() == [(1,)]
    customers = "from work.staging.stg_dealer__customers select distinct segment where partner_code = 'DUP-BE'"
    assert tables.execute(customers).fetchall() == [("business",)]


def test_the_last_of_several_copies_stands(tables: duckdb.DuckDBPyConnection) -> None:
    orders = tables.execute("from work.staging.stg_dealer__service_orders select revenue where partner_code = 'LD-NL'")
    assert orders.fetchall() == [(40,)]
    contacts = tables.execute(f"from {CONTACTS} select cast(closed_at as date) where partner_code = 'LD-CC'")
    assert contacts.fetchall() == [(date(2024, 5, 10),)]


def test_tickets_that_were_exported_again(tables: duckdb.DuckDBPyConnection) -> None:
    contacts = tables.execute(
        f"select contact_id, cast(closed_at as date), resolved from {CONTACTS} "
        "where partner_code = 'TK-CC' and contact_id in ('k1', 'k6', 'k7')"
    )
    assert contacts.fetchall() == [("k1", date(2024, 5, 9), False)]
    surveys = tables.execute(
        "from work.staging.stg_contact_centre__surveys select survey_id, score where partner_code = 'TK-CC'"
    )
    assert surveys.fetchall() == [("x1", 2)]
    assert (3, "unknown_contact") in _quarantined(tables, "contact_centre/TK-CC/surveys.ndjson")


# ---------------------------------------------------------------- moments and dates as systems write them


def test_no_form_of_a_moment_is_read_as_another_moment(tables: duckdb.DuckDBPyConnection) -> None:
    """All are ten o'clock in UTC, but t12, which has no offset and so is ten o'clock in Amsterdam."""
    found = tables.execute(
        f"select contact_id, date_trunc('second', opened_at) from {CONTACTS} where partner_code = 'TS-CC' order by 1"
    ).fetchall()
    ten = datetime(2024, 6, 5, 10)
    assert found == [("t01", ten), ("t06", ten), ("t12", datetime(2024, 6, 5, 8))]
    reasons = _quarantined(tables, "contact_centre/TS-CC/contacts.ndjson")
    assert reasons == [(line, "invalid_timestamp") for line in (2, 3, 4, 5, 7, 8, 9, 10, 11)]


def test_no_form_of_a_day_is_read_as_another_day(tables: duckdb.DuckDBPyConnection) -> None:
    found = tables.execute(
        "select receipt_no, purchased_on from work.staging.stg_shop__receipts where partner_code = 'DT-IT' order by 1"
    ).fetchall()
    assert found == [(f"R{number}", date(2024, 5, 1)) for number in range(4)]
    reasons = _quarantined(tables, "shop/DT-IT/receipts.csv")
    assert [reason for line, reason in reasons if line > 5] == ["invalid_date"] * 5


@pytest.mark.parametrize(
    ("path", "dataset", "rows"),
    [
        ("importer/US-IM/verzendingen.csv", "importer__shipments", 24),
        ("importer/MF-DE/eigenaarsonderzoek.csv", "importer__ownership_survey", 14),
        ("importer/MF-DE/dealernetwerk.csv", "importer__dealer_network", 3),
    ],
)
def test_a_month_first_file_is_no_other_days(
    tables: duckdb.DuckDBPyConnection, path: str, dataset: str, rows: int
) -> None:
    partner = path.split("/")[1]
    kept = tables.execute(f"select count(*) from work.staging.stg_{dataset} where partner_code = '{partner}'")
    assert kept.fetchall() == [(0,)]
    assert {reason for _, reason in _quarantined(tables, path)} == {"month_first"}
    warned = tables.execute(
        "select warning_code, dataset, partner_code, rows_affected, rows_total "
        f"from work.intermediate.int_month_first_warning where file_path = '{path}'"
    )
    assert warned.fetchall() == [("dates_month_first", dataset, partner, rows, rows)]


# ---------------------------------------------------------------- headings and names


@pytest.mark.parametrize(
    ("partner", "answers"),
    [("H-Q", 2), ("H-SM", 2), ("H-SEP", 2), ("H-TRAIL", 2), ("H-16", 1), ("H-16N", 1), ("H-TOP", 1), ("H-UP", 1)],
)
def test_answers_below_other_headings_load(tables: duckdb.DuckDBPyConnection, partner: str, answers: int) -> None:
    assert sum(count for _, _, count in _answers(tables, partner)) == answers


def test_rows_below_other_headings_keep_their_lines(tables: duckdb.DuckDBPyConnection) -> None:
    assert _quarantined(tables, "shop/H-Q/survey.csv") == [(2, "invalid_timestamp"), (4, "invalid_timestamp")]
    assert _quarantined(tables, "dealer/HD-NL/service_orders.csv") == [(5, "invalid_number")]
    lines = tables.execute("from work.staging.stg_shop__survey select line_number where partner_code = 'H-TOP'")
    assert lines.fetchall() == [(5,)]
    for partner in ("HD-NL", "HD-CC", "H-Q", "H-SEP", "H-TRAIL"):
        sums = tables.execute(
            "select count(*) from mart_pipeline_health where rows_in != rows_accepted + rows_quarantined "
            f"and file_path like '%/{partner}/%'"
        )
        assert sums.fetchall() == [(0,)]


UNFIT = "matches no data set's path and is not read: it"
NOT_READ = (
    f"shop/FP-ES/2024/receipts.csv {UNFIT} lies in a folder too deep; expected is shop/FP-ES/receipts*.csv.",
    f"shop/FP-ES/customers.csv.gz {UNFIT} is compressed, to be unpacked first; expected is shop/FP-ES/customers*.csv.",
    f"shop/FP-ES/customers.txt {UNFIT}s name ends in .txt; expected is shop/FP-ES/customers*.csv.",
    f"shop/FP-ES/receipts.xlsx {UNFIT} is a workbook, to be saved as CSV; expected is shop/FP-ES/receipts*.csv.",
    f"shop/FP-ES/recipts_2024.csv {UNFIT}s name differs; expected is shop/FP-ES/receipts*.csv.",
    f"shop/FP-ES/~$survey.csv {UNFIT} is the lock file of a document that is open in Office.",
    f"dealer/NM-NL/service_order.csv {UNFIT}s name differs; expected is dealer/NM-NL/service_orders*.csv.",
    f"dealer/NM-NL/customers.xls {UNFIT} is a workbook, to be saved as CSV; expected is dealer/NM-NL/customers*.csv.",
    f"importers/NM-IM/verzendingen.csv {UNFIT} lies in the folder importers; expected is "
    "importer/NM-IM/verzendingen*.csv.",
    "contact_centre/TK-CC/contacts_array.ndjson was not read: it is a JSON array, where one JSON object a line is "
    "expected.",
    "contact_centre/HD-CC/surveys.ndjson was not read: it is a JSON array, where one JSON object a line is expected.",
)


@pytest.mark.parametrize("sentence", NOT_READ)
def test_a_file_that_is_not_read_is_said_while_reading_and_at_the_end(
    troubled: Troubled, tables: duckdb.DuckDBPyConnection, sentence: str
) -> None:
    assert f"  ! {sentence}" in troubled.output
    path = re.split(r" (?:was not|matches no)", sentence)[0]
    said = tables.execute("select message from mart_pipeline_health where file_path = ?", [path])
    assert said.fetchall() == [(sentence,)]
    # so many files that the end names them, each partner once, and says where the cause is found; lines are wrapped
    closing = " ".join(troubled.output[troubled.output.index("files were not read") :].split())
    _, partner, name = path.split("/", 2)
    assert any(part.startswith(f"{partner} ") and name in part for part in re.split("[;:] ", closing))


def test_a_name_in_capitals_is_read(tables: duckdb.DuckDBPyConnection) -> None:
    orders = tables.execute("from work.staging.stg_dealer__service_orders select order_no where partner_code = 'NM-NL'")
    assert orders.fetchall() == [("O1",)]
    statuses = tables.execute("from mart_pipeline_health select file_status where file_path like '%.CSV'")
    assert {status for (status,) in statuses.fetchall()} == {"loaded"}
