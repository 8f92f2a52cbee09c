"""Where things are. Every place can be moved with an environment variable."""

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from nps_chain.errors import UserError

ROOT = Path(__file__).resolve().parents[1]
# The secret that identities are hashed with.
KEY_VARIABLE = "NPS_IDENTITY_KEY"
MINIMUM_KEY_LENGTH = 16
DUCKDB, SPARK = ENGINES = ("duckdb", "spark")
CONNECT, THRIFT = "sc://", "thrift://"
CONNECT_PORT = 15002
# the second is Spark's own name for a server that speaks Connect
SERVER_VARIABLES = ("NPS_SPARK_SERVER", "SPARK_REMOTE")


@dataclass(frozen=True)
class Settings:
    """The paths of one run, and the engine that makes the models."""

    warehouse: Path
    raw: Path
    work_database: Path
    engine: str = DUCKDB
    # sc://host:15002 or thrift://host:10000; empty: Spark's driver is this machine's own
    spark_server: str = ""

    @property
    def published_database(self) -> Path:
        """The file readers open."""
        return self.warehouse / "nps_chain.duckdb"

    @property
    def export(self) -> Path:
        """Where `make export` puts the published tables as files."""
        return self.warehouse / "export"

    @property
    def kept(self) -> Path:
        """What outlives a build of everything: customers' keys, and what became of erasure requests."""
        return self.warehouse / "kept"

    @property
    def temporary(self) -> Path:
        """Scratch space of DuckDB and of the intake; emptied by every run."""
        return self.warehouse / "tmp"

    @property
    def scratch(self) -> Path:
        """A raw folder that is only checked; erasure has not been carried out in it."""
        return self.warehouse / "check"

    @property
    def spark(self) -> Path:
        """Tables of the last build on Spark."""
        return self.warehouse / "spark"

    @property
    def is_thrift(self) -> bool:
        """The server of Spark is one that speaks thrift, not Connect."""
        return self.spark_server.startswith(THRIFT)

    @property
    def spark_address(self) -> tuple[str, int]:
        """Host and port of the server of Spark."""
        server = urlsplit(self.spark_server)
        return str(server.hostname), server.port or CONNECT_PORT

    @property
    def lock(self) -> Path:
        """Held by the running build."""
        return self.warehouse / ".lock"

    def environment(self) -> dict[str, str]:
        """What a dbt subprocess needs to find the same places."""
        return {
            "NPS_WAREHOUSE": str(self.warehouse),
            "NPS_RAW": str(self.raw),
            "NPS_WORK_DB": str(self.work_database),
            "NPS_SPARK": str(self.spark),
            "NPS_ENGINE": self.engine,
            **self._target(),
        }

    def _target(self) -> dict[str, str]:
        """The output of profiles.yml, and where its server is."""
        # what is done on DuckDB in a build on Spark (erasure) knows no server
        if self.engine == DUCKDB or not self.spark_server:
            return {"NPS_TARGET": self.engine}
        if not self.is_thrift:
            return {"NPS_TARGET": "spark_connect", "SPARK_REMOTE": self.spark_server}
        host, port = self.spark_address
        return {"NPS_TARGET": "spark_thrift", "NPS_SPARK_THRIFT_HOST": host, "NPS_SPARK_THRIFT_PORT": str(port)}


def load_settings() -> Settings:
    """Read the places from the environment; the default is `warehouse` in the project folder."""
    engine = os.environ.get("NPS_ENGINE") or DUCKDB
    if engine not in ENGINES:
        raise UserError(f"NPS_ENGINE={engine} names no engine; there are {' and '.join(ENGINES)}.")
    warehouse = Path(os.environ.get("NPS_WAREHOUSE") or ROOT / "warehouse").resolve()
    return Settings(
        warehouse=warehouse,
        raw=Path(os.environ.get("NPS_RAW") or warehouse / "raw").resolve(),
        work_database=Path(os.environ.get("NPS_WORK_DB") or warehouse / "work.duckdb").resolve(),
        engine=engine,
        spark_server=_spark_server() if engine == SPARK else "",
    )


def _spark_server() -> str:
    """The server that was named."""
    variable = next((name for name in SERVER_VARIABLES if os.environ.get(name)), None)
    if variable is None:
        return ""
    named = os.environ[variable]
    if not _is_server(named):
        # not the value: it may hold a token
        raise UserError(f"{variable} names no server; write sc://host:15002 or thrift://host:10000.")
    return named


def _is_server(named: str) -> bool:
    """Connect takes parameters after the host; for thrift, whatever stands beside host and port would be lost."""
    try:
        server = urlsplit(named)
        port = server.port
    except ValueError:
        return False
    if named.startswith(THRIFT):
        return bool(server.hostname and port) and named == f"{THRIFT}{server.netloc}" and "@" not in named
    return named.startswith(CONNECT) and bool(server.hostname) and ";" not in server.netloc
