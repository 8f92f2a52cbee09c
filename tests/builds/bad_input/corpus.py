"""The whole corpus as one landing folder."""

from pathlib import Path

from landing_builder import write_csv

from bad_input import CASES
from bad_input.case import PARTNERS, lay_down, lines

LINKS = {"manufacturer": "automotive,", "importer": "automotive,NL", "dealer": "automotive,NL", "shop": "retail,NL"}
LINKS["contact_centre"] = "automotive,NL"
ANCHOR = "S-anchor"
RATES = "chain/exchange_rates.csv"


def lay_corpus(root: Path, partners: str = "chain/partners.csv", rates: str = RATES) -> None:
    """Lay down the first delivery of every case, and the frame in which they stand."""
    _lay_frame(root, partners, rates)
    for case in CASES:
        for file in case.files:
            lay_down(root, file)


def _partner_rows() -> list[str]:
    """A row of the chain administration for each partner of the corpus that is to be known."""
    rows = [f"{ANCHOR},shop,retail,NL,Anchor,,,2020-01-01,"]
    for case in CASES:
        if case.partners is not None:
            rows += case.partners
            continue
        folders = {tuple(file.path.split("/")[:2]) for file in case.files if not file.path.startswith("chain/")}
        rows += [f"{code},{link},{LINKS[link]},{case.kind},,,2020-01-01," for link, code in sorted(folders)]
    return rows


def _lay_frame(root: Path, partners: str, rates: str) -> None:
    """What the cases stand in: partners, a rate, and a shop that sold every week, so that the data end in 2024."""
    (root / "chain").mkdir(parents=True, exist_ok=True)
    (root / partners).write_text(lines(PARTNERS, *_partner_rows()), encoding="utf-8")
    write_csv(root / rates, ("month", "currency", "eur_per_unit"), [("2024-05", "USD", "0.91")])
    days = [f"2024-{month:02d}-{day:02d}" for month in range(6, 13) for day in (1, 8, 15, 22, 28)]
    header = ("receipt_no", "receipt_kind", "purchased_on", "revenue", "currency")
    write_csv(root / "shop" / ANCHOR / "receipts.csv", header, [(day, "sale", day, "1.00", "EUR") for day in days])
