"""The corpus of bad input: every kind with what must come of it, written down before anything is built."""

from bad_input import chain, files, injection, records, stories, values
from bad_input.case import Case

CASES: tuple[Case, ...] = (
    *files.CASES,
    *values.CASES,
    *records.CASES,
    *chain.CASES,
    *stories.CASES,
    *injection.CASES,
)
