"""Values, names and paths as they are written in SQL."""

import re
from pathlib import Path

NULL_TEXT = "cast(null as varchar)"


def literal(value: str | None) -> str:
    """The value as an SQL literal."""
    return NULL_TEXT if value is None else "'" + value.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """The name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def path_list(paths: list[Path]) -> str:
    """The paths as an SQL list, with the characters escaped that would make a pattern of them."""
    return "[" + ", ".join(literal(re.sub(r"([*?\[])", r"[\1]", str(path))) for path in paths) + "]"
