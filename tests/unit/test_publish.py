import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pytest

from nps_chain.contracts.marts import load_tables
from nps_chain.errors import UserError
from nps_chain.intake import intake
from nps_chain.publishing.publish import publish, remove_leftovers
from nps_chain.publishing.verdict import WIDTH, _chance, _figure, verdict
from nps_chain.running.build import require_content, sole_build
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
    assert "v1.4.0" in str(version)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["nps_chain.duckdb", "work.duckdb"]


def test_every_dimension_and_mart_has_a_key():
    """Whose repetition stops the publishing; a fact's key is its file and line."""
    assert [table.name for table in load_tables() if not table.key and not table.name.startswith("fct_")] == []


def test_tables_are_described_in_their_comments(tmp_path):
    """As their contracts describe them, to the quote."""
    work = work_database(tmp_path, 1)
    (table,) = (table for table in load_tables() if table.name == "mart_weakest_link")
    columns = ", ".join(
        f"cast({1 if column.name in table.key else 'null'} as {column.kind}) as {column.name}"
        for column in table.columns
    )
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


# DuckDB of this environment, and those of others that NPS_OTHER_DUCKDB names, separated by colons
OTHER_DUCKDB = [name for name in os.environ.get("NPS_OTHER_DUCKDB", "").split(":") if name]
NO_OTHER = pytest.param("", marks=pytest.mark.skip("NPS_OTHER_DUCKDB names no Python with another DuckDB"))
engines = pytest.mark.parametrize("engine", [sys.executable, *(OTHER_DUCKDB or [NO_OTHER])])
WRITER = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1])
connection.execute("set checkpoint_threshold = '1TB'")
for line in sys.stdin:
    connection.execute(line) if line.strip() != "close" else connection.close()
    print("done", flush=True)
"""
READER = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1], read_only=sys.argv[2] == "read")
figures = connection.execute("select sum(figure), count(*) from mart_x").fetchone()
print(figures, len(connection.execute("show tables").fetchall()))
"""
WRITTEN = "update mart_x set figure = 100", "delete from mart_x", "create table extra as select 1 as one"


