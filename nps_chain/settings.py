"""Where things are. Every place can be moved with an environment variable."""

import os
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Settings:
    """The paths of one run."""

    warehouse: Path
    raw: Path
    work_database: Path

    @property
    def published_database(self) -> Path:
        """The file readers open."""
        return self.warehouse / "nps_chain.duckdb"

    @property
    def export(self) -> Path:
        """Where `make export` puts the published tables as files."""
        return self.warehouse / "export"

    @property
    def temporary(self) -> Path:
        """Scratch space of DuckDB and of the intake; emptied by every run."""
        return self.warehouse / "tmp"

    @property
    def scratch(self) -> Path:
        """A raw folder that is only checked; erasure has not been carried out in it."""
        return self.warehouse / "check"

    @property
    def lock(self) -> Path:
        """Held by the running build."""
        return self.warehouse / ".lock"

    def environment(self) -> dict[str, str]:
        """What a dbt subprocess needs to find the same places."""
        return {"NPS_WAREHOUSE": str(self.warehouse), "NPS_RAW": str(self.raw), "NPS_WORK_DB": str(self.work_database)}


def load_settings() -> Settings:
    """Read the places from the environment; the default is `warehouse` in the project folder."""
    warehouse = Path(os.environ.get("NPS_WAREHOUSE") or ROOT / "warehouse").resolve()
    return Settings(
        warehouse=warehouse,
        raw=Path(os.environ.get("NPS_RAW") or warehouse / "raw").resolve(),
        work_database=Path(os.environ.get("NPS_WORK_DB") or warehouse / "work.duckdb").resolve(),
    )
