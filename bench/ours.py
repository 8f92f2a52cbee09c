"""The project's answers from raw files: the intake, then the models that the four answers need, without any test.

`python -m bench.ours --landing folder --out folder`
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from time import monotonic, time

from bench.answers import run_alone
from bench.compare import MARTS, extract
from nps_chain import memory
from nps_chain.intake import intake
from nps_chain.running.dbt import NO_TESTS
from nps_chain.settings import ROOT, Settings

# How long the stages took is left here, since dbt's own results know of nothing before or after it.
STAGES = "stages.json"
TARGET = "target"


def settings_in(out: Path) -> Settings:
    """A warehouse of its own."""
    warehouse = (out / "warehouse").resolve()
    return Settings(warehouse=warehouse, raw=warehouse / "raw", work_database=warehouse / "work.duckdb")


def answer(landing: Path, out: Path, key: str, variables: dict[str, int] | None = None) -> None:
    """Read everything anew, and build what the answers need; `variables` overrule those of the project."""
    clear(out)
    settings = settings_in(out)
    settings.warehouse.mkdir(parents=True)
    started = monotonic()
    intake.run(landing.resolve(), settings.raw, key, settings.temporary)
    taken_in = monotonic()
    # what dbt has read of the project stays for the next run, as it does between a user's builds
    target, logs = (out / TARGET).resolve(), settings.warehouse / "logs"
    command = [
        str(Path(sys.executable).with_name("dbt")),
        "build",
        "--select",
        *(f"+{mart}" for mart in MARTS.values()),
    ]
    command += [*NO_TESTS, "--vars", json.dumps(variables or {})]
    places = {"DBT_TARGET_PATH": str(target), "DBT_LOG_PATH": str(logs), memory.VARIABLE: memory.memory_limit()}
    dbt_from = time()
    subprocess.run(command, cwd=ROOT, env={**os.environ, **settings.environment(), **places}, check=True)
    built = monotonic()
    extract(settings.work_database, out)
    stages = {"intake": taken_in - started, "dbt": built - taken_in, "extract": monotonic() - built}
    stages["dbt_from"] = dbt_from
    (out / STAGES).write_text(json.dumps(stages))


def clear(out: Path) -> None:
    """Remove the last run's warehouse."""
    shutil.rmtree(settings_in(out).warehouse, ignore_errors=True)


if __name__ == "__main__":
    run_alone(answer, __doc__)
