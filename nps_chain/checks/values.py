"""Which offending values a message may show: never one that could name a person.

A column can hold anything when a file's columns have moved: an address in a date, a customer number in a score. So a
value is judged by its own look, not by its column, and only what is evidently harmless is shown.
"""

import csv
import re
from collections.abc import Iterable
from functools import cache

from nps_chain.contracts.landing import load_contract
from nps_chain.settings import ROOT

NOT_SHOWN = "values not shown, they may be personal"
SHOWN = 5
# of the most frequent values, how many are looked at to find those that can be shown
CANDIDATES = 50
OTHER_WORDS = ("true", "false", "yes", "no", "null", "nil", "inf", "infinity", "error", "ref", "value", "star", "stars")
SHORT = 3
HARMLESS = (
    # a number too short for a telephone or customer number, or one with a sign or decimals, as amounts have
    re.compile(r"\d{1,4}"),
    re.compile(r"-\d{1,9}([.,]\d{1,4})?"),
    re.compile(r"\d{1,3}([.,]?\d{3})*[.,]\d{1,2}"),
    # three groups of digits, as dates are written, with or without a time
    re.compile(
        r"(\d{4}([-/.])\d{1,2}\2\d{1,2}|\d{1,2}([-/.])\d{1,2}\3\d{4})"
        r"([ T]\d{1,2}:\d{2}(:\d{2}(\.\d{1,6})?)?Z?)?"
    ),
    re.compile(r"\d{4}-\d{1,2}"),
)


def shown(values: Iterable[str | None]) -> str:
    """Up to five of the values, in quotes."""
    harmless = list(dict.fromkeys(value for value in values if value is not None and is_harmless(value)))
    if not harmless:
        return NOT_SHOWN
    return "such as " + ", ".join(repr(value) for value in harmless[:SHOWN])


def is_harmless(value: str) -> bool:
    """Whether nobody can be recognised by the value: a short number, a date, a word of the contract."""
    text = value.strip()
    if len(text) <= SHORT:
        return text.isprintable()
    return _bare(text) in _words() or any(pattern.fullmatch(text) for pattern in HARMLESS)


def _bare(text: str) -> str:
    return re.sub(r"[^a-z]", "", text.casefold()) if re.fullmatch(r"[\w\s/.'*#!-]{1,30}", text) else ""


@cache
def _words() -> frozenset[str]:
    """The words that the contract itself uses, and those for no answer."""
    contract = load_contract()
    words = {value for dataset in contract.datasets for column in dataset.columns for value in column.allowed}
    words |= {column.name for dataset in contract.datasets for column in dataset.columns}
    words |= no_answer_words() | set(OTHER_WORDS)
    return frozenset(_bare(word) for word in words) - {""}


@cache
def no_answer_words() -> frozenset[str]:
    """The words that stand for no answer to the recommend question, in small letters."""
    with (ROOT / "seeds" / "no_answer_words.csv").open(encoding="utf-8", newline="") as stream:
        return frozenset(row["word"].casefold() for row in csv.DictReader(stream))
