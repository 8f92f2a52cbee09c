"""Sources that can't be trusted are named: other scales, numbers that find nothing, and what takes most of a file."""

import re
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from trouble import TROUBLE, inputs

from nps_chain.publishing.verdict import CLOSING_LINES, DISTRUSTED, WIDTH

Warned = tuple[str, str, int, int | None]
# partners whose codes tests put together, or whose people they ask for by their requests; so they are here
PUT_TOGETHER = {f"{first}-{last}" for first, last in (("IF5", "SE"), ("IF8", "SE"), ("KEY", "CC"))}
PUT_TOGETHER |= {f"CJ-{number:02d}" for number in range(1, 11)}
# what each partner's files are warned of: data set, code, rows affected and rows looked at
EXPECTED: dict[str, set[Warned]] = {
    "STAR-GB": {("shop__survey", "scale_ends_at_5", 120, 120)},
    "REC-DE": {("shop__survey", "scale_too_wide", 30, 120)},
    "IDX-US": {("shop__survey", "scale_without_10", 120, 120)},
    "LZ-DE": {("dealer__post_sale_survey", "references_hit_nothing", 12, 12)},
    # of twelve cards one was 000000, and is 0 now, which is nobody's
    "LZ-SH": {("shop__survey", "references_hit_nothing", 11, 11)},
    "MC-AT": {("shop__receipts", "several_rows_per_number", 3, 7)},
    "T1-CC": {("contact_centre__surveys", "scale_ends_at_7", 60, 60)},
    "T1-IM": {("importer__ownership_survey", "scale_without_0", 30, 30)},
    "T1-HU": {("shop__survey", "scale_too_wide", 32, 50), ("shop__survey", "scores_not_read", 32, 50)},
    "T1-ON": {("shop__survey", "score_always_same", 45, 50)},
    "T1-OK": {("shop__survey", "scale_ends_at_5", 60, 60)},
    "T2-SE": {
        ("dealer__service_orders", "references_hit_nothing", 20, 20),
        ("dealer__post_service_survey", "references_hit_few", 14, 20),
    },
    "T2-MO": {("dealer__post_sale_survey", "references_hit_nothing", 12, 12)},
    "T2-SH": {("shop__receipts", "products_not_known", 10, 10)},
    "T3-D1": set(),
    "T3-CC": set(),
    "T3-CX": set(),
    "T3-D3": set(),
    "T3-PU": {("chain__partners", "parent_not_known", 1, None)},
    "T3-D2": {("dealer__service_orders", "place_not_known", 6, 6)},
    "T3-UK": {("shop__receipts", "partner_not_known", 6, 6)},
    "T3-SP": {("shop__receipts", "partner_not_known", 6, 6)},
    "T3-LK": {("shop__receipts", "partner_not_known", 6, 6)},
    "T4-PL": {("dealer__service_orders", "rates_not_known", 12, 12)},
    "MO-GB": {("shop__receipts", "rates_not_known", 12, 12)},
    "AM-GB": {("shop__receipts", "numbers_not_read", 7, 12)},
    "AM-IM": {("importer__shipments", "numbers_not_read", 4, 7)},
    "SC-FR": {("shop__survey", "scores_not_read", 11, 13)},
    "TS-CC": {("contact_centre__contacts", "dates_not_read", 9, 12)},
    "DT-IT": {("shop__receipts", "dates_not_read", 5, 9)},
    "US-IM": {("importer__shipments", "dates_month_first", 24, 24)},
    "NU-FR": {("dealer__sales_orders", "fields_missing", 8, 8)},
    "EXP-FR": {
        ("dealer__sales_orders", "numbers_shortened", 12, 12),
        ("dealer__customers", "numbers_shortened", 4, 4),
    },
    "VD-NL": {("dealer__sales_orders", "numbers_shortened", 3, 5)},
    # some of their rows only
    "VD-SH": set(),
    "VD-CC": set(),
    "VD-MF": set(),
    "VB-SH": {("shop__receipts", "number_of_many", 300, 420)},
    "VB-DE": {("dealer__sales_orders", "number_of_many", 8, 10)},
    # a firm with many orders, and a page that was exported twice
    "VB-FL": set(),
    "TK-CC": set(),
    # a programme that delivers scores again under their number
    "STA-CC": {
        ("contact_centre__surveys", "first_score_missing", 4, 7),
        ("contact_centre__surveys", "score_replaced", 2, 15),
    },
    "T5-BE": {("dealer__service_orders", "several_rows_per_number", 20, 30)},
    "T5-CC": {("contact_centre__contacts", "several_rows_per_number", 10, 20)},
    # the sound base
    "SND-SH": set(),
    "SND-NL": set(),
}
# what the sentence says of the cause
CAUSES = {
    "STAR-GB": "stars or points from 1 to 5",
    "REC-DE": "codes 1 to 11",
    "IDX-US": "positions 0 to 9",
    "LZ-DE": "lost leading zeros",
    "LZ-SH": "lost leading zeros",
    "MC-AT": "several lines of one receipt",
    "T1-HU": "points from 0 to 100",
    "T3-D2": "neither the partner nor one above it has a country",
    "T3-UK": "the partner's own row in chain/partners*.csv was refused as unknown_country, UK",
    "T3-SP": "the partner's own row in chain/partners*.csv was refused as unknown_industry, sports",
    "T3-LK": "chain/partners*.csv has this partner as a dealer",
    "T4-PL": "exchange rates that could not be read",
    "MO-GB": "exchange rates that could not be read",
    "EXP-FR": "a spreadsheet that shortened numbers (1.23E+11) or took them for dates (Jan-24)",
    "VD-NL": "a spreadsheet that shortened numbers (1.23E+11) or took them for dates (Jan-24)",
    "VB-SH": "1 customer number has 300 of 420 purchases",
    "VB-DE": "1 serial number stands in 8 of 10 sales with one, of more buyers than a unit has owners",
}


