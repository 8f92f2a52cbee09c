"""bench/results.md and bench/results.svg, from what `make bench` left in bench/results.json and nothing else."""

import json
import statistics
import textwrap
from collections.abc import Callable, Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

GIGABYTE = 1e9
WIDTH = 120
NAMES = {"limit": "the limit", "ours": "this project", "polars": "polars", "pandas": "pandas"}
Scale = dict[str, Any]
SLOWEST_MODELS = 15
PAGE_MS = {True: 500, False: 50}
LARGE_SCALE = 1e7
GROWTH_GOAL = 1.1
STATISTICS_GOAL_S = 120
# the name of its results among those of the scales
DEMO = "demo"
DEMO_GOAL_S = 60


def write_report(results_path: Path) -> None:
    """Write the page and the plot beside the results."""
    found = json.loads(results_path.read_text(encoding="utf-8"))
    demo = found.pop(DEMO, None)
    results = {float(name): measured for name, measured in found.items()}
    plot = results_path.with_suffix(".svg")
    _draw(results, plot)
    results_path.with_suffix(".md").write_text("\n".join(_page(results, demo, plot.name)) + "\n", encoding="utf-8")


def _page(results: dict[float, Scale], demo: Scale | None, plot: str) -> Iterable[str]:
    yield "# What it costs"
    yield ""
    yield "<!-- Written by `make bench` from what it measured. Change bench/report.py, not this. -->"
    yield ""
    yield from _prose(
        "The same raw files, the same answers: NPS per link and per partner and quarter, retention per "
        "category, the weakest of links taken one by one. Every time counts from the raw files on. No "
        "times are shown beside each other unless all answers were equal: verdicts and counts exactly, "
        "doubles within 1e-9. What this project hides for privacy is not compared. The verdict that it "
        "publishes rests on a joint model that nobody else has: the time of that is this project's "
        "alone. Who begins a round changes; files lie in memory once somebody has read them; dbt has "
        "parsed the project before the clock starts, as it has for a user who builds again."
    )
    yield ""
    yield "- **the limit**: bench/limit.sql, one hand-written DuckDB script with every shortcut that clean data allow"
    yield "- **this project**: the intake, then dbt with the models that the four answers need; no tests"
    yield "- **polars**, **pandas**: the same answers as somebody fluent in them would write them"
    yield ""
    yield f"![Time by size]({plot})"
    yield ""
    yield from _competition(results)
    yield from _goals(results)
    yield from _growth(results)
    yield from _overhead(results)
    yield from _demo(demo)
    for scale, measured in results.items():
        yield from _inside(scale, measured)
    yield from _readers(results, demo)
    yield from _circumstances(results, demo)


def _prose(text: str) -> Iterable[str]:
    return textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def _competition(results: dict[float, Scale]) -> Iterable[str]:
    yield "## Competitors"
    yield ""
    yield from _prose(
        "Medians over the runs; memory is the highest sum over all processes. This project reads every row of the "
        "landing folder; the others read the files that the answers need, so rows per second are its alone."
    )
    yield ""
    yield "| transactions | raw rows | competitor | runs | wall s | CPU s | memory GB | written GB | raw rows/s |"
    yield "|---:|---:|---|---:|---:|---:|---:|---:|---:|"
    for scale, measured in results.items():
        for name in _competitors(measured):
            wall = _median(measured, name, "wall_s")
            speed = f"{measured.get('rows', 0) / wall:,.0f}" if name == "ours" else ""
            yield (
                f"| {_actual(scale, measured):,} | {measured.get('rows', 0):,} | {NAMES[name]} "
                f"| {len(_runs(measured, name))} | {wall:.1f} | {_median(measured, name, 'cpu_s'):.1f} "
                f"| {_median(measured, name, 'peak_bytes') / GIGABYTE:.2f} "
                f"| {_median(measured, name, 'written_bytes') / GIGABYTE:.2f} | {speed} |"
            )
        for name, reason in sorted(measured.get("failed", {}).items()):
            yield f"| {_actual(scale, measured):,} | | {NAMES[name]} | 0 | {reason} | | | | |"
    yield ""


