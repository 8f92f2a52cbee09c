"""The demo data: generated when they are needed, a folder for all builds."""

import fcntl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nps_chain.errors import UserError
from nps_chain.messages import say
from nps_chain.settings import ROOT

FOLDER = ROOT / "demo_data"
LANDING = FOLDER / "landing"
TRUTH = FOLDER / "truth.json"
STAMP = FOLDER / "scale"
LOCK = FOLDER / ".lock"
# Public on purpose: it guards invented people only and is never used with anybody's own landing folder.
IDENTITY_KEY = "demo-key-for-invented-people-only"


@contextmanager
def made(scale: str) -> Iterator[Path]:
    """The demo's landing folder at this scale, which nobody else writes meanwhile."""
    with _sole():
        _make(scale)
        yield LANDING


def make(scale: str) -> None:
    """Generate the demo data, unless they are there already at this scale."""
    with _sole():
        _make(scale)


@contextmanager
def _sole() -> Iterator[None]:
    """Wait for builds of other warehouses: a folder that one of them is writing again would look damaged."""
    FOLDER.mkdir(exist_ok=True)
    with LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make(scale: str) -> None:
    if STAMP.is_file() and STAMP.read_text().strip() == scale:
        say(f"demo: data of scale {scale} are there")
        return
    say(f"demo: generating data of scale {scale}")
    STAMP.unlink(missing_ok=True)
    command = [sys.executable, "-m", "demo", "--out", str(LANDING), "--truth", str(TRUTH), "--scale", scale]
    if subprocess.run(command, cwd=ROOT, check=False).returncode:
        raise UserError("The demo data could not be generated; the message above says why.")
    STAMP.write_text(scale)
