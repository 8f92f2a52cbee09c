"""The landing contract (contract/landing.yml) as checked, frozen objects."""

import re
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from nps_chain.errors import UserError
from nps_chain.settings import ROOT

CONTRACT_PATH = ROOT / "contract" / "landing.yml"

FORMATS = ("csv", "parquet", "ndjson")
ENCODINGS = ("utf-8", "windows-1252")
DATE_FORMATS = ("yyyy-mm-dd", "dd-mm-yyyy")
TYPES = ("text", "integer", "decimal", "date", "timestamp", "month", "boolean")
IDENTITIES = ("email", "phone", "serial", "loyalty", "customer", "agent")
RESERVED = ("file_id", "line_number")
# A quoted field may run over this many lines; a quote that stays open longer was never meant as one.
MAX_RECORD_LINES = 1000
PARTNER_FOLDER = "{partner_code}"
PARTNER_CODE = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True)
class Column:
    """One column of a data set, as the tier writes it."""

    name: str
    type: str
    description: str
    alias: str
    required: bool = False
    identity: str | None = None
    scope: tuple[str, ...] = ()
    personal: bool = False
    values: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True)
class Dataset:
    """One data set: where its files lie, how they are written and what they hold."""

    name: str
    title: str
    path: str
    format: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    required: bool = False
    delimiter: str = ","
    encoding: str = "utf-8"
    date_format: str = "yyyy-mm-dd"
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

    def column(self, name: str) -> Column | None:
        """The column that the tier calls `name`."""
        return next((column for column in self.columns if column.name == name), None)


@dataclass(frozen=True)
class Contract:
    """The whole landing folder."""

    version: int
    datasets: tuple[Dataset, ...]

    def dataset(self, name: str) -> Dataset:
        """The data set called `name`."""
        return next(dataset for dataset in self.datasets if dataset.name == name)


def load_contract(path: Path = CONTRACT_PATH) -> Contract:
    """Read and check the contract; a fault is one sentence that says where."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UserError(f"The contract {path} cannot be read: {str(error).splitlines()[0]}.") from error
    _check(isinstance(document, dict) and isinstance(document.get("datasets"), list), "it has no list `datasets`")
    datasets = tuple(_dataset(entry) for entry in document["datasets"])
    _check_unique("data set", [dataset.name for dataset in datasets])
    return Contract(version=document.get("version", 1), datasets=datasets)


def _check(condition: bool, fault: str) -> None:
    if not condition:
        raise UserError(f"The landing contract is not valid: {fault}.")


def _check_unique(what: str, names: list[str]) -> None:
    repeated = sorted({name for name in names if names.count(name) > 1})
    _check(not repeated, f"{what} {', '.join(repeated)} is there twice")


def _check_properties(entry: Any, kind: type, where: str, extra: tuple[str, ...] = ()) -> None:
    """Every property must be known, so that a misspelt one is not silently without effect."""
    _check(isinstance(entry, dict), f"{where} is not a mapping")
    allowed = {field.name for field in fields(kind)} | set(extra)
    unknown = sorted(str(name) for name in entry if name not in allowed)
    _check(not unknown, f"{where} has the unknown property {', '.join(unknown)}")


def _check_present(entry: dict[str, Any], names: tuple[str, ...], where: str) -> None:
    missing = [name for name in names if not entry.get(name)]
    _check(not missing, f"{where} has no {', '.join(missing)}")


def _dataset(entry: Any) -> Dataset:
    where = f"data set {entry.get('name', '(without a name)')}" if isinstance(entry, dict) else "an entry of `datasets`"
    _check_properties(entry, Dataset, where)
    _check_present(entry, ("name", "title", "path", "format", "key", "columns"), where)
    columns = tuple(_column(column, where) for column in entry["columns"])
    # the key may use the tier's names or ours; ours it is from here on
    aliases = {column.name: column.alias for column in columns}
    key = tuple(aliases.get(name, name) for name in entry["key"])
    dataset = Dataset(**{**entry, "key": key, "columns": columns})
    _check_dataset(dataset, where)
    return dataset


def _check_dataset(dataset: Dataset, where: str) -> None:
    _check(re.fullmatch(r"[a-z_]+__[a-z_]+", dataset.name) is not None, f"{where} is not named <source>__<entity>")
    for value, allowed in (
        (dataset.format, FORMATS),
        (dataset.encoding, ENCODINGS),
        (dataset.date_format, DATE_FORMATS),
    ):
        _check(value in allowed, f"{where} has {value!r}, which is none of {', '.join(allowed)}")
    _check(len(dataset.delimiter) == 1, f"{where} needs a delimiter of one character")
    _check_unique(f"in {where} the column", [column.name.casefold() for column in dataset.columns])
    aliases = [column.alias for column in dataset.columns]
    _check_unique(f"in {where} the name", aliases + (["partner_code"] if dataset.has_partner_folder else []))
    _check(not set(aliases) & set(RESERVED), f"{where} uses a name of the intake's own: {', '.join(RESERVED)}")
    known = {*aliases, "partner_code"} if dataset.has_partner_folder else set(aliases)
    _check(set(dataset.key) <= known, f"the key of {where} names a column that is not there")
    scopes = {name for column in dataset.columns for name in column.scope}
    names = {column.name for column in dataset.columns} | ({"partner_code"} if dataset.has_partner_folder else set())
    _check(scopes <= names, f"a scope in {where} names a column that is not there")


def _column(entry: Any, parent: str) -> Column:
    where = f"a column of {parent}"
    if isinstance(entry, dict) and entry.get("name"):
        where = f"column {entry['name']} of {parent}"
    _check_properties(entry, Column, where, extra=("as",))
    _check("alias" not in entry, f"{where} has the unknown property alias")
    _check_present(entry, ("name", "type", "description"), where)
    known = {name: value for name, value in entry.items() if name != "as"}
    column = Column(
        **{
            **known,
            "alias": entry.get("as", entry["name"]),
            "scope": tuple(entry.get("scope", ())),
            "values": tuple(str(value) for value in entry.get("values", ())),
        }
    )
    _check(column.type in TYPES, f"{where} has {column.type!r}, which is none of {', '.join(TYPES)}")
    _check(
        column.personal or re.fullmatch(r"[a-z][a-z0-9_]*", column.alias) is not None,
        f"{where} needs a name of lower-case letters, digits and _ under `as`",
    )
    _check(
        column.identity is None or column.identity in IDENTITIES,
        f"{where} has the identity {column.identity!r}, which is none of {', '.join(IDENTITIES)}",
    )
    return column