def _goals(results: dict[float, Scale]) -> Iterable[str]:
    yield "## Ratios"
    yield ""
    yield from _prose(
        "The median of the ratios of runs that took turns. What the hand-written script itself reaches stands below: a "
        "build that also judges, keeps and accounts for every row has all of its work to do, and more."
    )
    yield ""
    yield "| transactions | ratio | measured | goal | reached |"
    yield "|---:|---|---:|---|---|"
    for scale, measured in results.items():
        for label, ratio, goal, is_reached in _ratios(measured):
            yield f"| {_actual(scale, measured):,} | {label} | {ratio:.2f} | {goal} | {_yes(is_reached)} |"
        for label, ratio in _of_the_limit(measured):
            yield f"| {_actual(scale, measured):,} | {label} | {ratio:.2f} | | |"
    yield ""


def _ratios(measured: Scale) -> Iterable[tuple[str, float, str, bool]]:
    present = _competitors(measured)
    if "ours" not in present:
        return
    if "limit" in present:
        ratio = _paired(measured, "ours", "limit", "wall_s")
        yield "time of this project / the limit", ratio, "at most 1.5 (at 10 million)", ratio <= 1.5
    if "pandas" in present:
        ratio = _paired(measured, "pandas", "ours", "wall_s")
        yield "time of pandas / this project", ratio, "at least 10", ratio >= 10
        ratio = _paired(measured, "pandas", "ours", "peak_bytes")
        yield "memory of pandas / this project", ratio, "at least 5", ratio >= 5
    if "polars" in present:
        ratio = _paired(measured, "polars", "ours", "wall_s")
        yield "time of polars / this project", ratio, "at least 2", ratio >= 2


def _of_the_limit(measured: Scale) -> Iterable[tuple[str, float]]:
    present = _competitors(measured)
    for name, key in (("pandas", "wall_s"), ("pandas", "peak_bytes"), ("polars", "wall_s")):
        if {name, "limit"} <= set(present):
            what = "time" if key == "wall_s" else "memory"
            yield f"{what} of {name} / the limit", _paired(measured, name, "limit", key)


def _growth(results: dict[float, Scale]) -> Iterable[str]:
    """Time against rows, from each scale to the next, and over all."""
    scales = [scale for scale, measured in results.items() if "rows" in measured]
    pairs = list(pairwise(scales))
    if len(scales) > 2:
        pairs.append((scales[0], scales[-1]))
    if not pairs:
        return
    yield "## Growth"
    yield ""
    text = f"Ratio of time over ratio of raw rows; goal: at most {GROWTH_GOAL}. Everything is built once a size."
    if len({one["machine"].get("commit") for one in results.values()}) > 1:
        text += " Code differs between the sizes (Circumstances), so that a part of the growth is a change of the code."
    yield from _prose(text)
    yield ""
    yield "| from | to | what | times the rows | times the time | growth | reached |"
    yield "|---:|---:|---|---:|---:|---:|---|"
    for small, large in pairs:
        for what, seconds in _timed(results[small], results[large]):
            rows = results[large]["rows"] / results[small]["rows"]
            time = seconds(results[large]) / seconds(results[small])
            yield (
                f"| {_actual(small, results[small]):,} | {_actual(large, results[large]):,} | {what} | {rows:.1f} "
                f"| {time:.1f} | {time / rows:.2f} | {_yes(time / rows <= GROWTH_GOAL)} |"
            )
    yield ""


def _timed(*measured: Scale) -> Iterable[tuple[str, Callable[[Scale], float]]]:
    if all("ours" in _competitors(one) for one in measured):
        yield "the four answers", lambda one: _median(one, "ours", "wall_s")
    if all("full" in one for one in measured):
        yield "everything", lambda one: one["full"]["wall_s"]


