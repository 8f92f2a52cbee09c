"""The landing contract (contract/landing.yml) as checked, frozen objects."""

import csv
import re
from collections import Counter
from collections.abc import Iterable
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator, model_validator
from pydantic.dataclasses import dataclass

from nps_chain.contracts.documents import STRICT, Names, Number, Text, checked, read_yaml
from nps_chain.errors import UserError
from nps_chain.settings import ROOT

CONTRACT_PATH = ROOT / "contract" / "landing.yml"

RESERVED = ("file_id", "line_number")
# A quoted field may run over this many lines; a quote that stays open longer was never meant as one.
MAX_RECORD_LINES = 1000
PARTNER_FOLDER = "{partner_code}"
SEEDS = ROOT / "seeds"
# The seed and its column that hold the codes which a column or a data set may name.
CODES = {"links": "link_code", "surveys": "survey_code", "touchpoints": "touchpoint_code"}
Shape = Literal["party", "unit", "transaction", "survey", "contact", "event", "list"]
# Shapes whose rows happen on a day.
EVENTS = ("transaction", "survey", "contact", "event")
# A property and the shapes whose data sets must have it; no other may.
OF_SHAPES = {
    "survey": ("survey",),
    "holds": ("survey",),
    "kind": ("transaction",),
    "hands_over": ("transaction",),
    "product": ("transaction",),
    "paid_by_customer": ("transaction",),
    "touchpoint": ("transaction", "contact", "event"),
}
NEEDED = {
    "survey": ("survey", "holds", "day"),
    "transaction": ("touchpoint", "kind", "day"),
    "contact": ("touchpoint", "day"),
}
# The columns, by our names, that models read of every data set of a shape.
NEEDED_COLUMNS = {"transaction": ("revenue",), "contact": ("channel", "reason", "opened_at")}
# Shapes whose rows are called by a number within their partner.
NUMBERED = ("survey", "contact")
# Names of columns that hold a number by which rows are called.
NUMBER_ENDINGS = ("_no", "_id", "_code")
# In a raw file, what stands for a number that a spreadsheet shortened to 1.23E+11, where without it a row would be
# rejected: so the reason can be given.
MANGLED_TEXT, MANGLED_HASH = "#SPREADSHEET", -1
# Identities that are numbers of somebody's list.
NUMBERS = ("serial", "loyalty", "customer", "agent")
PARTNER_CODE = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, config=STRICT)
class Column:
    """One column of a data set, as the tier writes it; `alias` is our name for it, `as` in the contract."""

    name: Text
    type: Literal["text", "integer", "decimal", "date", "timestamp", "month", "boolean", "score"]
    description: Text
    alias: str = Field(default_factory=lambda known: known["name"], alias="as")
    required: bool = False
    identity: Literal["email", "phone", "serial", "loyalty", "customer", "agent"] | None = None
    scope: tuple[str, ...] = ()
    personal: bool = False
    values: tuple[Annotated[str, BeforeValidator(str)], ...] = ()
    words: dict[str, str | bool] = Field(default_factory=dict)
    default: str | None = None
    otherwise: str | None = None
    pattern: str | None = None
    of: Literal["links", "surveys", "industries", "countries", "partners", "exchange_rates"] | None = None
    among: str | None = None
    minimum: Number | None = None
    maximum: Number | None = None
    scale: int = 2
    money: bool = False
    required_with: str | None = None

    @property
    def allowed(self) -> tuple[str, ...]:
        """The only words that the tier may write; empty where any is allowed, or where other data sets hold them."""
        if self.otherwise:
            return ()
        return self.values or tuple(self.words) or seed_codes(self.of)

    @model_validator(mode="after")
    def _check_alias(self) -> "Column":
        if (self.of == "partners") != (self.among is not None):
            raise ValueError("{where} needs `among` where it names partners, and only there")
        if self.otherwise and not self.words:
            raise ValueError("{where} says what other words mean and has no words")
        if not self.personal and not re.fullmatch(r"[a-z][a-z0-9_]*", self.alias):
            raise ValueError("{where} needs a name of lower-case letters, digits and _ under `as`")
        return self


@dataclass(frozen=True, config=STRICT)
class BelongsTo:
    """Which row of another data set a row belongs to: the one that is equal in these columns."""

    dataset: Text
    by: Names


@dataclass(frozen=True, config=STRICT)
class Reference:
    """A row of another data set by which a row is judged; without one it may be rejected for the reason given."""

    to: Text
    by: Names
    take: tuple[str, ...] = ()
    or_reject: str | None = None


@dataclass(frozen=True, config=STRICT)
class Kind:
    """What kind of transaction a row is: one word for all of them, or a word for each word of a column."""

    word: str | None = None
    column: str | None = None
    words: dict[str, str] = Field(default_factory=dict)


@dataclass(frozen=True, config=STRICT)
class PaidBy:
    """The words of a column that say that the customer paid."""

    column: Text
    words: Names


