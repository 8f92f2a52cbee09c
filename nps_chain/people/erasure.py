"""Erasure: whoever asked for it is taken out of the raw folder, before anything that lasts is made of it.

Who a person is beyond the address in the request only shows when identities are resolved, so the models up to that
point run once in a scratch database that is thrown away. Then the person's rows leave the raw folder, and with them
every later table; the manifest keeps their number per file. What stays are digests, from which no hash can be had back:
they drop the same rows when their file is read again, and tell when a later load brings something else that bears on an
erased person, so that all must be read anew.

Of every request stays how many records it met, so that one that met nobody is said for as long as it is delivered.
"""

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb

from nps_chain.contracts.landing import Column, Dataset, load_contract
from nps_chain.memory import connect
from nps_chain.people import identity, registry
from nps_chain.raw_folder import (
    ERASED,
    ERASED_ROWS,
    ERASURE_OUTCOMES,
    MANIFEST,
    Load,
    changes_path,
    dataset_folder,
    dataset_sql,
    execute_copy,
    link,
    parts_sql,
    read_manifest,
    swap,
    write_manifest,
)
from nps_chain.sql_quoting import identifier, literal

REQUESTS = "chain__erasure_requests"
# The model that names the rows to erase; all that it needs is built with it.
MODEL = "int_late_reject"
# Identities of people. A unit's serial number stays in its maker's books, where no owner is named any more.
PERSONAL = ("email", "phone", "customer", "loyalty")
# Models of events with their resolved customers, and the keys of their rows.
EVENTS = {
    "int_contact": "contact_key",
    "int_survey_invitation": "invitation_key",
    "int_survey_response": "response_key",
}
# By which a follow-up names the response that it is about, in whichever survey.
RESPONSE = "response_no"
# By which an answer names the one that it re-scores.
RESCORES = "rescores"


def is_requested(raw: Path) -> bool:
    """Whether the raw folder holds requests that have not been carried out."""
    columns = " or ".join(f"{identifier(column.alias)} is not null" for column in _personal(_requests()))
    row = duckdb.execute(f"select count(*) from {dataset_sql(raw, REQUESTS)} where {columns}").fetchone()
    return bool(row and row[0])


def has_erased(raw: Path) -> bool:
    """Whether rows were taken out of the raw folder, so that it does not hold all that the landing folder does."""
    return (raw / ERASED).is_file()


def concerns(raw: Path, load: Load, key: str, scratch: Path) -> bool:
    """Whether something that went or came with the load bears on a person who was erased.

    Rows that were erased before, and came again with the file that holds them, are dropped once more.
    """
    if not has_erased(raw):
        return False
    with _connect(key, scratch) as connection:
        if load.reread and not _drop_again(connection, raw, load.reread):
            return True
        connection.execute(f"create table erased as from read_parquet({literal(str(raw / ERASED))})")
        return any(
            _has_any(connection, f"from ({_digests(dataset, _changes(raw, dataset))}) where digest in (from erased)")
            for dataset in load_contract().datasets
        )


def _changes(raw: Path, dataset: Dataset) -> str:
    return parts_sql([changes_path(raw, dataset.name)])


def _has_any(connection: duckdb.DuckDBPyConnection, query: str) -> bool:
    return bool(connection.execute(f"{query} limit 1").fetchall())


def _drop_again(connection: duckdb.DuckDBPyConnection, raw: Path, file_ids: list[int]) -> bool:
    """Drop the erased rows of files that were read again; False if these rows are not the ones they were."""
    ids = ", ".join(map(str, file_ids))
    connection.execute(
        f"create table known as from read_parquet({literal(str(raw / ERASED_ROWS))}) where file_id in ({ids}); "
        "create table found (file_id bigint, line_number bigint, digest bigint)"
    )
    parts = _parts_of(raw, file_ids)
    for dataset, path in parts:
        rows = f"select file_id, line_number, {_row_digest(dataset)} as digest from {parts_sql([path])}"
        connection.execute(f"insert into found from ({rows}) where (file_id, digest) in (from known)")
    found = "select file_id, digest from found"
    if _has_any(connection, f"(from known except all {found}) union all ({found} except all from known)"):
        return False
    for dataset, path in parts:
        # the line alone won't do: the last load may have had another row there, whose going must be told
        dropped = f"(file_id, line_number, {_row_digest(dataset)}) in (from found)"
        for place in (path, changes_path(raw, dataset.name)):
            _rewrite(connection, f"from {parts_sql([place])} where not {dropped}", place)
    counts = dict(connection.execute("select file_id, count(*) from found group by file_id").fetchall())
    files = read_manifest(raw)
    write_manifest(raw, [replace(file, rows_erased=counts.get(file.file_id, file.rows_erased)) for file in files])
    return True


