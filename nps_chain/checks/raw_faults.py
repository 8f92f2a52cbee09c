"""The faults that a raw column can have, as SQL conditions.

Coarser than the base models, which judge row by row: here it only counts how much of a data set is lost.
"""

from dataclasses import dataclass

from nps_chain.checks.values import no_answer_words
from nps_chain.contracts.landing import Column, Dataset, seed_rows
from nps_chain.sql_quoting import identifier, literal

SCORE = "score"
SCORES = ", ".join(f"'{score}'" for score in range(11))
WORDS = {
    "missing": "are blank",
    "mangled": "hold a number that a spreadsheet changed (1.23E+11, Jan-24)",
    "unreadable": "cannot be read as {type}",
    "outside": "are outside the range that the contract allows",
    "not_allowed": "hold none of the values that the contract allows",
    "not_known": "hold none of the codes of seeds/{of}.csv",
}
# seeds of codes that a partner may write before the project knows them
GROWING = {"industries": "industry_code", "countries": "country_code"}


@dataclass(frozen=True)
class Calendar:
    """Days outside are typing errors (the vars of dbt_project.yml)."""

    first: str
    last: str

    @property
    def days(self) -> str:
        """The range in SQL."""
        return f"date {literal(self.first)} and date {literal(self.last)}"


@dataclass(frozen=True)
class Fault:
    """One kind of fault of one column."""

    kind: str
    column: Column
    condition: str

    @property
    def name(self) -> str:
        """The name of its figure in the profile."""
        return f"{self.kind}_{self.column.alias}"

    @property
    def words(self) -> str:
        """What is wrong with the rows."""
        kind = "a score from 0 to 10" if self.column.alias == SCORE else f"a {self.column.type}"
        return WORDS[self.kind].format(type=kind.replace("a integer", "an integer"), of=self.column.of)


def faults(dataset: Dataset, calendar: Calendar) -> list[Fault]:
    """Every fault that the contract makes possible."""
    found: list[Fault] = []
    for column in dataset.stored_columns:
        text = identifier(column.alias)
        if column.required:
            found.append(Fault("missing", column, f"{text} is null"))
        if (mark := dataset.mangled_mark(column)) is not None:
            found.append(Fault("mangled", column, f"{text} = {mark if isinstance(mark, int) else literal(mark)}"))
        if column.identity:
            continue
        if column.alias == SCORE:
            found.append(Fault("unreadable", column, no_score(text)))
        elif column.type != "text":
            found.append(Fault("unreadable", column, f"{text} is not null and {value(dataset, column)} is null"))
        outside = _outside(dataset, column, calendar)
        if outside:
            found.append(Fault("outside", column, outside))
        if column.allowed:
            allowed = ", ".join(literal(word) for word in column.allowed)
            found.append(Fault("not_allowed", column, f"{text} not in ({allowed})"))
        if column.of in GROWING:
            codes = ", ".join(literal(row[GROWING[column.of]]) for row in seed_rows(column.of))
            found.append(Fault("not_known", column, f"{text} not in ({codes})"))
    return found


def _outside(dataset: Dataset, column: Column, calendar: Calendar) -> str:
    if column.type in ("date", "timestamp", "month"):
        return f"{value(dataset, column)} not between {calendar.days}"
    limits = [f"{value(dataset, column)} < {column.minimum}"] if column.minimum is not None else []
    limits += [f"{value(dataset, column)} > {column.maximum}"] if column.maximum is not None else []
    return " or ".join(limits)


def no_score(text: str) -> str:
    """The answer is neither a score nor one of the words for none."""
    words = ", ".join(literal(word) for word in sorted(no_answer_words()))
    return f"trim({text}) not in ({SCORES}) and lower(trim({text})) not in ({words})"


def value(dataset: Dataset, column: Column) -> str:
    """The value of a text, null where it cannot be read; of a moment its day."""
    text = identifier(column.alias)
    match column.type:
        case "date" if dataset.date_format == "dd-mm-yyyy":
            return f"cast(try_strptime({text}, '%d-%m-%Y') as date)"
        case "date":
            return f"case when {text} like '____-__-__%' then try_cast(substring({text}, 1, 10) as date) end"
        case "timestamp":
            moment = f"try_cast(concat(replace(substring({text}, 1, 16), 'T', ' '), ':00') as timestamp)"
            return f"cast({moment} as date)"
        case "month":
            return f"case when {text} like '____-__' then try_cast(concat({text}, '-01') as date) end"
        case "integer":
            return f"case when regexp_full_match({text}, '-?[0-9]+') then try_cast({text} as bigint) end"
        case "decimal" if dataset.decimal_comma:
            return _number(f"replace(replace({text}, '.', ''), ',', '.')")
        case "decimal":
            return _number(text)
        case "boolean":
            return f"case when {text} in ('true', 'false') then {text} = 'true' end"
        case _:
            return text


def _number(text: str) -> str:
    """A binary number, since parsing a wide decimal costs ten times as much; `nan` and `inf` are none."""
    return f"case when isfinite(try_cast({text} as double)) then try_cast({text} as double) end"