@dataclass(frozen=True, config=STRICT)
class Dataset:
    """One data set: where its files lie, how they are written and what they hold."""

    name: Text
    title: Text
    path: Text
    format: Literal["csv", "parquet", "ndjson"]
    columns: Annotated[tuple[Column, ...], Field(min_length=1)]
    key: Names
    one_row: Text
    shape: Shape
    load: Literal["changes", "whole", "anew"]
    link: str | None = None
    day: str | None = None
    answered: str | None = None
    survey: str | None = None
    holds: tuple[Literal["invitations", "answers"], ...] = ()
    touchpoint: str | None = None
    kind: Kind | None = None
    paid_by_customer: PaidBy | None = None
    product: Literal["of_unit", "of_row"] | None = None
    hands_over: bool = False
    belongs_to: BelongsTo | None = None
    references: tuple[Reference, ...] = ()
    required: bool = False
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    encoding: Literal["utf-8", "windows-1252"] = "utf-8"
    date_format: Literal["yyyy-mm-dd", "dd-mm-yyyy"] = "yyyy-mm-dd"
    decimal_comma: bool = False

    @property
    def source(self) -> str:
        """Who delivers it: the first part of its name."""
        return self.name.split("__")[0]

    @property
    def entity(self) -> str:
        """What it holds: the second part of its name."""
        return self.name.split("__")[1]

    @property
    def event_day(self) -> str | None:
        """The column that dates its events; None where its rows are no events."""
        return self.day if self.shape in EVENTS else None

    @property
    def has_answers(self) -> bool:
        """Whether a row is an invitation with its answer, so that the answer alone can be rejected."""
        return set(self.holds) == {"invitations", "answers"}

    @property
    def referring_columns(self) -> set[str]:
        """The columns by which its rows name rows of other data sets."""
        named = {name for one in self.references for name in one.by}
        return named | set(self.belongs_to.by if self.belongs_to else ())

    def is_number(self, column: Column) -> bool:
        """Whether a text names its row, another row or a partner, as an order number does; no word of a list."""
        if column.type != "text" or column.identity or column.allowed or column.of not in (None, "partners"):
            return False
        names_rows = column.alias in {*self.key, *self.referring_columns} or column.alias.endswith(NUMBER_ENDINGS)
        return names_rows or column.of == "partners"

    def mangled_mark(self, column: Column) -> str | int | None:
        """What a raw file has for a number that a spreadsheet shortened; None: a blank."""
        if not column.required or not (self.is_number(column) or column.identity in NUMBERS):
            return None
        return MANGLED_HASH if column.identity else MANGLED_TEXT

    @property
    def has_partner_folder(self) -> bool:
        """Whether the partner code is the name of a folder."""
        return PARTNER_FOLDER in self.path

    @property
    def stored_columns(self) -> tuple[Column, ...]:
        """The columns that are read: all but the personal ones."""
        return tuple(column for column in self.columns if not column.personal)

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The path as a regular expression with the group `partner_code`; names in capitals are the same names."""
        text = re.escape(self.path).replace(re.escape(PARTNER_FOLDER), "(?P<partner_code>[^/]+)")
        return re.compile(text.replace(re.escape("*"), "[^/]*"), re.IGNORECASE)

    @field_validator("key")
    @classmethod
    def _use_our_names(cls, key: tuple[str, ...], known: ValidationInfo) -> tuple[str, ...]:
        """The key may use the tier's names or ours; ours it is from here on."""
        aliases = {column.name: column.alias for column in known.data.get("columns", ())}
        return tuple(aliases.get(name, name) for name in key)

    @model_validator(mode="after")
    def _check(self) -> "Dataset":
        _check(bool(re.fullmatch(r"[a-z_]+__[a-z_]+", self.name)), "{where} is not named <source>__<entity>")
        folder = ["partner_code"] if self.has_partner_folder else []
        names = [column.name for column in self.columns] + folder
        aliases = [column.alias for column in self.columns] + folder
        _check_unique("in {where} the column", [column.name.casefold() for column in self.columns])
        _check_unique("in {where} the name", aliases)
        _check(not set(aliases) & set(RESERVED), f"{{where}} uses a name of the intake's own: {', '.join(RESERVED)}")
        _check(set(self.key) <= set(aliases), "the key of {where} names a column that is not there")
        _check(
            self.has_partner_folder == (self.link is not None),
            "{where} needs `link` where it lies in partners' folders",
        )
        _check_shape(self, set(aliases))
        scopes = {name for column in self.columns for name in column.scope}
        _check(scopes <= set(names), "a scope in {where} names a column that is not there")
        return self

    def column(self, name: str) -> Column | None:
        """The column that the tier calls `name`."""
        return next((column for column in self.columns if column.name == name), None)