def _parts_of(raw: Path, file_ids: list[int]) -> list[tuple[Dataset, Path]]:
    contract = load_contract()
    places = {(file.dataset, file.part) for file in read_manifest(raw) if file.file_id in file_ids and file.part}
    return [(contract.dataset(str(name)), dataset_folder(raw, str(name)) / str(part)) for name, part in sorted(places)]


def _rewrite(connection: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    fresh = path.with_name(f"{path.name}.new")
    execute_copy(connection, query, fresh)
    fresh.replace(path)


def erase(raw: Path, key: str, scratch: Path, build: Callable[[Path], None], kept: Path) -> int:
    """Carry out the requests in the raw folder, and in what is `kept`; `build` makes MODEL in a database at its path.

    Returns the number of rows that went. A run that does not end leaves the raw folder as it was.
    """
    # dbt remembers a database by its name
    database = scratch / "work.duckdb"
    fresh = raw.with_name(f"{raw.name}.new-{os.getpid()}")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True, mode=0o700)
    try:
        build(database)
        shutil.rmtree(fresh, ignore_errors=True)
        _copy_links(raw, fresh)
        with _connect(key, scratch) as connection:
            _read_erased(connection, raw, database)
            rows = _erase(connection, raw, fresh)
            outcomes = _outcomes(connection, kept)
            registry.keep(connection, kept, registry.forget(connection, kept) | {ERASURE_OUTCOMES: outcomes})
        swap(fresh, raw)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(scratch, ignore_errors=True)
    return rows


def met(raw: Path, kept: Path) -> list[tuple[str, int, str]]:
    """Of every request in the raw folder that was carried out: its number, the records it met, what to say of none."""
    outcomes = registry.kept_sql(kept, ERASURE_OUTCOMES)
    found = duckdb.execute(
        f"select request_id, max(rows_met), min(sentence) from {outcomes} "
        f"where request_id in (select request_id from {dataset_sql(raw, REQUESTS)}) group by request_id order by all"
    ).fetchall()
    return [(_name(number), rows, sentence) for number, rows, sentence in found]


def _requests() -> Dataset:
    return load_contract().dataset(REQUESTS)


def _personal(dataset: Dataset) -> list[Column]:
    return [column for column in dataset.stored_columns if column.identity in PERSONAL]


def _connect(key: str, scratch: Path) -> duckdb.DuckDBPyConnection:
    connection = connect(scratch)
    identity.create_macros(connection)
    identity.set_key(connection, key)
    return connection


def _copy_links(raw: Path, fresh: Path) -> None:
    for path in sorted(raw.rglob("*")):
        target = fresh / path.relative_to(raw)
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.is_file():
            link(path, target)


