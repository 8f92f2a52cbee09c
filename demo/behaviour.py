"""What people really do: experiences, their satisfaction, and whether they stay.

All candidate events are drawn first, as if nobody ever left. Each experience may make its person leave; the earliest
leaving cuts everything after it. That needs no loop over people.
"""

from dataclasses import dataclass
from statistics import NormalDist
from typing import Self

import numpy as np

from demo.network import Network
from demo.people import EXISTING, People, tenure_band_effect
from demo.plan import DAYS, DETRACTOR, PASSIVE, PROMOTER, YEAR, Link

# Leaving that has nothing to do with any experience: per year, and how tenure and segment change it.
BASE_LEAVING = {"automotive": 0.12, "retail": 0.22}
VISIT_LEAVING = {"automotive": 0.0, "retail": 0.03}
NEWCOMER_FACTOR, BUSINESS_FACTOR = 1.3, 0.7
# how much of the last visit's mood colours what is said of the brand
HALO = 0.30
LEAVERS_STILL_ASKED, ASKED_AFTER_LEAVING_DAYS = 0.25, 300
# share of the visits that count: nobody is asked about the others, and nobody leaves because of them
NOTABLE_VISITS = {"automotive": 1.0, "retail": 0.42}
# shares of the scores 0 to 6
DETRACTOR_SCORES = np.array([0.06, 0.03, 0.05, 0.09, 0.12, 0.27, 0.38]).cumsum()
BEGGED_DETRACTOR_ANSWERS = 0.12
# a day after every other
NEVER = DAYS + 400


@dataclass
class Experiences:
    """Experiences at one link, in order of person and day."""

    link: str
    person: np.ndarray
    day: np.ndarray
    partner: np.ndarray
    category: np.ndarray
    answered: np.ndarray
    invited: np.ndarray
    leaves: np.ndarray
    detail: dict[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.person)

    def keep(self, mask: np.ndarray) -> Self:
        """The experiences of the mask."""
        return type(self)(
            self.link,
            self.person[mask],
            self.day[mask],
            self.partner[mask],
            self.category[mask],
            self.answered[mask],
            self.invited[mask],
            self.leaves[mask],
            {name: values[mask] for name, values in self.detail.items()},
        )


def visits(people: People, network: Network, rng: np.random.Generator) -> Experiences:
    """Visits to dealers or shops on each person's own clock, a column per visit."""
    n = len(people)
    if people.chain.industry == "automotive":
        gaps = rng.normal(322, 42, (n, 5)).clip(120, 520)
        mean_gap = np.full(n, 322.0)
    else:
        mean_gap = 46 * rng.lognormal(0, 0.45, n)
        gaps = (mean_gap[:, None] * rng.gamma(1.7, 1 / 1.7, (n, 50))).clip(1, 600)
    opening = np.where(people.beginning == EXISTING, rng.random(n) * mean_gap, people.first_day)
    days = opening[:, None] + np.c_[np.zeros(n), gaps.cumsum(axis=1)]
    inside = days < DAYS
    person, order = np.nonzero(inside)
    day = days[inside].astype(np.int64)
    elsewhere = (people.second[person] >= 0) & (rng.random(len(person)) < 0.3) & (order > 0)
    partner = np.where(elsewhere, people.second[person], people.home[person])
    detail = {"order": order, "notable": rng.random(len(person)) < NOTABLE_VISITS[people.chain.industry]}
    return _experience(network.kind, people, network, person, day, partner, detail, rng)


def occasions(
    link: str, people: People, network: Network, rng: np.random.Generator, before: Experiences | None = None
) -> Experiences:
    """Experiences that come at any time, at the link's yearly rate; `before` lends its halo."""
    rate = people.chain.links[link].rate
    opening = np.maximum(people.first_day, 0)
    counts = rng.poisson(rate * (DAYS - opening) / YEAR)
    person = np.repeat(np.arange(len(people)), counts)
    day = (opening[person] + rng.random(len(person)) * (DAYS - opening[person])).astype(np.int64)
    order = np.lexsort((day, person))
    person, day = person[order], day[order]
    halo = _latest_mood(before, len(people), person, day) if before is not None else 0.0
    return _experience(link, people, network, person, day, people.home[person], {}, rng, halo)


