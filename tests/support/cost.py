"""What keeps the tests in tests/unit cheap: whoever starts dbt or a build there is refused, and belongs elsewhere."""

import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest

DBT = "dbt.cli.main"
PACKAGE = "nps_chain"
BUILDING = {"build", "intake"}


def is_dear(command: str | Sequence[object]) -> bool:
    """Whether a command runs dbt, or builds."""
    words = shlex.split(command) if isinstance(command, str) else [str(word) for word in command]
    runs_dbt = any(Path(word).name == "dbt" for word in words[:3])
    return runs_dbt or (PACKAGE in words and not BUILDING.isdisjoint(words))


def refuse(*_: object, **__: object) -> NoReturn:
    """Fail the test."""
    pytest.fail("a test in tests/unit starts neither dbt nor a build: move it to another folder of tests/")


@contextmanager
def no_builds() -> Iterator[None]:
    """Let nothing in this process start dbt or a build."""
    start = subprocess.Popen.__init__

    def start_if_cheap(
        process: subprocess.Popen, args: str | Sequence[object], *more: object, **options: object
    ) -> None:
        if is_dear(args):
            refuse()
        start(process, args, *more, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subprocess.Popen, "__init__", start_if_cheap)
        if DBT in sys.modules:
            patch.setattr(sys.modules[DBT].dbtRunner, "invoke", refuse)
        else:
            # who imports it now means to run it, and waits seconds for it
            patch.setitem(sys.modules, DBT, None)
        yield
