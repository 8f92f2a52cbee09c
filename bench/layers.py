"""Where the time of a dbt build goes: per model and per layer, and what dbt itself takes.

A node's time is its compile and execute time as dbt's run results give it. dbt's own time is the part of its wall time
during which no node was being executed: reading the project, connecting, scheduling, compiling, ending.
"""

import json
import statistics
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

LAYERS = {
    "models/staging/base/": "base",
    "models/staging/": "staging",
    "models/intermediate/": "intermediate",
    "models/marts/": "marts",
}
# What computes figures from the facts: everything behind the star.
STATISTICS = (
    *(
        f"models/intermediate/{folder}/"
        for folder in (
            "change",
            "importance",
            "joint",
            "journey",
            "money",
            "nonresponse",
            "ranking",
            "weakest_link",
        )
    ),
    "models/intermediate/int_nps_counts",
    "models/intermediate/int_retention_curve",
    "models/marts/mart_",
)
KINDS = {"test": "tests", "unit_test": "tests", "seed": "seeds", "operation": "hooks"}


@dataclass(frozen=True)
class Node:
    """One node of a build."""

    name: str
    layer: str
    seconds: float
    executed_from: float
    executed_to: float
    rows: int | None
    is_statistics: bool = False

    def as_dict(self) -> dict[str, Any]:
        """For the results file."""
        return {"name": self.name, "layer": self.layer, "seconds": self.seconds, "rows": self.rows}


def read_nodes(target: Path, database: Path) -> list[Node]:
    """The nodes of the last dbt run that left its results in `target`."""
    results = json.loads((target / "run_results.json").read_text(encoding="utf-8"))["results"]
    manifest = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
    paths = {name: node["original_file_path"] for name, node in manifest["nodes"].items()}
    rows = _rows(database)
    return [_node(result, paths, rows) for result in results]


def _rows(database: Path) -> dict[str, int]:
    with duckdb.connect(str(database), read_only=True) as connection:
        return dict(connection.execute("select table_name, estimated_size from duckdb_tables()").fetchall())


def _node(result: dict[str, Any], paths: dict[str, str], rows: dict[str, int]) -> Node:
    kind, _, name, *rest = result["unique_id"].split(".")
    if kind == "unit_test":
        # its third part is the model's name
        name = rest[-1]
    times = [timing for timing in result["timing"] if timing["name"] == "execute"]
    executed = (
        [datetime.fromisoformat(times[0][end]).timestamp() for end in ("started_at", "completed_at")]
        if times
        else [0, 0]
    )
    return Node(
        name=name,
        layer=KINDS.get(kind) or _layer(paths.get(result["unique_id"], "")),
        seconds=result["execution_time"],
        executed_from=executed[0],
        executed_to=executed[1],
        rows=rows.get(name) if kind in ("model", "seed") else None,
        is_statistics=kind == "model" and paths.get(result["unique_id"], "").startswith(STATISTICS),
    )


def _layer(path: str) -> str:
    return next((layer for prefix, layer in LAYERS.items() if path.startswith(prefix)), "other")


def seconds_per_view(nodes: list[Node]) -> float:
    """What a node takes that moves no row: the median of the staging layer, which is views."""
    views = [node.seconds for node in nodes if node.layer == "staging"]
    return statistics.median(views) if views else 0.0


def busy_seconds(nodes: list[Node]) -> float:
    """How long at least one node was being executed."""
    total, reached = 0.0, 0.0
    for node in sorted(nodes, key=lambda node: node.executed_from):
        total += max(0.0, node.executed_to - max(reached, node.executed_from))
        reached = max(reached, node.executed_to)
    return total


def per_layer(nodes: list[Node]) -> dict[str, dict[str, float]]:
    """Nodes, seconds and rows of each layer."""
    layers: dict[str, dict[str, float]] = defaultdict(lambda: {"nodes": 0, "seconds": 0.0, "rows": 0})
    for node in nodes:
        layer = layers[node.layer]
        layer["nodes"] += 1
        layer["seconds"] += node.seconds
        layer["rows"] += node.rows or 0
    return dict(layers)
