import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from nps_chain.build import sole_build
from nps_chain.errors import UserError
from nps_chain.publish import publish, remove_leftovers
from nps_chain.settings import ROOT, Settings


def work_database(folder: Path, value: int) -> Path:
    path = folder / "work.duckdb"
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema marts")
        connection.execute("create table marts.mart_x (figure integer not null)")
        connection.execute("comment on table marts.mart_x is 'a table''s meaning'")
        connection.execute("comment on column marts.mart_x.figure is 'a figure'")
        connection.execute("insert into marts.mart_x values (?)", [value])
        connection.execute("create table secret as select 1 as email_hash")
        connection.execute("create view marts.view_x as from marts.mart_x")
    return path


def figure(path: Path) -> int:
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute("select figure from mart_x").fetchone()[0]


def test_marts_alone_are_published_with_their_comments(tmp_path):
    published = tmp_path / "nps_chain.duckdb"
    assert publish(work_database(tmp_path, 1), published) == 1
    with duckdb.connect(str(published), read_only=True) as connection:
        tables = connection.execute("select schema_name, table_name, comment from duckdb_tables()").fetchall()
        comments = connection.execute("select comment from duckdb_columns() where table_name = 'mart_x'").fetchall()
        version = connection.execute("select tags['storage_version'] from duckdb_databases() limit 1").fetchone()
    assert tables == [("main", "mart_x", "a table's meaning")]
    assert comments == [("a figure",)]
    assert version == ("v1.2.0+",) or "v1.2" in str(version)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["nps_chain.duckdb", "work.duckdb"]


def test_reader_keeps_the_file_it_opened(tmp_path):
    published = tmp_path / "nps_chain.duckdb"
    publish(work_database(tmp_path, 1), published)
    script = (
        "import duckdb, sys\n"
        "connection = duckdb.connect(sys.argv[1], read_only=True)\n"
        "for line in sys.stdin: print(connection.execute('select figure from mart_x').fetchone()[0], flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(published)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as reader:
        reader.stdin.write("\n")
        reader.stdin.flush()
        assert reader.stdout.readline() == "1\n"
        publish(work_database(tmp_path, 2), published)
        reader.stdin.write("\n")
        reader.stdin.close()
        assert reader.stdout.readline() == "1\n"
    assert figure(published) == 2


def test_publish_killed_before_the_rename_leaves_the_old_file(tmp_path):
    published = tmp_path / "nps_chain.duckdb"
    publish(work_database(tmp_path, 1), published)
    work = work_database(tmp_path, 2)
    script = (
        "import pathlib, sys, time\n"
        "from nps_chain import publish\n"
        "publish._flush = lambda path: (print('copied', flush=True), time.sleep(60))\n"
        "publish.publish(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(work), str(published)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as killed:
        assert killed.stdout.readline() == "copied\n"
        killed.send_signal(signal.SIGKILL)
    assert list(tmp_path.glob(".publish-*"))
    assert figure(published) == 1
    publish(work, published)
    assert figure(published) == 2
    assert not list(tmp_path.glob(".publish-*"))


def test_nothing_to_publish_is_one_sentence(tmp_path):
    with pytest.raises(UserError, match="does not exist"):
        publish(tmp_path / "work.duckdb", tmp_path / "nps_chain.duckdb")
    duckdb.connect(str(tmp_path / "empty.duckdb")).close()
    with pytest.raises(UserError, match="holds no marts"):
        publish(tmp_path / "empty.duckdb", tmp_path / "nps_chain.duckdb")
    assert not (tmp_path / "nps_chain.duckdb").exists()


def test_leftovers_are_removed(tmp_path):
    (tmp_path / ".publish-1.duckdb").touch()
    (tmp_path / ".publish-1.duckdb.wal").touch()
    remove_leftovers(tmp_path)
    assert not list(tmp_path.iterdir())


def test_second_build_is_told_so(tmp_path):
    settings = Settings(tmp_path, tmp_path / "raw", tmp_path / "work.duckdb")
    with sole_build(settings), pytest.raises(UserError, match="Another build is running"), sole_build(settings):
        pass
    with sole_build(settings):
        pass


def run_cli(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("NPS_")}
    return subprocess.run(
        [sys.executable, "-m", "nps_chain", *arguments],
        cwd=ROOT,
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("arguments", "environment", "said"),
    [
        (["build", "--landing", "no/such/folder"], {"NPS_IDENTITY_KEY": "x" * 16}, "does not exist"),
        (["build", "--landing", "contract"], {}, "NPS_IDENTITY_KEY"),
        (["build", "--landing", "contract"], {"NPS_IDENTITY_KEY": "short"}, "at least 16 characters"),
        (["verdict"], {}, "There is no verdict yet"),
        (["publish"], {}, "nothing to publish"),
    ],
)
def test_what_a_user_can_put_right_is_one_sentence(tmp_path, arguments, environment, said):
    result = run_cli(*arguments, NPS_WAREHOUSE=str(tmp_path), **environment)
    assert result.returncode == 1
    assert said in result.stderr
    assert result.stderr.count("\n") == 1
    assert "Traceback" not in result.stderr


def test_lock_is_free_again_after_a_kill(tmp_path):
    script = (
        "import pathlib, time\n"
        "from nps_chain import build, settings\n"
        "with build.sole_build(settings.load_settings()): print('held', flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "NPS_WAREHOUSE": str(tmp_path)},
    ) as holder:
        assert holder.stdout.readline() == "held\n"
        assert "Another build" in run_cli("publish", NPS_WAREHOUSE=str(tmp_path)).stderr
        holder.kill()
    time.sleep(0.1)
    assert "Another build" not in run_cli("publish", NPS_WAREHOUSE=str(tmp_path)).stderr
