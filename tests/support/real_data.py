"""Two public data sets laid down as landing folders: the R community survey of 2018, and the purchases of CDNOW."""

import csv
from pathlib import Path

import pandas as pd
from landing_builder import FIXTURES, write_csv, write_shops

ENGLISH, SPANISH, CDNOW = "R-EN", "R-ES", "CDNOW"
SURVEY_FILES = {ENGLISH: "survey_english.tsv", SPANISH: "survey_spanish.tsv"}
RESENT = f"shop/{ENGLISH}/survey_2018_sent_again.csv"
SURVEY_COLUMNS = ("answer_no", "answered_at", "survey_mode", "score")


def survey_rows(file: str) -> list[dict[str, str]]:
    """The rows of a file of the R community survey."""
    with (FIXTURES / "r_survey_2018" / file).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t"))


def lay_survey(landing: Path) -> None:
    """The R community survey as two shops' surveys; the English file arrives twice, under two names."""
    write_shops(landing, [(ENGLISH, "GB", "R in English"), (SPANISH, "ES", "R in Spanish")], "partners_r.csv")
    for partner, file in SURVEY_FILES.items():
        rows = [
            (number, row["Qtime"], "web", row["Qrecommend"]) for number, row in enumerate(survey_rows(file), start=2)
        ]
        write_csv(landing / "shop" / partner / "survey_2018.csv", SURVEY_COLUMNS, rows)
        if partner == ENGLISH:
            write_csv(landing / RESENT, SURVEY_COLUMNS, rows)


def read_purchases() -> pd.DataFrame:
    """The CDNOW file as it is; the line number stands for the receipt number that it lacks."""
    rows = pd.read_csv(FIXTURES / "cdnow" / "purchases.csv", dtype=str)
    rows.insert(0, "receipt_no", range(2, len(rows) + 2))
    return rows


def invented_score(customer: str) -> int:
    """The invented answer of a customer: every score occurs, in no relation to what was bought."""
    return int(customer) * 7 % 11


def lay_cdnow(landing: Path, purchases: pd.DataFrame) -> None:
    """The purchases as a shop's receipts, and a survey in which every customer answers on the first one's day."""
    write_shops(landing, [(CDNOW, "US", "CDNOW")], "partners_cdnow.csv")
    months = sorted(purchases["purchased_on"].str[:7].unique())
    write_csv(
        landing / "chain" / "exchange_rates_cdnow.csv",
        ("month", "currency", "eur_per_unit"),
        [(month, "USD", "1") for month in months],
    )
    write_csv(
        landing / "shop" / CDNOW / "receipts.csv",
        ("receipt_no", "receipt_kind", "purchased_on", "loyalty_no", "revenue", "currency"),
        [
            (row.receipt_no, "sale", row.purchased_on, row.customer_id, row.amount_usd, "USD")
            for row in purchases.itertuples()
        ],
    )
    first = purchases.sort_values(["purchased_on", "receipt_no"]).drop_duplicates("customer_id")
    write_csv(
        landing / "shop" / CDNOW / "survey.csv",
        ("answer_no", "answered_at", "receipt_no", "loyalty_no", "survey_mode", "score"),
        [
            (
                f"A{row.receipt_no}",
                f"{row.purchased_on} 20:00:00",
                row.receipt_no,
                row.customer_id,
                "web",
                invented_score(row.customer_id),
            )
            for row in first.itertuples()
        ],
    )
