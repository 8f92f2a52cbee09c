import json
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from nps_chain.contracts.marts import load_tables
from nps_chain.errors import UserError
from nps_chain.publishing.publish import publish, remove_leftovers
from nps_chain.publishing.verdict import WIDTH, verdict
from nps_chain.running.build import sole_build
from nps_chain.running.dbt import follow
from nps_chain.settings import ROOT, Settings

NO_WARNINGS = (
    "create table mart_source_warning (warning_rank int, severity int, warning_code text, warning_name text, "
    "partner_code text, dataset text, file_path text, sentence text)"
)


def work_database(folder: Path, value: int) -> Path:
    path = folder / "work.duckdb"
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema marts")
        connection.execute("create table marts.mart_x (figure integer not null)")
        connection.execute("insert into marts.mart_x values (?)", [value])
        connection.execute("create table secret as select 1 as email_hash")
        connection.execute("create view marts.view_x as from marts.mart_x")
    return path


def figure(path: Path) -> int:
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute("select figure from mart_x").fetchone()[0]


def test_marts_alone_are_published(tmp_path):
    published = tmp_path / "nps_chain.duckdb"
    assert publish(work_database(tmp_path, 1), published) == 1
    with duckdb.connect(str(published), read_only=True) as connection:
        tables = connection.execute("select schema_name, table_name from duckdb_tables()").fetchall()
        version = connection.execute("select tags['storage_version'] from duckdb_databases() limit 1").fetchone()
    assert tables == [("main", "mart_x")]
    assert version == ("v1.2.0+",) or "v1.2" in str(version)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["nps_chain.duckdb", "work.duckdb"]


def test_every_dimension_and_mart_has_a_key():
    """Whose repetition stops the publishing; a fact's key is its file and line."""
    assert [table.name for table in load_tables() if not table.key and not table.name.startswith("fct_")] == []


def test_tables_are_described_in_their_comments(tmp_path):
    """As their contracts describe them, to the quote."""
    work = work_database(tmp_path, 1)
    (table,) = (table for table in load_tables() if table.name == "mart_weakest_link")
    columns = ", ".join(f"cast(null as {column.kind}) as {column.name}" for column in table.columns)
    with duckdb.connect(str(work)) as connection:
        connection.execute(f"create table marts.{table.name} as select {columns}")
    published = tmp_path / "nps_chain.duckdb"
    publish(work, published)
    with duckdb.connect(str(published), read_only=True) as connection:
        comment = "select comment from duckdb_tables() where table_name = ?"
        comments = "select comment from duckdb_columns() where table_name = ? order by column_index"
        assert connection.execute(comment, [table.name]).fetchall() == [(table.description,)]
        described = [text for (text,) in connection.execute(comments, [table.name]).fetchall()]
        assert connection.execute(comment, ["mart_x"]).fetchall() == [(None,)]
    assert described == [column.description for column in table.columns]
    assert "'" in "".join(described) and all(described)


FACT = """
    create table marts.fct_x as
    select
        number * 7919 % 400000 as response_key,
        number % 6 as chain_link_key,
        number % 500 as partner_key,
        cast(timestamp '2020-01-01' + to_days(cast(number * 31 % 2000 as integer)) as date) as response_on
    from range(400000) as numbers(number)
"""


def test_readers_of_a_partners_quarter_skip_the_rest(tmp_path: Path) -> None:
    work = work_database(tmp_path, 1)
    with duckdb.connect(str(work)) as connection:
        connection.execute(FACT)
    published = tmp_path / "nps_chain.duckdb"
    publish(work, published)
    query = "select count(*) from fct_x where partner_key = 6 and chain_link_key = 0 and response_on < '2021-01-01'"
    with duckdb.connect(str(published), read_only=True) as connection:
        order = "chain_link_key, partner_key, response_on, response_key"
        rows = connection.execute(f"select {order} from fct_x").fetchall()
        scans = json.loads(connection.execute(f"explain (analyze, format json) {query}").fetchall()[0][1])
    assert len(rows) == 400_000 and rows == sorted(rows)
    assert 0 < rows_scanned(scans) <= len(rows) / 2


def rows_scanned(node: dict) -> int:
    """Rows that the plan's table scans looked at."""
    return node.get("operator_rows_scanned", 0) + sum(rows_scanned(child) for child in node["children"])


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
        "from nps_chain.publishing import publish\n"
        "publish.flush = lambda path: (print('copied', flush=True), time.sleep(60))\n"
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


def event(name: str, message: str, level: str = "error", **data: object) -> str:
    return json.dumps({"info": {"name": name, "msg": message, "level": level}, "data": data})


def test_what_failed_in_dbt_carries_its_message():
    node = {"unique_id": "model.p.m", "resource_type": "model", "node_name": "m"}
    lines = [
        event(
            "MainEncounteredError", "Encountered an error:\nCompilation Error in model x (models/x.sql)\n  no {% end"
        ),
        event("LogModelResult", "1 of 2 ERROR", node_info=node, status="error", index=1, total=2),
        event("RunResultError", "  Compilation Error in model m (models/m.sql)\n  'f' is undefined", node_info=node),
    ]
    assert follow(lines, 0.0) == [
        "Compilation Error in model x (models/x.sql) no {% end",
        "model m: Compilation Error: 'f' is undefined",
    ]


@pytest.mark.parametrize(
    ("link", "shown"),
    [("Dealer", "Dealer"), ("Finance company", "Finance company"), ("Garages and bodyshops", "Garages and bo.")],
)
def test_verdict_names_the_period_and_its_doubts_and_adds_up(tmp_path, link, shown):
    published = tmp_path / "nps_chain.duckdb"
    with duckdb.connect(str(published)) as connection:
        connection.execute(
            "create table mart_weakest_link as select 'a' as chain_code, 'Cars, Sweden' as chain_name, "
            f"730 as retention_window_days, 1 as link_position, '{link}' as link_name, null::bigint as responses, "
            "null::double as nps, null::double as nps_ci_low, null::double as nps_ci_high, "
            "null::double as promoter_retention, null::double as detractor_retention, "
            "null::double as value_at_stake_eur, null::double as p_weakest, 'cannot_tell' as verdict, "
            "false as is_certain, "
            "repeat('too few ', 20) || 'answers' as verdict_reason, 'Nothing can be told.' as chain_sentence, "
            "date '2024-10-03' as as_of_on, date '2023-10-01' as period_from, date '2024-09-30' as period_to"
        )
        connection.execute(
            "create table mart_pipeline_health as "
            "select 'a.csv' as file_path, 'loaded' as file_status, null as message, "
            "10 as rows_in, 7 as rows_accepted, 3 as rows_quarantined, 2 as rows_erased "
            "union all select 'b.csv', 'failed', 'b.csv was not read: it is empty.', 0, 0, 0, 0"
        )
        connection.execute("create table mart_quarantine as select 'ragged_row' as reason_code, 'row' as scope")
        connection.execute(NO_WARNINGS)
    text = verdict(published)
    assert (
        "Data complete to 2024-10-03; the tables cover 2023-10-01 to 2024-09-30, the last four whole quarters." in text
    )
    assert f"\n{shown} " in text
    assert f"  {link}: too few" in text
    assert "\n\nNothing can be told.\n\n" in text
    assert (
        "Read 10 rows from 1 file: 7 accepted, 3 quarantined, of which 2 erased on request (not listed).\n"
        "  Rows: ragged_row 1." in text
    )
    assert "1 file was not read:\n  b.csv was not read: it is empty." in text
    assert max(len(line) for line in text.splitlines()) <= WIDTH
