"""What three new suppliers of the demo's Dutch car chain lay down, and what is true of it.

A workshop chain and a finance company are links that the project does not know; the third is one survey more of its
dealers. Workshops' detractors come back less often. Some customers of dealers go to a workshop too, under the same
e-mail address, and so does the finance company's lessee. Every kind of file has a bad row. Some files come late.
"""

import csv
import json
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from landing_builder import PARTNER_COLUMNS, write_csv

from demo.generate import generate
from demo.plan import END, START

SCALE, SEED = 0.4, 7
WORKSHOPS = ("WSP-1", "WSP-2", "WSP-3", "WSP-4")
LESSORS = ("FIN-1", "FIN-2", "FIN-3")
STRANGER = "WSP-9"
LATE_FROM = date(2026, 3, 1)
LATE_PARTNERS = ("WSP-2", "FIN-1", "DLR-NL-002")
CUSTOMERS = 300
SHARED = 150
# shares of the experiences, from the best workshop to the worst, and who comes back: detractors, passives, promoters
EXPERIENCES = ((0.10, 0.30, 0.60), (0.20, 0.30, 0.50), (0.30, 0.30, 0.40), (0.40, 0.30, 0.30))
COMES_BACK = (0.25, 0.70, 0.90)
SCORES = ((0, 7), (7, 9), (9, 11))
ANSWERS = 0.6
DELIMITERS = {"orders": "|", "survey": ";"}
OTHER_CHAINS = ("*_de.*", "*_gb.*", "*_de_*", "*_gb_*", "*_retail_*", "erasure_requests.csv")


@dataclass
class Truth:
    """What was laid down."""

    answers: list[dict[str, Any]] = field(default_factory=list)
    orders: list[dict[str, Any]] = field(default_factory=list)
    # data set, file, line, reason, column, scope
    faults: list[tuple[str, str, int, str, str, str]] = field(default_factory=list)
    rows: Counter[str] = field(default_factory=Counter)
    # answers of one person: partner and number of one to a workshop or a lessor, and of the one in a waiting room
    same_person: list[tuple[str, str, str]] = field(default_factory=list)
    follow_ups: dict[str, str] = field(default_factory=dict)

    def late(self) -> list[str]:
        """The files that come late."""
        return [path for path in self.rows if "_late" in path]


class Files:
    """Rows by file, written at the end."""

    def __init__(self, landing: Path) -> None:
        self.landing = landing
        self.files: dict[str, list[dict[str, Any]]] = {}

    def add(self, path: str, row: dict[str, Any]) -> int:
        """Add a row; its line in the file."""
        rows = self.files.setdefault(path, [])
        rows.append(row)
        return len(rows) + (0 if path.endswith(".ndjson") else 1)

    def write(self) -> Counter[str]:
        """Write all files; how many rows each has."""
        for path, rows in self.files.items():
            place = self.landing / path
            place.parent.mkdir(parents=True, exist_ok=True)
            if path.endswith(".ndjson"):
                place.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
            else:
                with place.open("w", encoding="utf-8", newline="") as stream:
                    delimiter = DELIMITERS.get(place.stem.split("_")[0], ",")
                    writer = csv.DictWriter(stream, rows[0].keys(), delimiter=delimiter)
                    writer.writeheader()
                    writer.writerows(rows)
        return Counter({path: len(rows) for path, rows in self.files.items()})


@dataclass(frozen=True)
class Person:
    """A customer of a dealer who is known by an e-mail address of one person alone."""

    dealer: str
    number: str
    mail: str
    served_on: date


def lay_down(landing: Path) -> Truth:
    """Write the landing folder, the late files too."""
    generate(landing, landing.with_name("truth.json"), SCALE, SEED)
    _keep_one_chain(landing)
    people = _people(landing)
    random = np.random.default_rng(SEED)
    files, truth = Files(landing), Truth()
    _waiting_room(files, truth, people[: SHARED * len(WORKSHOPS)], random)
    _workshops(files, truth, people, random)
    _lessors(files, truth, people, random)
    _faults(files, truth)
    truth.rows = files.write()
    _administration(landing, truth)
    return truth


def _keep_one_chain(landing: Path) -> None:
    """Of the demo the Dutch car chain."""
    for place in landing.glob("*/*"):
        code = place.name
        if place.is_dir() and code != "MFR-VELDA" and ("-NL" not in code or code.startswith(("SHP", "CC-RET"))):
            shutil.rmtree(place)
    for pattern in OTHER_CHAINS:
        for file in landing.rglob(pattern):
            file.unlink()
    for file in landing.glob("chain/partners*.csv"):
        rows = [
            row
            for row in _read(file)
            if (row["industry"], row["country"]) in (("automotive", "NL"), ("automotive", ""))
        ]
        write_csv(file, tuple(rows[0]), [tuple(row.values()) for row in rows])


