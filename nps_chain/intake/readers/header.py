"""The columns that a file has, matched with those of the contract."""

from dataclasses import dataclass

from nps_chain.contracts.landing import Dataset
from nps_chain.intake.files import printable

SHOWN_NAMES = 5
SHOWN_CHARACTERS = 40
OTHER_DELIMITERS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a vertical bar"}


@dataclass(frozen=True)
class Header:
    """How a file's columns answer to the contract's."""

    width: int
    positions: dict[str, int]
    extra: tuple[str, ...] = ()
    problem: str | None = None

    @property
    def note(self) -> str | None:
        """A sentence on columns that the contract does not know."""
        if not self.extra:
            return None
        names = ", ".join(printable(name)[:SHOWN_CHARACTERS] for name in self.extra[:SHOWN_NAMES])
        more = f" and {len(self.extra) - SHOWN_NAMES} more" if len(self.extra) > SHOWN_NAMES else ""
        return f"Columns that are not in the contract were ignored: {names}{more}."


def match_header(dataset: Dataset, names: list[str]) -> Header:
    """Find the contract's columns by name; order, case and surrounding blanks do not matter."""
    cleaned = [name.strip().strip("\ufeff").strip() for name in names]
    found: dict[str, int] = {}
    for position, name in enumerate(cleaned):
        if name and name.casefold() in found:
            return Header(len(names), {}, problem=f"its header names {_shown(dataset, name)} twice")
        found[name.casefold()] = position
    positions = {
        column.name: found[column.name.casefold()] for column in dataset.columns if column.name.casefold() in found
    }
    missing = [column.name for column in dataset.columns if column.required and column.name not in positions]
    if missing:
        return Header(len(names), positions, problem=_missing_problem(dataset, missing, names))
    known = {column.name.casefold() for column in dataset.columns}
    extra = tuple(name for name in cleaned if name and name.casefold() not in known)
    return Header(len(names), positions, extra)


def _shown(dataset: Dataset, name: str) -> str:
    """A name of the contract may be shown; anything else could be content of a file without a header."""
    known = next((column.name for column in dataset.columns if column.name.casefold() == name.casefold()), None)
    return f"the column {known}" if known else "a column"


def _missing_problem(dataset: Dataset, missing: list[str], names: list[str]) -> str:
    problem = f"its header lacks the required column{'s' if len(missing) > 1 else ''} {', '.join(missing)}"
    if dataset.format == "csv" and len(names) == 1:
        other = [text for sign, text in OTHER_DELIMITERS.items() if sign in names[0] and sign != dataset.delimiter]
        expected = OTHER_DELIMITERS.get(dataset.delimiter, dataset.delimiter)
        if other:
            problem += f" (fields seem to be separated by {other[0]}, where {expected} is expected)"
    return problem