@pytest.fixture(scope="module")
def published(troubled):
    """The published tables of the build of all trouble."""
    with troubled.warehouse.open() as connection:
        yield connection


def warned(published: duckdb.DuckDBPyConnection, partner: str) -> set[Warned]:
    # that the inputs' sales end early is another matter: test_trouble_retention.py
    query = (
        "select dataset, warning_code, rows_affected, rows_total from mart_source_warning "
        "where partner_code = ? and warning_code not in ('deliveries_ended', 'no_deliveries')"
    )
    return set(published.execute(query, [partner]).fetchall())


@pytest.mark.parametrize("partner", EXPECTED)
def test_each_source_is_warned_of_what_is_wrong_with_it(published, partner: str) -> None:
    assert warned(published, partner) == EXPECTED[partner]


@pytest.mark.parametrize("partner", CAUSES)
def test_the_sentence_names_the_cause(published, partner: str) -> None:
    sentences = published.execute("select sentence from mart_source_warning where partner_code = ?", [partner])
    assert any(CAUSES[partner] in sentence for (sentence,) in sentences.fetchall())


def test_of_two_files_the_one_on_another_scale_is_named(published) -> None:
    paths = published.execute(
        "select file_path from mart_source_warning where partner_code = 'T1-OK' and file_path is not null"
    ).fetchall()
    assert paths == [("shop/T1-OK/survey_b.csv",)]


@pytest.mark.parametrize(
    "paths",
    [
        ("chain/exchange_rates.csv", "shop/MO-GB/receipts.csv"),
        ("chain/exchange_rates_pln.csv", "dealer/T4-PL/service_orders.csv"),
    ],
    ids=["Jan-24", "01/2024"],
)
def test_a_file_of_rates_is_named_and_the_sales_lead_to_it(published, paths) -> None:
    rates, sales = (
        published.execute("select sentence from mart_source_warning where file_path = ?", [path]).fetchone()
        for path in paths
    )
    assert rates is not None
    assert "12 of 12 rows were refused as invalid_date (month)" in rates[0]
    assert sales is not None
    assert "chain/exchange_rates" in sales[0]


def test_ranks_are_worst_first(published) -> None:
    rows = published.execute(
        "select severity, coalesce(affected_share, 1) from mart_source_warning order by warning_rank"
    )
    ranked = rows.fetchall()
    assert ranked == sorted(ranked, key=lambda row: (row[0], -row[1]))


@pytest.mark.parametrize(
    ("partner", "country", "transactions", "revenue"),
    [("T3-D1", "PL", 6, "600.00"), ("T3-D3", "PL", 6, "600.00"), ("T2-SH", "SE", 10, "100.00")],
)
def test_what_is_not_known_of_a_row_does_not_cost_it(published, partner, country, transactions, revenue) -> None:
    """A dealer is where the importer above it is, and a sale of an unknown product keeps its revenue."""
    found = published.execute(
        "select country_code, count(*), sum(revenue_eur), count(product_key) from fct_transaction "
        "inner join dim_partner using (partner_key) "
        "inner join dim_chain on fct_transaction.chain_key = dim_chain.chain_key "
        "where partner_code = ? group by all",
        [partner],
    ).fetchall()
    assert found == [(country, transactions, Decimal(revenue), 0)]


