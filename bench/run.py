"""The benchmark: `python -m bench.run --scales 1e6 1e7 --runs 5`, or `make bench SCALES="1e6 1e7" RUNS=5`.

Per scale it generates a landing folder, lets the competitors take turns on the same files, checks after every turn that
they answer the same, and builds everything once in full; at the end it builds the demo as often as the competitors took
turns. Costs go to bench/results.json, where a scale that is measured again replaces what was there of it;
bench/results.md is written from that file alone. git keeps the page, not the file: a clone starts a page of its own.
"""

import argparse
import importlib.metadata
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from bench.compare import compare
from bench.demo import Demo
from bench.generate import Plan, generate
from bench.layers import Node, busy_seconds, per_layer, read_nodes, seconds_per_view
from bench.measure import FailedError, Usage, measure, python
from bench.ours import STAGES, TARGET, clear, settings_in
from bench.readers import read
from bench.report import DEMO, write_report
from nps_chain.memory import memory_limit
from nps_chain.raw_folder import MANIFEST
from nps_chain.settings import KEY_VARIABLE, ROOT

KEY = "key-of-the-benchmark"
RESULTS = ROOT / "bench" / "results.json"
OURS = "ours"
# the most transactions that are worth a try in memory alone
LARGEST = {"pandas": 2e7, "polars": 5e7}
MODULES = {"limit": "bench.limit", OURS: "bench.ours", "polars": "bench.with_polars", "pandas": "bench.with_pandas"}
# as few transactions as still answer: what is left of the time is overhead that no data can shrink
FLOOR_TRANSACTIONS = 2e4
PACKAGES = ("duckdb", "dbt-core", "dbt-duckdb", "polars", "pandas", "pyarrow", "numpy")


@dataclass(frozen=True)
class Options:
    """What to measure."""

    scales: list[float]
    runs: int
    competitors: list[str]
    is_full: bool
    folder: Path
    results: Path


def main() -> None:
    """Measure, and write the results and the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scales", type=float, nargs="*", default=[1e6, 1e7, 1e8])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--competitors", nargs="+", choices=MODULES, default=list(MODULES))
    parser.add_argument("--no-full", action="store_true", help="leave out full builds, the demo's too, and readers")
    parser.add_argument("--folder", type=Path, default=ROOT / ".bench", help="for data; removed scale by scale")
    parser.add_argument("--results", type=Path, default=RESULTS)
    parsed = parser.parse_args()
    options = Options(parsed.scales, parsed.runs, parsed.competitors, not parsed.no_full, parsed.folder, parsed.results)
    os.environ[KEY_VARIABLE] = KEY
    if not options.results.is_file():
        _say(f"no earlier results in {options.results}: the page will hold what is measured from now on")
    for scale in options.scales:
        for measured in measure_scale(options, scale):
            _keep(options.results, f"{scale:g}", measured)
            write_report(options.results)
    if options.is_full:
        _keep(options.results, DEMO, measure_demo(options))
        write_report(options.results)
    print(f"written: {options.results.with_suffix('.md')}")


def measure_scale(options: Options, scale: float) -> Iterator[dict[str, Any]]:
    """All that is measured on data of one size, after each stage: a full build that fails must not cost the turns."""
    work = options.folder.resolve() / f"{scale:g}"
    landing = work / "landing"
    _say(f"{scale:g} transactions: generating")
    generate(Plan(scale, landing))
    measured: dict[str, Any] = {"machine": _machine(), "versions": _versions(), "command": _command()}
    measured["floor_s"] = _floor(work)
    measured |= _take_turns(options, scale, landing, work)
    yield measured
    if options.is_full:
        # two warehouses of a hundred million transactions would need twice the disk
        clear(work / OURS)
        measured |= _build_in_full(landing, work)
        yield measured
        yield measured | {"readers": [one.as_dict() for one in read(work / "warehouse" / "nps_chain.duckdb")]}
    # what failed before this stays, with its logs
    shutil.rmtree(work)


def measure_demo(options: Options) -> dict[str, Any]:
    """The demo's builds and readers, and on what machine."""
    _say("the demo: building")
    work = options.folder.resolve() / DEMO
    shutil.rmtree(work, ignore_errors=True)
    measured = {"machine": _machine(), "versions": _versions(), "command": _command()}
    measured |= Demo(work, options.runs).measure()
    shutil.rmtree(work)
    return measured


def _floor(work: Path) -> float:
    """What our answers take with next to no data. dbt reads the project in the first run, so that the second counts."""
    landing = work / "floor"
    generate(Plan(FLOOR_TRANSACTIONS, landing))
    command = _command_of(OURS, landing, work / OURS)
    return [measure(command, work / "floor.log").wall_s for _ in range(2)][-1]


def _take_turns(options: Options, scale: float, landing: Path, work: Path) -> dict[str, Any]:
    """The competitors one after the other, as often as asked for; no time counts unless all answers are the same.

    Every round another one is first. One that fails is left out from then on, and said to have failed.
    """
    runs, compared = [], 0
    unfit = {name for name in options.competitors if scale > LARGEST.get(name, scale)}
    failed = dict.fromkeys(unfit, "not tried: it holds all data in memory")
    for run in range(1, options.runs + 1):
        names = [name for name in options.competitors if name not in failed]
        if not names:
            break
        names = names[run % len(names) :] + names[: run % len(names)]
        for name in names:
            try:
                usage = _turn(name, landing, work)
            except FailedError as error:
                if name == OURS:
                    raise
                failed[name] = str(error).splitlines()[0].partition("ended with")[2].strip(" :") or "failed"
                _say(f"  run {run} of {options.runs}: {name} failed")
                continue
            runs.append({"run": run, "competitor": name, **usage.as_dict()})
            _say(f"  run {run} of {options.runs}: {name} {usage.wall_s:.1f} s, {usage.peak_bytes / 1e9:.2f} GB")
        left = sorted((name for name in names if name not in failed), key=lambda name: name != OURS)
        compared = sum(compare(work / left[0], work / name) for name in left[1:])
    measured: dict[str, Any] = {
        "runs": [run for run in runs if run["competitor"] not in failed],
        "failed": failed,
        "figures_compared": compared,
    }
    if OURS in options.competitors:
        measured |= _inside(work / OURS)
        measured["landing_bytes"] = sum(path.stat().st_size for path in landing.rglob("*") if path.is_file())
    return measured


