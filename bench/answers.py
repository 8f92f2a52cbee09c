"""What every competitor has to answer, and how each is started: `--landing folder --out folder`."""

import argparse
from collections.abc import Callable
from pathlib import Path

from nps_chain.people.identity import identity_key

# the answers' tables and the columns that name a row
TABLES = {
    "nps_by_link": ["chain_code", "link_code", "quarter_start_on"],
    "nps_by_partner": ["chain_code", "link_code", "partner_code", "quarter_start_on"],
    "retention": ["chain_code", "link_code", "nps_category", "retention_measure", "horizon_days"],
    "weakest_link": ["chain_code", "link_code"],
}


def run_alone(answer: Callable[[Path, Path, str], None], description: str | None) -> None:
    """Be a program: read the options and answer."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--landing", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    answer(options.landing, options.out, identity_key())
