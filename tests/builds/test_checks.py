"""Every guard of the Great Expectations suites is seen to fail on a planted fault, and to let clean data pass."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
from conftest import Landing
from contract_parts import whole

from nps_chain.checks import mart_suites, run, values
from nps_chain.checks.engine import Bench
from nps_chain.checks.findings import CRITICAL, WARNING, Finding, run_suite
from nps_chain.checks.limits import Limits, load_limits
from nps_chain.checks.mart_suites import MartSuite
from nps_chain.checks.raw_suites import raw_reports
from nps_chain.contracts.landing import Contract
from nps_chain.contracts.marts import MODELS, PREFIXES, Table, load_tables
from nps_chain.errors import UserError
from nps_chain.raw_folder import dataset_folder
from nps_chain.settings import Settings

LIMITS = load_limits()
LAST_DAY = date(2025, 12, 31)
EMAIL = "jan.jansen@example.com"
PHONE = "0612345678"
EXAMPLES = {
    "INTEGER": "1",
    "BIGINT": "1",
    "DOUBLE": "1",
    "DECIMAL(18,2)": "1.00",
    "DECIMAL(21,6)": "1.00",
    "DECIMAL(28,6)": "1.00",
    "VARCHAR": "'word'",
    "DATE": "date '2025-01-01'",
    "TIMESTAMP": "timestamp '2025-01-01 12:00:00'",
    "BOOLEAN": "true",
}


def quiet(_: str) -> None:
    """Say nothing."""


def settings_of(landing: Landing) -> Settings:
    warehouse = landing.raw.parent
    return Settings(warehouse=warehouse, raw=landing.raw, work_database=warehouse / "work.duckdb")


def some(*datasets: str) -> Contract:
    """The contract of some data sets; the suites of all of them take ten seconds."""
    return replace(whole(), datasets=tuple(dataset for dataset in whole().datasets if dataset.name in datasets))


def findings(landing: Landing, *datasets: str, limits: Limits = LIMITS) -> list[Finding]:
    """What the suites of some data sets find."""
    with Bench(landing.raw.parent / "tmp") as bench:
        reports = raw_reports(bench, landing.raw, some(*datasets), limits.raw)
    return [finding for report in reports for finding in report.findings]


def texts(found: list[Finding], severity: str) -> list[str]:
    return [finding.text for finding in found if finding.severity == severity]


def lines(header: str, rows: list[str]) -> str:
    return "\n".join([header, *rows]) + "\n"


def sales_orders(days: list[str], currency: str = "EUR") -> str:
    header = "order_no,customer_no,serial_number,order_kind,delivered_on,revenue,cost,currency"
    return lines(header, [f"o{n},c{n},s{n},new,{day},100.00,80.00,{currency}" for n, day in enumerate(days)])


def service_orders(windows: list[int]) -> str:
    """Rows per window of 90 days, the newest first."""
    header = "order_no,customer_no,serial_number,completed_on,payer,revenue,cost,currency"
    days = [LAST_DAY - timedelta(90 * step + row % 90) for step, rows in enumerate(windows) for row in range(rows)]
    return lines(header, [f"o{n},c{n},,{day},customer,10.00,8.00,EUR" for n, day in enumerate(days)])


def shop_survey(windows: list[list[str]]) -> str:
    """Scores per window of 90 days, the newest first."""
    header = "answer_no,answered_at,receipt_no,loyalty_no,email,survey_mode,score,comment"
    rows = [
        f"a{step}-{n},{LAST_DAY - timedelta(90 * step + n % 90)}T10:00:00,r{n},,,email,{score},"
        for step, scores in enumerate(windows)
        for n, score in enumerate(scores)
    ]
    return lines(header, rows)


# ------------------------------------------------------------------ raw


def test_single_bad_rows_only_warn(landing: Landing) -> None:
    landing.write("dealer/D1/sales_orders.csv", sales_orders(["2025-01-01"] * 29 + ["31-12-2025"]))
    landing.intake()
    found = findings(landing, "dealer__sales_orders")
    assert texts(found, CRITICAL) == []
    (warning,) = texts(found, WARNING)
    assert warning == (
        "data set dealer__sales_orders, file dealer/D1/sales_orders.csv, column delivered_on: "
        "3.3% of its 30 rows cannot be read as a date, such as '31-12-2025'"
    )


def test_column_of_another_type_stops_the_build_and_shows_nothing_personal(
    landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "load_contract", lambda: some("dealer__sales_orders"))
    days = ["01/02/2025"] * 20 + [EMAIL, PHONE, "Jan Jansen", "2025-02-31", "n/a"] + ["2025-01-01"] * 5
    landing.write("dealer/D1/sales_orders.csv", sales_orders(days))
    landing.write("dealer/D1/sales_orders_b.csv", sales_orders(["14.02.2025"]))
    landing.intake()
    said: list[str] = []
    with pytest.raises(UserError) as caught:
        run.check_raw(settings_of(landing), said.append)
    message = str(caught.value)
    assert message == (
        "The landing folder failed its checks, so nothing was built: data set dealer__sales_orders, "
        "file dealer/D1/sales_orders.csv and 1 more, column delivered_on: 80.6% of its 31 rows cannot be read as a "
        "date, such as '01/02/2025', '14.02.2025', '2025-02-31'."
    )
    docs = landing.raw.parent / "data_docs"
    everything = message + "".join(said) + "".join(path.read_text(encoding="utf-8") for path in docs.rglob("*.html"))
    for personal in (EMAIL, PHONE, "Jansen"):
        assert personal not in everything
    # n/a is a blank
    assert "80.6%" in (docs / "raw" / "dealer__sales_orders.html").read_text(encoding="utf-8")


def test_values_that_may_be_personal_are_not_shown(landing: Landing) -> None:
    landing.write("dealer/D1/sales_orders.csv", sales_orders([EMAIL] * 30))
    landing.intake()
    (text,) = texts(findings(landing, "dealer__sales_orders"), CRITICAL)
    assert text.endswith("100.0% of its 30 rows cannot be read as a date, values not shown, they may be personal")


def test_missing_required_values_stop_the_build(landing: Landing) -> None:
    landing.write("dealer/D1/sales_orders.csv", sales_orders(["2025-01-01"] * 30, currency=""))
    landing.intake()
    (text,) = texts(findings(landing, "dealer__sales_orders"), CRITICAL)
    assert text == (
        "data set dealer__sales_orders, file dealer/D1/sales_orders.csv, column currency: "
        "100.0% of its 30 rows are blank"
    )


def test_values_out_of_range_or_not_allowed_stop_the_build(landing: Landing) -> None:
    header = "industry,country,link,month,programme_cost,currency,head_count"
    costs = [f"automotive,NL,dealer,20{10 + n // 12}-{1 + n % 12:02d},-100.00,EUR,3" for n in range(30)]
    landing.write("chain/programme_costs.csv", lines(header, costs))
    landing.write("dealer/D1/sales_orders.csv", sales_orders(["2025-01-01"] * 30).replace(",new,", ",NIEUW,"))
    landing.intake()
    (kind,) = texts(findings(landing, "dealer__sales_orders"), CRITICAL)
    assert "column order_kind: 100.0% of its 30 rows hold none of the values" in kind
    (cost,) = texts(findings(landing, "chain__programme_costs"), CRITICAL)
    assert cost.endswith(
        "column programme_cost: 100.0% of its 30 rows are outside the range that the contract allows, such as '-100.00'"
    )


def test_few_rows_are_never_critical(landing: Landing) -> None:
    landing.write("dealer/D1/sales_orders.csv", sales_orders(["soon"] * (LIMITS.raw.faulty_rows.min_rows - 1)))
    landing.intake()
    found = findings(landing, "dealer__sales_orders")
    assert texts(found, CRITICAL) == []
    assert len(texts(found, WARNING)) == 1


def test_empty_required_data_set_stops_the_build(landing: Landing) -> None:
    landing.write("chain/partners.csv", "partner_code,link,industry,country,partner_name,valid_from\n")
    landing.intake()
    assert texts(findings(landing, "chain__partners"), CRITICAL) == [
        "data set chain__partners: it is required and has no row"
    ]


@pytest.mark.parametrize(("countries", "is_stopped"), [(("UK", "UK"), True), (("UK", "GB"), False)])
def test_a_country_nobody_knows_stops_the_build_at_once_where_no_partner_is_left(
    landing: Landing, countries: tuple[str, ...], is_stopped: bool
) -> None:
    """And not after all models were made, where it shows as an empty dim_partner."""
    rows = [f"S{number},shop,retail,{country},Shop,2020-01-01" for number, country in enumerate(countries)]
    header = "partner_code,link,industry,country,partner_name,valid_from"
    landing.write("chain/partners.csv", lines(header, rows))
    landing.intake()
    found = texts(findings(landing, "chain__partners"), CRITICAL)
    said = "column country: 100.0% of its 2 rows hold none of the codes of seeds/countries.csv, such as 'UK'"
    assert [said in text for text in found] == [True] * is_stopped


def test_most_files_unreadable_stop_the_build(landing: Landing) -> None:
    landing.write("dealer/D1/sales_orders_1.csv", sales_orders(["2025-01-01"]))
    for number in (2, 3):
        landing.write(f"dealer/D1/sales_orders_{number}.csv", "a,b\n1,2\n")
    landing.intake()
    (text,) = texts(findings(landing, "dealer__sales_orders"), CRITICAL)
    assert text == (
        "data set dealer__sales_orders, file dealer/D1/sales_orders_2.csv and 1 more: 66.7% of its files cannot be read"
    )


def test_raw_rows_of_another_schema_stop_the_build(landing: Landing) -> None:
    landing.write("dealer/D1/sales_orders.csv", sales_orders(["2025-01-01"]))
    landing.intake()
    folder = dataset_folder(landing.raw, "dealer__sales_orders")
    duckdb.execute(f"create or replace temp table kept as from '{folder}/*.parquet'")
    for part in folder.glob("*.parquet"):
        part.unlink()
    duckdb.execute(
        f"copy (select * exclude (cost), 1.5 as cost from kept) to '{folder / 'part-000000.parquet'}' (format parquet)"
    )
    assert texts(findings(landing, "dealer__sales_orders"), CRITICAL)[0] == (
        "data set dealer__sales_orders: its raw columns are not the contract's"
    )


@pytest.mark.parametrize(
    ("windows", "critical", "warnings"),
    [([60] * 5, 0, 0), ([20] + [60] * 4, 0, 1), ([4] + [60] * 4, 1, 2), ([180] + [60] * 4, 0, 1)],
    ids=["steady", "a third", "collapsed", "three times"],
)
def test_volume_against_the_windows_before(landing: Landing, windows: list[int], critical: int, warnings: int) -> None:
    landing.write("dealer/D1/service_orders.csv", service_orders(windows))
    landing.intake()
    found = findings(landing, "dealer__service_orders")
    assert len(texts(found, CRITICAL)) == critical
    assert len(set(texts(found, WARNING))) == warnings
    if critical:
        assert texts(found, CRITICAL) == [
            "data set dealer__service_orders, file dealer/D1/service_orders.csv: "
            "its newest 90 days have 0.07 times the usual rows"
        ]


def test_one_mistyped_date_is_no_new_window(landing: Landing) -> None:
    content = service_orders([60] * 5) + "late,c,,2029-01-01,customer,10.00,8.00,EUR\n"
    landing.write("dealer/D1/service_orders.csv", content)
    landing.intake()
    assert findings(landing, "dealer__service_orders") == []


def test_short_list_of_the_network_stops_the_build(landing: Landing) -> None:
    header = "peildatum;dealernummer;dealernaam;eigenaar;plaats;status"
    landing.write(
        "chain/partners.csv",
        "partner_code,link,industry,country,partner_name,valid_from\nI1,importer,automotive,NL,Importer,2020-01-01\n",
    )
    for month, rows in ((1, 60), (2, 60), (3, 60), (4, 5)):
        snapshot = [f"01-0{month}-2025;D{number};Dealer;;Utrecht;actief" for number in range(rows)]
        landing.write(f"importer/I1/dealernetwerk_2025-0{month}.csv", lines(header, snapshot))
    landing.intake()
    assert texts(findings(landing, "importer__dealer_network"), CRITICAL) == [
        "data set importer__dealer_network, file importer/I1/dealernetwerk_2025-04.csv: "
        "its newest file has 0.08 times the usual rows"
    ]


def test_silent_data_set_warns(landing: Landing) -> None:
    landing.write("dealer/D1/service_orders.csv", service_orders([60] * 7))
    landing.write("shop/S1/survey.csv", shop_survey([[], [], *[["9"] * 60] * 5]))
    landing.intake()
    found = findings(landing, "dealer__service_orders", "shop__survey")
    assert [finding.text for finding in found] == [
        "data set shop__survey: its last row is 180 days older than those of other data sets"
    ]


@pytest.mark.parametrize(
    ("newest", "words"),
    [
        (["9", "8", "3"], []),
        (["5", "4", "3"], ["the mean score of the newest 90 days moved by -2.7", "such as '3', '4', '5'"]),
        (["90", "80", "30"], ["100% of the newest 90 days are no score", "such as '30', '80', '90'"]),
        ([EMAIL], ["100% of the newest 90 days are no score", values.NOT_SHOWN]),
    ],
    ids=["steady", "stars", "per cent", "another column"],
)
def test_scores_against_the_windows_before(landing: Landing, newest: list[str], words: list[str]) -> None:
    usual = ["9", "8", "3"] * 40
    landing.write("shop/S1/survey_2025.csv", shop_survey([newest * (120 // len(newest)), *[usual] * 4]))
    landing.intake()
    critical = texts(findings(landing, "shop__survey"), CRITICAL)
    assert bool(critical) == bool(words)
    for text in critical:
        assert text.startswith("data set shop__survey, file shop/S1/survey_2025.csv, column score: ")
        assert all(word in text for word in words)


@pytest.mark.parametrize(
    ("newest", "said", "good"),
    [
        (["90", "9", "8"] * 40, "are no score, such as '90'", ("'9'", "'8'")),
        (["1", "2", "9"] * 40, "the mean score of the newest 90 days moved by", ("'9'", "'8'")),
        (["7", "8"] * 60, "the share of 9 and 10 of the newest 90 days moved by", ("'9'", "'10'")),
    ],
    ids=["per cent", "other scores", "without promoters"],
)
def test_the_message_names_the_file_and_the_scores_that_are_to_blame(
    landing: Landing, newest: list[str], said: str, good: tuple[str, ...]
) -> None:
    """Not the file with most answers, which are as they always were, nor the most frequent score."""
    steady, usual = ["9", "8", "10", "3"] * 34, ["9", "8", "3"] * 40
    landing.write("shop/S1/survey_2025.csv", shop_survey([steady] * 5))
    landing.write("shop/S2/survey_2025.csv", shop_survey([newest, *[usual] * 4]))
    landing.intake()
    found = [text for text in texts(findings(landing, "shop__survey"), WARNING) if said in text]
    assert found and all(
        text.startswith("data set shop__survey, file shop/S2/survey_2025.csv, column") for text in found
    )
    assert not any(score in text for text in found for score in good)


def test_accepted_jump_only_warns(landing: Landing) -> None:
    landing.write("dealer/D1/service_orders.csv", service_orders([4] + [60] * 4))
    landing.intake()
    limits = replace(LIMITS, raw=replace(LIMITS.raw, accepted={"dealer__service_orders": ("volume",)}))
    found = findings(landing, "dealer__service_orders", limits=limits)
    assert texts(found, CRITICAL) == []
    assert texts(found, WARNING)


def test_check_of_a_landing_folder_leaves_the_warehouse_alone(
    landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "load_contract", lambda: some("dealer__sales_orders"))
    landing.write("dealer/D1/sales_orders.csv", sales_orders([EMAIL] * 30))
    settings = settings_of(landing)

    def read(scratch: Settings) -> None:
        landing.raw = scratch.raw
        landing.intake()

    with pytest.raises(UserError, match="column delivered_on"):
        run.check(settings, read, quiet)
    assert [path.name for path in settings.warehouse.iterdir()] == ["data_docs"]


def test_nothing_to_check_is_one_sentence(landing: Landing) -> None:
    with pytest.raises(UserError, match="There is nothing to check"):
        run.check(settings_of(landing), None, quiet)


# ------------------------------------------------------------------ marts


@pytest.fixture(scope="module")
def tables() -> dict[str, Table]:
    return {table.name: table for table in load_tables()}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with Bench(tmp_path) as opened:
        yield opened


def example(table: Table, **changed: str) -> str:
    """A row of plausible values, some of them changed, as a query."""
    cells = {column.name: EXAMPLES[column.kind] for column in table.columns} | changed
    columns = (f"cast({cells[column.name]} as {column.kind}) as {column.name}" for column in table.columns)
    return f"select {', '.join(columns)}"


def mart_texts(bench: Bench, table: Table, *rows: str) -> list[str]:
    bench.run(f"create table {table.name} as {' union all '.join(rows)}")
    report = run_suite(bench, table.name, MartSuite(bench, table, LIMITS.marts).checks())
    assert all(finding.severity == CRITICAL for finding in report.findings)
    return [finding.text for finding in report.findings]


def write_marts(path: Path, tables: dict[str, Table], **changed: str) -> None:
    """A working database with a row in every public table."""
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema marts")
        for table in tables.values():
            cells = changed if table.name == "mart_nps_by_link" else {}
            connection.execute(f"create table marts.{table.name} as {example(table, **cells)}")


def test_every_public_model_has_a_suite(tables: dict[str, Table]) -> None:
    models = {path.stem for path in MODELS.rglob("*.sql") if path.stem.startswith(PREFIXES)}
    assert set(tables) == models


def test_a_clean_database_passes(landing: Landing, tables: dict[str, Table]) -> None:
    settings = settings_of(landing)
    settings.warehouse.mkdir()
    write_marts(settings.work_database, tables)
    said: list[str] = []
    run.check_marts(settings, said.append)
    assert f"on {len(tables)} tables" in said[-1]
    # the file is free for the next build
    duckdb.connect(str(settings.work_database)).close()


def test_a_source_that_makes_figures_wrong_is_a_warning(bench: Bench, tables: dict[str, Table]) -> None:
    table = tables["mart_source_warning"]
    wrong = example(table, partner_code="'STAR'", dataset="'shop__survey'")
    bench.run(f"create table {table.name} as {wrong} union all {example(table, warning_rank='2', severity='2')}")
    report = run_suite(bench, table.name, MartSuite(bench, table, LIMITS.marts).checks())
    said = "table mart_source_warning: of 1 warnings figures are wrong, the worst about STAR shop__survey"
    assert [(finding.severity, finding.text) for finding in report.findings] == [(WARNING, said)]


def test_nps_of_140_stops_the_publishing(
    landing: Landing, tables: dict[str, Table], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mart_suites, "load_tables", lambda: [tables["mart_nps_by_link"]])
    settings = settings_of(landing)
    settings.warehouse.mkdir()
    write_marts(settings.work_database, tables, nps="140", nps_ci_high="140")
    with pytest.raises(UserError) as caught:
        run.check_marts(settings, quiet)
    assert str(caught.value) == (
        "The marts failed their checks, so nothing was published: table mart_nps_by_link, column nps: "
        "1 row is below -100 or above 100, such as 140.0; and 1 more, see warehouse/data_docs/marts/index.html."
    )


def test_missing_table_stops_the_publishing(landing: Landing, tables: dict[str, Table]) -> None:
    settings = settings_of(landing)
    settings.warehouse.mkdir()
    write_marts(settings.work_database, {name: table for name, table in tables.items() if name != "dim_chain"})
    with pytest.raises(UserError, match="The build lacks the table dim_chain, so nothing was published"):
        run.check_marts(settings, quiet)


def test_repeated_key(bench: Bench, tables: dict[str, Table]) -> None:
    table = tables["mart_nps_by_link"]
    assert mart_texts(bench, table, example(table), example(table)) == [
        "table mart_nps_by_link, column chain_link_key, quarter_start_on: "
        "2 rows share their key with another row, such as 1/2025-01-01"
    ]


def test_repeated_key_of_a_person_is_not_shown(bench: Bench, tables: dict[str, Table]) -> None:
    table = tables["dim_customer"]
    row = example(table, customer_key="918273645")
    assert mart_texts(bench, table, row, row) == [
        "table dim_customer, column customer_key: 2 rows share their key with another row, " + values.NOT_SHOWN
    ]


def test_missing_column_and_other_type(bench: Bench, tables: dict[str, Table]) -> None:
    table = tables["dim_partner"]
    kept = f"select * exclude (owner_name, is_current), 'yes' as is_current from ({example(table)})"
    found = mart_texts(bench, table, kept)
    assert found[0] == ("table dim_partner: column is_current is VARCHAR and not BOOLEAN, column owner_name is missing")


@pytest.mark.parametrize(
    ("name", "changed", "text"),
    [
        (
            "mart_nps_by_link",
            {"response_rate": "1.5"},
            "column response_rate: 1 row is below 0 or above 1, such as 1.5",
        ),
        ("mart_nps_by_link", {"responses": "-1"}, "column responses: 1 row is below 0, such as -1"),
        ("mart_nps_by_link", {"nps_ci_low": "2"}, "column nps_ci_low: 1 row is above nps, such as 2.0"),
        ("mart_nps_by_link", {"link_code": "null"}, "column link_code: 1 row is null"),
        ("mart_weakest_link", {"p_weakest": "-0.1"}, "column p_weakest: 1 row is below 0 or above 1, such as -0.1"),
        ("fct_nps_response", {"score": "11"}, "column score: 1 row is below 0 or above 10, such as 11"),
        ("mart_nps_change", {"effect": "-201"}, "column effect: 1 row is below -200 or above 200, such as -201.0"),
    ],
)
def test_value_out_of_range(
    bench: Bench, tables: dict[str, Table], name: str, changed: dict[str, str], text: str
) -> None:
    assert f"table {name}, {text}" in mart_texts(bench, tables[name], example(tables[name], **changed))


def test_dimension_without_rows(bench: Bench, tables: dict[str, Table]) -> None:
    table = tables["dim_partner"]
    assert mart_texts(bench, table, f"{example(table)} where false") == ["table dim_partner: it has no row"]
