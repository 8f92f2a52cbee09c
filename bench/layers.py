"""Where the time of a dbt build goes: per model, per layer and behind the star, and what dbt itself takes.

A node's time is its compile and execute time as dbt's run results give it. dbt's own time is the part of its wall time
during which no node was being executed: reading the project, connecting, scheduling, compiling, ending.
"""

import json
import statistics
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

# Layers of their own within landing: a base model judges every row, a staging model is a view that moves none.
PREFIXES = {"base": "base", "stg": "staging"}
FACT = "fct_"
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
    question: str = ""
    is_statistics: bool = False

    def as_dict(self) -> dict[str, Any]:
        """For the results file."""
        return {"name": self.name, "layer": self.layer, "seconds": self.seconds, "rows": self.rows}


def read_nodes(target: Path, database: Path) -> list[Node]:
    """The nodes of the last dbt run that left its results in `target`."""
    results = json.loads((target / "run_results.json").read_text(encoding="utf-8"))["results"]
    manifest = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
    rows = _rows(database)
    behind = behind_the_star(manifest)
    return [_node(result, manifest, rows, behind) for result in results]


def behind_the_star(manifest: dict[str, Any]) -> set[str]:
    """What computes figures: the models that read facts, straight or through others, from outside their folder."""
    facts = [node for node in manifest["nodes"] if _name(node).startswith(FACT)]
    star = {layer_of(manifest["nodes"][node]["original_file_path"]) for node in facts}
    waiting = list(facts)
    found: set[str] = set()
    while waiting:
        children = set(manifest["child_map"][waiting.pop()]) - found
        found |= children
        waiting += children
    models = (node for node in found if node.startswith("model."))
    return {node for node in models if layer_of(manifest["nodes"][node]["original_file_path"]) not in star}


def _rows(database: Path) -> dict[str, int]:
    with duckdb.connect(str(database), read_only=True) as connection:
        return dict(connection.execute("select table_name, estimated_size from duckdb_tables()").fetchall())


def _node(result: dict[str, Any], manifest: dict[str, Any], rows: dict[str, int], behind: set[str]) -> Node:
    unique_id = result["unique_id"]
    kind, name = unique_id.partition(".")[0], _name(unique_id)
    described = manifest["nodes"].get(unique_id, {})
    times = [timing for timing in result["timing"] if timing["name"] == "execute"]
    executed = (
        [datetime.fromisoformat(times[0][end]).timestamp() for end in ("started_at", "completed_at")]
        if times
        else [0, 0]
    )
    return Node(
        name=name,
        layer=KINDS.get(kind) or layer_of(described["original_file_path"]),
        seconds=result["execution_time"],
        executed_from=executed[0],
        executed_to=executed[1],
        rows=rows.get(name) if kind in ("model", "seed") else None,
        question=_question(described, manifest),
        is_statistics=unique_id in behind,
    )


def _name(unique_id: str) -> str:
    """A node's own name; a unit test's stands after that of its model."""
    kind, _, name, *rest = unique_id.split(".")
    return rest[-1] if kind == "unit_test" else name


def layer_of(path: str) -> str:
    """Base or staging by the model's prefix; of any other model the folder below models/."""
    prefix = Path(path).name.partition("_")[0]
    return PREFIXES.get(prefix) or Path(path).parts[1]


def _question(described: dict[str, Any], manifest: dict[str, Any]) -> str:
    """What the models of a node's group answer; nothing where the project names no groups."""
    group = manifest["groups"].get(f"group.{described.get('package_name')}.{described.get('group')}", {})
    return group.get("description") or ""


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


def per_layer(nodes: list[Node]) -> dict[str, dict[str, Any]]:
    """Nodes, seconds and rows of each layer, and the question that it answers."""
    layers: dict[str, dict[str, Any]] = {}
    for node in nodes:
        layer = layers.setdefault(node.layer, {"question": node.question, "nodes": 0, "seconds": 0.0, "rows": 0})
        layer["nodes"] += 1
        layer["seconds"] += node.seconds
        layer["rows"] += node.rows or 0
    return layers
