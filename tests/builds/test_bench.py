"""The benchmark's code is run at a small size, so that it can't rot, and its checks are seen to fail."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from bench import limit, ours, readers, run, with_pandas, with_polars
from bench.compare import DifferentError, compare
from bench.generate import Plan, generate
from bench.layers import Node, busy_seconds, layer_of, per_layer, read_nodes
from bench.measure import FailedError, Usage, measure
from bench.report import write_report
from nps_chain.settings import ROOT

KEY = "a-key-for-tests-only"
TRANSACTIONS = 5e4
# nothing is hidden, so that every figure is compared
SHOW_ALL = {"min_responses_shown": 0}


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("bench")
    generate(Plan(TRANSACTIONS, root / "landing"))
    for name, module in {"limit": limit, "pandas": with_pandas, "polars": with_polars}.items():
        (root / name).mkdir()
        module.answer(root / "landing", root / name, KEY)
    (root / "ours").mkdir()
    ours.answer(root / "landing", root / "ours", KEY, SHOW_ALL)
    return root


@pytest.mark.parametrize("competitor", ["limit", "pandas", "polars"])
def test_all_give_the_same_answers(answers: Path, competitor: str) -> None:
    assert compare(answers / "ours", answers / competitor) > 10_000


def test_the_data_are_clean_and_the_verdict_is_not_trivial(answers: Path) -> None:
    manifest = pd.read_parquet(answers / "ours/warehouse/raw/_files.parquet")
    rejects = pd.read_parquet(answers / "ours/warehouse/raw/_rejects.parquet")
    verdicts = pd.read_parquet(answers / "ours/weakest_link.parquet")
    assert set(manifest["status"]) <= {"loaded", "missing"}
    assert rejects.empty
    assert verdicts["verdict"].nunique() > 1


@pytest.mark.parametrize(
    ("table", "column", "change"),
    [
        ("nps_by_partner", "detractors", 1),
        ("retention", "retention", 1e-7),
        ("weakest_link", "p_weakest", 1 / 400),
        ("weakest_link", "verdict", "?"),
    ],
)
def test_one_figure_that_differs_is_found(
    answers: Path, tmp_path: Path, table: str, column: str, change: float | str
) -> None:
    other = tmp_path / "other"
    shutil.copytree(answers / "limit", other)
    frame = pd.read_parquet(other / f"{table}.parquet")
    frame.loc[frame[column].first_valid_index(), column] += change
    frame.to_parquet(other / f"{table}.parquet")
    with pytest.raises(DifferentError, match=column):
        compare(answers / "ours", other)


def test_a_row_that_is_missing_is_found(answers: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(answers / "limit", other)
    frame = pd.read_parquet(other / "nps_by_link.parquet")
    frame.iloc[1:].to_parquet(other / "nps_by_link.parquet")
    with pytest.raises(DifferentError, match="in one alone"):
        compare(answers / "ours", other)


def test_a_command_is_measured_with_all_that_it_starts(tmp_path: Path) -> None:
    """A child that takes 200 MB, 64 MB of the disk and half a second of a processor, in a child of its own."""
    inner = (
        "import os, time; held = b'x' * (200 << 20); end = time.process_time() + 0.5\n"
        f"file = open({str(tmp_path / 'written')!r}, 'wb'); file.write(held[:64 << 20]); file.flush()\n"
        "os.fsync(file.fileno())\nwhile time.process_time() < end: pass"
    )
    outer = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}], check=True)"
    # in a process of its own: the kernel counts to a child what its parent held as it started it, and pytest holds much
    asked = (
        "import json, sys; from pathlib import Path; from bench.measure import measure\n"
        f"usage = measure([sys.executable, '-c', {outer!r}], Path({str(tmp_path / 'log')!r}))\n"
        "print(json.dumps(usage.as_dict()))"
    )
    told = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    usage = Usage(**json.loads(told))
    assert usage.cpu_s >= 0.5 and usage.wall_s >= 0.4
    assert 200e6 < usage.peak_bytes < 600e6
    assert usage.written_bytes >= 64 << 20
    with pytest.raises(FailedError, match="ended with 3"):
        measure([sys.executable, "-c", "raise SystemExit(3)"], tmp_path / "log")


def test_a_competitor_that_fails_is_left_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Named with how it ended; nothing is compared with it, nor are those tried that hold too much in memory."""

    def turn(name: str, landing: Path, work: Path) -> Usage:
        if name == "polars":
            raise FailedError("a command ended with -9:\nlast line")
        return Usage(1.0, 1.0, 1, 1)

    compared = []
    monkeypatch.setattr(run, "_turn", turn)
    monkeypatch.setattr(run, "compare", lambda one, other: compared.append((one.name, other.name)) or 7)

    def options(*competitors: str) -> run.Options:
        return run.Options([1e6], 2, list(competitors), False, tmp_path, tmp_path / "results.json")

    measured = run._take_turns(options("limit", "pandas", "polars"), 1e8, tmp_path, tmp_path)
    assert [one["competitor"] for one in measured["runs"]] == ["limit", "limit"]
    assert measured["failed"] == dict.fromkeys(["pandas", "polars"], "not tried: it holds all data in memory")
    assert measured["figures_compared"] == 0 and not compared
    measured = run._take_turns(options("limit", "pandas", "polars"), 1e6, tmp_path, tmp_path)
    assert measured["failed"] == {"polars": "-9"} and measured["figures_compared"] == 7
    assert {frozenset(pair) for pair in compared} == {frozenset(("limit", "pandas"))}
    assert run._take_turns(options("pandas"), 1e9, tmp_path, tmp_path)["runs"] == []


