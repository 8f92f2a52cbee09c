"""The closing lines of a build: what can't be trusted and what was not read, worst first, in few lines."""

from collections.abc import Sequence

import duckdb
import pytest

from nps_chain.publishing.verdict import CLOSING_LINES, DISTRUSTED, WIDTH, _closing

Warned = tuple[int, str, str, str | None, str | None, str | None, str]
CAUSE = "Not one of 12 rows that were looked up by order_no finds its row: probably lost leading zeros."


def closing(warnings: Sequence[Warned], files: Sequence[tuple[str, str, str | None]] = ()) -> list[str]:
    """The closing lines over these warnings (severity, code, name, partner, data set, file, sentence) and files."""
    with duckdb.connect() as connection:
        connection.execute(
            "create table mart_source_warning (warning_rank int, severity int, warning_code text, warning_name text, "
            "partner_code text, dataset text, file_path text, sentence text)"
        )
        connection.execute("create table mart_pipeline_health (file_path text, file_status text, message text)")
        for rank, warning in enumerate(sorted(warnings, key=lambda row: row[0]), start=1):
            connection.execute("insert into mart_source_warning values (?, ?, ?, ?, ?, ?, ?, ?)", [rank, *warning])
        for file in files:
            connection.execute("insert into mart_pipeline_health values (?, ?, ?)", list(file))
        return _closing(connection)


def test_nothing_is_said_where_all_is_well() -> None:
    assert closing([], [("shop/S/receipts.csv", "loaded", None)]) == []


def test_one_source_is_named_with_its_cause() -> None:
    lines = closing([(1, "stars", "No score above 5", "STAR", "shop__survey", "shop/STAR/survey.csv", CAUSE)])
    assert lines[:3] == ["", DISTRUSTED, "Figures are wrong:"]
    assert " ".join(" ".join(lines[3:]).split()) == f"No score above 5: STAR survey: {CAUSE}"


def test_the_worst_comes_first_and_sources_of_one_cause_stand_together() -> None:
    lines = closing(
        [
            (3, "look", "Worth it", None, None, None, "Nobody can say."),
            (2, "dates", "Dates", "B", "shop__receipts", "shop/B/receipts_1.csv", CAUSE),
            (2, "dates", "Dates", "B", "shop__receipts", "shop/B/receipts_2.csv", CAUSE),
            (2, "dates", "Dates", None, "chain__exchange_rates", "chain/exchange_rates.csv", CAUSE),
            (1, "stars", "Stars", "C", "shop__survey", None, CAUSE),
        ]
    )
    text = " ".join(" ".join(lines).split())
    places = [text.index(part) for part in ("Figures are wrong:", "Stars: C survey", "Figures are incomplete:")]
    places += [text.index("Dates: B receipts_1, B receipts_2, chain/exchange_rates.csv. B receipts_1: Not one")]
    places += [text.index("Worth a look: Worth it. Nobody can say.")]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("causes", "partners", "files"), [(12, 60, 12), (3, 500, 0), (30, 3, 60), (60, 2, 5), (1, 1, 90)]
)
def test_everything_fits(causes: int, partners: int, files: int) -> None:
    """Sixty partners in each of twelve causes are named or counted, and no line is lost without a word."""
    warnings: list[Warned] = [
        (1 + code * 3 // causes, f"code_{code}", f"Cause {code}", f"P-{code}-{number}", "shop__survey", None, CAUSE)
        for code in range(causes)
        for number in range(partners)
    ]
    unread = [(f"shop/F{number}/survey.csv", "failed", f"shop/F{number} is empty. {CAUSE}") for number in range(files)]
    lines = closing(warnings, [*unread, ("shop/X/survey.csv", "no_usable_row", "x")])
    assert len(lines) <= CLOSING_LINES
    assert max(len(line) for line in lines) <= WIDTH
    text = " ".join(" ".join(lines).split())
    assert f"{files + 1} file" in text
    ends = (
        "X survey.csv",
        "None of the rows of 1 file can be used",
        "1 without a usable row is named above",
        "and more: mart_pipeline_health",
    )
    assert any(end in text for end in ends)
    if causes <= CLOSING_LINES // 2:
        assert all(f"Cause {code}: P-{code}-0" in text for code in range(causes))
        assert partners == 1 or f"P-0-{partners - 1}" in text or " more." in text
    else:
        assert "and more: mart_source_warning" in text


def test_every_partner_is_named_where_the_lines_allow_it() -> None:
    names = [f"PARTNER-{number:02d}" for number in range(60)]
    text = " ".join(closing([(2, "code", "Cause", name, "shop__survey", None, CAUSE) for name in names]))
    assert all(name in text for name in names)


def test_files_that_were_not_read_are_named_under_their_partner() -> None:
    """Where there is no room for sentences."""
    names = ("customers.csv.gz", "2024/receipts.csv", "receipts.xlsx")
    unread = [(f"shop/{partner}/{name}", "unknown", "x") for partner in ("A", "B") for name in names]
    unread += [("chain/partner.csv", "unknown", "x"), ("shop/C/survey.csv", "no_usable_row", "x")]
    warnings: list[Warned] = [
        (2, f"code_{code}", f"Cause {code}", f"P-{number:03d}", "shop__survey", None, CAUSE)
        for code in range(2)
        for number in range(165)
    ]
    text = " ".join(" ".join(closing(warnings, sorted(unread))).split())
    assert text.endswith(
        "8 files were not read; 1 without a usable row is named above (mart_pipeline_health says why): "
        "chain/partner.csv; "
        "A 2024/receipts.csv, customers.csv.gz, receipts.xlsx; B 2024/receipts.csv, customers.csv.gz, receipts.xlsx."
    )
