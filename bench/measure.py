"""What a command costs, with everything that it starts.

- wall: from start to end
- CPU: user and system time of the process and of all its descendants that were waited for, from the kernel (wait4)
- memory: the highest sum of resident memory over the process and its descendants, sampled from /proc ten times a
  second, and at least the kernel's own peak of the largest of them. Pages that several share count for each.
- written: bytes sent to the disk by the process and by all its descendants that were waited for, from /proc/<pid>/io
"""

import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event, Thread
from time import monotonic

from nps_chain.settings import ROOT

PROC = Path("/proc")
SAMPLE_SECONDS = 0.1
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
KIBIBYTE = 1024


class FailedError(Exception):
    """The command did not end well, so that its cost means nothing."""


@dataclass(frozen=True)
class Usage:
    """The cost of one run."""

    wall_s: float
    cpu_s: float
    peak_bytes: int
    written_bytes: int

    def as_dict(self) -> dict[str, float]:
        """For the results file."""
        return asdict(self)


def measure(command: list[str], log: Path, environment: dict[str, str] | None = None) -> Usage:
    """Run a command in the project's folder; its output goes to `log`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    peak, ended = [0], Event()
    with log.open("w", encoding="utf-8") as stream:
        started = monotonic()
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **(environment or {})}, stdout=stream, stderr=subprocess.STDOUT
        )
        sampler = Thread(target=_sample, args=(process.pid, peak, ended))
        sampler.start()
        # wait without taking the process away, so that its input and output can still be read
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        wall = monotonic() - started
        ended.set()
        sampler.join()
        written = _written(process.pid)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        tail = log.read_text(encoding="utf-8", errors="replace").splitlines()[-5:]
        raise FailedError(f"{' '.join(command)} ended with {process.returncode}:\n" + "\n".join(tail))
    return Usage(
        wall_s=wall,
        cpu_s=usage.ru_utime + usage.ru_stime,
        peak_bytes=max(peak[0], usage.ru_maxrss * KIBIBYTE),
        written_bytes=written,
    )


def python(module: str, *options: str) -> list[str]:
    """The command that runs a module of this project."""
    return [sys.executable, "-m", module, *options]


def _sample(root: int, peak: list[int], ended: Event) -> None:
    while not ended.wait(SAMPLE_SECONDS):
        peak[0] = max(peak[0], sum(map(_resident, _tree(root))))


def _tree(root: int) -> Iterator[int]:
    children = defaultdict(list)
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            children[_parent(entry)].append(int(entry.name))
    waiting = [root]
    while waiting:
        process = waiting.pop()
        yield process
        waiting += children[process]


def _parent(process: Path) -> int | None:
    try:
        # the name in brackets may hold blanks
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None


def _resident(process: int) -> int:
    try:
        return int((PROC / str(process) / "statm").read_text().split()[1]) * PAGE_BYTES
    except OSError:
        return 0


def _written(process: int) -> int:
    lines = (PROC / str(process) / "io").read_text().splitlines()
    return int(dict(line.split(": ") for line in lines)["write_bytes"])
