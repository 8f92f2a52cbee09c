"""A full disk, a read-only folder, files that vanish: one clear sentence, and what was published stays untouched."""

import ctypes
import os
import resource
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from landing_builder import PROJECT, TEST_KEY
from torture import HANDMADE, LONG, Site

from nps_chain.__main__ import main
from nps_chain.intake import intake
from nps_chain.intake.readers.reader import Prepared, Reader
from nps_chain.settings import KEY_VARIABLE

BEFORE = b"what was published before"
PR_CAPBSET_DROP = 24
# the two capabilities by which root overrules the modes of files
OVERRULING = (1, 2)
KIB = 1 << 10
MIB = 1 << 20
READ_ONLY = stat.S_IRUSR | stat.S_IXUSR
STOPPED = """
import os, signal, sys, threading, duckdb
from nps_chain import __main__
from nps_chain.running import build
def build_for_hours(*arguments):
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    # on the thread that waits for it, which is the one to hear of it
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("select max(sha256(cast(range as varchar))) from range(1000000000)")
build.build = build_for_hours
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.exit(__main__.main(["build"]))
"""
SHARE_OF_DISK = """
mount -t tmpfs -o size="$1" none "$2" || exit 99
cp "$3/." "$2" -a
shift 3
"$@"
code=$?
cp "$NPS_WAREHOUSE/nps_chain.duckdb" "$FOUND"
exit $code
"""


def build(site: Site, **options: object) -> subprocess.CompletedProcess[str]:
    """Build the handmade landing folder."""
    return site.run("build", "--landing", str(HANDMADE), **options)


def limit_files(size: int) -> Callable[[], None]:
    """Let no file of a process grow beyond a size: what a full disk is to the one who writes."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def obey_modes() -> None:
    """Make root obey the modes of files, as everybody else does."""
    library = ctypes.CDLL(None, use_errno=True)
    for capability in OVERRULING if os.geteuid() == 0 else ():
        if library.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0):
            raise OSError(ctypes.get_errno(), "root cannot be made to obey file modes here")


def assert_one_sentence(result: subprocess.CompletedProcess[str], *words: str) -> None:
    """The command failed, and said why in one line, without a stack trace."""
    said = result.stdout + result.stderr
    assert result.returncode == 1, said
    assert "Traceback" not in said
    assert result.stderr.startswith("Error: "), said
    assert result.stderr.endswith(".\n")
    assert result.stderr.count("\n") == 1
    for word in words:
        assert word.casefold() in result.stderr.casefold()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A warehouse whose published file must not change."""
    site = Site(tmp_path / "site")
    site.warehouse.mkdir(parents=True)
    site.published.write_bytes(BEFORE)
    yield site
    site.warehouse.chmod(stat.S_IRWXU)
    assert site.published.read_bytes() == BEFORE
    assert not list(site.warehouse.glob(".publish-*"))


def write_work_database(path: Path) -> None:
    """A working database that holds marts, too large for a small disk."""
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema marts")
        connection.execute("create table marts.mart_x as select random() as figure from range(500000)")


belongs_to_torture = pytest.mark.skipif(not LONG, reason="a run of dbt on top belongs to make torture")


