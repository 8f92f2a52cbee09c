"""Hand-written YAML as frozen objects that pydantic has checked; a fault is one sentence that says where."""

import json
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from nps_chain.errors import UserError

Kind = TypeVar("Kind")

# Every property must be known, so that a misspelt one is not silently without effect, and of its own type.
STRICT = ConfigDict(extra="forbid", strict=True)
Text = Annotated[str, Field(min_length=1)]
# as it is written: 2 stays 2
Number = float | int
Names = Annotated[tuple[Text, ...], Field(min_length=1)]
# How the entries of a list are called.
ENTRIES = {"datasets": "data set", "columns": "column"}
UNKNOWN = ("unexpected_keyword_argument", "extra_forbidden")
ABSENT = ("missing", "string_too_short", "too_short")
SHOWN_WIDTH = 60


def read_yaml(path: Path, title: str) -> Any:
    """What the file holds; `title` begins the sentence if nobody can read it."""
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UserError(f"{title} cannot be read: {str(error).splitlines()[0]}.") from error


def checked(kind: type[Kind], document: Any, title: str) -> Kind:
    """The document as an object of the kind.

    A validator of a kind raises ValueError with its part of the sentence, in which `{where}` stands for the place.
    """
    try:
        # as JSON, since in Python a strict kind takes no list for a tuple and no mapping for an object
        return TypeAdapter(kind).validate_json(json.dumps(document, default=str))
    except ValidationError as error:
        raise UserError(f"{title} {_fault(error.errors(include_url=False), document)}.") from error


def _fault(errors: Sequence[ErrorDetails], document: Any) -> str:
    """The first fault; an unknown property goes first, since what lacks beside it may only be misspelt."""
    first = min(errors, key=lambda error: error["type"] not in UNKNOWN)
    place, kind = first["loc"], first["type"]
    where = _where(place, document)
    if kind == "value_error":
        return str(first["ctx"]["error"]).replace("{where}", where)
    if kind == "dataclass_type":
        return f"{where} is not a mapping"
    for kinds, words in ((UNKNOWN, "has the unknown property"), (ABSENT, "has no")):
        if kind in kinds:
            alike = [error["loc"] for error in errors if error["type"] in kinds and error["loc"][:-1] == place[:-1]]
            return f"{_where(place[:-1], document)} {words} {', '.join(str(names[-1]) for names in alike)}"
    value = textwrap.shorten(repr(first["input"]), SHOWN_WIDTH, placeholder=" ...")
    if kind == "literal_error":
        allowed = first["ctx"]["expected"].replace("'", "").replace(" or ", ", ")
        return f"{where} is {value}, which is none of {allowed}"
    wanted = first["msg"].partition(" should ")[2].replace("array", "list").replace("object", "mapping")
    return f"{where} is {value}, which should {wanted}"


def _where(place: tuple[int | str, ...], document: Any) -> str:
    """The place in words, the innermost first; an entry of a list by its name."""
    words: list[str] = []
    here = document
    for step in place:
        # behind a value pydantic names the type that it was tried as
        if isinstance(here, dict):
            here = here.get(step)
            words.append(str(step))
        elif isinstance(here, list) and isinstance(step, int):
            here = here[step]
            number = f"number {step + 1}"
            if words[-1:] and words[-1] in ENTRIES:
                name = here.get("name") if isinstance(here, dict) else None
                words[-1] = f"{ENTRIES[words[-1]]} {name or number}"
            else:
                words.append(number)
    return " of ".join(reversed(words)) or "it"