def test_the_first_results_start_a_file_and_later_ones_replace_their_own(tmp_path: Path) -> None:
    kept = tmp_path / "results.json"
    for name, measured in (("1e+07", 1), ("1e+06", 2), ("demo", 3), ("1e+07", 4)):
        run._keep(kept, name, {"measured": measured})
    # in the order of the page
    assert list(json.loads(kept.read_text()).items()) == [
        ("demo", {"measured": 3}),
        ("1e+06", {"measured": 2}),
        ("1e+07", {"measured": 4}),
    ]


def test_the_command_names_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["--scales", "1e6", "--folder", "/a", "--runs", "2", "--results", "/b/c"]
    monkeypatch.setattr(sys, "argv", ["run.py", *words])
    assert run._command() == "python -m bench.run --scales 1e6 --runs 2"


@pytest.mark.parametrize(
    ("path", "layer"),
    [
        ("models/landing/dealer/base_dealer__customers.sql", "base"),
        ("models/landing/dealer/stg_dealer__customers.sql", "staging"),
        ("models/landing/int_partner_code.sql", "landing"),
        ("models/weakest_link/mart_weakest_link.sql", "weakest_link"),
    ],
)
def test_a_models_layer_is_its_folder_but_for_base_and_staging(path: str, layer: str) -> None:
    assert layer_of(path) == layer


