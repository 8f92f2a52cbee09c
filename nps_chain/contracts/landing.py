"""The landing contract (contract/landing.yml) as checked, frozen objects."""

import re
from collections import Counter
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator, model_validator
from pydantic.dataclasses import dataclass

from nps_chain.contracts.documents import STRICT, Names, Number, Text, checked, read_yaml
from nps_chain.settings import ROOT

CONTRACT_PATH = ROOT / "contract" / "landing.yml"

RESERVED = ("file_id", "line_number")
# A quoted field may run over this many lines; a quote that stays open longer was never meant as one.
MAX_RECORD_LINES = 1000
PARTNER_FOLDER = "{partner_code}"
PARTNER_CODE = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, config=STRICT)
class Column:
    """One column of a data set, as the tier writes it; `alias` is our name for it, `as` in the contract."""

    name: Text
    type: Literal["text", "integer", "decimal", "date", "timestamp", "month", "boolean"]
    description: Text
    alias: str = Field(default_factory=lambda known: known["name"], alias="as")
    required: bool = False
    identity: Literal["email", "phone", "serial", "loyalty", "customer", "agent"] | None = None
    scope: tuple[str, ...] = ()
    personal: bool = False
    values: tuple[Annotated[str, BeforeValidator(str)], ...] = ()
    minimum: Number | None = None
    maximum: Number | None = None

    @model_validator(mode="after")
    def _check_alias(self) -> "Column":
        if not self.personal and not re.fullmatch(r"[a-z][a-z0-9_]*", self.alias):
            raise ValueError("{where} needs a name of lower-case letters, digits and _ under `as`")
        return self


@dataclass(frozen=True, config=STRICT)
class Dataset:
    """One data set: where its files lie, how they are written and what they hold."""

    name: Text
    title: Text
    path: Text
    format: Literal["csv", "parquet", "ndjson"]
    columns: Annotated[tuple[Column, ...], Field(min_length=1)]
    key: Names
    required: bool = False
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    encoding: Literal["utf-8", "windows-1252"] = "utf-8"
    date_format: Literal["yyyy-mm-dd", "dd-mm-yyyy"] = "yyyy-mm-dd"
    decimal_comma: bool = False

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
        """The path as a regular expression with the group `partner_code`."""
        text = re.escape(self.path).replace(re.escape(PARTNER_FOLDER), "(?P<partner_code>[^/]+)")
        return re.compile(text.replace(re.escape("*"), "[^/]*"))

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
        _check_unique("data set", [dataset.name for dataset in self.datasets])
        return self

    def dataset(self, name: str) -> Dataset:
        """The data set called `name`."""
        return next(dataset for dataset in self.datasets if dataset.name == name)


def _check(condition: bool, fault: str) -> None:
    if not condition:
        raise ValueError(fault)


def _check_unique(what: str, names: Iterable[str]) -> None:
    repeated = sorted(name for name, count in Counter(names).items() if count > 1)
    _check(not repeated, f"{what} {', '.join(repeated)} is there twice")


def load_contract(path: Path = CONTRACT_PATH) -> Contract:
    """Read and check the contract; a fault is one sentence that says where."""
    return checked(Contract, read_yaml(path, f"The contract {path}"), "The landing contract is not valid:")
