"""What somebody waits for who works on the demo: `make build` again, and anew; and how fast it answers a page."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.measure import measure, python
from bench.readers import read


@dataclass(frozen=True)
class Demo:
    """Where the demo is built, and how often."""

    folder: Path
    runs: int

    def measure(self) -> dict[str, Any]:
        """Build it once, then again with nothing changed and anew, in turns."""
        self._build("first", "--anew")
        taken: dict[str, list[float]] = {"again": [], "anew": []}
        for _ in range(self.runs):
            taken["again"].append(self._build("again"))
            taken["anew"].append(self._build("anew", "--anew"))
        published = self.folder / "warehouse" / "nps_chain.duckdb"
        # the demo has rows in quarantine, so no page may be empty
        readings = read(published, may_be_empty=())
        return {"seconds": taken, "readers": [one.as_dict() for one in readings]}

    def _build(self, name: str, *options: str) -> float:
        places = {
            "NPS_WAREHOUSE": str(self.folder / "warehouse"),
            "DBT_TARGET_PATH": str(self.folder / "target"),
            "DBT_LOG_PATH": str(self.folder / "logs"),
        }
        return measure(python("nps_chain", "build", *options), self.folder / f"{name}.log", places).wall_s
