"""Partners: who they are, how large, to whom they belong and when that changed."""

from dataclasses import dataclass, field
from datetime import date

import numpy as np

from demo.plan import DAYS, MANUFACTURER, NETWORK_STREAM, PEOPLE, PEOPLE_PER_BLOCK, START, Chain

TOWNS = {
    "NL": [
        "Amsterdam",
        "Utrecht",
        "Zwolle",
        "Groningen",
        "Breda",
        "Den Haag",
        "Arnhem",
        "Leeuwarden",
        "'s-Hertogenbosch",
    ],
    "DE": ["München", "Köln", "Berlin", "Düsseldorf", "Hannover", "Nürnberg", "Leipzig", "Göttingen", "Bremen"],
    "GB": ["Leeds", "Bristol", "York", "Cardiff", "Glasgow", "Norwich", "Exeter", "Derby", "Stoke-on-Trent"],
}
FAMILIES = {
    "NL": ["De Vries", "Van Dijk", "Jansen", "Bakker", "Visser", "Smit", "Mulder", "Geëlhoed", "Bos", "Dekker"],
    "DE": ["Müller", "Schäfer", "Weiß", "Köhler", "Becker", "Wagner", "Jäger", "Vogt", "Brandt", "Krüger"],
    "GB": ["Barnes", "Cooper", "Fletcher", "Hughes", "Marsh", "Palmer", "Reid", "Shaw", "Turner", "Webb"],
}
TRADE = {
    "automotive": {"NL": "Autobedrijf", "DE": "Autohaus", "GB": "Motors"},
    "retail": {"NL": "Winkel", "DE": "Laden", "GB": "Store"},
}
GROUPS = ["Noordzee Holding", "Rhein Gruppe", "Albion Retail Group", "Meridian Mobility"]
IMPORTERS = {"NL": ["IMP-NL"], "DE": ["IMP-DE-N", "IMP-DE-S"], "GB": ["IMP-GB"]}
IMPORTER_NAMES = {"IMP-NL": "Velda Nederland", "IMP-DE-N": "Velda Nord", "IMP-DE-S": "Velda Süd", "IMP-GB": "Velda UK"}
RENAMED_SUFFIX = {"NL": "& Zn", "DE": "Neu", "GB": "Ltd"}
LARGEST_SHARE = 0.09
HUBS = 4
BEGGARS = 3
# dealer, first of the month of the move, importer it goes to
MOVES = ((4, date(2025, 4, 1), 1), (9, date(2025, 6, 1), 0), (14, date(2025, 10, 1), 1), (21, date(2024, 10, 1), 0))


@dataclass
class Network:
    """The dealers or shops of one chain, largest first, and the blocks in which their customers are made."""

    chain: Chain
    codes: list[str]
    names: list[str]
    owners: list[str]
    towns: list[str]
    people: np.ndarray
    importer: np.ndarray
    importer_after: np.ndarray
    moves_on: np.ndarray
    hubs: np.ndarray
    beggars: np.ndarray
    effect: np.ndarray
    renamed: dict[int, tuple[int, str]] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """The link's code, also the name of its folder."""
        return "dealer" if self.chain.industry == "automotive" else "shop"

    def importer_on(self, partner: np.ndarray, day: np.ndarray) -> np.ndarray:
        """Position of the partner's importer on a day."""
        return np.where(day >= self.moves_on[partner], self.importer_after[partner], self.importer[partner])

    def blocks(self) -> list[tuple[int, int]]:
        """Ranges of partners whose customers fit in memory together."""
        ranges, first, size = [], 0, 0
        for position, people in enumerate(self.people):
            if size and size + people > PEOPLE_PER_BLOCK:
                ranges.append((first, position))
                first, size = position, 0
            size += int(people)
        return [*ranges, (first, len(self.people))]


def build(chain: Chain, seed: int, scale: float) -> Network:
    """Build the chain's network; partners grow with the square root of the scale."""
    rng = np.random.default_rng([seed, NETWORK_STREAM, chain.number])
    count = max(8, round(chain.partners * scale**0.5))
    weights = np.sort(rng.pareto(1.1, count) + 0.25)[::-1]
    weights = np.minimum(weights / weights.sum(), LARGEST_SHARE)
    people = np.maximum(12, np.round(PEOPLE[chain.industry] * scale * weights / weights.sum())).astype(np.int64)
    importer, after, moves_on = _importers(chain, count, rng)
    families, towns = FAMILIES[chain.country], TOWNS[chain.country]
    trade = TRADE[chain.industry][chain.country]
    picked_towns = [towns[i] for i in rng.integers(0, len(towns), count)]
    network = Network(
        chain=chain,
        codes=[
            f"{'DLR' if chain.industry == 'automotive' else 'SHP'}-{chain.country}-{i + 1:03d}" for i in range(count)
        ],
        names=[
            f"{trade} {families[f]} {town}"
            for f, town in zip(rng.integers(0, len(families), count), picked_towns, strict=True)
        ],
        owners=[GROUPS[g] if g < len(GROUPS) else "" for g in rng.integers(0, 2 * len(GROUPS), count)],
        towns=picked_towns,
        people=people,
        importer=importer,
        importer_after=after,
        moves_on=moves_on,
        hubs=np.arange(HUBS) if chain.industry == "automotive" else np.arange(0),
        beggars=np.arange(5, 5 + BEGGARS),
        effect=rng.normal(0, 0.22, count),
    )
    for position in (2, 3):
        new_name = f"{network.names[position]} {RENAMED_SUFFIX[chain.country]}"
        network.renamed[position] = (int(rng.integers(300, 800)), new_name)
    return network


def _importers(chain: Chain, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """First importer, later importer and day of the change for each dealer."""
    choices = len(IMPORTERS[chain.country]) if chain.industry == "automotive" else 1
    importer = rng.integers(0, choices, count)
    after, moves_on = importer.copy(), np.full(count, DAYS + 1)
    if choices > 1:
        for dealer, day, target in MOVES:
            if dealer < count:
                importer[dealer], after[dealer], moves_on[dealer] = 1 - target, target, (day - START).days
    return importer, after, moves_on


def parent_of(network: Network, partner: int, later: bool = False) -> str:
    """Partner code above a dealer (its importer) or a shop (its manufacturer)."""
    if network.chain.industry == "retail":
        return MANUFACTURER["retail"]
    position = (network.importer_after if later else network.importer)[partner]
    return IMPORTERS[network.chain.country][position]
