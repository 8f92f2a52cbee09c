"""What both industries share: a block's working state, partner-local numbers, surveys and follow-ups."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from demo import people as person_data
from demo import render
from demo.behaviour import Experiences
from demo.network import Network
from demo.people import People
from demo.plan import DAYS, ITEM_BLANK_SHARE, ITEMS_ASKED_SHARE, START, SURVEY_ITEMS, Chain
from demo.truth import Truth

COMMENTS = [
    "",
    "",
    "",
    "",
    "",
    "Top",
    "Prima geholpen",
    '"Good, but slow"',
    "Alles bestens",
    '"They said ""tomorrow"""',
    "Nie wieder",
    "Très bien",
    "Klacht over de één-op-één afspraak",
]
SURVEY_MODES = ["email", "sms", "phone", "web", "paper"]
MODE_SHARES = (0.55, 0.2, 0.08, 0.14, 0.03)
REASONS = ["recommendation", "reputation", "advertising", "location", "price", "sales_effort", "unknown"]
REASON_SHARES = (0.22, 0.12, 0.1, 0.17, 0.12, 0.07, 0.2)
FOLLOW_UP_SHARE = 0.35
OUTCOMES = ["resolved", "unresolved", "not_reached"]


@dataclass
class Block:
    """Everything the writers need to know about one block."""

    people: People
    network: Network
    writer: render.Writer
    truth: Truth
    rng: np.random.Generator
    part: str

    @property
    def chain(self) -> Chain:
        """The chain of the block."""
        return self.network.chain


@dataclass
class Accounts:
    """Partner-local customer numbers, one per person and partner, sorted by partner and number."""

    partner: np.ndarray
    person: np.ndarray
    number: np.ndarray
    of_home: np.ndarray
    of_second: np.ndarray

    def number_at(self, people: People, person: np.ndarray, partner: np.ndarray) -> np.ndarray:
        """The number by which the partner knows the person."""
        return np.where(partner == people.home[person], self.of_home[person], self.of_second[person])


def sequence(group: np.ndarray) -> np.ndarray:
    """1, 2, 3, ... within each run of equal values."""
    starts = np.flatnonzero(np.r_[True, group[1:] != group[:-1]])
    lengths = np.diff(np.r_[starts, len(group)])
    return np.arange(len(group)) - np.repeat(starts, lengths) + 1


def open_accounts(people: People) -> Accounts:
    """Number the customers of each partner in the order in which it met them."""
    second = np.flatnonzero(people.second >= 0)
    person = np.r_[np.arange(len(people)), second]
    partner = np.r_[people.home, people.second[second]]
    order = np.lexsort((person, people.first_day[person], partner))
    person, partner = person[order], partner[order]
    number = sequence(partner)
    of_home, of_second = np.zeros(len(people), np.int64), np.zeros(len(people), np.int64)
    at_home = partner == people.home[person]
    of_home[person[at_home]] = number[at_home]
    of_second[person[~at_home]] = number[~at_home]
    return Accounts(partner, person, number, of_home, of_second)


def write_customers(
    block: Block, accounts: Accounts, dataset: str, header: str, width: int, missing: tuple[float, float]
) -> None:
    """Write the customer files of all partners of the block."""
    people, rng, person = block.people, block.rng, accounts.person
    network = block.network
    mail = person_data.email(
        people, person, people.first_day[person] + rng.integers(0, DAYS, len(person)), rng, missing[0]
    )
    shared = np.isin(accounts.partner, network.hubs) & (rng.random(len(person)) < 0.45)
    if shared.any():
        hubs = pa.array([f"desk@{code.lower()}.example" for code in network.codes])
        mail = pa.compute.if_else(pa.array(shared), render.take(hubs, accounts.partner), mail)
    names = render.join(
        render.take(person_data.FIRST_NAMES, person % 22), render.take(person_data.LAST_NAMES, person % 24), sep=" "
    )
    number = render.number(accounts.number, width)
    segment = render.take(
        ["private", "business"], np.where(rng.random(len(person)) < 0.03, -1, people.business[person])
    )
    since = render.blank(render.iso_date(people.first_day[person]), rng.random(len(person)) > 0.04)
    columns = [number, names, mail, person_data.phone(people, person, rng, missing[1]), segment, since]
    folder = network.kind
    paths = [f"{folder}/{code}/customers.csv" for code in network.codes]
    block.writer.pieces(dataset, paths, accounts.partner, render.csv_lines(columns), header)
    block.truth.identify(dataset, render.take(network.codes, accounts.partner), number, people.ids[person])
    block.truth.count_hubs(network, accounts.partner[shared])


def modes(count: int, rng: np.random.Generator, words: list[str] = SURVEY_MODES) -> pa.Array:
    """Ways of asking."""
    return render.take(words, rng.choice(len(words), count, p=MODE_SHARES))


