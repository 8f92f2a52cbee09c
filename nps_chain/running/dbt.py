"""dbt as a subprocess: its progress line by line, and what failed in one sentence."""

import json
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterable
from pathlib import Path
from time import monotonic
from typing import Any

from nps_chain import memory
from nps_chain.errors import UserError
from nps_chain.messages import say
from nps_chain.settings import ROOT, Settings

NO_TESTS = ["--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"]
NODES_PER_PROGRESS_LINE = 10
SHOWN_FAILURES = 5
SHOWN_MESSAGE_WIDTH = 500
# dbt's heading names the node once more: Compilation Error in model x (models/x.sql)
HEADING = re.compile(r"^(\w+ Error) in \w+ \S+ \([^)]*\)$", re.MULTILINE)


def build(settings: Settings, options: list[str], load: str = "all", work_database: Path | None = None) -> None:
    """Run `dbt build`; what fails is said in one sentence."""
    program = str(Path(sys.executable).with_name("dbt"))
    command = [program, "--log-format", "json", "--no-use-colors", "build", *options]
    environment = {**os.environ, **settings.environment(), memory.VARIABLE: memory.memory_limit()}
    environment |= {"NPS_LOAD": load, "PYTHONUNBUFFERED": "1"}
    if work_database:
        # dbt keeps what it has read of the project for one database: in one folder, two would have it read each time
        target = Path(os.environ.get("DBT_TARGET_PATH") or "target") / "erasure"
        environment |= {"NPS_WORK_DB": str(work_database), "DBT_TARGET_PATH": str(target)}
    started = monotonic()
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        close_fds=False,
    ) as process:
        failures = follow(process.stdout or iter(()), started)
    if process.returncode:
        named = "; ".join(failures[:SHOWN_FAILURES]) or "see logs/dbt.log"
        more = f" and {len(failures) - SHOWN_FAILURES} more" if len(failures) > SHOWN_FAILURES else ""
        raise UserError(f"dbt did not succeed, so nothing was published; what failed: {named.rstrip('.')}{more}.")


def follow(lines: Iterable[str], started: float) -> list[str]:
    """Show dbt's progress now and then, and its warnings and errors at once; return what failed, a line each."""
    failures: dict[str, str] = {}
    unlogged = ""
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            # what dbt says when it dies, or can't write its log; the last line of a stack trace tells most
            unlogged = line.strip() or unlogged
            continue
        info, data = event["info"], event["data"]
        if info["level"] in ("warn", "error") and info["name"] != "MainStackTrace":
            say(f"  {info['msg'].strip()}")
        if info["name"] == "MainEncounteredError":
            failures[info["name"]] = _one_line(info["msg"].strip().removeprefix("Encountered an error:"))
        if info["name"] == "RunResultError":
            message = HEADING.sub(r"\1:", info["msg"].strip())
            failures[data["node_info"]["unique_id"]] = _one_line(f"{_node(data)}: {message}")
        if "index" in data and "status" in data:
            if data["status"].lower() in ("fail", "error"):
                failures.setdefault(data["node_info"]["unique_id"], _node(data))
            _show_progress(data["index"], data["total"] if "total" in data else data["num_models"], started)
    return list(failures.values()) or ([_one_line(unlogged)] if unlogged else [])


def _node(data: dict[str, Any]) -> str:
    node = data["node_info"]
    return f"{node['resource_type'].replace('_', ' ')} {node['node_name']}"


def _one_line(message: str) -> str:
    return textwrap.shorten(message, SHOWN_MESSAGE_WIDTH, placeholder=" ...")


def _show_progress(index: int, total: int, started: float) -> None:
    if index % NODES_PER_PROGRESS_LINE == 0 or index == total:
        say(f"  {index} of {total} nodes, {monotonic() - started:.0f} s")