def _overhead(results: dict[float, Scale]) -> Iterable[str]:
    yield "## Overhead"
    yield ""
    yield from _prose(
        "The last run of this project's four answers in its stages. Start: dbt up to its first node. "
        "Beside: dbt while no node is executed, and its end. A view: what a node takes that moves no "
        "row, the median of the staging layer. The floor is the same run on 20,000 transactions: what "
        "all of this and the bootstrap cost whatever the size."
    )
    yield ""
    yield "| transactions | wall s | intake s | dbt start s | nodes s | beside s | extraction s | a view s | floor s |"
    yield "|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
    for scale, measured in results.items():
        if "stages" not in measured:
            continue
        wall, stages = _runs(measured, "ours")[-1]["wall_s"], measured["stages"]
        yield (
            f"| {_actual(scale, measured):,} | {wall:.1f} | {stages['intake']:.1f} | {stages['dbt_start']:.1f} "
            f"| {stages['dbt_busy']:.1f} | {stages['dbt_rest']:.1f} | {stages['extract']:.1f} "
            f"| {stages['per_view']:.2f} | {measured['floor_s']:.1f} |"
        )
    yield ""


def _demo(demo: Scale | None) -> Iterable[str]:
    if demo is None:
        return
    yield from _prose(
        "The demo's `make build` where everything is installed and it was built before, with all tests and checks:"
    )
    yield ""
    yield "| files | runs | median s | goal s | reached |"
    yield "|---|---:|---:|---:|---|"
    for kind, label in (("again", "as they were"), ("anew", "all read anew (`ANEW=1`)")):
        seconds = demo["seconds"][kind]
        median = statistics.median(seconds)
        goal = f"| {DEMO_GOAL_S} | {_yes(median < DEMO_GOAL_S)} |" if kind == "again" else "| | |"
        yield f"| {label} | {len(seconds)} | {median:.1f} {goal}"
    yield ""


def _inside(scale: float, measured: Scale) -> Iterable[str]:
    if "layers" not in measured:
        return
    yield f"## Where the time goes: {_actual(scale, measured):,} transactions"
    yield ""
    yield from _layer_table("The four answers", measured)
    if "full" in measured:
        full, stages = measured["full"], measured["full"]["stages"]
        yield from _prose(
            f"In full, with all models, tests and checks and publishing: {full['wall_s']:.1f} s, "
            f"{full['cpu_s']:.1f} s of CPU, {full['peak_bytes'] / GIGABYTE:.2f} GB of memory, "
            f"{full['written_bytes'] / GIGABYTE:.2f} GB written; intake {stages['intake']:.1f} s, "
            f"checks {stages['checks']:.1f} s, nodes executing {stages['dbt_busy']:.1f} s. While "
            f"{stages['statistics_busy']:.1f} s a model behind the star was being executed (all figures together; goal "
            f"{STATISTICS_GOAL_S} s at 10 million transactions). "
            f"The warehouse takes {full['warehouse_bytes'] / GIGABYTE:.2f} GB."
        )
        yield ""
        yield from _layer_table("In full", full)


def _layer_table(title: str, measured: Scale) -> Iterable[str]:
    layers = measured["layers"]
    # of builds before models stood in folders by question nothing is told
    is_told = any(sums.get("question") for sums in layers.values())
    yield f"| layer | {'question | ' if is_told else ''}nodes | node seconds | rows | rows/s |"
    yield f"|---|{'---|' if is_told else ''}---:|---:|---:|---:|"
    for layer, sums in layers.items():
        question = f"{sums.get('question', '')} | " if is_told else ""
        yield _row(f"{layer} | {question}{sums['nodes']}", sums)
    yield ""
    yield f"{title}, the slowest nodes:"
    yield ""
    yield "| node | layer | seconds | rows | rows/s |"
    yield "|---|---|---:|---:|---:|"
    for model in measured["models"][:SLOWEST_MODELS]:
        yield _row(f"`{model['name']}` | {model['layer']}", model)
    yield ""


def _row(label: str, sums: dict[str, Any]) -> str:
    rows = sums["rows"]
    if not rows:
        return f"| {label} | {sums['seconds']:.1f} | | |"
    return f"| {label} | {sums['seconds']:.1f} | {rows:,} | {rows / max(sums['seconds'], 1e-3):,.0f} |"


