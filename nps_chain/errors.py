"""The errors that a user can put right."""

import duckdb

# What the machine refuses, not what the program does wrong: no space, no permission, no memory, a file for a folder.
MACHINE_FAULTS = (OSError, duckdb.IOException, duckdb.OutOfMemoryException)


class UserError(Exception):
    """Something the user can put right. Its text is one sentence and is printed without a stack trace."""


def machine_sentence(error: Exception) -> str:
    """What the machine refused, in one sentence."""
    if isinstance(error, OSError) and error.strerror:
        said = f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    else:
        said = " ".join(str(error).split())
    return f"{said.rstrip('.')}; what was published before is untouched."
