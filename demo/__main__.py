"""The command line: `python -m demo --out demo_data/landing --truth demo_data/truth.json --scale 1 --seed 7`."""

import argparse
from pathlib import Path

from demo.generate import generate
from demo.plan import BASE_TRANSACTIONS


def main() -> None:
    """Generate what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m demo", description="Write a landing folder of demo data.")
    parser.add_argument(
        "--out", type=Path, default=Path("demo_data/landing"), help="landing folder to write; emptied first"
    )
    parser.add_argument(
        "--truth", type=Path, default=Path("demo_data/truth.json"), help="what was planted; for tests only"
    )
    parser.add_argument("--scale", type=float, default=1.0, help="1 is about 120,000 transactions")
    parser.add_argument("--transactions", type=int, help="approximate number of transactions, instead of --scale")
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    scale = arguments.transactions / BASE_TRANSACTIONS if arguments.transactions else arguments.scale
    generate(arguments.out, arguments.truth, scale, arguments.seed)


if __name__ == "__main__":
    main()
