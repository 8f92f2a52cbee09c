"""Builds that several files of tests share."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from landing_builder import Warehouse, build
from trouble import lay_down


@dataclass(frozen=True)
class Troubled:
    """A build of all trouble from the field, and what it said."""

    landing: Path
    warehouse: Warehouse
    output: str


@pytest.fixture(scope="session")
def troubled(tmp_path_factory: pytest.TempPathFactory) -> Troubled:
    """One build per worker, however many files ask for it."""
    folder = tmp_path_factory.mktemp("trouble")
    landing = folder / "landing"
    lay_down(landing)
    warehouse = build(landing, folder / "warehouse")
    return Troubled(landing, warehouse, (folder / "warehouse" / "build.log").read_text(encoding="utf-8"))