def _readers(results: dict[float, Scale], demo: Scale | None) -> Iterable[str]:
    yield "## Readers"
    yield ""
    yield from _prose(
        "What a page asks of the published file, in milliseconds: the first time on a new connection, and the median "
        f"of nine. Goal: {PAGE_MS[False]} ms, from 10 million transactions on {PAGE_MS[True]} ms. The demo has rows in "
        "quarantine; the other data are clean."
    )
    yield ""
    yield "| transactions | table | query | rows | first ms | median ms | reached |"
    yield "|---:|---|---|---:|---:|---:|---|"
    for label, scale, measured in _labelled(results, demo):
        for reading in measured.get("readers", []):
            is_reached = max(reading["median_ms"], reading["first_ms"]) < PAGE_MS[scale >= LARGE_SCALE]
            yield (
                f"| {label} | {reading['table']} | {reading['query']} | {reading['rows']:,} "
                f"| {reading['first_ms']:.1f} | {reading['median_ms']:.1f} | {_yes(is_reached)} |"
            )
    yield ""


def _labelled(results: dict[float, Scale], demo: Scale | None) -> Iterable[tuple[str, float, Scale]]:
    """The demo, which is smaller than any scale, and the scales."""
    if demo is not None:
        yield "the demo", 0, demo
    for scale, measured in results.items():
        yield f"{_actual(scale, measured):,}", scale, measured


def _circumstances(results: dict[float, Scale], demo: Scale | None) -> Iterable[str]:
    yield "## Circumstances"
    yield ""
    yield "| transactions | measured on | code | machine | memory GB | load before | DuckDB's memory limit |"
    yield "|---:|---|---|---|---:|---:|---|"
    for label, _, measured in _labelled(results, demo):
        machine = measured["machine"]
        yield (
            f"| {label} | {machine['measured_on']} | {machine.get('commit', '')} "
            f"| {machine['cores']} x {machine['cpu']}, "
            f"{machine['system']} | {machine['memory_bytes'] / GIGABYTE:.1f} | {machine['load_average']:.1f} "
            f"| {machine['memory_limit'] or 'default'} |"
        )
    yield ""
    for label, _, measured in _labelled(results, demo):
        versions = ", ".join(f"{name} {version}" for name, version in measured["versions"].items())
        compared = f"{measured['figures_compared']:,} figures" if measured.get("figures_compared") else "nothing"
        yield f"- {label}: `{measured['command']}`; {versions}; {compared} compared"


def _draw(results: dict[float, Scale], path: Path) -> None:
    import matplotlib as mpl

    mpl.use("svg")
    # the same figures give the same file
    mpl.rcParams["svg.hashsalt"] = "nps_chain"
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4))
    for name, label in NAMES.items():
        points = [
            (_actual(scale, measured), _median(measured, name, "wall_s"))
            for scale, measured in results.items()
            if name in _competitors(measured)
        ]
        if points:
            axes.plot(*zip(*points, strict=True), marker="o", label=label)
    full = [(_actual(*one), one[1]["full"]["wall_s"]) for one in results.items() if "full" in one[1]]
    if full:
        axes.plot(*zip(*full, strict=True), marker="s", linestyle=":", label="this project, everything")
    axes.set(xscale="log", yscale="log", xlabel="transactions", ylabel="seconds from raw files (median)")
    axes.grid(visible=True, which="both", alpha=0.3)
    axes.legend()
    figure.savefig(path, metadata={"Date": None}, bbox_inches="tight")
    plt.close(figure)


def _yes(is_reached: bool) -> str:
    return "yes" if is_reached else "**no**"


def _competitors(measured: Scale) -> list[str]:
    present = {run["competitor"] for run in measured["runs"]}
    return [name for name in NAMES if name in present]


def _runs(measured: Scale, name: str) -> list[dict[str, Any]]:
    return [run for run in measured["runs"] if run["competitor"] == name]


def _median(measured: Scale, name: str, figure: str) -> float:
    return statistics.median(run[figure] for run in _runs(measured, name))


def _paired(measured: Scale, above: str, below: str, figure: str) -> float:
    pairs = zip(_runs(measured, above), _runs(measured, below), strict=True)
    return statistics.median(one[figure] / other[figure] for one, other in pairs)


def _actual(scale: float, measured: Scale) -> int:
    return measured.get("transactions", round(scale))
