"""Trouble from the field: inputs that once gave a wrong number, laid down together beside a sound base.

An input is a folder of tests/fixtures/trouble with files of its own partners; its `expected.md` says what is right.
"""

import shutil
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from landing_builder import FIXTURES, Warehouse, write_csv

TROUBLE = FIXTURES / "trouble"
PARTNERS = "chain/partners.csv"
SOUND_CUSTOMERS = 60
LAST_DAY = date(2024, 12, 31)
# scores of the sound base, as its customers give them in turn
SCORES = (10, 9, 9, 8, 10, 3, 7, 9, 10, 6)
HEADING = "partner_code,link,industry,country,partner_name,parent_partner_code,owner_name,valid_from,valid_to\n"
SOUND_PARTNERS = """SND-SH,shop,retail,NL,Sound shop,,,2019-01-01,
SND-NL,dealer,automotive,NL,Sound dealer,,,2019-01-01,
"""


@dataclass(frozen=True)
class Troubled:
    """A build of all inputs, and what it said."""

    landing: Path
    warehouse: Warehouse
    output: str


def inputs() -> list[str]:
    """The names of all inputs."""
    return sorted(path.name for path in TROUBLE.iterdir() if path.is_dir())


def lay_down(landing: Path, names: list[str] | None = None) -> None:
    """The sound base and the inputs (all of them, unless named), with one list of partners."""
    _lay_sound_base(landing)
    partners = [(landing / PARTNERS).read_text(encoding="utf-8")]
    for name in inputs() if names is None else names:
        folder = TROUBLE / name
        for source in sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "expected.md"):
            relative = source.relative_to(folder)
            if relative.as_posix() == PARTNERS:
                partners.append(source.read_text(encoding="utf-8").removeprefix(HEADING))
                continue
            target = landing / relative
            assert not target.exists(), f"{name} lays down {relative}, which another input has"
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    (landing / PARTNERS).write_text("".join(partners), encoding="utf-8")


def _lay_sound_base(landing: Path) -> None:
    """A shop and a dealer whose sixty customers each buy and answer in turn, to the end of 2024."""
    (landing / "chain").mkdir(parents=True)
    (landing / PARTNERS).write_text(HEADING + SOUND_PARTNERS, encoding="utf-8")
    _lay_sound_shop(landing / "shop" / "SND-SH")
    _lay_sound_dealer(landing / "dealer" / "SND-NL")


def _days(number: int, step: int) -> list[date]:
    first = date(2023, 1, 2) + timedelta(days=number)
    return [first + timedelta(days=step * turn) for turn in range((LAST_DAY - first).days // step + 1)]


def _lay_sound_shop(folder: Path) -> None:
    customers, receipts, answers = [], [], []
    for number in range(SOUND_CUSTOMERS):
        card = f"SH{number:04d}"
        customers.append((card, "", f"sound{number}@shop.example", "", "private", ""))
        for turn, day in enumerate(_days(number, 60)):
            receipt = f"{card}-{turn}"
            receipts.append((receipt, "sale", day, card, "", "25.00", "15.00", "EUR"))
            answers.append((receipt, f"{day}T17:00", receipt, card, "", "web", SCORES[(number + turn) % len(SCORES)]))
    receipts.append(("last", "sale", LAST_DAY, "", "", "25.00", "15.00", "EUR"))
    write_csv(folder / "customers.csv", ("loyalty_no", "name", "email", "phone", "segment", "member_since"), customers)
    money = ("revenue", "cost", "currency")
    columns = ("receipt_no", "receipt_kind", "purchased_on", "loyalty_no", "product_code", *money)
    write_csv(folder / "receipts.csv", columns, receipts)
    columns = ("answer_no", "answered_at", "receipt_no", "loyalty_no", "email", "survey_mode", "score")
    write_csv(folder / "survey.csv", columns, answers)


def _lay_sound_dealer(folder: Path) -> None:
    customers, orders, answers = [], [], []
    for number in range(SOUND_CUSTOMERS):
        code = f"SD{number:04d}"
        customers.append((code, "", f"sound{number}@dealer.example", "", "private", ""))
        for turn, day in enumerate(_days(number, 120)):
            order = f"{code}-{turn}"
            orders.append((order, code, "", day, "customer", "200.00", "120.00", "EUR"))
            asked = day + timedelta(days=1)
            score = SCORES[(number + turn) % len(SCORES)] if turn % 3 else ""
            answered = f"{asked}T12:00" if score else ""
            answers.append((order, order, code, f"{asked}T09:00", "email", answered, score))
    orders.append(("last", "SD0000", "", LAST_DAY, "customer", "200.00", "120.00", "EUR"))
    write_csv(
        folder / "customers.csv", ("customer_no", "name", "email", "phone", "segment", "customer_since"), customers
    )
    columns = ("order_no", "customer_no", "serial_number", "completed_on", "payer", "revenue", "cost", "currency")
    write_csv(folder / "service_orders.csv", columns, orders)
    columns = ("invitation_no", "order_no", "customer_no", "sent_at", "survey_mode", "answered_at", "score")
    write_csv(folder / "post_service_survey.csv", columns, answers)