@contextmanager
def writer(engine: str, path: Path) -> Iterator[Callable[[str], None]]:
    """A program that has the file open for writing, and is killed in the end."""
    with subprocess.Popen(
        [engine, "-c", WRITER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:

        def execute(statement: str) -> None:
            process.stdin.write(f"{statement}\n")
            process.stdin.flush()
            assert process.stdout.readline() == "done\n"

        execute("select 1")
        yield execute
        process.kill()


def read_by_all(path: Path) -> list[str]:
    """What every engine reads, to read alone and then to write, in copies; an error by its last words."""
    found = []
    for engine in [sys.executable, *OTHER_DUCKDB]:
        for mode in ("read", "write"):
            with TemporaryDirectory() as folder:
                for source in path.parent.glob(f"{path.name}*"):
                    shutil.copyfile(source, Path(folder) / source.name)
                done = subprocess.run(
                    [engine, "-c", READER, str(Path(folder) / path.name), mode], capture_output=True, text=True
                )
            found.append(done.stdout.strip() or done.stderr.strip().rpartition("WAL file")[2].rpartition("/")[2])
    return found


def all_read(text: str) -> list[str]:
    return [text] * 2 * (1 + len(OTHER_DUCKDB))


@engines
@pytest.mark.parametrize("statement", WRITTEN)
def test_log_of_a_killed_program_does_not_reach_the_new_file(tmp_path: Path, engine: str, statement: str) -> None:
    published = tmp_path / "nps_chain.duckdb"
    publish(work_database(tmp_path, 1), published)
    with writer(engine, published) as execute:
        execute(statement)
    assert published.with_name("nps_chain.duckdb.wal").exists()
    publish(work_database(tmp_path, 2), published)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["nps_chain.duckdb", "work.duckdb"]
    assert read_by_all(published) == all_read("(2, 1) 1")


@engines
@pytest.mark.parametrize("statement", WRITTEN)
def test_program_that_stays_open_changes_nothing_in_the_new_file(
    tmp_path: Path, engine: str, statement: str, capsys: pytest.CaptureFixture[str]
) -> None:
    published = tmp_path / "nps_chain.duckdb"
    publish(work_database(tmp_path, 1), published)
    with writer(engine, published) as execute:
        execute(statement)
        publish(work_database(tmp_path, 2), published)
        assert re.search(
            r"! A program \(process \d+\) still has the last nps_chain.duckdb open", capsys.readouterr().out
        )
        content = published.read_bytes()
        for still in ("insert into mart_x values (7)", "checkpoint", "insert into mart_x values (8)", "close"):
            execute(still)
            assert read_by_all(published) in (all_read("(2, 1) 1"), all_read(LOG_REFUSED)), still
    assert published.read_bytes() == content
    assert read_by_all(published) == all_read("(2, 1) 1")


LOG_REFUSED = 'nps_chain.duckdb.wal": WAL does not match database file.'


@engines
def test_log_that_begins_after_the_publish_is_refused_and_goes_with_the_next(tmp_path: Path, engine: str) -> None:
    """By a program that had the old file open, had written nothing yet, and is killed later."""
    published = tmp_path / "nps_chain.duckdb"
    publish(work_database(tmp_path, 1), published)
    with writer(engine, published) as execute:
        publish(work_database(tmp_path, 2), published)
        execute("delete from mart_x")
    assert read_by_all(published) == all_read(LOG_REFUSED)
    publish(work_database(tmp_path, 3), published)
    assert read_by_all(published) == all_read("(3, 1) 1")


def test_file_of_an_older_storage_is_not_replaced_under_a_writer(tmp_path: Path) -> None:
    """Whose log the new file couldn't tell from its own."""
    published = tmp_path / "nps_chain.duckdb"
    with duckdb.connect() as connection:
        connection.execute(f"attach '{published}' as old (storage_version 'v1.2.0')")
        connection.execute("create table old.mart_x as select 1 as figure")
    work = work_database(tmp_path, 2)
    with (
        writer(sys.executable, published),
        pytest.raises(UserError, match=r"^A program \(process \d+\) has \S+ open for writing, .*; close it"),
    ):
        publish(work, published)
    assert figure(published) == 1
    publish(work, published)
    assert figure(published) == 2


def test_reader_is_no_writer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    published = tmp_path / "nps_chain.duckdb"
    publish(work_database(tmp_path, 1), published)
    with duckdb.connect(str(published), read_only=True):
        publish(work_database(tmp_path, 2), published)
    assert capsys.readouterr().out == ""


def with_content(folder: Path, answers: int, purchases: int) -> Path:
    path = work_database(folder, 1)
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"create table marts.fct_nps_response as select range as response_key from range({answers})")
        connection.execute(
            f"create table marts.fct_transaction as select range as transaction_key from range({purchases})"
        )
    return path


@pytest.mark.parametrize(
    ("answers", "purchases", "said"),
    [
        (0, 0, "holds no answer and the published one holds 807 answers"),
        (0, 40, "holds no answer and the published one holds 807 answers"),
        (800, 0, "holds no purchase and the published one holds 1,200 purchases"),
    ],
)
def test_empty_warehouse_never_replaces_a_good_one(
    tmp_path: Path, answers: int, purchases: int, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = tmp_path / "nps_chain.duckdb"
    publish(with_content(tmp_path, 807, 1200), published)
    with writer(sys.executable, published) as execute:
        # what a client did to the file is no part of it
        execute("delete from fct_nps_response")
    content = published.read_bytes()
    work = with_content(tmp_path, answers, purchases)
    with pytest.raises(UserError, match=said):
        publish(work, published)
    assert published.read_bytes() == content
    monkeypatch.setenv("NPS_PUBLISH_EMPTY", "1")
    publish(work, published)
    assert published.read_bytes() != content


def test_a_warehouse_that_is_refused_as_empty_says_why_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """All partners in a country that nobody knows: every row was read, and none counts."""
    published = tmp_path / "nps_chain.duckdb"
    publish(with_content(tmp_path, 807, 1200), published)
    work = with_content(tmp_path, 0, 0)
    cause = "the partner's own row in chain/partners*.csv was refused as unknown_country, UK"
    with duckdb.connect(str(work)) as connection:
        connection.execute(
            "create table marts.mart_pipeline_health as select 'shop/S1/receipts.csv' as file_path, "
            "'no_usable_row' as file_status, 'x' as message, 60 as rows_in, 0 as rows_accepted, "
            "60 as rows_quarantined, 0 as rows_erased"
        )
        connection.execute(
            "create table marts.mart_quarantine as select 'unknown_partner' as reason_code, 'row' as scope "
            "from range(60)"
        )
        connection.execute(
            "create table marts.mart_source_warning as select 1 as warning_rank, 2 as severity, "
            "'partner_not_known' as warning_code, 'Most rows refused' as warning_name, 'S1' as partner_code, "
            "'shop__receipts' as dataset, 'shop/S1/receipts.csv' as file_path, ? as sentence",
            [cause],
        )
    with pytest.raises(UserError, match="see above which rows were refused and why"):
        publish(work, published)
    said = " ".join(capsys.readouterr().out.split())
    assert "60 quarantined" in said and "unknown_partner 60" in said and cause in said


def test_empty_warehouse_replaces_none_that_cannot_be_read(tmp_path: Path) -> None:
    published = tmp_path / "nps_chain.duckdb"
    publish(with_content(tmp_path, 0, 0), published)
    publish(with_content(tmp_path, 0, 0), published)
    work = with_content(tmp_path, 0, 0)
    with writer(sys.executable, published), pytest.raises(UserError, match="holds what cannot be read just now"):
        publish(work, published)
    publish(with_content(tmp_path, 3, 0), published)
    publish(with_content(tmp_path, 2, 0), published)


def landing_of(tmp_path: Path, files: dict[str, str]) -> Settings:
    """What the intake made of a landing folder with these files."""
    root = tmp_path / "landing"
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    warehouse = tmp_path / "warehouse"
    intake.run(root, warehouse / "raw", "key-of-the-tests-only")
    return Settings(warehouse, warehouse / "raw", warehouse / "work.duckdb")


LIST = "partner_code,link,industry,country,partner_name,valid_from\nS1,shop,retail,NL,Shop,2020-01-01\n"
PARTNERS = {"chain/partners.csv": LIST}
HEADING = "receipt_no,receipt_kind,purchased_on,loyalty_no,product_code,revenue,cost,currency\n"
NO_RECEIPTS = {"shop/S1/receipts.csv": HEADING}


@pytest.mark.parametrize("files", [PARTNERS, PARTNERS | NO_RECEIPTS], ids=["partners alone", "a heading alone"])
def test_folder_without_answers_and_purchases_is_not_built_over_a_good_warehouse(
    tmp_path: Path, files: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = landing_of(tmp_path, files)
    # as a first build it may be meant
    require_content(settings)
    publish(with_content(tmp_path, 0, 0), settings.published_database)
    require_content(settings)
    publish(with_content(tmp_path, 0, 3), settings.published_database)
    with pytest.raises(
        UserError, match="holds no answer and no purchase, and the published warehouse does, so nothing"
    ):
        require_content(settings)
    monkeypatch.setenv("NPS_PUBLISH_EMPTY", "1")
    require_content(settings)


@pytest.mark.parametrize("content", ["", "a;b\n1;2\n", "\0\0\0"], ids=["empty", "another table", "no text"])
def test_folder_with_nothing_readable_is_not_built(tmp_path: Path, content: str) -> None:
    settings = landing_of(tmp_path, PARTNERS | {"shop/S1/receipts.csv": content, "shop/S1/survey.csv": content})
    with pytest.raises(
        UserError, match=r"^Nothing could be read of the 2 files of answers and purchases \(see above\)"
    ):
        require_content(settings)
    row = "r1,sale,2024-05-01,,,10.00,5.00,EUR\n"
    require_content(landing_of(tmp_path, {"shop/S1/receipts.csv": HEADING + row}))


def test_keys_of_the_contracts_are_published(tmp_path: Path) -> None:
    work = work_database(tmp_path, 1)
    with duckdb.connect(str(work)) as connection:
        for table in load_tables():
            columns = ", ".join(f"cast(null as {column.kind}) as {column.name}" for column in table.columns)
            connection.execute(f"create table marts.{table.name} as select {columns} limit 0")
    published = tmp_path / "nps_chain.duckdb"
    publish(work, published)
    with duckdb.connect(str(published), read_only=True) as connection:
        keys = connection.execute(
            "select table_name, constraint_column_names from duckdb_constraints() where constraint_type = 'PRIMARY KEY'"
        ).fetchall()
    assert dict(keys) == {table.name: list(table.key) for table in load_tables() if table.key}


def test_no_nought_below_zero_is_published(tmp_path: Path) -> None:
    """It is equal to 0 and prints as -0."""
    work = work_database(tmp_path, 1)
    with duckdb.connect(str(work)) as connection:
        connection.execute(
            "create table marts.mart_loss as select 1 as k, cast('-0.0' as double) as eur, "
            "cast(null as double) as none, cast('-1.5' as double) as less"
        )
    publish(work, tmp_path / "nps_chain.duckdb")
    with duckdb.connect(str(tmp_path / "nps_chain.duckdb"), read_only=True) as connection:
        assert str(connection.execute("from mart_loss").fetchall()) == "[(1, 0.0, None, -1.5)]"


@pytest.mark.parametrize(
    ("value", "pattern", "shown"),
    [(-0.0, ",.0f", "0"), (-0.4, ",.0f", "0"), (-0.04, "+.1f", "+0.0"), (-0.6, ",.0f", "-1"), (-10, ",.0f", "-10")],
)
def test_no_nought_below_zero_is_printed(value: float, pattern: str, shown: str) -> None:
    assert _figure(value, pattern) == shown


@pytest.mark.parametrize("rows", ["(1), (1)", "(1), (null)"])
def test_key_that_is_none_is_not_published(tmp_path: Path, rows: str) -> None:
    work = work_database(tmp_path, 1)
    with duckdb.connect(str(work)) as connection:
        connection.execute(f"create table marts.dim_channel as select col0 as channel_key from (values {rows})")
    with pytest.raises(
        UserError, match=r"^The key of dim_channel \(channel_key\) is missing or comes twice, so nothing"
    ):
        publish(work, tmp_path / "nps_chain.duckdb")
    assert not (tmp_path / "nps_chain.duckdb").exists()


@pytest.mark.parametrize("value", [2**53 + 1, -(2**53) - 1, 2**60])
def test_number_that_tools_would_round_is_not_published(tmp_path: Path, value: int) -> None:
    work = work_database(tmp_path, 1)
    with duckdb.connect(str(work)) as connection:
        connection.execute(f"create table marts.fct_x as select cast({value} as bigint) as x_key union all select 1")
    with pytest.raises(UserError, match=r"^fct_x\.x_key holds a number beyond 9,007,199,254,740,992, which"):
        publish(work, tmp_path / "nps_chain.duckdb")
    assert not (tmp_path / "nps_chain.duckdb").exists()


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
    ("probability", "said"),
    [(0.0, "under 1 %"), (0.0099, "under 1 %"), (0.01, "1 %"), (0.796, "79 %"), (0.99, "99 %"), (0.9925, "over 99 %")],
)
def test_a_chance_in_the_table_is_that_of_the_sentence(probability, said):
    """As the macro percent_in_words says it; 0.01 is what 4 of 400 replicates give."""
    assert _chance(probability) == said


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
            "false as is_certain, false as same_link_by_numbers, 'Shop' as weakest_by_numbers, "
            "false as same_link_without_phones, null::varchar as weakest_without_phones, "
            "repeat('too few ', 20) || 'answers' as verdict_reason, 'Nothing can be told.' as chain_sentence, "
            "'te weinig' as verdict_reason_nl, 'Er is niets te zeggen.' as chain_sentence_nl, "
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
    in_dutch = verdict(published, "nl")
    assert "\n\nEr is niets te zeggen.\n\n" in in_dutch and f"  {link}: te weinig." in in_dutch
    assert "too few" not in in_dutch
    assert (
        "Read 10 rows from 1 file: 7 accepted, 3 quarantined, of which 2 erased on request (not listed).\n"
        "  Rows: ragged_row 1." in text
    )
    assert "1 file was not read:\n  b.csv was not read: it is empty." in text
    assert max(len(line) for line in text.splitlines()) <= WIDTH
    # where links are named, and stricter linkings name others
    assert "Among customers" not in text
    with duckdb.connect(str(published)) as connection:
        connection.execute("update mart_weakest_link set verdict = 'weakest'")
    said = "Among customers linked by numbers alone: Shop; linked without phone numbers: none has most at stake."
    assert f"Nothing can be told.\n{said}\n\n" in verdict(published)
    # of candidates any may be named
    with duckdb.connect(str(published)) as connection:
        connection.execute("update mart_weakest_link set weakest_by_numbers = link_name")
    said = "Among customers linked without phone numbers: none has most at stake."
    assert f"Nothing can be told.\n{said}\n\n" in verdict(published)
    with duckdb.connect(str(published)) as connection:
        connection.execute("update mart_weakest_link set same_link_by_numbers = null, same_link_without_phones = true")
    assert "Among customers" not in verdict(published)