@dataclass(frozen=True, config=STRICT)
class Contract:
    """The whole landing folder."""

    version: int
    datasets: tuple[Dataset, ...]

    @model_validator(mode="after")
    def _check(self) -> "Contract":
        names = [dataset.name for dataset in self.datasets]
        _check_unique("data set", names)
        return self

    def dataset(self, name: str) -> Dataset:
        """The data set called `name`."""
        return next(dataset for dataset in self.datasets if dataset.name == name)


@cache
def seed_rows(name: str) -> tuple[dict[str, str], ...]:
    """The rows of a seed."""
    with (SEEDS / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        return tuple(csv.DictReader(stream))


def seed_codes(name: str | None) -> tuple[str, ...]:
    """The codes of a seed; none where it names no seed of codes."""
    return tuple(row[CODES[name]] for row in seed_rows(name)) if name in CODES else ()


def _check_shape(dataset: Dataset, names: set[str]) -> None:
    """What its shape needs is there, what it can't have is not, and the columns that it names exist."""
    missing = [name for name in NEEDED.get(dataset.shape, ()) if not getattr(dataset, name)]
    _check(not missing, f"{{where}} has the shape {dataset.shape} and no {', '.join(missing)}")
    strange = [name for name, shapes in OF_SHAPES.items() if getattr(dataset, name) and dataset.shape not in shapes]
    _check(not strange, f"{{where}} has the shape {dataset.shape}, which has no {', '.join(strange)}")
    named = {dataset.day, dataset.answered} | {name for reference in dataset.references for name in reference.by}
    named |= set(dataset.belongs_to.by) if dataset.belongs_to else set()
    named |= {dataset.kind.column} if dataset.kind else set()
    named |= {dataset.paid_by_customer.column} if dataset.paid_by_customer else set()
    unknown = sorted(name for name in named - names if name)
    _check(not unknown, f"{{where}} names the column {', '.join(unknown)}, which it does not have")
    kinds = [one.identity for one in dataset.stored_columns if one.identity]
    own = [kind for kind in kinds if kind in ("customer", "loyalty")]
    # a list may say something of two people; other rows are of one
    is_of_one = len(set(kinds)) == len(kinds) and len(own) < 2
    _check(is_of_one or dataset.shape == "list", "{where} names an identity of one kind twice")
    _check_columns(dataset)
    fault = "{where} holds answers and does not say when they were `answered`"
    _check(not dataset.has_answers or dataset.answered is not None, fault)


def _check_columns(dataset: Dataset) -> None:
    """The columns that models read of its shape are there."""
    needed = NEEDED_COLUMNS.get(dataset.shape, ()) + (("score",) if "answers" in dataset.holds else ())
    missing = sorted(set(needed) - {column.alias for column in dataset.stored_columns})
    _check(not missing, f"{{where}} has the shape {dataset.shape} and no column {', '.join(missing)}")
    own = [column for column in dataset.stored_columns if column.identity in ("customer", "loyalty")]
    _check(dataset.shape != "party" or bool(own), "{where} has the shape party and no identity of its customers")
    is_numbered = len(dataset.key) == 2 and "partner_code" in dataset.key
    fault = f"{{where}} has the shape {dataset.shape}, whose key is partner_code and one column more"
    _check(dataset.shape not in NUMBERED or is_numbered, fault)


def _check(condition: bool, fault: str) -> None:
    if not condition:
        raise ValueError(fault)


def _check_unique(what: str, names: Iterable[str]) -> None:
    repeated = sorted(name for name, count in Counter(names).items() if count > 1)
    _check(not repeated, f"{what} {', '.join(repeated)} is there twice")


def load_contract(path: Path = CONTRACT_PATH) -> Contract:
    """Read and check the contract; a fault is one sentence that says where."""
    contract = checked(Contract, read_yaml(path, f"The contract {path}"), "The landing contract is not valid:")
    _check_others(contract)
    return contract


def _check_others(contract: Contract) -> None:
    """Data sets that others refer to are there, and codes are those of the seeds and of the data set's link."""
    names = {dataset.name for dataset in contract.datasets}
    for dataset in contract.datasets:
        named = {one.to for one in dataset.references} | ({dataset.belongs_to.dataset} if dataset.belongs_to else set())
        if named - names:
            raise _fault(dataset, f"refers to {', '.join(sorted(named - names))}, which is not there")
        for seed, code in (("links", dataset.link), ("surveys", dataset.survey), ("touchpoints", dataset.touchpoint)):
            if code and code not in seed_codes(seed):
                raise _fault(dataset, f"names {code}, which is no row of seeds/{seed}.csv")
            if code and dataset.link not in {row["link_code"] for row in seed_rows(seed) if row[CODES[seed]] == code}:
                raise _fault(dataset, f"names {code}, which is of another link in seeds/{seed}.csv")


def _fault(dataset: Dataset, text: str) -> UserError:
    return UserError(f"The landing contract is not valid: data set {dataset.name} {text}.")
