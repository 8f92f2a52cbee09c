"""The contact centre's files of one block."""

import numpy as np
import pyarrow as pa

from demo import people as person_data
from demo import render
from demo.behaviour import Experiences, scores
from demo.block import Accounts, Block, write_follow_ups, write_items
from demo.plan import BLAMED_REASON, BLAMED_SHARE, DAYS, DETRACTOR, LOWEST_PASSIVE

CHANNELS, CHANNEL_SHARES = ["phone", "email", "chat", "web", "social"], (0.5, 0.2, 0.15, 0.1, 0.05)
REASONS, REASON_SHARES = ["complaint", "question", "delivery", "invoice", "repair"], (0.3, 0.25, 0.15, 0.15, 0.15)
HANDLING_COST = np.array([780, 520, 430, 350, 400])
REPEATED_SHARE = 0.16


def write(block: Block, contacts: Experiences, serials: pa.Array, accounts: Accounts, width: int) -> None:
    """Write contacts and post-contact surveys, a file per year."""
    people, rng, chain = block.people, block.rng, block.chain
    day, first, original = _with_repeats(contacts, rng)
    person = contacts.person[first]
    n = len(person)
    issue = _blamed(rng.choice(len(REASONS), len(contacts), p=REASON_SHARES), contacts, rng)[first]
    channel = rng.choice(len(CHANNELS), n, p=CHANNEL_SHARES)
    opened = rng.integers(7 * 3600, 16 * 3600, n)
    handling = rng.gamma(2, 240, n).astype(np.int64) + 45
    unhappy = contacts.category[first] == DETRACTOR
    resolved = render.take(["false", "true"], (rng.random(n) < np.where(unhappy, 0.45, 0.9)).astype(np.int64))
    number = render.join(f"K{block.part.strip('_')}", render.number(np.arange(1, n + 1), 8))
    identified = rng.random((n, 5))
    fields = [
        ("contact_id", number, True),
        ("country", render.same(chain.country, n), True),
        ("channel", render.take(CHANNELS, channel), True),
        ("reason", render.take(REASONS, issue), True),
        ("opened_at", _stamp(day, opened), True),
        ("closed_at", render.blank(_stamp(day, opened + handling), identified[:, 0] > 0.02), True),
        ("agent", render.join("A", render.number(rng.integers(1, 60, n), 3)), True),
        ("transfers", render.number(rng.poisson(np.where(unhappy, 0.7, 0.2))), False),
        ("resolved", render.blank(resolved, identified[:, 1] > 0.05), False),
        ("cost", render.money(HANDLING_COST[channel] + handling // 2), False),
        ("currency", render.same(chain.currency, n), True),
        ("caller.email", person_data.email(people, person, day, rng, 0.3), True),
        ("caller.phone", person_data.phone(people, person, rng, 0.25), True),
        ("caller.serial_number", render.blank(serials.take(pa.array(first)), identified[:, 2] < 0.4), True),
    ]
    if chain.industry == "retail":
        shop, known = render.take(block.network.codes, people.home[person]), identified[:, 3] < 0.45
        fields.append(("caller.shop_code", render.blank(shop, known), True))
        fields.append(("caller.loyalty_no", render.blank(render.number(accounts.of_home[person], width), known), True))
    paths, piece = _paths(block, "contacts", day)
    block.writer.pieces("contact_centre__contacts", paths, piece, render.json_lines(fields))
    block.truth.identify("contact_centre__contacts", render.same(chain.contact_centre, n), number, people.ids[person])
    main = np.empty(len(contacts), np.int64)
    main[first[original]] = np.flatnonzero(original)
    _write_surveys(block, contacts, number.take(pa.array(main)), opened[main] + handling[main])


def _write_surveys(block: Block, contacts: Experiences, number: pa.Array, closed: np.ndarray) -> None:
    rng, chain = block.rng, block.chain
    chosen = np.flatnonzero(contacts.invited)
    chosen = chosen[np.lexsort((contacts.person[chosen], contacts.day[chosen]))]
    asked, closed, number = contacts.keep(chosen), closed[chosen], number.take(pa.array(chosen))
    n = len(asked)
    answered_on = asked.day + rng.geometric(0.5, n) - 1
    answered = asked.answered & (answered_on < DAYS)
    score = scores(asked, block.network, rng)
    survey_no = render.join("Q", number)
    mood = asked.detail["mood"]
    effort = np.clip(np.round(4.4 + 1.1 * mood + rng.normal(0, 0.8, n)), 1, 7).astype(np.int64)
    happy = np.clip(np.round(3.2 + 0.9 * mood + rng.normal(0, 0.6, n)), 1, 5).astype(np.int64)
    # before six, from when on it is answered
    sent_at = np.minimum(closed + 600, 17 * 3600)
    fields = [
        ("survey_id", survey_no, True),
        ("contact_id", number, True),
        ("sent_at", _stamp(asked.day, sent_at), True),
        ("survey_mode", render.take(["email", "sms", "web"], rng.integers(0, 3, n)), True),
        ("answered_at", render.blank(_stamp(answered_on, rng.integers(18 * 3600, 20 * 3600, n)), answered), True),
        ("nps", render.blank(render.number(score), answered), False),
        ("ces", render.blank(render.number(effort), answered), False),
        ("csat", render.blank(render.number(happy), answered), False),
        (
            "comment",
            render.blank(render.take(["", "ok", "Too long a wait", "Danke"], rng.integers(0, 4, n)), answered),
            True,
        ),
    ]
    paths, piece = _paths(block, "surveys", asked.day)
    block.writer.pieces("contact_centre__surveys", paths, piece, render.json_lines(fields))
    centre = render.same(chain.contact_centre, n)
    write_follow_ups(block, "post_contact", centre, survey_no, answered_on, answered & (score < LOWEST_PASSIVE))
    write_items(block, "post_contact", centre, survey_no, mood, answered)


def _blamed(issue: np.ndarray, contacts: Experiences, rng: np.random.Generator) -> np.ndarray:
    """The reasons of contacts, of which one goes with bad experiences; complaints stay what they are."""
    # a child of the stream takes nothing out of it
    turned = rng.spawn(1)[0].random(len(contacts)) < BLAMED_SHARE
    turned &= (contacts.category == DETRACTOR) & (issue != REASONS.index("complaint"))
    return np.where(turned, REASONS.index(BLAMED_REASON), issue)


def _with_repeats(contacts: Experiences, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Contacts and their repeats a few days later by day: the day, whose contact it is, and whether it is the first."""
    n = len(contacts)
    repeated = np.flatnonzero((rng.random(n) < REPEATED_SHARE) & (contacts.day < DAYS - 8))
    of_contact = np.r_[np.arange(n), repeated]
    day = np.r_[contacts.day, contacts.day[repeated] + rng.integers(1, 7, len(repeated))]
    original = np.r_[np.ones(n, bool), np.zeros(len(repeated), bool)]
    order = np.lexsort((of_contact, day))
    return day[order], of_contact[order], original[order]


def _stamp(day: np.ndarray, seconds: np.ndarray) -> pa.Array:
    return render.join(render.clock(day, seconds, "T"), "Z")


def _paths(block: Block, name: str, day: np.ndarray) -> tuple[list[str], np.ndarray]:
    years = render.year_of(day)
    first = int(years.min())
    folder = f"contact_centre/{block.chain.contact_centre}"
    return [f"{folder}/{name}_{year}{block.part}.ndjson" for year in range(first, int(years.max()) + 1)], years - first
