"""From raw fields to the columns of a raw Parquet file: one query for every format and both ways of reading."""

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb

from nps_chain.contracts.landing import MANGLED_TEXT, Column, Dataset, seed_rows
from nps_chain.contracts.no_value import no_value
from nps_chain.intake.files import LandingFile
from nps_chain.people.identity import CALLING_CODE, identity_steps, own_name
from nps_chain.sql_quoting import NULL_TEXT, identifier, literal

# Counting is a matter of one thread; whatever else the query does waits for it.
RUNNING_NUMBER = "row_number() over ()"
# Names of our own beside the columns of a file, which may have any name.
SEQUENCE, FILE_ID, PARTNER, ROW_OFFSET = "_nps_sequence", "_nps_file_id", "_nps_partner_code", "_nps_row_offset"

# A column that holds a partner's code ends so.
PARTNER_CODE = "partner_code"


@dataclass(frozen=True)
class Relation:
    """A query giving file_index and raw fields, and the SQL by which each of our columns is found in it.

    `sequence` is the SQL of the running number over all rows of the query, and `facts` holds per file_index the file,
    its calling code, and what to subtract from that number for the line in the file.
    """

    query: str
    source: dict[str, str]
    facts: tuple[tuple[LandingFile, str | None, int], ...]
    sequence: str = RUNNING_NUMBER

    @property
    def is_numbered(self) -> bool:
        """Whether the rows know their number themselves, so that it need not be counted."""
        return self.sequence != RUNNING_NUMBER


def schema(dataset: Dataset) -> dict[str, str]:
    """Column names and types of the data set's raw Parquet file."""
    columns = {"file_id": "bigint", "line_number": "bigint"}
    if dataset.has_partner_folder:
        columns["partner_code"] = "varchar"
    for column in dataset.stored_columns:
        columns[column.alias] = "bigint" if column.identity else "varchar"
    return columns


def create_table(connection: duckdb.DuckDBPyConnection, name: str, dataset: Dataset) -> None:
    """An empty temporary table with the raw file's schema."""
    columns = ", ".join(f"{identifier(column)} {kind}" for column, kind in schema(dataset).items())
    connection.execute(f"create or replace temp table {name} ({columns})")


def select_sql(dataset: Dataset, relation: Relation) -> str:
    """The query that turns a relation into rows of the raw file."""
    clean = {
        own_name("clean", column): f"clean({relation.source.get(column.name, NULL_TEXT)})"
        for column in dataset.stored_columns
    }
    source = {column.name: known_sql(dataset, column) for column in dataset.stored_columns}
    columns = [f"raw.{FILE_ID} as file_id", f"cast(raw.{SEQUENCE} - raw.{ROW_OFFSET} as bigint) as line_number"]
    if dataset.has_partner_folder:
        source["partner_code"] = f"raw.{PARTNER}"
        columns.append(f"raw.{PARTNER} as partner_code")
    steps = [clean, {own_name("spelled", column): spelled for column, spelled in _spelled(dataset)}]
    for column in dataset.stored_columns:
        value = source[column.name]
        if column.identity:
            own_steps, value = identity_steps(dataset, column, source)
            steps += [{} for _ in range(2 + len(own_steps) - len(steps))]
            for step, own in zip(steps[2:], own_steps, strict=False):
                step |= own
        columns.append(f"{value} as {identifier(column.alias)}")
    query = _with_facts(relation)
    for step in filter(None, steps):
        query = f"select *, {', '.join(f'{value} as {name}' for name, value in step.items())} from ({query}) as raw"
    return f"select {', '.join(columns)} from ({query}) as raw"


def _spelled(dataset: Dataset) -> Iterator[tuple[Column, str]]:
    """The SQL of the numbers that name something, one spelling each."""
    for column in dataset.stored_columns:
        if dataset.is_number(column):
            mangled = literal(MANGLED_TEXT if dataset.mangled_mark(column) else None)
            yield column, f"spelled(raw.{own_name('clean', column)}, {mangled})"


def known_sql(dataset: Dataset, column: Column) -> str:
    """The SQL of a cleaned value that is none where it only says that there is none."""
    clean = f"raw.{own_name('clean', column)}"
    if column.type == "score":
        words = ", ".join(literal(word) for word in sorted(row["word"] for row in seed_rows("no_answer_words")))
        return f"known_score({_whole(dataset, clean)}, [{words}])"
    if column.type != "text":
        reads = {"date": "known_day", "timestamp": "known_day", "month": "known_day"}.get(column.type, "known_text")
        return f"{reads}({_whole(dataset, clean) if column.type == 'integer' else clean})"
    if dataset.is_number(column):
        # a partner may be called TEST or NA
        known = "known_code" if column.of == "partners" or column.alias.endswith(PARTNER_CODE) else "known_number"
        return f"{known}(raw.{own_name('spelled', column)})"
    if column.allowed or column.of:
        return clean if any(word.lower() in no_value().anywhere for word in column.allowed) else f"known_code({clean})"
    # what must be there and names nothing, such as a product's name, is what it is
    return clean if column.required else f"known_text({clean})"


def _whole(dataset: Dataset, value: str) -> str:
    return f"whole_with_comma({value})" if dataset.decimal_comma else f"whole({value})"


def _with_facts(relation: Relation) -> str:
    """Number the rows and add what is known of their file.

    For a single file that is without a join, after which the engine would not keep the order of the rows.
    """
    names = (FILE_ID, PARTNER, CALLING_CODE, ROW_OFFSET)
    facts = [
        (
            f"cast({file.file_id} as bigint)",
            literal(file.partner_code),
            literal(calling_code),
            f"cast({row_offset} as bigint)",
        )
        for file, calling_code, row_offset in relation.facts
    ]
    if len(facts) == 1:
        constants = ", ".join(f"{value} as {name}" for value, name in zip(facts[0], names, strict=True))
        return f"select {relation.sequence} as {SEQUENCE}, {constants}, * from ({relation.query})"
    values = ", ".join(f"({index}, {', '.join(fact)})" for index, fact in enumerate(facts))
    return (
        f"select * from (select {relation.sequence} as {SEQUENCE}, * from ({relation.query})) as numbered "
        f"inner join (values {values}) as facts (fact_index, {', '.join(names)}) "
        "on numbered.file_index = facts.fact_index"
    )
