"""What dbt has read of the project already, lent to the builds of tests.

dbt keeps what it has read for one database, and reading the project anew is a fourth of a small build. A copy that is
lent names the build's own database; dbt compares every file all the same, so a stale copy costs time and nothing else.
"""

import pprint
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgpack

from nps_chain import memory
from nps_chain.settings import DUCKDB, ROOT

KEPT = "partial_parse.msgpack"
# what `make test` leaves by its build, and any other build of this folder
OWNER = ROOT / "target"
# where raw files lie for who says nothing (models/landing/_sources.yml), and dbt's word for that
DEFAULT_RAW = "warehouse/raw"
UNSET = "DBT_DEFAULT_PLACEHOLDER"


def lend_parse(environment: Mapping[str, str]) -> None:
    """Give the target folder of a build on DuckDB that has yet to begin what dbt has read, for its databases."""
    if environment.get("NPS_ENGINE", DUCKDB) != DUCKDB:
        return
    source, target = OWNER / KEPT, Path(environment["DBT_TARGET_PATH"])
    if not source.is_file() or target.is_file() or (target / KEPT).exists():
        return
    warehouse = Path(environment["NPS_WAREHOUSE"])
    work = Path(environment.get("NPS_WORK_DB", warehouse / "work.duckdb"))
    # an erasure has a database and a target folder of its own
    for database, folder in ((work, target), (warehouse / "tmp" / "work.duckdb", target / "erasure")):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / KEPT).write_bytes(_for_database(source.read_bytes(), environment, database))


def _for_database(kept: bytes, environment: Mapping[str, str], database: Path) -> bytes:
    """The same under the marks by which dbt knows what it read it for."""
    # imported late: dbt takes seconds to import, and most tests don't need it
    from dbt.artifacts.resources import FileHash
    from dbt.config.runtime import load_profile
    from dbt.flags import set_from_args
    from dbt.version import __version__
    from dbt_common.context import set_invocation_context

    profiles = environment.get("DBT_PROFILES_DIR", str(ROOT))
    limit = {memory.VARIABLE: memory.memory_limit()}
    set_invocation_context({**limit, **environment, "NPS_WORK_DB": str(database.resolve())})
    set_from_args(Namespace(PROFILES_DIR=profiles, profiles_dir=profiles, PROJECT_DIR=str(ROOT)), None)
    profile = load_profile(str(ROOT), {}, None, None)
    read = msgpack.unpackb(kept, raw=False, strict_map_key=False)
    marks = {
        "profile_hash": pprint.pformat(sorted(profile.credentials.connection_info())),
        # no variables, profile or target in the command; sqlfluff names a target
        "vars_hash": "\x00".join(("{}", "", "", __version__)),
    }
    for name, content in marks.items():
        mark = FileHash.from_contents(content)
        read["state_check"][name] = {"name": mark.name, "checksum": mark.checksum}
    raw = environment.get("NPS_RAW", f"{environment['NPS_WAREHOUSE']}/raw")
    before = read["env_vars"].get("NPS_RAW", UNSET)
    read = _moved(read, f"'{DEFAULT_RAW if before == UNSET else before}/", f"'{raw}/")
    read["env_vars"] |= {"NPS_RAW": raw, "NPS_LOAD": "all"}
    packed: bytes = msgpack.packb(read, use_bin_type=True)
    return packed


def _moved(value: Any, before: str, after: str) -> Any:
    """The same with the places of raw files elsewhere."""
    if isinstance(value, dict):
        return {key: _moved(inner, before, after) for key, inner in value.items()}
    if isinstance(value, list):
        return [_moved(inner, before, after) for inner in value]
    return value.replace(before, after) if isinstance(value, str) else value
