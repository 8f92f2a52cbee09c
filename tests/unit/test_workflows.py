"""The workflows call commands that exist, with the least rights and an end."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def read(path: Path) -> dict[str, Any]:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def commands(job: dict[str, Any]) -> list[str]:
    """What a job runs, once for every value of its matrix that the command holds."""
    matrix = job.get("strategy", {}).get("matrix", {})
    found = [step["run"] for step in job["steps"] if "run" in step]
    for name, values in matrix.items():
        place = f"${{{{ matrix.{name} }}}}"
        found = [command.replace(place, str(value)) for command in found for value in values if place in command] + [
            command for command in found if place not in command
        ]
    return found


def faults(workflow: dict[str, Any]) -> list[str]:
    found = []
    if workflow.get("permissions") != {"contents": "read"}:
        found.append("rights")
    for job in workflow["jobs"].values():
        found += [] if 0 < job.get("timeout-minutes", 0) <= 180 else ["no end"]
        uses = [step["uses"] for step in job["steps"] if "uses" in step]
        found += [used for used in uses if not re.fullmatch(r"actions/[a-z-]+@v\d+", used)]
        found += [command for command in commands(job) if not exists(command)]
    return found


def exists(command: str) -> bool:
    program, _, argument = command.partition(" ")
    return argument in TARGETS if program == "make" else program == "bash" and (ROOT / argument).is_file()


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_have_no_faults(path: Path) -> None:
    assert faults(read(path)) == []


def test_every_change_and_every_night_are_guarded() -> None:
    run = {
        path.stem: [command for job in read(path)["jobs"].values() for command in commands(job)] for path in WORKFLOWS
    }
    assert run == {"test": ["bash .ci/run"], "nightly": ["make fuzz", "make torture"]}
    # yaml reads the key `on` as true
    assert {"push", "pull_request"} <= set(read(ROOT / ".github/workflows/test.yml")[True])
    assert "schedule" in read(ROOT / ".github/workflows/nightly.yml")[True]


def test_the_oldest_python_and_a_newer_one_are_tested() -> None:
    oldest = re.search(r"version_info < \((\d+), (\d+)\)", (ROOT / "Makefile").read_text(encoding="utf-8"))
    assert oldest is not None
    versions = read(ROOT / ".github/workflows/test.yml")["jobs"]["test"]["strategy"]["matrix"]["python"]
    assert versions[0] == ".".join(oldest.groups())
    assert len(set(versions)) > 1


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("contents: read", "contents: write", "rights"),
        ("timeout-minutes", "timeout-hours", "no end"),
        ("checkout@v6", "checkout@main", "actions/checkout@main"),
        ("bash .ci/run", "bash .ci/walk", "bash .ci/walk"),
        ("bash .ci/run", "make everything", "make everything"),
    ],
)
def test_a_fault_is_seen(old: str, new: str, said: str) -> None:
    text = (ROOT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8")
    assert old in text
    assert faults(yaml.safe_load(text.replace(old, new))) == [said]