@pytest.mark.parametrize(
    ("size", "command"),
    [
        pytest.param(KIB // 2, "intake", id="intake"),
        pytest.param(2 * MIB, "build", id="parsing the project"),
        pytest.param(4 * MIB, "build", id="dbt's log", marks=belongs_to_torture),
    ],
)
def test_no_file_may_grow_during_a_build(site: Site, size: int, command: str) -> None:
    result = site.run(command, "--landing", str(HANDMADE), preexec_fn=limit_files(size))
    assert_one_sentence(result)


def test_no_file_may_grow_during_a_publish(site: Site) -> None:
    write_work_database(site.work)
    assert_one_sentence(site.run("publish", preexec_fn=limit_files(MIB)), "File too large")


@pytest.mark.parametrize(
    ("size", "arguments"),
    [
        pytest.param("64k", ["build", "--landing", str(HANDMADE)], id="intake"),
        pytest.param("1m", ["build", "--landing", str(HANDMADE)], id="models", marks=belongs_to_torture),
        pytest.param("2m", ["build", "--landing", str(HANDMADE)], id="publish", marks=belongs_to_torture),
        pytest.param("6m", ["publish"], id="publish alone"),
    ],
)
def test_disk_full(tmp_path: Path, size: str, arguments: list[str]) -> None:
    """On a disk of its own, which a user may have where user namespaces are allowed."""
    site = Site(tmp_path / "site")
    start = tmp_path / "start"
    for folder in (site.warehouse, start):
        folder.mkdir(parents=True)
    (start / "nps_chain.duckdb").write_bytes(BEFORE)
    if arguments == ["publish"]:
        write_work_database(start / "work.duckdb")
    found = tmp_path / "found"
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", SHARE_OF_DISK, "sh", size]
    result = subprocess.run(
        [*command, str(site.warehouse), str(start), sys.executable, "-m", "nps_chain", *arguments],
        cwd=PROJECT,
        env=site.environment(FOUND=str(found)),
        capture_output=True,
        text=True,
        check=False,
    )
    if not found.exists():
        pytest.skip(f"no disk of one's own here: {result.stderr.strip()}")
    assert_one_sentence(result, "space")
    assert found.read_bytes() == BEFORE


def test_read_only_warehouse(site: Site) -> None:
    site.warehouse.chmod(READ_ONLY)
    assert_one_sentence(build(site, preexec_fn=obey_modes), "Permission denied", str(site.warehouse))
    assert_one_sentence(site.run("publish", preexec_fn=obey_modes), "Permission denied", str(site.warehouse))


def test_warehouse_that_became_read_only_after_a_build(site: Site) -> None:
    """The lock is there and can be opened; nothing else can be made."""
    site.run("publish")
    assert (site.warehouse / ".lock").exists()
    write_work_database(site.work)
    site.warehouse.chmod(READ_ONLY)
    assert_one_sentence(build(site, preexec_fn=obey_modes), "Permission denied")
    assert_one_sentence(site.run("publish", preexec_fn=obey_modes), "Permission denied")


def test_warehouse_in_a_read_only_folder(site: Site) -> None:
    result = build(site, preexec_fn=obey_modes, environment={"NPS_WAREHOUSE": "/proc/warehouse"})
    assert_one_sentence(result, "/proc/warehouse")


def test_a_file_in_place_of_the_warehouse(site: Site) -> None:
    result = build(site, environment={"NPS_WAREHOUSE": str(site.published)})
    assert_one_sentence(result, str(site.published))


def test_a_file_in_place_of_the_temporary_folder(site: Site) -> None:
    (site.warehouse / "tmp").write_text("in the way")
    assert_one_sentence(build(site), str(site.warehouse / "tmp"))


def test_read_only_folder_of_the_working_database(site: Site, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir(mode=READ_ONLY)
    result = build(site, preexec_fn=obey_modes, environment={"NPS_WORK_DB": str(folder / "work.duckdb")})
    assert_one_sentence(result, "Permission denied")


@belongs_to_torture
def test_a_file_in_place_of_the_folder_of_compiled_models(site: Site) -> None:
    (site.folder / "target").write_text("in the way")
    assert_one_sentence(build(site), "dbt")


@pytest.mark.parametrize("limit", ["1MB", "lots"])
def test_a_memory_limit_that_is_too_small_or_none(site: Site, limit: str) -> None:
    assert_one_sentence(build(site, environment={"NPS_MEMORY_LIMIT": limit}), "memory")


@pytest.fixture
def landing(tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A landing folder to take from, and this process's environment leading to the site."""
    for name, value in site.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv(KEY_VARIABLE, TEST_KEY)
    return Path(shutil.copytree(HANDMADE, tmp_path / "landing"))


def run_here(landing: Path, capfd: pytest.CaptureFixture[str]) -> subprocess.CompletedProcess[str]:
    """Build in this process, whose functions a test has replaced."""
    code = main(["build", "--landing", str(landing)])
    output, errors = capfd.readouterr()
    return subprocess.CompletedProcess([], code, output, errors)


VANISHING = [
    "shop/SE-S01/receipts_2024.csv",
    "contact_centre/SE-CC/contacts.ndjson",
    "manufacturer/SE-MFR/survey_answers.parquet",
    "chain/partners.csv",
]


@pytest.mark.parametrize("name", VANISHING)
def test_a_landing_file_vanishes_before_it_is_read(
    landing: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], name: str
) -> None:
    listed = intake.list_landing

    def list_then_lose(*arguments: object) -> object:
        files = listed(*arguments)
        (landing / name).unlink()
        return files

    monkeypatch.setattr(intake, "list_landing", list_then_lose)
    assert_one_sentence(run_here(landing, capfd), f"{name} vanished")


@pytest.mark.parametrize("name", VANISHING)
def test_a_landing_file_vanishes_while_it_is_read(
    landing: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], name: str
) -> None:
    """Its bytes were looked at, its rows not yet taken."""
    for reader in Reader.__subclasses__():
        prepared = reader.prepare

        def prepare_then_lose(self: Reader, *arguments: object, prepared: Callable = prepared) -> Prepared:
            result = prepared(self, *arguments)
            if result.file.relative == name:
                (landing / name).unlink()
            return replace(result)

        monkeypatch.setattr(reader, "prepare", prepare_then_lose)
    assert_one_sentence(run_here(landing, capfd), f"{name} vanished")


def test_the_landing_folder_vanishes(
    landing: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    listed = intake.list_landing

    def list_then_lose(*arguments: object) -> object:
        files = listed(*arguments)
        shutil.rmtree(landing)
        return files

    monkeypatch.setattr(intake, "list_landing", list_then_lose)
    assert_one_sentence(run_here(landing, capfd), "vanished")


def test_stopped_at_the_keyboard_during_a_query() -> None:
    result = subprocess.run([sys.executable, "-c", STOPPED], cwd=PROJECT, capture_output=True, text=True, timeout=60)
    assert (result.returncode, result.stderr) == (130, "Stopped.\n")


def test_the_check_sees_a_stack_trace() -> None:
    result = subprocess.run(
        [sys.executable, "-c", "raise OSError(28, 'No space left on device')"],
        capture_output=True,
        text=True,
        check=False,
    )
    with pytest.raises(AssertionError):
        assert_one_sentence(result)