def _people(landing: Path) -> list[Person]:
    rows = []
    for file in sorted(landing.glob("dealer/*/customers*.csv")):
        rows += [row | {"dealer": file.parent.name, "file": file.name} for row in _read(file)]
    mails = Counter(row["email"] for row in rows)
    accounts = Counter((row["dealer"], row["customer_no"]) for row in rows)
    served = {
        (file.parent.name, row["customer_no"]): date.fromisoformat(row["completed_on"])
        for file in sorted(landing.glob("dealer/*/service_orders_20*.csv"))
        for row in _read(file)
        if row["completed_on"].startswith("20")
    }
    return [
        Person(row["dealer"], row["customer_no"], row["email"], served[account])
        for row in rows
        if (account := (row["dealer"], row["customer_no"])) in served
        and mails[row["email"]] == accounts[account] == 1
        and row["file"] == "customers.csv"
        and row["segment"] in ("private", "business", "")
        and row["email"].count("@") == 1
        and not row["email"].startswith("desk@")
    ]


def _read(file: Path) -> Iterator[dict[str, str]]:
    with file.open(encoding="utf-8", errors="replace", newline="") as stream:
        yield from (row for row in csv.DictReader(stream) if None not in row.values())


def _file(folder: str, partner: str, name: str, day: date) -> str:
    stem, ending = name.split(".")
    late = "_late" if day >= LATE_FROM and partner in LATE_PARTNERS else ""
    return f"{folder}/{partner}/{stem}{late}.{ending}"


def _waiting_room(files: Files, truth: Truth, people: list[Person], random: np.random.Generator) -> None:
    """An answer of each on the day of a service visit."""
    for number, person in enumerate(people):
        score = int(random.integers(0, 11))
        row = {"answer_no": f"R{number}", "answered_at": f"{person.served_on} 12:00:00"}
        row |= {"customer_no": person.number, "score": score}
        files.add(_file("dealer", person.dealer, "waiting_room.csv", person.served_on), row)
        truth.answers.append(_answer("waiting_room", "dealer", person.dealer, f"R{number}", person.served_on, score))


def _answer(survey: str, link: str, partner: str, number: str, day: date, score: int, card: str = "") -> dict[str, Any]:
    return {
        "survey": survey,
        "link": link,
        "partner": partner,
        "number": number,
        "day": day,
        "score": score,
        "card": card,
    }


def _workshops(files: Files, truth: Truth, people: list[Person], random: np.random.Generator) -> None:
    """Customers who come back, or don't, after an experience that most of them score."""
    for place, partner in enumerate(WORKSHOPS):
        for number in range(CUSTOMERS):
            # no noughts alone, which say "no value"
            card = f"{number + 1:05d}"
            shared = place * SHARED + number if number < SHARED else None
            mail = people[shared].mail if shared is not None else f"{partner}.{card}@post.example".lower()
            day = START + timedelta(days=int(random.integers(0, (END - START).days - 60)))
            row = {"card": card, "mail": mail, "since": day}
            files.add(_file("workshop", partner, "customers.csv", day), row)
            answers = _visits(files, truth, partner, card if shared is None else "", card, day, random)
            if shared is not None:
                truth.same_person += [(partner, answer, f"R{shared}") for answer in answers]


def _visits(
    files: Files, truth: Truth, partner: str, own: str, card: str, day: date, random: np.random.Generator
) -> list[str]:
    """Visits of one customer; the numbers of the answers."""
    answers, visit = [], 0
    while day < END - timedelta(days=5):
        order = f"{card}-{visit}"
        paid_by = "motorist" if random.random() < 0.9 else "maker"
        _order(files, truth, (partner, own, card, order, day, paid_by), int(random.integers(4000, 40000)))
        if random.random() < 0.03:
            refund = (partner, own, card, f"{order}R", day + timedelta(days=3), "refunded")
            _order(files, truth, refund, -1000)
        mood = int(random.choice(3, p=EXPERIENCES[WORKSHOPS.index(partner)]))
        sent, score = day + timedelta(days=1), int(random.integers(*SCORES[mood]))
        invitation = {"invitation": f"I{order}", "about": {"order": order}, "sent": f"{sent}T10:00:00", "mode": "mail"}
        if random.random() < ANSWERS:
            invitation |= {"answered": f"{sent + timedelta(days=1)}T21:30:00+02:00", "points": score}
            answers.append(f"I{order}")
            said = ("workshop_visit", "workshop", partner, f"I{order}", sent + timedelta(days=1), score, own)
            truth.answers.append(_answer(*said))
        files.add(_file("workshop", partner, "survey.ndjson", day), invitation)
        if random.random() >= COMES_BACK[mood]:
            break
        day, visit = day + timedelta(days=int(random.integers(120, 260))), visit + 1
    return answers


def _order(files: Files, truth: Truth, said: tuple[str, str, str, str, date, str], cents: int) -> None:
    partner, own, card, order, day, paid_by = said
    parts = None if order.endswith("7-0") else cents * 6 // 10
    row = {"order": order, "card": card, "done": f"{day:%d-%m-%Y}", "paid_by": paid_by}
    row |= {"net": _comma(cents), "parts": _comma(parts), "currency": "EUR"}
    files.add(_file("workshop", partner, "orders.csv", day), row)
    truth.orders.append(
        {
            "partner": partner,
            "card": own,
            "day": day,
            "kind": "return" if paid_by == "refunded" else "quick_repair",
            "is_paid": paid_by == "motorist",
            "revenue": Decimal(cents) / 100,
            "margin": None if parts is None else Decimal(cents - parts) / 100,
        }
    )