def response_days(days: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Days of sending and of answering; an answer after the end of the data has not come in."""
    sent = days + rng.integers(1, 4, len(days))
    return sent, sent + rng.geometric(0.35, len(days)) - 1


def write_follow_ups(
    block: Block, survey: str, partner_codes: pa.Array, numbers: pa.Array, answered_on: np.ndarray, unhappy: np.ndarray
) -> None:
    """Write follow-ups of a share of the unhappy, detractors by the score that they gave."""
    rng = block.rng
    chosen = np.flatnonzero(unhappy & (rng.random(len(unhappy)) < FOLLOW_UP_SHARE))
    if len(chosen) == 0:
        return
    opened = answered_on[chosen] + rng.integers(0, 5, len(chosen))
    closed = opened + rng.integers(1, 30, len(chosen))
    still_open = closed >= DAYS
    outcome = np.where(still_open, -1, rng.choice(3, len(chosen), p=(0.6, 0.25, 0.15)))
    codes, picked = partner_codes.take(pa.array(chosen)), numbers.take(pa.array(chosen))
    identifier = render.join("F", render.same(survey, len(chosen)), codes, picked, sep="-")
    columns = [
        identifier,
        render.same(survey, len(chosen)),
        codes,
        picked,
        render.iso_date(opened),
        render.blank(render.iso_date(closed), ~still_open),
        render.take(OUTCOMES, outcome),
    ]
    name = f"chain/follow_ups_{block.chain.code}_{survey}{block.part}.csv"
    inside = opened < DAYS
    lines = render.csv_lines(columns).filter(pa.array(inside))
    block.writer.pieces(
        "chain__follow_ups",
        [name],
        np.zeros(len(lines), np.int64),
        lines,
        "follow_up_id,survey,partner_code,response_no,opened_on,closed_on,outcome\n",
    )


def write_items(
    block: Block, survey: str, partner_codes: pa.Array, numbers: pa.Array, mood: np.ndarray, answered: np.ndarray
) -> None:
    """Write the further questions of a share of the answers, a row each; some are left blank."""
    # a child of the stream takes nothing out of it
    rng = block.rng.spawn(1)[0]
    asked = np.flatnonzero(answered & (rng.random(len(answered)) < ITEMS_ASKED_SHARE))
    if len(asked) == 0:
        return
    felt = (mood[asked] - mood[asked].mean()) / (mood[asked].std() or 1.0)
    codes, picked = partner_codes.take(pa.array(asked)), numbers.take(pa.array(asked))
    lines = []
    for item, (scale, held) in SURVEY_ITEMS[survey].items():
        low, high = (int(end) for end in scale.split("-"))
        rating = (low + high) / 2 + (high - low) / 5 * (held * felt + rng.normal(0, 0.7, len(asked)))
        columns = [
            render.same(survey, len(asked)),
            codes,
            picked,
            render.same(item, len(asked)),
            render.same(scale, len(asked)),
            render.blank(
                render.number(np.clip(np.round(rating), low, high).astype(np.int64)),
                rng.random(len(asked)) > ITEM_BLANK_SHARE,
            ),
        ]
        lines.append(render.csv_lines(columns))
    text = pa.concat_arrays(lines)
    block.writer.pieces(
        "chain__survey_items",
        [f"chain/survey_items_{block.chain.code}_{survey}{block.part}.csv"],
        np.zeros(len(text), np.int64),
        text,
        "survey,partner_code,response_no,item,scale,rating\n",
    )


def write_acquisition(block: Block, accounts: Accounts, width: int) -> None:
    """Write why the customers that were won within the data's time came."""
    people, rng, network = block.people, block.rng, block.network
    won = np.flatnonzero((people.first_day[accounts.person] >= 0) & (accounts.partner == people.home[accounts.person]))
    if len(won) == 0:
        return
    person = accounts.person[won]
    reason = render.take(REASONS, rng.choice(len(REASONS), len(won), p=REASON_SHARES))
    columns = [
        render.take(network.codes, accounts.partner[won]),
        render.number(accounts.number[won], width),
        render.iso_date(people.first_day[person]),
        reason,
    ]
    block.writer.pieces(
        "chain__acquisition_reasons",
        [f"chain/acquisition_reasons_{block.chain.code}{block.part}.csv"],
        np.zeros(len(won), np.int64),
        render.csv_lines(columns),
        "partner_code,customer_no,acquired_on,reason\n",
    )


def by_partner_and_year(
    network: Network, name: str, partner: np.ndarray, day: np.ndarray, yearly: int
) -> tuple[list[str], np.ndarray]:
    """Paths of a partner's files and the file of each row; the `yearly` largest partners keep a file per year."""
    yearly = min(yearly, len(network.codes) // 4)
    years = range(START.year, START.year + 4)
    paths = [
        f"{network.kind}/{code}/{name}{f'_{year}' if i < yearly else ''}.csv"
        for i, code in enumerate(network.codes)
        for year in years
    ]
    offset = np.where(partner < yearly, render.year_of(day) - START.year, 0)
    return paths, partner * len(years) + offset


def taken(events: Experiences, mask: np.ndarray) -> Experiences:
    """The experiences of the mask, in order of partner, day and person."""
    chosen = np.flatnonzero(mask)
    return events.keep(chosen[np.lexsort((events.person[chosen], events.day[chosen], events.partner[chosen]))])