def test_nodes_are_told_apart_by_the_manifest(tmp_path: Path) -> None:
    """Layers, questions and rows; behind the star stands no mart of the landing, no dimension that reads a fact."""
    chains = {
        "seed.p.words": ["model.p.stg_sale"],
        "model.p.stg_sale": ["model.p.fct_sale", "model.p.mart_reject"],
        "model.p.fct_sale": ["model.p.int_count", "model.p.dim_customer", "test.p.not_null.1"],
        "model.p.int_count": ["model.p.mart_count"],
    }
    for node in ("model.p.mart_count", "model.p.mart_reject", "model.p.dim_customer", "test.p.not_null.1"):
        chains[node] = []
    folders = {"stg": "landing/dealer", "fct": "star", "dim": "star", "int": "nps", "mart": "nps"}
    nodes = {}
    for node in chains:
        kind, _, name, *_ = node.split(".")
        folder = folders.get(name.partition("_")[0], "nowhere")
        nodes[node] = {"original_file_path": f"{kind}s/{folder}/{name}.sql", "package_name": "p", "group": None}
    nodes["model.p.int_count"]["group"] = "nps"
    groups = {"group.p.nps": {"description": "How many?"}}
    manifest = {"nodes": nodes, "child_map": chains, "groups": groups}
    day = {"name": "execute", "started_at": "2026-01-01T00:00:00Z", "completed_at": "2026-01-01T00:00:02Z"}
    results = [{"unique_id": node, "execution_time": 2.5, "timing": [day]} for node in chains]
    results.append({"unique_id": "unit_test.p.stg_sale.one_row", "execution_time": 1.0, "timing": []})
    results.append({"unique_id": "operation.p.p-on-run-start-0", "execution_time": 0.5, "timing": [day]})
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    (tmp_path / "run_results.json").write_text(json.dumps({"results": results}))
    with duckdb.connect(str(tmp_path / "work.duckdb")) as connection:
        connection.execute("create table int_count as from range(7)")
    found = read_nodes(tmp_path, tmp_path / "work.duckdb")
    assert {node.name for node in found if node.is_statistics} == {"int_count", "mart_count"}
    counted = next(node for node in found if node.name == "int_count")
    assert (counted.rows, counted.question, counted.executed_to - counted.executed_from) == (7, "How many?", 2)
    layers = per_layer(found)
    assert {name: layer["nodes"] for name, layer in layers.items()} == {
        "seeds": 1, "staging": 1, "star": 2, "nps": 3, "tests": 2, "hooks": 1,
    }  # fmt: skip
    assert layers["nps"] == {"question": "How many?", "nodes": 3, "seconds": 7.5, "rows": 7}


def test_busy_seconds_count_no_moment_twice() -> None:
    spans = [(0.0, 4.0), (1.0, 2.0), (3.0, 6.0), (8.0, 9.0)]
    nodes = [Node(f"n{i}", "marts", end - start, start, end, None) for i, (start, end) in enumerate(spans)]
    assert busy_seconds(nodes) == 7.0


