"""The house keeps its order: what a folder reads, who may read what, and what is written from the contract."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from landing_builder import PROJECT

from nps_chain.contracts import dbt_files
from nps_chain.contracts.landing import load_contract
from nps_chain.contracts.marts import PREFIXES

FOLDERS = [group["name"] for group in yaml.safe_load((PROJECT / "models" / "_groups.yml").read_text())["groups"]]


@pytest.fixture(scope="module", params=["all", "changes"])
def manifest(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What dbt makes of the project, in a build of everything and in a load by changes, which reads more."""
    target = tmp_path_factory.mktemp("target")
    dbt = Path(sys.executable).with_name("dbt")
    command = [str(dbt), "parse", "--target-path", str(target), "--no-partial-parse"]
    run = subprocess.run(
        command, cwd=PROJECT, env=os.environ | {"NPS_LOAD": request.param}, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stdout
    return json.loads((target / "manifest.json").read_text())


def models(manifest: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: node for name, node in manifest["nodes"].items() if node["resource_type"] == "model"}


def folder(node: dict[str, Any]) -> str:
    return Path(node["original_file_path"]).parts[1]


def reads(manifest: dict[str, Any]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Every model with every model that it reads."""
    nodes = models(manifest)
    return [(nodes[name], nodes[read]) for name in nodes for read in manifest["parent_map"][name] if read in nodes]


def test_a_folder_reads_only_what_stands_before_it(manifest: dict[str, Any]) -> None:
    place = {name: number for number, name in enumerate(FOLDERS)}
    backwards = [
        f"{model['name']} reads {read['name']}"
        for model, read in reads(manifest)
        if place[folder(read)] > place[folder(model)]
    ]
    assert backwards == []


def test_every_folder_is_a_group_with_a_question(manifest: dict[str, Any]) -> None:
    assert {folder(node) for node in models(manifest).values()} == set(FOLDERS)
    assert all(node["group"] == folder(node) for node in models(manifest).values())


def test_the_design_page_says_who_reads_whom(manifest: dict[str, Any]) -> None:
    page = (PROJECT / "docs" / "design.md").read_text(encoding="utf-8")
    said = dict(re.findall(r"^\| `(\w+)` \| .* \|(.*)\|$", page, re.MULTILINE))
    edges = {(folder(read), folder(model)) for model, read in reads(manifest) if folder(read) != folder(model)}
    for name in FOLDERS:
        assert set(re.findall(r"\w+", said[name])) == {reader for read, reader in edges if read == name}, name


def test_a_model_is_as_open_as_it_is_read(manifest: dict[str, Any]) -> None:
    """Public are dimensions, facts and marts; protected what another folder reads; all else is its folder's own."""
    read_elsewhere = {read["name"] for model, read in reads(manifest) if folder(model) != folder(read)}
    # some are read in a load by changes only
    reads_all = models(manifest)["model.nps_chain.fct_transaction"]["config"]["materialized"] == "incremental"
    for node in models(manifest).values():
        if node["name"].startswith(PREFIXES):
            assert node["config"]["access"] == "public", node["name"]
            assert node["config"]["contract"]["enforced"] and node["docs"]["show"], node["name"]
        elif node["name"] in read_elsewhere:
            assert node["config"]["access"] == "protected", node["name"]
        elif reads_all:
            assert node["config"]["access"] == "private", node["name"]


def test_every_model_and_column_is_described(manifest: dict[str, Any]) -> None:
    for node in models(manifest).values():
        assert node["description"], node["name"]
        assert all(column["description"] for column in node["columns"].values()), node["name"]
        assert Path(node["patch_path"].split("://")[1]).parent == Path(node["original_file_path"]).parent, node["name"]


def test_base_models_read_what_the_contract_says_that_they_refer_to(manifest: dict[str, Any]) -> None:
    """A row of another data set that a base model reads by itself is not looked at again in a load by changes."""
    for dataset in load_contract().datasets:
        parents = manifest["parent_map"][f"model.nps_chain.base_{dataset.name}"]
        staged = {name.split(".")[-1].removeprefix("stg_") for name in parents if ".stg_" in name}
        said = {reference.to for reference in dataset.references}
        said |= {"chain__exchange_rates"} if any(column.of == "exchange_rates" for column in dataset.columns) else set()
        assert staged == said, dataset.name


def test_what_is_written_from_the_contract_is_up_to_date() -> None:
    written = {
        path
        for path, text in dbt_files.written_files(load_contract()).items()
        if not (PROJECT / path).is_file() or (PROJECT / path).read_text(encoding="utf-8") != text
    }
    assert written == set(), "run `make docs`"
    assert dbt_files.strangers(load_contract()) == []
    assert all((PROJECT / path).is_file() for path in dbt_files.begun_files(load_contract())), "run `make docs`"


def test_a_changed_contract_is_found_and_written(tmp_path: Path) -> None:
    contract = load_contract()
    for part in ("macros/landing", "models/landing", "seeds"):
        shutil.copytree(PROJECT / part, tmp_path / part)
    assert dbt_files.write(contract, tmp_path) == []
    (tmp_path / "models/landing/shop/stg_shop__survey.sql").write_text("select 1\n")
    (tmp_path / "models/landing/shop/stg_shop__nothing.sql").write_text("select 1\n")
    (tmp_path / "models/landing/shop/base_shop__survey.sql").unlink()
    assert dbt_files.write(contract, tmp_path) == [
        "wrote models/landing/shop/stg_shop__survey.sql",
        "began models/landing/shop/base_shop__survey.sql",
        "removed models/landing/shop/stg_shop__nothing.sql",
    ]
    assert (tmp_path / "models/landing/shop/base_shop__survey.sql").read_text() == (
        PROJECT / "models/landing/shop/base_shop__survey.sql"
    ).read_text()


def test_no_list_of_data_sets_is_typed_again() -> None:
    """Models, macros and tests of dbt ask the contract; some masters are read by name, for what only they say."""
    names = {dataset.name for dataset in load_contract().datasets}
    for path in [*(PROJECT / "models").rglob("*.sql"), *(PROJECT / "macros").rglob("*.sql"), *sql_tests()]:
        if "landing" in path.parts[len(PROJECT.parts) :]:
            continue
        named = {name for name in names if re.search(rf"\b(stg_|base_)?{name}\b", path.read_text(encoding="utf-8"))}
        assert len(named - MASTERS) == 0, f"{path.name} names {', '.join(sorted(named))}"


def sql_tests() -> list[Path]:
    found = list((PROJECT / "tests" / "dbt").glob("*.sql"))
    assert found
    return found


# Read one by one, for what only they say.
MASTERS = {
    "chain__partners",
    "chain__exchange_rates",
    "importer__dealer_network",
    "manufacturer__products",
    "chain__erasure_requests",
    "chain__identity_decisions",
    "chain__benchmarks",
    "chain__programme_costs",
    "chain__acquisition_reasons",
    "chain__follow_ups",
    "chain__survey_items",
}
