"""What is planted: chains, links, response behaviour and the weak links.

Every figure a test may look for is declared here and copied to the truth file.
"""

from dataclasses import dataclass
from datetime import date

START = date(2023, 7, 1)
END = date(2026, 6, 30)
DAYS = (END - START).days + 1
YEAR = 365.25

DETRACTOR, PASSIVE, PROMOTER = 0, 1, 2
CATEGORIES = ("detractor", "passive", "promoter")
LOWEST_PASSIVE = 7

BASE_TRANSACTIONS = 120_000
PEOPLE = {"automotive": 10_000, "retail": 1_900}
PEOPLE_PER_BLOCK = 120_000
# One independent random stream per purpose, chain and block: no result depends on the order of work.
NETWORK_STREAM, ADMINISTRATION_STREAM, PEOPLE_STREAM = 1, 2, 5
WINDOW_DAYS = {"automotive": 395, "retail": 180}
LINKS = {
    "automotive": ("manufacturer", "importer", "dealer", "contact_centre"),
    "retail": ("manufacturer", "shop", "contact_centre"),
}
# the reason of contact that goes with bad experiences, and the share of these that are about it beyond its usual one
BLAMED_REASON, BLAMED_SHARE = "delivery", 0.5
# Further questions of surveys: the scale, and how much of the mood behind the answer the rating holds. Of each survey
# the first matters most, and the last hardly.
SURVEY_ITEMS = {
    "post_sale": {"delivery_day": ("1-7", 1.0), "advice": ("1-7", 0.5), "coffee": ("1-5", 0.1)},
    "post_service": {"waiting_time": ("1-7", 1.0), "staff": ("1-7", 0.5), "cleanliness": ("1-5", 0.1)},
    "shop_visit": {"choice": ("1-5", 1.0), "staff": ("1-5", 0.5), "parking": ("1-5", 0.1)},
    "post_contact": {"solution": ("0-10", 1.0), "waiting_time": ("0-10", 0.5), "music": ("1-5", 0.1)},
}
ITEMS_ASKED_SHARE, ITEM_BLANK_SHARE = 0.6, 0.04
MANUFACTURER = {"automotive": "MFR-VELDA", "retail": "MFR-ORMA"}


@dataclass(frozen=True)
class Link:
    """How customers meet one link of a chain, and what a bad meeting does.

    `detractors` and `passives` are shares of the experiences; `leave` the planted extra probabilities of leaving
    the chain after a detractor's and a passive's experience; `rate` the experiences per customer and year (dealers
    and shops: by their own clock); `invited` and `answers` the shares invited and answering.
    """

    detractors: float
    passives: float
    leave: tuple[float, float]
    invited: float
    answers: float
    rate: float = 0.0


@dataclass(frozen=True)
class Chain:
    """One industry in one country."""

    number: int
    industry: str
    country: str
    currency: str
    partners: int
    weakest: tuple[str, ...]
    links: dict[str, Link]

    @property
    def code(self) -> str:
        """Name used in file names and the truth file, e.g. automotive_nl."""
        return f"{self.industry}_{self.country.lower()}"

    @property
    def contact_centre(self) -> str:
        """Partner code of the chain's contact centre."""
        return f"CC-{self.industry[:3].upper()}-{self.country}"

    @property
    def price_level(self) -> float:
        """Prices against the euro."""
        return 0.86 if self.currency == "GBP" else 1.0


CHAINS = (
    Chain(
        0,
        "automotive",
        "NL",
        "EUR",
        36,
        ("dealer",),
        {
            "manufacturer": Link(0.16, 0.36, (0.04, 0.01), 0.75, 0.32, 0.60),
            "importer": Link(0.20, 0.38, (0.04, 0.01), 0.85, 0.30, 0.35),
            "dealer": Link(0.20, 0.36, (0.42, 0.15), 0.85, 0.44),
            "contact_centre": Link(0.42, 0.28, (0.08, 0.02), 0.80, 0.38, 0.40),
        },
    ),
    Chain(
        1,
        "automotive",
        "DE",
        "EUR",
        54,
        ("contact_centre",),
        {
            "manufacturer": Link(0.14, 0.34, (0.04, 0.01), 0.75, 0.30, 0.60),
            "importer": Link(0.18, 0.38, (0.04, 0.01), 0.85, 0.30, 0.35),
            "dealer": Link(0.15, 0.34, (0.08, 0.02), 0.85, 0.44),
            "contact_centre": Link(0.44, 0.27, (0.46, 0.18), 0.80, 0.32, 0.85),
        },
    ),
    Chain(
        2,
        "automotive",
        "GB",
        "GBP",
        40,
        ("dealer", "contact_centre"),
        {
            "manufacturer": Link(0.15, 0.35, (0.03, 0.01), 0.75, 0.30, 0.60),
            "importer": Link(0.19, 0.38, (0.03, 0.01), 0.85, 0.30, 0.35),
            # at twice the size the dealer loses a sixth more; one demo can't tell which of the two loses most
            "dealer": Link(0.20, 0.36, (0.27, 0.09), 0.85, 0.38),
            "contact_centre": Link(0.42, 0.27, (0.23, 0.085), 0.80, 0.34, 0.75),
        },
    ),
    Chain(
        3,
        "retail",
        "NL",
        "EUR",
        26,
        ("shop",),
        {
            "manufacturer": Link(0.14, 0.36, (0.04, 0.01), 0.70, 0.30, 0.60),
            "shop": Link(0.19, 0.37, (0.38, 0.13), 1.0, 0.43),
            "contact_centre": Link(0.42, 0.28, (0.08, 0.02), 0.80, 0.30, 0.40),
        },
    ),
    Chain(
        4,
        "retail",
        "DE",
        "EUR",
        36,
        ("manufacturer",),
        {
            "manufacturer": Link(0.22, 0.36, (0.45, 0.17), 0.75, 0.30, 1.10),
            "shop": Link(0.13, 0.35, (0.06, 0.02), 1.0, 0.43),
            "contact_centre": Link(0.43, 0.28, (0.08, 0.02), 0.80, 0.30, 0.40),
        },
    ),
    Chain(
        5,
        "retail",
        "GB",
        "GBP",
        28,
        ("contact_centre",),
        {
            "manufacturer": Link(0.14, 0.35, (0.04, 0.01), 0.70, 0.30, 0.60),
            "shop": Link(0.13, 0.35, (0.06, 0.02), 1.0, 0.42),
            "contact_centre": Link(0.45, 0.27, (0.50, 0.20), 0.80, 0.34, 1.10),
        },
    ),
)
