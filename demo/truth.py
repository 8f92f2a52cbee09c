"""What was planted; only tests read it."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from demo.network import Network
from demo.plan import CATEGORIES, CHAINS, WINDOW_DAYS, Chain

IDENTITY_SCHEMA = pa.schema(
    [("dataset", pa.string()), ("partner_code", pa.string()), ("record_no", pa.string()), ("person_id", pa.int64())]
)


class Truth:
    """Planted truths, and the table of which record belongs to which person."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self.identity_path = path.with_name(f"{path.stem}_identity.parquet")
        self._identity = pq.ParquetWriter(self.identity_path, IDENTITY_SCHEMA, compression="zstd")
        self.persons: Counter[str] = Counter()
        self.people_at_two_partners: Counter[str] = Counter()
        self.retention: dict[tuple[str, str], np.ndarray] = {}
        self.hubs: Counter[str] = Counter()
        self.facts: dict[str, object] = {}

    def identify(self, dataset: str, partner: pa.Array, record: pa.Array, person: np.ndarray) -> None:
        """Note whose records these are."""
        names = pa.array([dataset]).take(pa.array(np.zeros(len(person), np.int64)))
        self._identity.write_table(pa.table([names, partner, record, pa.array(person)], schema=IDENTITY_SCHEMA))

    def count_hubs(self, network: Network, partners: np.ndarray) -> None:
        """Count records that carry a partner's shared address."""
        for position in np.unique(partners):
            self.hubs[f"desk@{network.codes[position].lower()}.example"] += int((partners == position).sum())

    def retain(self, chain: Chain, link: str, counts: np.ndarray) -> None:
        """Add up the true people's retention per category."""
        key = (chain.code, link)
        self.retention[key] = self.retention.get(key, 0) + counts

    def write(self) -> None:
        """Write the truth file."""
        self._identity.close()
        content = {
            **self.facts,
            "chains": {chain.code: self._chain(chain) for chain in CHAINS},
            "hub_addresses": dict(sorted(self.hubs.items())),
            "identity_table": self.identity_path.name,
        }
        self.path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

    def _chain(self, chain: Chain) -> dict[str, object]:
        links = {}
        for link, plan in chain.links.items():
            counts = self.retention.get((chain.code, link), np.zeros((3, 2), np.int64))
            kept = {
                name: round(float(stayed / followed), 4) if followed else None
                for name, (followed, stayed) in zip(CATEGORIES, counts, strict=True)
            }
            links[link] = {
                "extra_leave_probability": dict(zip(CATEGORIES, (*plan.leave, 0.0), strict=True)),
                "experience_shares": {
                    "detractor": plan.detractors,
                    "passive": plan.passives,
                    "promoter": round(1 - plan.detractors - plan.passives, 4),
                },
                "answers_followed_whole_window": {n: int(c[0]) for n, c in zip(CATEGORIES, counts, strict=True)},
                "true_retention": kept,
                "true_gap_to_promoters": {
                    name: _gap(kept["promoter"], kept[name]) for name in ("detractor", "passive")
                },
            }
        return {
            "industry": chain.industry,
            "country": chain.country,
            "weakest": list(chain.weakest),
            "is_tie": len(chain.weakest) > 1,
            "retention_window_days": WINDOW_DAYS[chain.industry],
            "persons": self.persons[chain.code],
            "persons_at_two_partners": self.people_at_two_partners[chain.code],
            "links": links,
        }


def _gap(promoters: float | None, others: float | None) -> float | None:
    return None if promoters is None or others is None else round(promoters - others, 4)