def _read_erased(connection: duckdb.DuckDBPyConnection, raw: Path, database: Path) -> None:
    """Who was erased: identities, rows, and the identities beside theirs that decide who else is.

    Beside theirs stand shared addresses, asked for or not: with a neighbour fewer they may be a person's after all.
    Whether an address is shared shows in what its holders have besides, whether a number is a fleet's in who answers
    for its units.
    """
    asked = ", ".join(identifier(column.alias) for column in _personal(_requests()))
    connection.execute(f"attach {literal(str(database))} as work (read_only)")
    connection.execute(
        f"""
        create table erased_node as from work.intermediate.int_erased_node;
        -- whom each was erased for: a customer, or an address that stands in rows of the quarantine only
        create table erased_person as
            select erased.node_key, coalesce(nodes.customer_key, -erased.node_key) as person
            from erased_node as erased
            left join work.intermediate.int_customer_node as nodes on erased.node_key = nodes.node_key;
        create table met (row_key bigint, person bigint);
        create table erased_row as
            select row_key from work.intermediate.{MODEL} where reason_code = 'erased_on_request';
        create table beside as
            select node_b as node_key from work.intermediate.int_identity_pair
            where node_a in (from erased_node)
            union
            select node_a as node_key from work.intermediate.int_identity_pair
            where node_b in (from erased_node)
            union
            select serial_hash as node_key from work.intermediate.int_ownership
            where owner_hash in (from erased_node);
        create table asked as select unnest([{asked}]) as node_key from {dataset_sql(raw, REQUESTS)};
        insert into beside from asked where node_key is not null;
        -- a cluster that no one person can be is taken apart as a whole
        insert into beside
            select node_key from work.intermediate.int_identity_node
            where cut_cluster_key in (
                select cut_cluster_key from work.intermediate.int_identity_node where node_key in (from erased_node)
            );
        create table neighbour as
            select node_b as node_key from work.intermediate.int_identity_pair where node_a in (from beside)
            union
            select node_a as node_key from work.intermediate.int_identity_pair where node_b in (from beside);
        create table asked_on as from neighbour except select node_key from work.intermediate.int_identity_crowd;
        insert into neighbour
            select node_b from work.intermediate.int_identity_pair
            where node_a in (from asked_on) and kind_b != 'customer'
            union
            select node_a from work.intermediate.int_identity_pair
            where node_b in (from asked_on) and kind_a != 'customer';
        -- a unit is a new one with every owner
        insert into beside
            select serial_hash from work.intermediate.int_ownership
            where serial_hash + ownership_number in (from neighbour);
        insert into beside from neighbour;
        create table request as
            select
                {_row_digest(_requests())} as request_digest, requests.request_id, requests.country,
                [{asked}] as identities,
                requests.email_hash is not null as names_email, requests.phone_hash is not null as names_phone,
                coalesce(email_nodes.is_hub, false) as is_email_shared,
                coalesce(phone_nodes.is_hub, false) as is_phone_shared,
                staged.reject_reason is not null as is_refused
            from {dataset_sql(raw, REQUESTS)} as requests
            left join (select row_key, reject_reason from work.base.base_{REQUESTS}) as staged
                on requests.file_id + requests.line_number = staged.row_key
            left join work.intermediate.int_customer_node as email_nodes on requests.email_hash = email_nodes.node_key
            left join work.intermediate.int_customer_node as phone_nodes on requests.phone_hash = phone_nodes.node_key;
        """
    )
    for model, row_key in EVENTS.items():
        connection.execute(
            f"insert into met select {row_key}, customer_key from work.intermediate.{model} "
            "where customer_key in (select person from erased_person)"
        )
    connection.execute("detach work")


def _erase(connection: duckdb.DuckDBPyConnection, raw: Path, fresh: Path) -> int:
    """Write the parts that hold erased rows without them; count the rows in the manifest; note what to watch for."""
    connection.execute("create table digests (digest bigint); create table rows (file_id bigint, digest bigint)")
    connection.execute(
        "insert into digests select " + _digest_of("node_key") + " from (from erased_node union from beside)"
    )
    erased: dict[int, int] = {}
    for dataset in load_contract().datasets:
        # all is made anew after this, so nobody asks what changed
        _rewrite(connection, f"from {_changes(raw, dataset)} limit 0", changes_path(fresh, dataset.name))
        for part in sorted(dataset_folder(raw, dataset.name).iterdir()):
            target = dataset_folder(fresh, dataset.name) / part.name
            if dataset.name == REQUESTS:
                _blank(connection, part, target)
                continue
            hit = f"select * from {parts_sql([part])} where {_is_erased(dataset)}"
            counts = connection.execute(f"select file_id, count(*) from ({hit}) group by file_id").fetchall()
            if counts:
                erased |= {file_id: erased.get(file_id, 0) + count for file_id, count in counts}
                connection.execute(f"insert into digests {_digests(dataset, f'({hit})')}")
                for column in _personal(dataset):
                    connection.execute(
                        f"insert into met select file_id + line_number, person from ({hit}) as hit "
                        f"inner join erased_person on hit.{identifier(column.alias)} = erased_person.node_key"
                    )
                connection.execute(f"insert into rows select file_id, {_row_digest(dataset)} from ({hit})")
                _rewrite(connection, f"from {parts_sql([part])} where not {_is_erased(dataset)}", target)
    files = [replace(file, rows_erased=file.rows_erased + erased.get(file.file_id, 0)) for file in read_manifest(raw)]
    (fresh / MANIFEST).unlink()
    write_manifest(fresh, files)
    execute_copy(connection, "select distinct digest from digests order by digest", fresh / ERASED)
    execute_copy(connection, "from rows order by file_id, digest", fresh / ERASED_ROWS)
    return sum(erased.values())


