"""The project's SQL, compiled once a session: dbt needs longer to read the project than to compile all of it."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import pytest

from nps_chain.settings import load_settings
from study.sql_harness import PROJECT, CompiledProject, compile_project

NODES = {"models": "*.sql", "analyses": "*.sql", "tests/probes": "*.sql", "seeds": "*.csv"}


def compile_once(tmp_path_factory: pytest.TempPathFactory) -> CompiledProject:
    """Everything that tests read, in the raw folder of the session's warehouse; workers wait for the first of them."""
    folder = _shared(tmp_path_factory)
    kept = folder / "compiled.json"
    with _locked(folder / "compiled.lock"):
        if not kept.is_file():
            names = sorted(path.stem for place, files in NODES.items() for path in (PROJECT / place).rglob(files))
            with pytest.MonkeyPatch.context() as environment:
                environment.setenv("NPS_RAW", str(load_settings().raw))
                project = compile_project(folder, names)
            kept.write_text(json.dumps(asdict(project)), encoding="utf-8")
    return CompiledProject(**json.loads(kept.read_text(encoding="utf-8")))


def _shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The temporary folder of the session, of which each worker has a part."""
    folder = tmp_path_factory.getbasetemp()
    return folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
