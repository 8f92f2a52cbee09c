"""Worlds with a known truth: customers who meet the links of a chain, are asked, answer, and stay or leave.

All events are drawn first, as if nobody ever left. Each experience may make its customer leave; the earliest leaving
ends what follows. So what would have become of a customer without one experience is known, and each link's loss too.
"""

from dataclasses import dataclass, replace

import numpy as np

DETRACTOR, PASSIVE, PROMOTER = 0, 1, 2
YEAR = 365
DAYS = 4 * YEAR + 1
WINDOW = 395
TRAILING_FROM = DAYS - YEAR
# purchases are drawn beyond the last day, so that the truth knows what the warehouse cannot
HORIZON = DAYS + WINDOW + 1
# customers come and go long before the first day, so that without a programme little changes over time but by chance
BURN_IN = 2_500
VISIT_GAP, VISIT_GAP_SD, VISITS = 322, 42, 17
NEW_DAYS, ESTABLISHED_DAYS = 365, 1095
BUSINESS_SHARE, BUSINESS_FACTOR = 0.2, 0.7
LEAVERS_STILL_ASKED, ASKED_AFTER_LEAVING_DAYS = 0.25, 300
MANUFACTURER, IMPORTER, DEALER, CONTACT_CENTRE = 1, 2, 3, 5
TIE_ROUNDS, TIE_CUSTOMERS, MOST_LEAVING = 6, 60_000, 0.9
NEVER = 10.0**6
KINDS = ("differ", "tie", "none")
# the lift in standard deviations of what makes one meeting differ from the next
PROGRAMME_SHARE, PROGRAMME_LIFT = 0.5, (0.3, 0.9)
# customers over all the years, of whom about half are gone or not there yet at any time
SMALL, LARGE = (3_000, 6_000), (10_000, 16_000)


@dataclass(frozen=True)
class Link:
    """How customers meet a link; `leave` and `answers` by detractor, passive, promoter; a rate of 0 means purchases."""

    key: int
    detractors: float
    passives: float
    leave: tuple[float, float, float]
    answers: tuple[float, float, float]
    rate: float = 0.0


@dataclass(frozen=True)
class Plan:
    """What is planted in a world."""

    number: int
    kind: str
    customers: int
    links: tuple[Link, ...]
    temper_sd: float
    halo: float
    newcomer_mood: float
    newcomer_leaving: float
    base_leaving: float
    has_selective_answers: bool
    # newcomers answer so many times as often as others
    newcomer_answering: float = 1.0
    # the link that did something for its customers a year before the last day, if any, and by how much it lifts moods
    programme_link: int | None = None
    programme_lift: float = 0.0
    # standard deviation of a mood that all meetings between two purchases share, where a meeting's own is 1
    journey_mood_sd: float = 0.0
    # share of a score's variance that is the experience; the rest is chance in the answering
    score_reliability: float = 1.0
    # whether a bad experience tells at the next purchase, after all meetings before it, and not at once
    leaves_at_purchase: bool = False

    @property
    def is_confounded(self) -> bool:
        """Whether newcomers both score lower and leave more."""
        return self.newcomer_mood != 0

    @property
    def is_small(self) -> bool:
        """Whether the world is one of the small ones."""
        return self.customers < SMALL[1]


@dataclass(frozen=True)
class Events:
    """Meetings with one link that took place: whose, when, how they went, who answered, and what they cost."""

    link: int
    customer: np.ndarray
    day: np.ndarray
    category: np.ndarray
    # the category of the score that is given for it
    scored: np.ndarray
    answered: np.ndarray
    # days to the next purchase, NEVER if none
    next_purchase: np.ndarray
    # what the experience takes off the chance to be retained
    loss: np.ndarray


@dataclass(frozen=True)
class World:
    """Everything that happened."""

    plan: Plan
    # where the mood turns from detractor to passive and to promoter, per link
    cuts: dict[int, np.ndarray]
    first_day: np.ndarray
    is_business: np.ndarray
    purchases: tuple[np.ndarray, np.ndarray, np.ndarray]
    events: tuple[Events, ...]

    def tenure_band(self, customer: np.ndarray, day: np.ndarray) -> np.ndarray:
        """1 new, 2 established, 3 long."""
        return 1 + np.digitize(day - self.first_day[customer], [NEW_DAYS, ESTABLISHED_DAYS])


