"""Phone numbers by Google's rules, the library phonenumbers, in the international spelling +31612345678.

The library takes some 25 microseconds a number, so it sees only what SQL can't be sure of. SQL is sure of a number that
is, as it stands or behind a trunk prefix, one of the patterns by which the library itself tells whether it may take a
prefix off: the patterns are the library's own, of the countries of the seed.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache

import duckdb
import phonenumbers
import pyarrow as pa
from duckdb.func import FunctionNullHandling, PythonUDFType
from phonenumbers import NumberParseException, PhoneMetadata, PhoneNumber

from nps_chain.contracts.no_value import MANGLED, no_value

LIBRARY = f"phonenumbers {phonenumbers.__version__}"
MIN_DIGITS = 7
# of a number with its calling code, by E.164; the library takes more
MAX_DIGITS = 15
# so many equal digits at the end are typed, not dialled
EQUAL_DIGITS = 8
# how many spellings that SQL could not read are remembered
REMEMBERED = 1 << 18
TRUNK_PREFIX = "0"
# what the library knows of the trunk prefix; a code of Britain's from Guernsey changes no number that is whole
PLAIN_PREFIXES = (None, "0", "1", "0|180020")
AROUND = " =\"'`\u2018\u2019\u201c\u201d\u201e"
_LETTERS = re.compile(r"[^\W\d_]+")
# 00, with which most of the world dials abroad, is no other country's national number
_DIALLED_ABROAD = re.compile(r"^(tel:)?[^0-9a-zA-Z]*0[^0-9a-zA-Z]*0", re.IGNORECASE)
_POINT_ZERO = re.compile(r"(\+?[0-9]+)\.0+")
_INVISIBLE = {"Cf", "Zs"}


@cache
def _metadata(calling_code: str) -> PhoneMetadata | None:
    region = phonenumbers.region_code_for_country_code(int(calling_code))
    return PhoneMetadata.metadata_for_region(region)


@cache
def whole_numbers(calling_codes: tuple[str, ...]) -> str:
    """What is a whole number behind its calling code, for all countries that SQL reads."""
    parts = []
    for code in calling_codes:
        found = _metadata(code)
        pattern = found.general_desc.national_number_pattern if found and found.general_desc else None
        if found and pattern and found.national_prefix_for_parsing in PLAIN_PREFIXES:
            parts.append(f"{code}(?:{pattern})")
    return "|".join(parts)


@cache
def kept_numbers(calling_codes: tuple[str, ...]) -> str:
    """What the library keeps behind its calling code, whole or not: no prefix of the country stands there."""
    firsts = {None: "[0-9]", "0": "[1-9]", "1": "[02-9]", "0|180020": "[2-9]"}
    parts = [
        f"{code}{firsts[found.national_prefix_for_parsing]}[0-9]*"
        for code in calling_codes
        if (found := _metadata(code)) is not None and found.national_prefix_for_parsing in firsts
    ]
    return "|".join(parts)


@cache
def trunk_codes(calling_codes: tuple[str, ...]) -> tuple[str, ...]:
    """Calling codes of two digits whose national numbers are dialled with a 0 that is no part of them."""
    return tuple(
        code
        for code in calling_codes
        if len(code) == 2 and (found := _metadata(code)) is not None and found.national_prefix == TRUNK_PREFIX
    )


def create_function(connection: duckdb.DuckDBPyConnection) -> None:
    """Let SQL ask the library: phone_by_library(text, calling code or blank)."""

    def read(texts: pa.ChunkedArray, codes: pa.ChunkedArray) -> pa.Array:
        pairs: Iterable[tuple[str | None, str | None]] = zip(texts.to_pylist(), codes.to_pylist(), strict=True)
        return pa.array(
            [None if text is None else international(text, code or "") for text, code in pairs], pa.string()
        )

    kind, handling = PythonUDFType.ARROW, FunctionNullHandling.SPECIAL
    text = duckdb.sqltypes.VARCHAR
    connection.create_function("phone_by_library", read, [text, text], text, type=kind, null_handling=handling)


@lru_cache(maxsize=REMEMBERED)
def international(text: str, calling_code: str) -> str | None:
    """The number as it is dialled from anywhere; None where it is nobody's."""
    text = unicodedata.normalize("NFKC", text)
    text = "".join(" " if unicodedata.category(sign) in _INVISIBLE else sign for sign in text)
    text = text.strip(AROUND)
    if point_zero := _POINT_ZERO.fullmatch(text):
        text = point_zero[1]
    if sum(sign.isdigit() for sign in text) < MIN_DIGITS or re.fullmatch(MANGLED, text):
        return None
    text = _DIALLED_ABROAD.sub("+", text)
    number = _parsed(text, calling_code)
    has_words = _LETTERS.search(text) is not None
    if has_words and (number is None or not (number.extension or phonenumbers.is_valid_number(number))):
        # 06-12345678 Jan: no letters to be dialled
        number = _parsed(_LETTERS.sub("", text), calling_code) or number
    if number is None:
        return None
    national = phonenumbers.national_significant_number(number)
    if is_typed(national) or is_typed(re.sub(r"\D", "", text)):
        return None
    return f"+{number.country_code}{national}"


def is_typed(digits: str) -> bool:
    """Whether digits were typed to fill a field."""
    equal = min(len(digits), EQUAL_DIGITS)
    return len(set(digits)) == 1 or len(set(digits[-equal:])) == 1 or digits in no_value().numbers


def _parsed(text: str, calling_code: str) -> PhoneNumber | None:
    region = phonenumbers.region_code_for_country_code(int(calling_code)) if calling_code else None
    try:
        return phonenumbers.parse(text, region)
    except NumberParseException:
        return None
