"""What is installed is named once, to the byte, and without the address of where it came from."""

import re
import stat
import subprocess
from pathlib import Path

import pytest
from landing_builder import PROJECT
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REQUIREMENTS = PROJECT / "requirements"
LOCKS = sorted(REQUIREMENTS.glob("*.txt"))
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")
ADDRESS = re.compile(r"://|--(extra-)?index-url|--find-links|--trusted-host|^\s*(-i|-f)\s|\s@\s", re.MULTILINE)


def locked(text: str) -> list[tuple[Requirement, int]]:
    """Requirements of a lock, and how many hashes each has."""
    lines = re.sub(r"\\\n", " ", re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE)).splitlines()
    return [
        (Requirement(HASH.sub("", line).strip()), len(HASH.findall(line)))
        for line in lines
        if line.strip()[:1] not in ("", "-")
    ]


def wanted(path: Path) -> list[Requirement]:
    """Requirements of an .in file, and of those that it includes."""
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        text = line.partition("#")[0].strip()
        if text.startswith("-r "):
            found += wanted(path.with_name(text.removeprefix("-r ").strip()))
        elif text:
            found.append(Requirement(text))
    return found


def faults(text: str, asked: list[Requirement]) -> list[str]:
    """What is wrong with a lock."""
    pins = locked(text)
    found = [f"{pin.name} has no hash" for pin, hashes in pins if not hashes]
    found += [f"{pin.name} is not pinned" for pin, _ in pins if not re.fullmatch(r"==[^,*]+", str(pin.specifier))]
    found += [f"an address: {match.group()}" for match in ADDRESS.finditer(text)]
    for requirement in asked:
        versions = [
            next(iter(pin.specifier)).version
            for pin, _ in pins
            if canonicalize_name(pin.name) == canonicalize_name(requirement.name) and len(pin.specifier)
        ]
        if not versions:
            found.append(f"{requirement.name} is not in the lock")
        found += [
            f"{requirement} is locked as {version}" for version in versions if version not in requirement.specifier
        ]
    return found


def test_every_lock_has_its_requirements() -> None:
    assert {path.stem for path in LOCKS} == {path.stem for path in REQUIREMENTS.glob("*.in")} >= {"build", "test"}


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.stem)
def test_locks_are_hashed_pinned_and_without_addresses(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(locked(text)) > 1
    assert faults(text, wanted(path.with_suffix(".in"))) == []


def test_the_locks_agree_with_each_other() -> None:
    """What the tests run with is what the build runs with."""
    environment = default_environment()
    pins = {
        path.stem: {
            canonicalize_name(pin.name): str(pin.specifier)
            for pin, _ in locked(path.read_text(encoding="utf-8"))
            if pin.marker is None or pin.marker.evaluate(environment)
        }
        for path in LOCKS
    }
    assert {name: pins["test"].get(name) for name in pins["build"]} == pins["build"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("b==1.0 \\\n    --hash=sha256:" + "0" * 64, "b==1.0", "b has no hash"),
        ("b==1.0", "b>=1.0", "b is not pinned"),
        ("b==1.0", "b==0.9", "b>=1 is locked as 0.9"),
        ("b==1.0", "c==1.0", "b is not in the lock"),
        ("# by", "--index-url somewhere\n# by", "an address: --index-url"),
    ],
)
def test_the_check_sees_a_fault(old: str, new: str, said: str) -> None:
    lock = "# by a tool\nb==1.0 \\\n    --hash=sha256:" + "0" * 64 + "\n    # via -r x.in\n"
    asked = [Requirement("b>=1")]
    assert faults(lock, asked) == []
    assert said in faults(lock.replace(old, new), asked)


@pytest.mark.parametrize(("fails_at", "code"), [("", 0), ("test.txt", 2)])
def test_the_audit_fails_if_one_lookup_fails(tmp_path: Path, fails_at: str, code: int) -> None:
    """Every lock is looked up, even behind one that fails, and a package that can't be looked up is a failure."""
    tool = tmp_path / "pip-audit"
    tool.write_text(
        f'#!/bin/sh\necho "$@" >> {tmp_path}/calls\n'
        f'case "$*" in *--strict*requirements/{fails_at or "none"}*) exit 1;; esac\n',
        encoding="utf-8",
    )
    tool.chmod(stat.S_IRWXU)
    stamp = tmp_path / "stamp"
    stamp.touch()
    result = subprocess.run(
        ["make", "audit", "NPM=true", f"AUDIT={tmp_path}", f"AUDIT_STAMP={stamp}", f"--old-file={stamp}"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == code, result.stderr
    calls = (tmp_path / "calls").read_text(encoding="utf-8").splitlines()
    assert len(calls) == len(LOCKS)
    assert all(f"requirements/{path.name}" in call for path, call in zip(LOCKS, calls, strict=True))
    assert ("Error: the audit did not pass" in result.stderr) == bool(code)