def draw_plan(seed: int, number: int) -> Plan:
    """Truths at random: sizes, ties, confounding by tenure, halo, answers that depend on score and tenure."""
    random = np.random.default_rng([seed, number, 0])
    newcomer_answering = np.random.default_rng([seed, number, 1]).uniform(0.4, 1.0)
    programme = np.random.default_rng([seed, number, 2])
    kind = str(random.choice(KINDS, p=[0.5, 0.35, 0.15]))
    confounded, selective = random.random() < 0.5, random.random() < 0.35
    tilt = random.uniform(1.3, 2.0) if random.random() < 0.5 else random.uniform(0.5, 0.75)
    shares = {MANUFACTURER: (0.16, 0.36), IMPORTER: (0.20, 0.38), DEALER: (0.20, 0.36), CONTACT_CENTRE: (0.42, 0.28)}
    rates = {MANUFACTURER: 0.5, IMPORTER: 0.35, DEALER: 0.0, CONTACT_CENTRE: random.uniform(0.3, 0.9)}
    strong = random.choice(list(shares), size=2, replace=False)
    links = []
    for key, (detractors, passives) in shares.items():
        weak = random.uniform(0, 0.02 if kind == "tie" else 0.08)
        most = 0.0 if kind == "none" else random.uniform(0.15, 0.5) if key in strong else weak
        answer = random.uniform(0.25, 0.4)
        tilts = (tilt, 1.0, 1.0) if selective else (1.0, 1.0, 1.0)
        links.append(
            Link(
                key,
                detractors,
                passives,
                (most, most * random.uniform(0.2, 0.5), 0.0),
                (answer * tilts[0], answer * tilts[1], answer * tilts[2]),
                rates[key],
            )
        )
    plan = Plan(
        number=number,
        kind=kind,
        customers=int(random.integers(*SMALL) if random.random() < 0.5 else random.integers(*LARGE)),
        links=tuple(links),
        temper_sd=random.uniform(0.2, 0.8),
        halo=random.uniform(0.0, 0.5),
        newcomer_mood=-random.uniform(0.4, 0.9) if confounded else 0.0,
        newcomer_leaving=random.uniform(1.5, 3.0) if confounded else 1.0,
        base_leaving=random.uniform(0.06, 0.15),
        has_selective_answers=selective,
        newcomer_answering=float(newcomer_answering),
    )
    if programme.random() < PROGRAMME_SHARE:
        # where there is most to save
        link, lift = int(programme.choice(strong)), float(programme.uniform(*PROGRAMME_LIFT))
        plan = replace(plan, programme_link=link, programme_lift=lift)
    return _tied(plan, random, *map(int, strong)) if kind == "tie" else plan


def _tied(plan: Plan, random: np.random.Generator, one: int, other: int) -> Plan:
    """The plan with the second link's leaving set so that both lose as much."""
    seed = int(random.integers(2**32))
    for _ in range(TIE_ROUNDS):
        world = draw_world(replace(plan, customers=TIE_CUSTOMERS), np.random.default_rng(seed))
        values = true_values(true_losses(world), true_margins(world), TIE_CUSTOMERS)
        ratio = values[one] / max(values[other], 1e-9)
        links = tuple(_leaving(link, ratio) if link.key == other else link for link in plan.links)
        plan = replace(plan, links=links)
    return plan


def _leaving(link: Link, ratio: float) -> Link:
    """The link, left so many times as often."""
    detractors, passives, promoters = (min(MOST_LEAVING, share * ratio) for share in link.leave)
    return replace(link, leave=(detractors, passives, promoters))


def draw_world(plan: Plan, random: np.random.Generator, cuts: dict[int, np.ndarray] | None = None) -> World:
    """One world of a plan. Without cuts they are set so that the planted shares hold in this very world."""
    n = plan.customers
    first_day = random.integers(-BURN_IN, DAYS, n)
    is_business = random.random(n) < BUSINESS_SHARE
    temper = random.normal(0, plan.temper_sd, n)
    drawn = {link.key: _occasions(link, first_day, random) for link in plan.links}
    moods: dict[int, np.ndarray] = {}
    journey_moods = random.normal(0, 1, len(drawn[DEALER][0])) if plan.journey_mood_sd else None
    # the purchases first: they lend their halo
    for link in sorted(plan.links, key=lambda link: link.rate):
        customer, day = drawn[link.key]
        mood = random.normal(0, 1, len(customer)) + temper[customer]
        mood += np.where(day - first_day[customer] < NEW_DAYS, plan.newcomer_mood, 0)
        if journey_moods is not None:
            mood += plan.journey_mood_sd * _latest(*drawn[DEALER], journey_moods, customer, day)
        if link.key == MANUFACTURER:
            mood += plan.halo * _latest(*drawn[DEALER], moods[DEALER], customer, day)
        if link.key == plan.programme_link:
            mood += np.where(day >= TRAILING_FROM, plan.programme_lift, 0)
        moods[link.key] = mood
    leaving = _base_leaving(plan, first_day, is_business, random)
    if cuts is None:
        cuts = {
            link.key: np.quantile(moods[link.key], [link.detractors, link.detractors + link.passives])
            for link in plan.links
        }
    categories = {key: np.searchsorted(cuts[key], mood) for key, mood in moods.items()}
    scored = categories
    if plan.score_reliability < 1:
        scored = {key: np.searchsorted(cuts[key], _blurred(plan, mood, random)) for key, mood in moods.items()}
    return _lived(plan, random, first_day, is_business, drawn, cuts, categories, scored, leaving)


