"""What a day's load costs, as a share of making everything anew.

`python -m bench.daily_load --scale 20 --pairs 5 --out folder` lays down demo data, holds back the last rows of every
partner's newest files, builds, brings the rows, and then takes turns: a build that loads what has changed, starting
from yesterday's warehouse, and a build of the same files anew.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from time import monotonic

from demo.generate import generate
from nps_chain.settings import KEY_VARIABLE, ROOT

KEY = "key-of-the-benchmark"
SEED = 7
# a day of about four years
HELD_BACK_SHARE = 0.001
# what all rows are judged by comes monthly or less often, not daily
RARE = ("chain", "products", "dealernetwerk")


def newest_files(landing: Path) -> list[Path]:
    """The last text file of every partner and data set."""
    groups: dict[tuple[Path, str], list[Path]] = defaultdict(list)
    for file in sorted([*landing.rglob("*.csv"), *landing.rglob("*.ndjson")]):
        relative = str(file.relative_to(landing))
        if not any(relative.startswith(name) or name in file.name for name in RARE):
            groups[file.parent, file.stem.rstrip("0123456789-_")].append(file)
    return [files[-1] for files in groups.values()]


def hold_back(landing: Path, share: float) -> int:
    """Cut the last rows off; return how many there were."""
    rows = 0
    for file in newest_files(landing):
        lines = file.read_bytes().splitlines(keepends=True)
        cut = round(len(lines) * share) or 1
        if len(lines) > 2:
            file.write_bytes(b"".join(lines[:-cut]))
            rows += cut
    return rows


def build(landing: Path, warehouse: Path, *options: str) -> float:
    """Build and return the seconds it took."""
    environment = {**os.environ, "NPS_WAREHOUSE": str(warehouse), KEY_VARIABLE: KEY}
    command = [sys.executable, "-m", "nps_chain", "build", "--landing", str(landing), *options]
    started = monotonic()
    subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
    return monotonic() - started


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=20)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    today, yesterday = options.out / "today", options.out / "yesterday"
    generate(today, options.out / "truth.json", options.scale, SEED)
    shutil.copytree(today, yesterday)
    rows = hold_back(yesterday, HELD_BACK_SHARE)
    kept, warehouse = options.out / "kept", options.out / "warehouse"
    build(yesterday, kept)
    pairs = []
    for number in range(1, options.pairs + 1):
        shutil.rmtree(warehouse, ignore_errors=True)
        shutil.copytree(kept, warehouse)
        changes = build(today, warehouse)
        anew = build(today, warehouse, "--anew")
        pairs.append((changes, anew))
        print(f"pair {number}: {changes:.0f} s of {anew:.0f} s, {changes / anew:.2f}", flush=True)
    ratio = statistics.median(changes / anew for changes, anew in pairs)
    print(f"a load of {rows:,} rows costs {ratio:.2f} of a build anew at scale {options.scale:g}")


if __name__ == "__main__":
    main()