def test_the_report_is_written_of_what_was_measured(tmp_path: Path) -> None:
    """Medians, ratios of runs of one round, growth; a competitor that failed is named."""
    stages = dict.fromkeys(("intake", "dbt_start", "dbt_busy", "dbt_rest", "extract", "per_view"), 1.0)
    machine = {
        "cores": 2, "cpu": "a", "system": "b", "memory_bytes": 1e9, "load_average": 0.1, "memory_limit": "8GB",
        "measured_on": "2026-01-01", "commit": "abc",
    }  # fmt: skip

    def scale(rows: int, walls: dict[str, list[float]]) -> dict:
        runs = [
            {"run": i, "competitor": name, "wall_s": wall, "cpu_s": wall, "peak_bytes": 1e9, "written_bytes": 0}
            for name, found in walls.items()
            for i, wall in enumerate(found)
        ]
        return {
            "runs": runs, "failed": {"pandas": "-9"}, "figures_compared": 5, "rows": rows, "transactions": rows,
            "machine": machine, "versions": {"duckdb": "1"}, "command": "c", "floor_s": 1.0, "stages": stages,
            "layers": {}, "models": [],
        }  # fmt: skip

    results = {
        "1e+06": scale(1_000_000, {"limit": [1.0, 2.0, 4.0], "ours": [3.0, 4.0, 40.0]}),
        "1e+07": scale(
            10_000_000, {"limit": [10.0, 10.0, 10.0], "ours": [20.0, 60.0, 30.0], "polars": [9.0, 30.0, 20.0]}
        ),
    }
    (tmp_path / "results.json").write_text(json.dumps(results))
    write_report(tmp_path / "results.json")
    page = (tmp_path / "results.md").read_text()
    assert (tmp_path / "results.svg").is_file()
    assert "| 1,000,000 | time of this project / the limit | 3.00 |" in page
    assert "| 10,000,000 | time of this project / the limit | 3.00 |" in page
    assert "| 10,000,000 | time of polars / this project | 0.50 | at least 2 | **no** |" in page
    assert "| 10,000,000 | time of polars / the limit | 2.00 | | |" in page
    assert page.count("polars / the limit") == 1
    # 4 s to 30 s for ten times the rows
    assert "| 1,000,000 | 10,000,000 | the four answers | 10.0 | 7.5 | 0.75 | yes |" in page
    assert "| 1,000,000 | | pandas | 0 | -9 |" in page
    assert "Code differs" not in page and "the demo" not in page
    readings = [{"table": "mart_a", "query": "all", "rows": 3, "first_ms": 51.0, "median_ms": 2.0}]
    seconds = {"again": [40.0, 90.0, 50.0], "anew": [80.0, 70.0, 60.0]}
    results["demo"] = {"machine": machine, "versions": {}, "command": "d", "seconds": seconds, "readers": readings}
    results["1e+07"]["machine"] = machine | {"commit": "def"}
    results["1e+07"]["layers"] = {"nps": {"question": "How many?", "nodes": 3, "seconds": 7.5, "rows": 75}}
    (tmp_path / "results.json").write_text(json.dumps(results))
    write_report(tmp_path / "results.json")
    page = (tmp_path / "results.md").read_text()
    assert "Code differs between the sizes" in page
    assert "| layer | nodes |" in page and "| layer | question | nodes |" in page
    assert "| nps | How many? | 3 | 7.5 | 75 | 10 |" in page
    assert "| as they were | 3 | 50.0 | 60 | yes |" in page
    assert "| all read anew (`ANEW=1`) | 3 | 70.0 | | |" in page
    # a demo's page may take as long as that of a million
    assert "| the demo | mart_a | all | 3 | 51.0 | 2.0 | **no** |" in page
    assert "- the demo: `d`; " in page


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The marts that readers ask for, by name."""
    path = tmp_path_factory.mktemp("readers") / "published.duckdb"
    columns = "'a' as chain_code, 'b' as link_code, 'c' as partner_code, date '2026-01-01' as quarter_start_on"
    with duckdb.connect(str(path)) as connection:
        for mart in readers.PAGES:
            connection.execute(f"create table {mart} as select {columns}, 'r' as reason_code")
        for fact, day in readers.FACTS.items():
            connection.execute(f"create table {fact} as select 1 as partner_key, date '2026-02-01' as {day}")
    return path


def test_every_mart_is_asked_what_a_page_asks(published: Path, tmp_path: Path) -> None:
    readings = readers.read(published)
    assert {reading.table for reading in readings} == {*readers.PAGES, *readers.FACTS}
    assert all(reading.rows == 1 for reading in readings)
    for change, sentence in (
        ("delete from mart_nps_by_link", "mart_nps_by_link: no row with chain_code, link_code"),
        ("delete from mart_pipeline_health", "mart_pipeline_health, all files: no rows"),
        ("delete from fct_contact", "fct_contact: no rows"),
        ("create table mart_new as select 1 as x", "mart_new: bench/readers.py knows no page of it"),
    ):
        other = tmp_path / "other.duckdb"
        shutil.copyfile(published, other)
        with duckdb.connect(str(other)) as connection:
            connection.execute(change)
        with pytest.raises(readers.NoPageError, match=sentence):
            readers.read(other)


def test_the_same_seed_gives_the_same_files(tmp_path: Path) -> None:
    for name in ("one", "two"):
        generate(Plan(2e3, tmp_path / name))
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*") if path.is_file())
    assert files
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes(), file