def _blurred(plan: Plan, mood: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Moods as they are told: as many good and bad ones, of which so much is chance."""
    own, chance = plan.score_reliability**0.5, (1 - plan.score_reliability) ** 0.5
    centre = mood.mean()
    return centre + own * (mood - centre) + random.normal(0, chance * mood.std(), len(mood))


def _occasions(link: Link, first_day: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Customer and day of every meeting, in that order: purchases on a clock of their own, others at any time."""
    n = len(first_day)
    if link.rate == 0:
        gaps = random.normal(VISIT_GAP, VISIT_GAP_SD, (n, VISITS)).clip(120, 520).cumsum(axis=1)
        days = (first_day[:, None] + np.c_[np.zeros(n), gaps]).astype(np.int64)
        customer, visit = np.nonzero(days < HORIZON)
        return customer, days[customer, visit]
    customer = np.repeat(np.arange(n), random.poisson(link.rate * (HORIZON - first_day) / YEAR))
    day = first_day[customer] + (random.random(len(customer)) * (HORIZON - first_day[customer])).astype(np.int64)
    order = np.lexsort((day, customer))
    return customer[order], day[order]


def _latest(
    customer: np.ndarray, day: np.ndarray, value: np.ndarray, of_customer: np.ndarray, before: np.ndarray
) -> np.ndarray:
    """The value of each customer's last event before a day; 0 where there is none."""
    position = np.searchsorted(_clock(customer, day), _clock(of_customer, before)) - 1
    known = (position >= 0) & (customer[position] == of_customer)
    return np.where(known, value[position], 0.0)


def _clock(customer: np.ndarray, day: np.ndarray) -> np.ndarray:
    """One number that orders by customer and day."""
    return customer.astype(np.int64) * 10_000 + day.astype(np.int64)


def _base_leaving(
    plan: Plan, first_day: np.ndarray, is_business: np.ndarray, random: np.random.Generator
) -> np.ndarray:
    """Day of leaving for reasons of one's own; newcomers leave sooner in their first year."""
    rate = plan.base_leaving * np.where(is_business, BUSINESS_FACTOR, 1.0)
    patience = random.exponential(1, len(rate)) / rate * YEAR
    spent = NEW_DAYS * plan.newcomer_leaving
    return first_day + 1 + np.where(patience < spent, patience / plan.newcomer_leaving, NEW_DAYS + patience - spent)


def _lived(
    plan: Plan,
    random: np.random.Generator,
    first_day: np.ndarray,
    is_business: np.ndarray,
    drawn: dict[int, tuple[np.ndarray, np.ndarray]],
    cuts: dict[int, np.ndarray],
    categories: dict[int, np.ndarray],
    scored: dict[int, np.ndarray],
    base: np.ndarray,
) -> World:
    """What took place of what was drawn."""
    leaves = {
        link.key: random.random(len(categories[link.key])) < np.array(link.leave)[categories[link.key]]
        for link in plan.links
    }
    buyer, bought_on = drawn[DEALER]
    leaving_days = {}
    for key, (customer, day) in drawn.items():
        told = day + _days_to_purchase(*drawn[DEALER], customer, day) - 1 if plan.leaves_at_purchase else day
        leaving_days[key] = np.where(leaves[key], told, NEVER)
    first, second = _two_earliest(base, drawn, leaving_days)
    events = []
    for link in plan.links:
        customer, day = drawn[link.key]
        late = day - first[customer]
        takes_place = late <= 0
        if link.key == MANUFACTURER:
            asked = random.random(len(day)) < LEAVERS_STILL_ASKED
            takes_place |= (late <= ASKED_AFTER_LEAVING_DAYS) & asked
        gap = _days_to_purchase(buyer, bought_on, customer, day)
        # the customer's leaving had this experience gone well
        otherwise = np.where(leaving_days[link.key] == first[customer], second[customer], first[customer])
        would_stay = (late <= 0) & (gap <= WINDOW) & (day + gap <= otherwise)
        # leaving on a day means no purchase after it
        comes_back = (late < 0) & (day + gap <= first[customer])
        answering = np.array(link.answers)[scored[link.key]]
        answering *= np.where(day - first_day[customer] < NEW_DAYS, plan.newcomer_answering, 1.0)
        answered = random.random(len(day)) < answering
        keep = takes_place & (day >= 0) & (day < DAYS)
        loss = np.array(link.leave)[categories[link.key]] * would_stay
        categorised = (categories[link.key], scored[link.key])
        values = (customer, day, *categorised, answered, np.where(comes_back, gap, NEVER), loss)
        events.append(Events(link.key, *(value[keep] for value in values)))
    happened = (bought_on <= first[buyer]) & (bought_on >= 0)
    margin = random.lognormal(5.5, 0.5, len(buyer))
    return World(
        plan,
        cuts,
        first_day,
        is_business,
        (buyer[happened], bought_on[happened], margin[happened]),
        tuple(events),
    )


def _days_to_purchase(buyer: np.ndarray, bought_on: np.ndarray, customer: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Days to the next purchase that was drawn, NEVER if none."""
    position = np.searchsorted(_clock(buyer, bought_on), _clock(customer, day), side="right")
    following = np.minimum(position, len(buyer) - 1)
    has_next = (position < len(buyer)) & (buyer[following] == customer)
    return np.where(has_next, bought_on[following] - day, NEVER)


def _two_earliest(
    base: np.ndarray, drawn: dict[int, tuple[np.ndarray, np.ndarray]], leaving_days: dict[int, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """The earliest and the second earliest day on which each customer would leave."""
    causes = {key: days < NEVER - 1 for key, days in leaving_days.items()}
    customers = np.concatenate([np.arange(len(base)), *(drawn[key][0][causes[key]] for key in drawn)])
    days = np.concatenate([base, *(leaving_days[key][causes[key]] for key in drawn)])
    order = np.lexsort((days, customers))
    customers, days = customers[order], days[order]
    starts = np.searchsorted(customers, np.arange(len(base)))
    following = np.minimum(starts + 1, len(days) - 1)
    second = np.where(customers[following] == np.arange(len(base)), days[following], NEVER)
    return days[starts], np.where(following == starts, NEVER, second)


# ------------------------------------------------------------------------------------------------------- the truth


def true_losses(world: World) -> dict[int, tuple[float, float]]:
    """Per link: mean loss of the customers who met it in the trailing year, each counted once, and their number."""
    losses: dict[int, tuple[float, float]] = {}
    for events in world.events:
        trailing = events.day >= TRAILING_FROM
        met, place = np.unique(events.customer[trailing], return_inverse=True)
        mean = np.bincount(place, events.loss[trailing]) / np.bincount(place)
        losses[events.link] = (float(mean.mean()), len(met))
    return losses


def true_margins(world: World) -> dict[int, float]:
    """Per link: margin over the window after a meeting of the trailing year, of the customers who came back in it."""
    buyer, day, margin = world.purchases
    bought, spent = _clock(buyer, day), np.r_[0.0, np.cumsum(margin)]
    margins = {}
    for events in world.events:
        trailing = events.day >= TRAILING_FROM
        met = _clock(events.customer[trailing], events.day[trailing])
        first, last = np.searchsorted(bought, met, side="right"), np.searchsorted(bought, met + WINDOW, side="right")
        margins[events.link] = float((spent[last] - spent[first])[last > first].mean())
    return margins


def true_avoided(world: World, margins: dict[int, float]) -> dict[int, float]:
    """Euros that each link avoids to lose in a quarter of the trailing year, per customer of the world.

    The same customers are met as often as they are, and would have been lost as often as those of the year before. Of a
    link without a programme it is about 0: what its customers' tenure and other links' halo change from year to year.
    """
    avoided = {}
    for events in world.events:
        (before, _), (after, met) = (_quarterly_loss(events, first) for first in (TRAILING_FROM - YEAR, TRAILING_FROM))
        avoided[events.link] = met * (before - after) * margins[events.link] / world.plan.customers
    return avoided


def _quarterly_loss(events: Events, first_day: int) -> tuple[float, float]:
    """Mean loss of the customers met in a quarter of a year, and their number, on average over its quarters."""
    inside = (events.day >= first_day) & (events.day < first_day + YEAR)
    quarter = (events.day[inside] - first_day) * 4 // YEAR
    met, place = np.unique(_clock(events.customer[inside], quarter), return_inverse=True)
    mean = np.bincount(place, events.loss[inside]) / np.bincount(place)
    return float(mean.mean()), len(met) / 4


def true_values(losses: dict[int, tuple[float, float]], margins: dict[int, float], customers: int) -> dict[int, float]:
    """Value at stake per link and customer of the world."""
    return {link: loss * met * margins[link] / customers for link, (loss, met) in losses.items()}
