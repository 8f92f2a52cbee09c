"""Identities: brought to one spelling, then replaced by a keyed hash, inside the query that reads the file.

The key is a session variable of the in-memory connection, so it stands in no file, log or query text.
The hash is the first 15 hexadecimal digits (60 bits) of sha256(key|kind|scope|value).
"""

import csv
import os
from pathlib import Path

import duckdb

from nps_chain.contracts.landing import Column, Dataset
from nps_chain.errors import UserError
from nps_chain.settings import KEY_VARIABLE, MINIMUM_KEY_LENGTH, ROOT

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

# What surrounds a value without being part of it: white space, the no-break space and a stray byte order mark.
BLANKS = " \t\r\n\v\f\u00a0\ufeff"

# Looking at a value's ends costs a third of what a regular expression does, and trimming twice as much. A blank within
# ASCII sorts before the first sign that is none.
_HAS_BLANK_END = " or ".join(
    ["x < '!'"]
    + [f"starts_with(x, '{blank}')" for blank in BLANKS if not blank.isascii()]
    + [f"ends_with(x, '{blank}')" for blank in BLANKS]
)

_MACROS = rf"""
create or replace macro clean(x) as case when {_HAS_BLANK_END} then nullif(trim(x, '{BLANKS}'), '') else x end;

create or replace macro clean_email(x) as
    case
        when regexp_full_match(clean(x), '[^@\s,;<>"]+@[^@\s,;<>"]+\.[^@\s,;<>".]{{2,}}') then lower(clean(x))
    end;

create or replace macro clean_serial(x) as nullif(regexp_replace(upper(clean(x)), '[\s-]', '', 'g'), '');

-- `(0)` is the trunk prefix that is not dialled after a country's code: +31 (0)6 ...
create or replace macro phone_digits(x) as regexp_replace(replace(clean(x), '(0)', ''), '[^0-9]', '', 'g');

create or replace macro international_phone(x, digits, calling_code) as
    case
        when starts_with(clean(x), '+') then '+' || digits
        when starts_with(digits, '00') then '+' || substr(digits, 3)
        when calling_code is null then null
        when starts_with(digits, '0') then '+' || calling_code || substr(digits, 2)
        -- a calling code and a national number together have 11 digits or more
        when starts_with(digits, calling_code) and length(digits) >= 11 then '+' || digits
        else '+' || calling_code || digits
    end;

create or replace macro clean_phone(x, calling_code) as
    case
        when length(phone_digits(x)) < 7 then null
        when replace(phone_digits(x), left(phone_digits(x), 1), '') = '' then null
        else international_phone(x, phone_digits(x), calling_code)
    end;

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
    connection.execute(_MACROS)


def set_key(connection: duckdb.DuckDBPyConnection, key: str) -> None:
    """Give the session its key."""
    connection.execute("set variable identity_key = ?", [key])


def calling_codes(path: Path = COUNTRIES_PATH) -> dict[str, str]:
    """Country code to telephone calling code, from the seed."""
    with path.open(encoding="utf-8", newline="") as stream:
        return {row["country_code"]: row["calling_code"] for row in csv.DictReader(stream)}


def identity_sql(dataset: Dataset, column: Column, source: dict[str, str]) -> str:
    """The SQL that turns a raw identity into its hash; `source` is the raw SQL of every column."""
    raw = source[column.name]
    value = {
        "email": f"clean_email({raw})",
        "serial": f"clean_serial({raw})",
        "phone": f"clean_phone({raw}, {_calling_code_sql(dataset, source)})",
    }.get(column.identity or "", f"clean({raw})")
    scoped = " || '|' || ".join([*(f"clean({source[name]})" for name in column.scope), value])
    return f"identity_hash('{HASH_KINDS[column.identity or '']}', {scoped})"


def _calling_code_sql(dataset: Dataset, source: dict[str, str]) -> str:
    """The row's own country where it names one, otherwise the partner's."""
    if dataset.column("country") is None:
        return f"raw.{CALLING_CODE}"
    codes = ", ".join(f"'{country}': '{code}'" for country, code in sorted(calling_codes().items()))
    return f"coalesce(map {{{codes}}}[upper(clean({source['country']}))], raw.{CALLING_CODE})"
