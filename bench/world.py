"""The benchmark's world: who bought what, when, how they scored it, and who came back.

Every random number is a hash of the seed, what it is for, and the person and visit it belongs to, so that the same seed
gives the same world whatever the machine. A person is a row and a visit a column of a grid: nothing loops over rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

START = date(2021, 7, 1)
END = date(2026, 6, 30)
LAST_DAY = (END - START).days
NEVER = 10**6

COUNTRIES = {"NL": "EUR", "DE": "EUR", "GB": "GBP", "FR": "EUR"}
CALLING_CODES = {"NL": "31", "DE": "49", "GB": "44", "FR": "33"}
AUTOMOTIVE, RETAIL = "automotive", "retail"
LINKS = {
    AUTOMOTIVE: ("manufacturer", "importer", "dealer", "contact_centre"),
    RETAIL: ("manufacturer", "shop", "contact_centre"),
}
# What a detractor of a link adds to the chance of not coming back: in every chain another link is the weak one.
USUAL_LOSS = 0.03
PLANTED_LOSS = {
    (AUTOMOTIVE, "NL"): {"dealer": 0.22},
    (AUTOMOTIVE, "DE"): {"contact_centre": 0.6},
    (AUTOMOTIVE, "GB"): {"manufacturer": 0.22},
    (AUTOMOTIVE, "FR"): {"importer": 0.35, "dealer": 0.08},
    (RETAIL, "NL"): {"shop": 0.12},
    (RETAIL, "DE"): {"contact_centre": 0.5},
    (RETAIL, "GB"): {"manufacturer": 0.12},
    (RETAIL, "FR"): {"shop": 0.06, "contact_centre": 0.15},
}
PASSIVE_SHARE_OF_LOSS = 0.3
MEAN_SCORE = {"manufacturer": 8.3, "importer": 7.9, "dealer": 8.1, "shop": 8.4, "contact_centre": 6.6}
# Partners grow with the fourth root of the data: 25 a country with a million transactions, 79 with a hundred.
PARTNERS_AT_A_MILLION = 25
PARTNER_GROWTH = 0.25

Grid = NDArray[Any]


class Draws:
    """Uniform numbers from hashes (splitmix64)."""

    def __init__(self, seed: int, world: str) -> None:
        self.seed = _text_seed(f"{seed}|{world}")

    def uniform(self, what: str, persons: Grid, visits: Grid | int = 0) -> Grid:
        """A number in [0, 1) per person and visit; the two are broadcast against each other."""
        return (self._hashed(what, persons, visits) >> np.uint64(11)) / float(1 << 53)

    def normal(self, what: str, persons: Grid, visits: Grid | int = 0) -> Grid:
        """Close enough to a standard normal: the scaled sum of the four quarters of a hash."""
        quarters = self._hashed(what, persons, visits).view(np.uint16).reshape(*np.broadcast(persons, visits).shape, 4)
        return (quarters.sum(axis=-1, dtype=np.int64) / float(1 << 16) - 2) * np.sqrt(3)

    def _hashed(self, what: str, persons: Grid, visits: Grid | int) -> Grid:
        key = _mix(persons.astype(np.uint64) + np.uint64(self.seed ^ _text_seed(what)))
        return _mix(key + np.asarray(visits).astype(np.uint64))


def _text_seed(text: str) -> int:
    value = 14695981039346656037
    for byte in text.encode():
        value = ((value ^ byte) * 1099511628211) % (1 << 64)
    return value


def _mix(key: Grid) -> Grid:
    key = key + np.uint64(0x9E3779B97F4A7C15)
    key = (key ^ (key >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    key = (key ^ (key >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return key ^ (key >> np.uint64(31))


@dataclass(frozen=True)
class Chain:
    """An industry in a country."""

    industry: str
    country: str
    partners: int
    seed: int

    @property
    def draws(self) -> Draws:
        """The numbers of this chain."""
        return Draws(self.seed, f"{self.industry}|{self.country}")

    def loss(self, link: str) -> float:
        """What a detractor of the link adds to the chance of not coming back."""
        return PLANTED_LOSS[self.industry, self.country].get(link, USUAL_LOSS)


@dataclass(frozen=True)
class Pace:
    """How often people of an industry come."""

    visits: int
    shortest_gap: float
    gap_spread: float
    first_days_of_known: int
    known_share: float
    base_loss: float
    away_share: float


PACES = {
    AUTOMOTIVE: Pace(7, 240, 160, 300, 0.3, 0.06, 0.4),
    RETAIL: Pace(26, 12, 130, 150, 0.4, 0.025, 0.5),
}
GUEST_SHARE = 0.15
CONTACT_SHARE = 0.052
RESALE_SHARE = 0.15
SECOND_UNIT_SHARE = 0.2
SECOND_UNIT_VISIT = 4
# Persons simulated at a time; even, since every second one may buy the car of the one before.
BLOCK = 200_000
RESALE_MIN_DAYS = 200
RETURN_SHARE = 0.03
DAYS_TO_RETURN = 5
CONTACT_DAYS = (5, 60)
# what the files need numbers for, visit by visit
DRAWN_PER_VISIT = (
    "amount",
    "margin",
    "payer",
    "asked",
    "answered",
    "delay",
    "mode",
    "brand_asked",
    "brand_answered",
    "owner_asked",
    "owner_answered",
    "contact_asked",
    "contact_answered",
    "contact_kind",
    "product",
    "anonymous",
)


@dataclass
class World:
    """Persons, and the visits that happened, as columns."""

    persons: dict[str, Grid]
    visits: dict[str, Grid]


def partners_per_country(transactions: float) -> int:
    """Dealers (and shops) of a country."""
    return max(4, round(PARTNERS_AT_A_MILLION * (transactions / 1e6) ** PARTNER_GROWTH))


def transactions_per_person(chain: Chain, pilot: int = 20_000) -> float:
    """Transactions of an average person, from a pilot."""
    blocks = [world.visits for world in simulate(chain, pilot)]
    return sum(len(visits["person"]) + int(visits["is_returned"].sum()) for visits in blocks) / pilot


def simulate(chain: Chain, count: int) -> Iterator[World]:
    """The world of so many persons, block by block, so that its size is no matter of memory."""
    for first in range(0, count, BLOCK):
        yield _simulate_block(chain, np.arange(first, min(first + BLOCK, count)), count)


def _simulate_block(chain: Chain, persons: Grid, count: int) -> World:
    """Let people come, score, and come back or not."""
    draws, pace = chain.draws, PACES[chain.industry]
    visits = np.arange(pace.visits)
    people = _people(chain, draws, persons)
    column = persons[:, None]
    days = _days(draws, persons, visits, people, pace)
    partner = np.where(
        people["is_guest"][:, None] & (draws.uniform("away", column, visits) < pace.away_share),
        people["away"][:, None],
        people["home"][:, None],
    )
    scores = _scores(chain, draws, persons, visits, partner)
    is_contacted = draws.uniform("contacted", column, visits) < CONTACT_SHARE
    returns = draws.uniform("stays", column, visits) >= _hazard(chain, scores, is_contacted, pace)
    is_here = np.ones(days.shape, dtype=bool)
    is_here[:, 1:] = np.logical_and.accumulate(returns[:, :-1], axis=1)
    if chain.industry == AUTOMOTIVE:
        _resell(draws, persons, people)
    happens = is_here & (days <= LAST_DAY) & (days < people["sold_on"][:, None])
    return World(people, _happened(draws, count, happens, people, days, partner, scores, is_contacted))


def _people(chain: Chain, draws: Draws, persons: Grid) -> dict[str, Grid]:
    pace = PACES[chain.industry]
    home = np.floor(draws.uniform("home", persons) ** 1.3 * chain.partners).astype(np.int64)
    is_known = draws.uniform("known", persons) < pace.known_share
    first = draws.uniform("first day", persons) * np.where(is_known, pace.first_days_of_known, LAST_DAY)
    has_email = draws.uniform("has email", persons) < 0.85
    return {
        "person": persons,
        "home": home,
        "away": (home + 1) % chain.partners,
        "is_guest": draws.uniform("guest", persons) < GUEST_SHARE,
        "is_known": is_known,
        "first_day": np.floor(first).astype(np.int64),
        # since when they were customers who were so before the first day of the data
        "since_day": np.where(is_known, -np.floor(2000 * draws.uniform("since", persons)), np.floor(first)).astype(
            np.int64
        ),
        "has_email": has_email,
        "has_phone": ~has_email | (draws.uniform("has phone", persons) < 0.7),
        "is_business": draws.uniform("business", persons) < 0.15,
        "reason": np.floor(draws.uniform("reason", persons) * 7).astype(np.int64),
        "sold_on": np.full(len(persons), NEVER),
        "unit": persons.copy(),
    }


def _days(draws: Draws, persons: Grid, visits: Grid, people: dict[str, Grid], pace: Pace) -> Grid:
    gaps = pace.shortest_gap + pace.gap_spread * draws.uniform("gap", persons[:, None], visits)
    gaps[:, 0] = 0
    return (people["first_day"][:, None] + np.floor(np.cumsum(gaps, axis=1))).astype(np.int64)


def _scores(chain: Chain, draws: Draws, persons: Grid, visits: Grid, partner: Grid) -> dict[str, Grid]:
    """What everybody would answer of every link after every visit."""
    mood = draws.normal("mood", persons)[:, None]
    scores = {}
    for link in LINKS[chain.industry]:
        quality = 0.6 * draws.normal(f"quality {link}", np.arange(chain.partners))
        level = MEAN_SCORE[link] + (quality[partner] if link in ("dealer", "shop") else quality[0])
        noise = 0.8 * mood + 1.7 * draws.normal(link, persons[:, None], visits)
        scores[link] = np.clip(np.rint(level + noise), 0, 10).astype(np.int8)
    return scores


def _hazard(chain: Chain, scores: dict[str, Grid], is_contacted: Grid, pace: Pace) -> Grid:
    """The chance of not coming back after a visit: every link met adds what its score costs."""
    hazard = np.full(is_contacted.shape, pace.base_loss)
    for link, score in scores.items():
        added = chain.loss(link) * ((score <= 6) + PASSIVE_SHARE_OF_LOSS * ((score == 7) | (score == 8)))
        if link == "contact_centre":
            added = np.where(is_contacted, added, 0)
        if link == "importer":
            added[:, 1:] = 0
        hazard += added
    return hazard


def _resell(draws: Draws, persons: Grid, people: dict[str, Grid]) -> None:
    """Some people buy the car of the person before them, who then has none and does not come any more."""
    first = people["first_day"]
    buys_used = (
        (persons % 2 == 1)
        & ~people["is_known"]
        & (draws.uniform("resale", persons) < RESALE_SHARE)
        & (first > np.roll(first, 1) + RESALE_MIN_DAYS)
    )
    buyers = np.flatnonzero(buys_used)
    people["sold_on"][buyers - 1] = first[buyers]
    people["unit"][buyers] = persons[buyers] - 1


def _happened(
    draws: Draws,
    count: int,
    happens: Grid,
    people: dict[str, Grid],
    days: Grid,
    partner: Grid,
    scores: dict[str, Grid],
    is_contacted: Grid,
) -> dict[str, Grid]:
    """The visits that happened, as columns, with all that was drawn for them."""
    row, visit = np.nonzero(happens)
    person = people["person"][row]
    has_second = draws.uniform("second unit", person) < SECOND_UNIT_SHARE
    until = np.minimum(people["sold_on"][row], LAST_DAY + 1)
    day = days[happens]
    contact_day = day + CONTACT_DAYS[0] + np.floor(draws.uniform("contact day", person, visit) * CONTACT_DAYS[1])
    columns = {
        "person": person,
        "visit": visit,
        "day": day,
        "partner": partner[happens],
        "until": until,
        "is_sale": ((visit == 0) & ~people["is_known"][row]) | (has_second & (visit == SECOND_UNIT_VISIT)),
        "unit": np.where(has_second & (visit >= SECOND_UNIT_VISIT), count + person, people["unit"][row]),
        "is_contacted": is_contacted[happens] & (contact_day < until),
        "contact_day": contact_day.astype(np.int64),
        "is_returned": (draws.uniform("returned", person, visit) < RETURN_SHARE) & (day + DAYS_TO_RETURN < until),
    }
    columns |= {f"score_{link}": score[happens] for link, score in scores.items()}
    for what in DRAWN_PER_VISIT:
        columns[f"u_{what}"] = draws.uniform(what, person, visit).astype(np.float32)
    return columns
