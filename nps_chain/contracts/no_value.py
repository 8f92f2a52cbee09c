"""Values that say "no value": the words of contract/no_value.yml as regular expressions."""

import re
from functools import cache
from pathlib import Path

from pydantic.dataclasses import dataclass

from nps_chain.contracts.documents import STRICT, Names, checked, read_yaml
from nps_chain.settings import ROOT

NO_VALUE_PATH = ROOT / "contract" / "no_value.yml"
# A number that a spreadsheet shortened, of which the last digits are lost: 1.23457E+11, 3,36E+10, 1.2E11.
MANGLED = r"[+-]?([0-9]+([.,][0-9]*)?[eE][+]|[0-9]+[.,][0-9]+[eE])[0-9]{1,3}"
# A day that a database writes for none.
ZERO_DAY = "0000-00-00"


@dataclass(frozen=True, config=STRICT)
class NoValue:
    """The lists, in lower case."""

    anywhere: Names
    written: Names
    totals: Names
    email_names: Names
    email_hosts: Names
    months: Names
    numbers: Names

    @property
    def of_codes(self) -> str:
        """What says nothing in a column of codes."""
        return f"(?i){_any(self.anywhere)}"

    @property
    def of_texts(self) -> str:
        """What says nothing in any other column."""
        return f"(?i){_any(self.anywhere + self.written)}"

    @property
    def of_numbers(self) -> str:
        """What says nothing where a number names something; lines of totals too."""
        return f"(?i){_any(self.anywhere + self.written)}|{_any(self.totals)}( ?[:=].*)?"

    @property
    def of_dates(self) -> str:
        """What a spreadsheet makes of a number that it takes for a date: Jan-24, 24-Jan, Mrz 24, 24. Jan."""
        month = _any(tuple(form for month in self.months for form in (month, month.capitalize())))
        return rf"{month}\.?[- ][0-9]{{2}}|[0-9]{{1,2}}(-|\.? ){month}\.?"

    @property
    def of_emails(self) -> str:
        """Addresses that are nobody's."""
        return rf"{_any(self.email_names)}@.*|.*@{_any(self.email_hosts)}\..*"


def _any(words: tuple[str, ...]) -> str:
    return "(" + "|".join(re.escape(word).replace(r"\ ", " ") for word in words) + ")"


@cache
def no_value(path: Path = NO_VALUE_PATH) -> NoValue:
    """The lists as they stand in the project."""
    return checked(NoValue, read_yaml(path, f"The list {path}"), "contract/no_value.yml is not valid:")