def _latest_mood(before: Experiences, n: int, person: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Mood of each person's last experience before a day; 0 where there is none."""
    keys = before.person.astype(np.int64) * 2 * DAYS + before.day
    position = np.searchsorted(keys, person.astype(np.int64) * 2 * DAYS + day, side="left") - 1
    known = (position >= 0) & (before.person[position] == person)
    return np.where(known, HALO * before.detail["mood"][position], 0.0)


def _experience(
    link: str,
    people: People,
    network: Network,
    person: np.ndarray,
    day: np.ndarray,
    partner: np.ndarray,
    detail: dict[str, np.ndarray],
    rng: np.random.Generator,
    halo: np.ndarray | float = 0.0,
) -> Experiences:
    """Satisfaction, invitation and answer of each experience."""
    plan = people.chain.links[link]
    at_partner = network.effect[partner] if link == network.kind else 0.0
    mood = (
        rng.normal(0, 1, len(person))
        + people.temper[person]
        + at_partner
        + halo
        + tenure_band_effect(people, person, day)
    )
    category = _categories(mood, plan)
    invited = rng.random(len(person)) < plan.invited
    answered = invited & (rng.random(len(person)) < plan.answers)
    if "notable" in detail:
        invited &= detail["notable"]
        answered &= detail["notable"]
    if link == network.kind:
        begged = np.isin(partner, network.beggars) & (category == DETRACTOR)
        answered &= ~(begged & (rng.random(len(person)) > BEGGED_DETRACTOR_ANSWERS))
    none = np.zeros(len(person), dtype=bool)
    return Experiences(link, person, day, partner, category, answered, invited, none, {**detail, "mood": mood})


def _categories(mood: np.ndarray, plan: Link) -> np.ndarray:
    """Categories with the planned shares, by cutting the moods at their normal quantiles."""
    if len(mood) == 0:
        return np.zeros(0, dtype=np.int64)
    law = NormalDist(float(mood.mean()), float(mood.std()) or 1.0)
    cuts = [law.inv_cdf(plan.detractors), law.inv_cdf(plan.detractors + plan.passives)]
    return np.searchsorted(cuts, mood)


def draw_leaving(experiences: list[Experiences], people: People, rng: np.random.Generator) -> np.ndarray:
    """Draw the day on which each person leaves the chain, NEVER if not, and mark the experiences that did it.

    Draws are stratified within link, category and answer, so that the planted shares hold in every sample
    and not only in the long run.
    """
    leaving = _base_leaving(people, rng)
    for events in experiences:
        plan = people.chain.links[events.link].leave
        probability = np.array([*plan, 0.0])[events.category]
        if "notable" in events.detail:
            probability = np.where(events.detail["notable"], probability, 0.0)
            base = VISIT_LEAVING[people.chain.industry]
            probability = probability + base - probability * base
        group = events.category * 2 + events.answered
        events.leaves = _stratified(group, rng) < probability
        gone = events.leaves
        np.minimum.at(leaving, events.person[gone], events.day[gone])
    return leaving


def _base_leaving(people: People, rng: np.random.Generator) -> np.ndarray:
    """Leaving for reasons of one's own, sooner for newcomers and later for businesses."""
    rate = np.full(len(people), BASE_LEAVING[people.chain.industry])
    rate = rate * np.where(people.tenure_days < YEAR, NEWCOMER_FACTOR, 1.0)
    rate = rate * np.where(people.business, BUSINESS_FACTOR, 1.0)
    days = np.maximum(people.first_day, 0) + 1 + rng.exponential(1.0, len(people)) / rate * YEAR
    return np.minimum(days, NEVER).astype(np.int64)


def _stratified(group: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Uniform draws, evenly spread within each group."""
    order = rng.permutation(len(group))
    order = order[np.argsort(group[order], kind="stable")]
    counts = np.bincount(group)
    starts = np.r_[0, counts.cumsum()[:-1]]
    sorted_group = group[order]
    rank = np.arange(len(group)) - starts[sorted_group]
    draws = np.empty(len(group))
    draws[order] = (rank + rng.random(len(group))) / counts[sorted_group]
    return draws


def cut(events: Experiences, leaving: np.ndarray, rng: np.random.Generator) -> Experiences:
    """What really takes place: nothing after leaving, but for relationship surveys sent to some who left."""
    late = events.day - leaving[events.person]
    keep = late <= 0
    if events.link == "manufacturer":
        keep |= (late <= ASKED_AFTER_LEAVING_DAYS) & (rng.random(len(events)) < LEAVERS_STILL_ASKED)
    return events.keep(keep)


def scores(events: Experiences, network: Network, rng: np.random.Generator) -> np.ndarray:
    """Scores 0..10 of the categories; partners that beg turn eights into nines and nines into tens."""
    n = len(events)
    low = np.searchsorted(DETRACTOR_SCORES, rng.random(n) * DETRACTOR_SCORES[-1])
    coin = rng.random(n)
    score = np.select(
        [events.category == DETRACTOR, events.category == PASSIVE], [low, 7 + (coin < 0.58)], 9 + (coin < 0.55)
    )
    if events.link == network.kind:
        begged = np.isin(events.partner, network.beggars) & (events.category >= PASSIVE)
        push = rng.random(n)
        score = np.where(begged & (push < 0.9), np.where(push < 0.75, 10, 9), score)
    return score


def true_retention(events: Experiences, transactions: np.ndarray, window: int) -> np.ndarray:
    """Counts (category x [answers followed for the whole window, of which stayed]) by the true people.

    `transactions` are sorted keys person * 2 * DAYS + day of customer-paid transactions.
    """
    followed = events.answered & (events.day + window < DAYS)
    keys = events.person[followed].astype(np.int64) * 2 * DAYS + events.day[followed]
    position = np.searchsorted(transactions, keys, side="right")
    following = np.r_[transactions, np.iinfo(np.int64).max][position]
    stayed = following - keys <= window
    category = events.category[followed]
    return np.c_[
        np.bincount(category, minlength=PROMOTER + 1),
        np.bincount(category, weights=stayed, minlength=PROMOTER + 1).astype(np.int64),
    ]
