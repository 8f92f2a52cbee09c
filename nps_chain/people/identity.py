"""Identities: brought to one spelling, then replaced by a keyed hash, inside the query that reads the file.

The key is a session variable of the in-memory connection, so it stands in no file, log or query text.
The hash is the first 15 hexadecimal digits (60 bits) of sha256(key|kind|scope|value).
"""

import csv
import os
from pathlib import Path

import duckdb

from nps_chain.contracts.landing import MANGLED_TEXT, Column, Dataset
from nps_chain.errors import UserError
from nps_chain.people import phones, spellings
from nps_chain.settings import KEY_VARIABLE, MINIMUM_KEY_LENGTH, ROOT
from nps_chain.sql_quoting import literal

# The column of a relation that holds the calling code of the partner's country.
CALLING_CODE = "_nps_calling_code"
COUNTRIES_PATH = ROOT / "seeds" / "countries.csv"

# A customer number and a loyalty number share one space: the chain administration writes either under one heading.
HASH_KINDS = {
    "email": "email",
    "phone": "phone",
    "serial": "serial",
    "loyalty": "customer",
    "customer": "customer",
    "agent": "agent",
}

# A customer 0 is a customer, as lists that count from nought have one; at a till 0 is no card.
NOUGHTS_OF_A_CUSTOMER = 2

_HASH = """
create or replace macro identity_hash(kind, scoped_value) as
    cast('0x' || left(sha256(getvariable('identity_key') || '|' || kind || '|' || scoped_value), 15) as bigint);
"""


def identity_key() -> str:
    """The key from the environment."""
    key = os.environ.get(KEY_VARIABLE, "")
    if len(key) < MINIMUM_KEY_LENGTH:
        raise UserError(
            f"Set {KEY_VARIABLE} to a secret of at least {MINIMUM_KEY_LENGTH} characters: customers' identities are "
            "hashed with it, and the same key is needed for every later build."
        )
    return key


def create_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Define the normalisation and the hash in the connection's database."""
    phones.create_function(connection)
    connection.execute(spellings.macros(calling_codes().values()))
    connection.execute(_HASH)


def set_key(connection: duckdb.DuckDBPyConnection, key: str) -> None:
    """Give the session its key."""
    connection.execute("set variable identity_key = ?", [key])


def calling_codes(path: Path = COUNTRIES_PATH) -> dict[str, str]:
    """Country code to telephone calling code, from the seed."""
    with path.open(encoding="utf-8", newline="") as stream:
        return {row["country_code"]: row["calling_code"] for row in csv.DictReader(stream)}


def own_name(step: str, column: Column) -> str:
    """What the intake calls a value of the column on its way."""
    return f"_nps_{step}_{column.alias}"


def identity_steps(dataset: Dataset, column: Column, source: dict[str, str]) -> tuple[list[dict[str, str]], str]:
    """The SQL that turns a cleaned identity into its hash: the steps, in a query each, and what comes last.

    `source` is the SQL of every column. No step is computed twice, as it would be if one expression held them all.
    """
    clean, spelled, last = (f"raw.{own_name(step, column)}" for step in ("clean", "spelled", "last"))
    own = {name: own_name(name, column) for name in ("digits", "code", "abroad", "spelled", "last")}
    kind = HASH_KINDS[column.identity or ""]
    scope = [source[name] for name in column.scope]
    if column.identity == "email":
        steps = [{own["spelled"]: f"spelled_email({clean})"}]
        return steps, f"identity_hash('{kind}', mailbox({spelled}))"
    if column.identity == "phone":
        digits, code, abroad = (f"raw.{own[name]}" for name in ("digits", "code", "abroad"))
        steps = [
            {own["digits"]: f"phone_digits({clean})", own["code"]: _calling_code_sql(dataset, source)},
            {own["abroad"]: f"dialled_abroad({clean}, {digits})"},
            {own["spelled"]: f"spelled_phone({clean}, {digits}, {abroad}, {code})"},
        ]
        return steps, f"identity_hash('{kind}', dialled({spelled}))"
    mark = dataset.mangled_mark(column)
    mangled = literal(MANGLED_TEXT if mark else None)
    steps = [{own["spelled"]: f"known_number(spelled({clean}, {mangled}))"}]
    if column.identity == "serial":
        steps.append({own["last"]: f"spelled_serial({spelled})"})
    value = last if column.identity == "serial" else spelled
    noughts = NOUGHTS_OF_A_CUSTOMER if column.identity == "customer" else 1
    scoped = " || '|' || ".join([*scope, f"somebody({value}, {noughts})"])
    hashed = f"identity_hash('{kind}', {scoped})"
    if mark is None:
        return steps, hashed
    return steps, f"case when {value} = '{MANGLED_TEXT}' then {mark} else {hashed} end"


def _calling_code_sql(dataset: Dataset, source: dict[str, str]) -> str:
    """The row's own country where it names one, otherwise the partner's."""
    if dataset.column("country") is None:
        return f"raw.{CALLING_CODE}"
    codes = ", ".join(f"'{country}': '{code}'" for country, code in sorted(calling_codes().items()))
    return f"coalesce(map {{{codes}}}[upper({source['country']})], raw.{CALLING_CODE})"
