"""True people and the several ways in which the tiers know them."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from demo import render
from demo.network import Network
from demo.plan import DAYS, YEAR, Chain

FIRST_NAMES = [
    "Anna",
    "Ben",
    "Clara",
    "Daan",
    "Emma",
    "Finn",
    "Greta",
    "Hugo",
    "Ivy",
    "Jan",
    "Kim",
    "Lotte",
    "Max",
    "Nina",
    "Otto",
    "Paul",
    "Rosa",
    "Sam",
    "Tess",
    "Uwe",
    "Vera",
    "Will",
]
LAST_NAMES = [
    "Adler",
    "Berg",
    "Clark",
    "Dale",
    "Evers",
    "Frost",
    "Grant",
    "Hahn",
    "Iding",
    "Jong",
    "Klein",
    "Lang",
    "Moor",
    "Noble",
    "Olde",
    "Price",
    "Quist",
    "Roth",
    "Stone",
    "Timmer",
    "Unger",
    "Vos",
    "Wells",
    "Young",
]
MAIL_DOMAINS = ["mail.example", "post.example", "web.example", "inbox.example"]
CALLING_CODES = {"NL": "31", "DE": "49", "GB": "44"}
MOBILE = {"NL": ("6", 8), "DE": ("151", 8), "GB": ("77", 8)}
# coprime with 10^8: different people get different numbers
PHONE_STEP = 48_271
BUSINESS_SHARE, SECOND_PARTNER_SHARE, CHANGED_EMAIL_SHARE = 0.14, 0.12, 0.06
EXISTING, NEW, USED = 0, 1, 2
START_SHARES = {"automotive": (0.56, 0.32, 0.12), "retail": (0.45, 0.55, 0.0)}


@dataclass
class People:
    """The customers of one block; positions in its arrays are local, `first_id` makes them global."""

    chain: Chain
    first_id: int
    home: np.ndarray
    second: np.ndarray
    business: np.ndarray
    beginning: np.ndarray
    first_day: np.ndarray
    changes_email: np.ndarray
    temper: np.ndarray

    def __len__(self) -> int:
        return len(self.home)

    @property
    def ids(self) -> np.ndarray:
        """True person numbers, unique over all chains."""
        return self.chain.number * 10**9 + self.first_id + np.arange(len(self))

    @property
    def tenure_days(self) -> np.ndarray:
        """Days as a customer when first seen."""
        return np.maximum(self.first_day, 0) - self.first_day


def make(network: Network, block: tuple[int, int], first_id: int, rng: np.random.Generator) -> People:
    """Make the customers whose home partner lies in the block."""
    first, last = block
    home = np.repeat(np.arange(first, last), network.people[first:last])
    n = len(home)
    weights = network.people[first:last] / network.people[first:last].sum()
    second = rng.choice(np.arange(first, last), n, p=weights)
    second = np.where((rng.random(n) < SECOND_PARTNER_SHARE) & (second != home), second, -1)
    beginning = rng.choice(3, n, p=START_SHARES[network.chain.industry])
    first_day = np.where(
        beginning == EXISTING,
        -(20 + rng.gamma(1.6, 700, n)).astype(np.int64).clip(0, 5_000),
        rng.integers(0, DAYS - 20, n),
    )
    return People(
        chain=network.chain,
        first_id=first_id,
        home=home,
        second=second,
        business=rng.random(n) < BUSINESS_SHARE,
        beginning=beginning,
        first_day=first_day,
        changes_email=np.where(rng.random(n) < CHANGED_EMAIL_SHARE, rng.integers(200, DAYS - 200, n), DAYS + 1),
        temper=rng.normal(0, 0.3, n),
    )


def tenure_band_effect(people: People, person: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Long-standing customers are a little milder, business customers a little harsher: a confounder."""
    tenure = (day - people.first_day[person]) / YEAR
    return 0.12 * np.clip(tenure / 3, 0, 1) - 0.15 * people.business[person]


def _contact_number(people: People, person: np.ndarray) -> np.ndarray:
    """Odd in retail, even elsewhere: the two chains of a country share a calling code and must not share a person."""
    return (people.first_id + person) * 2 + (people.chain.industry == "retail")


def email(people: People, person: np.ndarray, day: np.ndarray, rng: np.random.Generator, missing: float) -> pa.Array:
    """The address as one tier holds it on a day: capitals or blanks around it, the old one, or none."""
    number = _contact_number(people, person)
    changed = day >= people.changes_email[person]
    names = render.join(
        render.take(FIRST_NAMES, number % len(FIRST_NAMES)),
        render.take(LAST_NAMES, number // 7 % len(LAST_NAMES)),
        sep=".",
    )
    local = render.join(names, render.number(number), render.take(["", "new"], changed.astype(np.int64)))
    domain = render.take(MAIL_DOMAINS, (number // 2 + changed) % len(MAIL_DOMAINS))
    text = render.join(local, render.same(people.chain.country.lower(), len(person)), sep=".")
    text = render.join(text, domain, sep="@")
    style = rng.random(len(person))
    text = pc.if_else(pa.array(style < 0.45), pc.utf8_lower(text), text)
    text = pc.if_else(pa.array(style > 0.85), pc.utf8_upper(text), text)
    text = pc.if_else(pa.array((style > 0.80) & (style < 0.88)), render.join(" ", text, " "), text)
    return render.blank(text, rng.random(len(person)) >= missing)


def phone(people: People, person: np.ndarray, rng: np.random.Generator, missing: float) -> pa.Array:
    """The number as one tier holds it: national, +CC or 00CC, with or without separators, or none."""
    number = _contact_number(people, person)
    prefix, width = MOBILE[people.chain.country]
    code = CALLING_CODES[people.chain.country]
    digits = render.number(number * PHONE_STEP % 10**width, width)
    head, tail = pc.utf8_slice_codeunits(digits, 0, 4), pc.utf8_slice_codeunits(digits, 4, width)
    style = rng.choice(5, len(person), p=(0.4, 0.25, 0.15, 0.1, 0.1))
    leads = ["0" + prefix, f"+{code}{prefix}", f"00{code}{prefix}", f"0{prefix}-", f"+{code} {prefix} "]
    gaps = ["", "", "", "", " "]
    text = render.join(render.take(leads, style), head, render.take(gaps, style), tail)
    return render.blank(text, rng.random(len(person)) >= missing)