def _outcomes(connection: duckdb.DuckDBPyConnection, kept: Path) -> str:
    """A query of what became of each request; one that met somebody in an earlier build has not met nobody."""
    connection.execute(
        f"""
        create table outcome as
            with named as (
                select distinct request.request_digest, met.row_key
                from (select request_digest, unnest(identities) as node_key from request) as request
                inner join erased_person on request.node_key = erased_person.node_key
                inner join met on erased_person.person = met.person
            ),
            counted as (select request_digest, count(*) as rows_met from named group by request_digest)
            select
                request.request_digest, request.request_id,
                greatest(coalesce(counted.rows_met, 0), coalesce(before.rows_met, 0)) as rows_met,
                request.country, names_email, names_phone, is_email_shared, is_phone_shared, is_refused
            from request
            left join counted on request.request_digest = counted.request_digest
            left join {registry.kept_sql(kept, ERASURE_OUTCOMES)} as before
                on request.request_digest = before.request_digest
            qualify row_number() over (partition by request.request_digest order by is_refused) = 1
        """
    )
    rows = connection.execute(
        "select request_digest, request_id, country, names_email, names_phone, is_email_shared, is_phone_shared, "
        "is_refused from outcome where rows_met = 0"
    ).fetchall()
    connection.execute("create table said (request_digest bigint, sentence varchar)")
    if rows:
        said = [(digest, _sentence(str(number), *tried)) for digest, number, *tried in rows]
        connection.executemany("insert into said values (?, ?)", said)
    return (
        "select request_digest, request_id, rows_met, sentence from outcome left join said using (request_digest) "
        "order by request_id, request_digest"
    )


def _name(number: str) -> str:
    """A request by its number; one that is an address is not said."""
    return "(an address)" if "@" in number else number


def _sentence(
    number: str, country: str | None, email: bool, phone: bool, email_shared: bool, phone_shared: bool, refused: bool
) -> str:
    """What is said of a request that met nobody: what was tried, and nothing of whom it names."""
    name = f"Request {_name(number)} to be erased"
    if refused:
        return f"{name} was refused and not carried out; the quarantine says why."
    if not email and not phone:
        return f"{name} met nobody: no e-mail address or phone number in it could be read."
    tried = ["as e-mail address"] if email else []
    if phone:
        tried.append(f"as phone number, read as of {country}" if country else "as international phone number")
    sentence = f"{name} met nobody: tried {' and '.join(tried)}"
    shared = [kind for kind, is_shared in (("address", email_shared), ("number", phone_shared)) if is_shared]
    if shared:
        return f"{sentence}, but the {' and the '.join(shared)} is shared by many and names no single person."
    return f"{sentence}; no file names it in a spelling that is read as the same."


def _blank(connection: duckdb.DuckDBPyConnection, part: Path, target: Path) -> None:
    """Keep the request and drop whom it is about."""
    blanks = ", ".join(f"cast(null as bigint) as {identifier(column.alias)}" for column in _personal(_requests()))
    _rewrite(connection, f"select * replace ({blanks}) from {parts_sql([part])}", target)


def _is_erased(dataset: Dataset) -> str:
    nodes = [f"coalesce({identifier(column.alias)} in (from erased_node), false)" for column in _personal(dataset)]
    return "(" + " or ".join(["file_id + line_number in (from erased_row)", *nodes]) + ")"


def _digest_of(value: str) -> str:
    return f"identity_hash('erased', cast({value} as varchar))"


def _row_digest(dataset: Dataset) -> str:
    """The digest of all that a row says, wherever in its file it stands."""
    columns = ", ".join(identifier(column.alias) for column in dataset.stored_columns)
    return _digest_of(f"to_json(row({columns}))")


def _digests(dataset: Dataset, relation: str) -> str:
    """A query of the digests by which a row can be tied to a person: identities, and numbers that its partner gave."""
    named = {column.alias: column for column in dataset.stored_columns}
    identities = [name for name, column in named.items() if column.identity and column.identity != "agent"]
    wanted = {*dataset.key, *dataset.referring_columns, RESPONSE, RESCORES} - {"partner_code"}
    has_partner = dataset.has_partner_folder or "partner_code" in named
    numbers = [name for name in sorted(wanted & set(named)) if has_partner and not named[name].identity]
    values = [_digest_of(identifier(name)) for name in identities]
    values += [_digest_of(f"partner_code || '|' || {identifier(name)}") for name in numbers]
    if "partner_code" not in dataset.key:
        values += [_digest_of(identifier(name)) for name in dataset.key if not named[name].identity]
    queries = [f"select {value} as digest from {relation}" for value in values]
    return " union ".join(queries or ["select cast(null as bigint) as digest where false"])
