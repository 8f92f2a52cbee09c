"""What the working database holds, so that the next build can add to it what has changed.

A note beside the database says which load it was built from, with which code. It is removed before anything is changed
and written when a build has succeeded: after a build that failed or was killed there is none, and the next build makes
everything anew.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from nps_chain.contracts.landing import load_contract
from nps_chain.raw_folder import Load
from nps_chain.settings import ROOT, Settings

CODE = ("dbt_project.yml", "profiles.yml", "requirements/build.txt", "models", "macros", "seeds")


@dataclass(frozen=True)
class State:
    """A load, the code that built it, and the database file as that build left it."""

    load_id: str
    code: str
    bytes: int
    modified_ns: int


def _path(settings: Settings) -> Path:
    return settings.work_database.with_suffix(".state.json")


def take_state(settings: Settings) -> State | None:
    """Read the note and remove it; None if the database is not as the note says."""
    path = _path(settings)
    try:
        state = State(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        state = None
    path.unlink(missing_ok=True)
    return state if state is not None and state == _state(settings, state.load_id) else None


def write_state(settings: Settings, load: Load) -> None:
    """Note what the database holds."""
    state = _state(settings, load.load_id)
    if state is not None:
        path = _path(settings)
        fresh = path.with_name(f"{path.name}.new")
        fresh.write_text(json.dumps(asdict(state)) + "\n", encoding="utf-8")
        fresh.replace(path)


def _state(settings: Settings, load_id: str) -> State | None:
    if settings.work_database.with_name(f"{settings.work_database.name}.wal").exists():
        # somebody wrote to the database and was stopped
        return None
    try:
        database = settings.work_database.stat()
    except OSError:
        return None
    return State(load_id, _code(), database.st_size, database.st_mtime_ns)


def _code() -> str:
    """The hash of all that decides which tables are made of the raw rows."""
    digest = hashlib.sha256()
    for name in CODE:
        place = ROOT / name
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if path.is_file():
                digest.update(f"{path.relative_to(ROOT)}\n".encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()


def can_load_changes(state: State | None, load: Load) -> bool:
    """Whether the database holds the load that the changes begin from, and none of them concerns all rows."""
    return (
        state is not None
        and state.load_id == load.base
        # what rows of all other data sets are judged by or belong to: with a change there everything is made anew
        and not any(load.changed_rows.get(one.name) for one in load_contract().datasets if one.load == "anew")
    )
