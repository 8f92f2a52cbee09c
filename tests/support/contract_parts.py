"""A part of the contract, for tests that read few files many times: every data set that is missing costs its share."""

from functools import cache

from nps_chain.contracts.landing import Column, Contract, Dataset, load_contract
from nps_chain.intake import intake
from nps_chain.people.identity import own_name

# read once: that is half of what a small intake takes
whole = cache(load_contract)


def contract_of(*names: str) -> Contract:
    """The contract of these data sets and of the partners, whom every intake reads."""
    contract = whole()
    kept = tuple(dataset for dataset in contract.datasets if dataset.name in {*names, intake.PARTNERS})
    return Contract(contract.version, kept)


def as_written(dataset: Dataset, column: Column) -> str:
    """In place of `known_sql`: a value as the file has it, for tests of how files are read, not of what values mean."""
    return f"raw.{own_name('clean', column)}"