def _comma(cents: int | None) -> str:
    return "" if cents is None else f"{Decimal(cents) / 100:.2f}".replace(".", ",")


def _lessors(files: Files, truth: Truth, people: list[Person], random: np.random.Generator) -> None:
    """Every person is asked twice, a year apart, whatever became of the person."""
    for number, person in enumerate(people):
        partner, first = LESSORS[number % len(LESSORS)], START + timedelta(days=int(random.integers(250, 700)))
        for time in range(2):
            invitation, sent = f"L{number}-{time}", first + timedelta(days=365 * time)
            row: dict[str, Any] = {"number": invitation, "mail": person.mail, "sent": sent, "answered": "", "grade": ""}
            if random.random() < ANSWERS:
                day, score = sent + timedelta(days=2), int(random.integers(3, 11))
                row |= {"answered": day, "grade": score}
                truth.answers.append(_answer("lease", "finance", partner, invitation, day, score))
                truth.same_person += [(partner, invitation, f"R{number}")] if number < SHARED * len(WORKSHOPS) else []
            files.add(_file("finance", partner, "survey.csv", sent), row)


def _faults(files: Files, truth: Truth) -> None:
    """Bad rows at the ends of files, of every data set; one of them in a file that comes late."""
    survey = {"invitation": "X1", "about": {"order": "00001-0"}, "sent": "2024-05-01T10:00:00", "mode": "mail"}
    survey |= {"answered": "2024-05-02T10:00:00", "points": "eleven"}
    order = {"order": "X1", "card": "00001", "done": "01-05-2024", "paid_by": "motorist", "net": "100,00"}
    order |= {"parts": "60,00", "currency": "EUR"}
    room = {"answer_no": "X1", "answered_at": "2024-05-01 12:00:00", "customer_no": "", "score": 11}
    lease = {"number": "X1", "mail": "", "sent": "", "answered": "", "grade": ""}

    def add(dataset: str, path: str, row: dict[str, Any], reason: str, column: str, scope: str = "row") -> None:
        truth.faults.append((dataset, path, files.add(path, row), reason, column, scope))

    customer = {"card": "X1", "mail": "", "since": "2024-02-30"}
    add("workshop__customers", "workshop/WSP-1/customers.csv", customer, "invalid_date", "customer_since")
    orders, foreign, refunded = "workshop__orders", order | {"currency": "XTS"}, order | {"paid_by": "refunded"}
    add(orders, "workshop/WSP-1/orders.csv", foreign, "unknown_currency", "currency")
    # only the base model that a person wrote knows this rule
    add(orders, "workshop/WSP-2/orders_late.csv", refunded, "out_of_range", "revenue")
    add(orders, f"workshop/{STRANGER}/orders.csv", order, "unknown_partner", "partner_code")
    add("workshop__survey", "workshop/WSP-1/survey.ndjson", survey, "invalid_score", "score", "answer")
    soon = survey | {"sent": "soon"}
    add("workshop__survey", "workshop/WSP-3/survey.ndjson", soon, "invalid_timestamp", "sent_at")
    add("finance__survey", "finance/FIN-2/survey.csv", lease, "missing_required", "sent_on")
    rooms = next(path for path in files.files if "waiting_room" in path)
    add("dealer__waiting_room", rooms, room, "invalid_score", "score")


def _administration(landing: Path, truth: Truth) -> None:
    """The partners' list, a benchmark and costs of either link, and a follow-up of a detractor of each survey."""
    new = [("workshop", code) for code in WORKSHOPS] + [("finance", code) for code in LESSORS]
    rows = [(code, link, "automotive", "NL", f"Partner {code}", "2020-01-01") for link, code in new]
    write_csv(landing / "chain/partners_new.csv", PARTNER_COLUMNS, rows)
    benchmarks = [("automotive", "NL", link, 2026, 20, "") for link in ("workshop", "finance")]
    write_csv(
        landing / "chain/benchmarks_new.csv", ("industry", "country", "link", "year", "nps", "source"), benchmarks
    )
    costs = [("automotive", "NL", link, "2026-05", "1000.00", "EUR") for link in ("workshop", "finance")]
    columns = ("industry", "country", "link", "month", "programme_cost", "currency")
    write_csv(landing / "chain/programme_costs_new.csv", columns, costs)
    answers = pd.DataFrame(truth.answers)
    first = answers[answers["score"] <= 6].groupby("survey").first().reset_index()
    truth.follow_ups = {f"N-{one.survey}": one.number for one in first.itertuples()}
    write_csv(
        landing / "chain/follow_ups_new.csv",
        ("follow_up_id", "survey", "partner_code", "response_no", "opened_on"),
        [(f"N-{one.survey}", one.survey, one.partner, one.number, one.day) for one in first.itertuples()],
    )
