"""What workers bring to a build on Spark, and what they cost.

`.venv-spark/bin/python -m bench.spark_workers --scale 10 --workers 1 2 4 --rounds 5 --out folder` lays down demo data
and builds them with each number of workers in turn, a core each, on this machine: more workers than cores show what the
division itself costs, and nothing else. The seconds are those of dbt's run, without intake, tests and publishing.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

from demo.generate import generate
from nps_chain.settings import KEY_VARIABLE, ROOT, SERVER_VARIABLES, SPARK

KEY = "key-of-the-benchmark"
SEED = 7
MEGABYTES_PER_WORKER = 1024
PARTITIONS_PER_WORKER = 3


def build(landing: Path, folder: Path, workers: int) -> float:
    """Build on a number of workers; return the seconds that dbt took, Spark's start among them."""
    environment = {
        **{name: value for name, value in os.environ.items() if name not in SERVER_VARIABLES},
        "NPS_ENGINE": SPARK,
        "NPS_SPARK_MASTER": f"local-cluster[{workers},1,{MEGABYTES_PER_WORKER}]",
        "NPS_SPARK_PARTITIONS": str(workers * PARTITIONS_PER_WORKER),
        "NPS_WAREHOUSE": str(folder / "warehouse"),
        "NPS_CHECKS": "none",
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_EXCLUDE_RESOURCE_TYPES": "unit_test test",
        KEY_VARIABLE: KEY,
    }
    command = [sys.executable, "-m", "nps_chain", "build", "--anew", "--landing", str(landing)]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
    return float(json.loads((folder / "target" / "run_results.json").read_text(encoding="utf-8"))["elapsed_time"])


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1, help="of the demo data, without a landing folder")
    parser.add_argument("--landing", type=Path, help="your own landing folder")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    landing = options.landing or options.out.resolve() / "landing"
    if options.landing is None:
        generate(landing, landing.with_name("truth.json"), options.scale, SEED)
    seconds: dict[int, list[float]] = {workers: [] for workers in options.workers}
    for _ in range(options.rounds):
        for workers, taken in seconds.items():
            taken.append(build(landing, options.out.resolve(), workers))
    print("| workers | seconds, median | least | most |\n|---|---|---|---|")
    for workers, taken in seconds.items():
        print(f"| {workers} | {statistics.median(taken):.0f} | {min(taken):.0f} | {max(taken):.0f} |")


if __name__ == "__main__":
    main()