@pytest.mark.parametrize(("partner", "country"), [("T3-CC", "SE"), ("T3-CX", "PL")])
def test_a_contact_centre_is_where_it_or_its_rows_say(published, partner: str, country: str) -> None:
    """Though the importer above it is elsewhere; and a code nobody knows costs nothing where nothing hangs on it."""
    found = published.execute(
        "select country_code, count(*) from fct_contact inner join dim_partner using (partner_key) "
        "inner join dim_chain on fct_contact.chain_key = dim_chain.chain_key where partner_code = ? group by all",
        [partner],
    ).fetchall()
    assert found == [(country, 6)]


def test_a_file_without_a_usable_row_was_not_read(published, troubled) -> None:
    path = "dealer/T4-PL/service_orders.csv"
    found = published.execute(
        "select file_status, message, worst_warning from mart_pipeline_health where file_path = ?", [path]
    ).fetchone()
    assert found is not None
    status, message, worst = found
    assert status == "no_usable_row"
    assert message == f"{path} was not read: none of its 12 rows can be used (unknown_currency 12)."
    assert worst.startswith("12 of 12 rows were refused as unknown_currency (currency): probably exchange rates")
    assert "T4-PL" in closing_text(troubled.output)


def test_a_file_that_another_delivery_repeats_was_read(published) -> None:
    """None of its rows stands, and nothing is wrong with it."""
    repeated = published.execute(
        "select file_status, worst_warning from mart_pipeline_health "
        "where rows_in > 0 and rows_accepted = 0 "
        "and regexp_full_match(quarantine_reasons, '(superseded|duplicate)_row \\d+')"
    ).fetchall()
    assert repeated
    assert set(repeated) == {("loaded", None)}


def test_health_shows_the_worst_warning_of_a_file(published) -> None:
    shown = published.execute(
        "select file_path, worst_warning from mart_pipeline_health where file_path in "
        "('shop/STAR-GB/survey.csv', 'shop/MC-AT/receipts.csv', 'shop/SND-SH/survey.csv') order by 1"
    ).fetchall()
    assert [path for path, _ in shown] == [
        "shop/MC-AT/receipts.csv",
        "shop/SND-SH/survey.csv",
        "shop/STAR-GB/survey.csv",
    ]
    assert "5 of 7 rows share their number" in shown[0][1]
    assert shown[1][1] is None
    assert "no score above 5" in shown[2][1]


def closing_lines(output: str) -> list[str]:
    """From the line before the heading to the last line of the build."""
    lines = output.rstrip("\n").split("\n")
    return lines[lines.index(DISTRUSTED) - 1 :]


def closing_text(output: str) -> str:
    """The closing lines in one."""
    return " ".join(" ".join(closing_lines(output)).split())


def test_whoever_reads_only_the_closing_lines_knows_every_source(published, troubled) -> None:
    lines = closing_lines(troubled.output)
    assert len(lines) <= CLOSING_LINES
    assert max(len(line) for line in lines) <= WIDTH
    text = closing_text(troubled.output)
    sources = published.execute(
        "select distinct severity, warning_name, coalesce(partner_code, file_path, '') from mart_source_warning "
        "order by all"
    ).fetchall()
    assert sources
    missing = [source for _, _, source in sources if source not in text]
    assert missing == []
    assert all(name in text for _, name, _ in sources)
    places = [text.index(f"{name}") for _, name, _ in sources]
    severities = [severity for severity, _, _ in sources]
    firsts = [min(place for place, of in zip(places, severities, strict=True) if of == level) for level in (1, 2, 3)]
    assert firsts == sorted(firsts)


def test_every_file_that_was_not_read_is_among_them(published, troubled) -> None:
    text = closing_text(troubled.output)
    # of those without a usable row the source is named at least
    files = published.execute(
        "select file_path from mart_pipeline_health where file_status in ('failed', 'no_usable_row')"
    )
    named = [(path, *path.split("/")[:2]) for (path,) in files.fetchall()]
    assert named
    assert [
        path for path, tier, partner in named if path not in text and (tier == "chain" or partner not in text)
    ] == []


def test_all_inputs_are_there() -> None:
    assert {name.split("-")[0] for name in inputs()} >= {"05", "21", "22", "29", "trust"}


def test_every_partner_of_every_input_is_looked_at() -> None:
    """What nobody compares with its right value is no test."""
    texts = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_trouble*.py"))
    partners = {path.name for path in TROUBLE.glob("*/*/*") if path.is_dir()}
    assert len(partners) > 100
    unnamed = {name for name in partners if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", texts)}
    assert unnamed == PUT_TOGETHER


def test_the_page_of_inputs_names_each_of_them() -> None:
    page = (TROUBLE / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"(?<![\w-])(?:[a-z]+-)?\d\d(?![\w-])", page))
    assert named == {"-".join(name.split("-")[: 1 if name[0].isdigit() else 2]) for name in inputs()}