def _turn(name: str, landing: Path, work: Path) -> Usage:
    """One run, from an empty place; a file that somebody read before is read from memory by all."""
    if name == OURS:
        clear(work / name)
    return measure(_command_of(name, landing, work / name), work / f"{name}.log")


def _command_of(name: str, landing: Path, out: Path) -> list[str]:
    return python(MODULES[name], "--landing", str(landing), "--out", str(out))


def _inside(out: Path) -> dict[str, Any]:
    """What the last of our runs spent where."""
    settings = settings_in(out)
    nodes = read_nodes(out / TARGET, settings.work_database)
    manifest = pq.read_table(settings.raw / MANIFEST, columns=["dataset", "rows_read"]).to_pydict()
    rows = sum(manifest["rows_read"])
    orders = ("dealer__sales_orders", "dealer__service_orders", "shop__receipts")
    pairs = list(zip(manifest["dataset"], manifest["rows_read"], strict=True))
    return {
        "rows": rows,
        "transactions": sum(count for dataset, count in pairs if dataset in orders),
        "stages": _stages(json.loads((out / STAGES).read_text()), nodes),
        "layers": per_layer(nodes),
        "models": [node.as_dict() for node in sorted(nodes, key=lambda node: -node.seconds)],
    }


def _stages(stages: dict[str, float], nodes: list[Node]) -> dict[str, float]:
    """Seconds of the intake, of dbt up to its first node, of its nodes, beside them, and of the extraction."""
    start = min(node.executed_from for node in nodes if node.executed_from) - stages["dbt_from"]
    busy = busy_seconds(nodes)
    return {
        "intake": stages["intake"],
        "dbt_start": start,
        "dbt_busy": busy,
        "dbt_rest": stages["dbt"] - start - busy,
        "extract": stages["extract"],
        "per_view": seconds_per_view(nodes),
    }


def _build_in_full(landing: Path, work: Path) -> dict[str, Any]:
    """Everything, as a user builds it: intake, checks, all models and tests, publishing; and then the readers."""
    warehouse, log = work / "warehouse", work / "full.log"
    places = {
        "NPS_WAREHOUSE": str(warehouse),
        "DBT_TARGET_PATH": str(work / "target"),
        "DBT_LOG_PATH": str(work / "logs"),
    }
    usage = measure(python("nps_chain", "build", "--landing", str(landing), "--anew"), log, places)
    _say(f"  in full: {usage.wall_s:.1f} s, {usage.peak_bytes / 1e9:.2f} GB")
    nodes = read_nodes(work / "target", warehouse / "work.duckdb")
    text = log.read_text(encoding="utf-8")
    stages = {
        "intake": _seconds(r"^intake: .* rows from .* in ([\d.]+) s", text),
        "checks": _seconds(r"^checks: .* in ([\d.]+) s", text),
        "dbt_busy": busy_seconds(nodes),
        "statistics_busy": busy_seconds([node for node in nodes if node.is_statistics]),
    }
    full = {
        **usage.as_dict(),
        "stages": stages,
        "layers": per_layer(nodes),
        "models": [node.as_dict() for node in sorted(nodes, key=lambda node: -node.seconds)],
        "warehouse_bytes": sum(path.stat().st_size for path in warehouse.rglob("*") if path.is_file()),
    }
    return {"full": full}


def _seconds(pattern: str, text: str) -> float:
    return sum(float(found) for found in re.findall(pattern, text, re.MULTILINE))


def _keep(path: Path, name: str, measured: dict[str, Any]) -> None:
    """Put a scale's results, or the demo's, in the place of older ones."""
    results = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    results[name] = measured
    ordered = dict(sorted(results.items(), key=lambda item: 0 if item[0] == DEMO else float(item[0])))
    path.write_text(json.dumps(ordered, indent=1) + "\n", encoding="utf-8")


def _machine() -> dict[str, Any]:
    cpus = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    memory = Path("/proc/meminfo").read_text(encoding="utf-8")
    model = re.search(r"model name\s*:\s*(.*)", cpus)
    total = re.search(r"MemTotal:\s*(\d+)", memory)
    return {
        "cores": os.cpu_count(),
        "cpu": model.group(1) if model else platform.machine(),
        "memory_bytes": int(total.group(1)) * 1024 if total else None,
        "system": platform.platform(terse=True),
        "load_average": os.getloadavg()[0],
        "measured_on": datetime.now(UTC).date().isoformat(),
        "memory_limit": memory_limit(),
        "commit": _commit(),
    }


def _commit() -> str:
    """Which code was measured."""
    found = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return found.stdout.strip() or "unknown"


def _versions() -> dict[str, str]:
    versions = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


def _command() -> str:
    """What was asked for; where the files were is nobody's business."""
    places = ("--folder", "--results")
    words = [word for word, before in zip(sys.argv[1:], sys.argv, strict=False) if not {word, before} & set(places)]
    return " ".join(["python -m bench.run", *words])


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main()
