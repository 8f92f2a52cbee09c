"""Great Expectations on DuckDB: an execution engine and a data source in memory."""

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, cast

# Before the import, which reads it.
os.environ["GX_ANALYTICS_ENABLED"] = "false"

import duckdb
import great_expectations as gx
import sqlalchemy
from great_expectations.core import ExpectationSuiteValidationResult
from great_expectations.data_context.types.base import ProgressBarsConfig
from great_expectations.datasource.fluent import SQLDatasource
from great_expectations.execution_engine import SqlAlchemyExecutionEngine
from great_expectations.expectations.expectation import Expectation

from nps_chain import memory

# Counts only: a value that stands in a result stands in the Data Docs too.
RESULT_FORMAT = {"result_format": "BASIC", "partial_unexpected_count": 0}
_numbers = itertools.count(1)


class DuckDbExecutionEngine(SqlAlchemyExecutionEngine):
    """Keeps one connection open: DuckDB drops a result with the connection that made it, and it is read after that."""

    @contextmanager
    def get_connection(self) -> Iterator[sqlalchemy.Connection]:
        """The one connection."""
        if not self._connection:
            self._connection = self.engine.connect()
        yield self._connection

    def close(self) -> None:
        """Let go of the connection, so that the database's files are free."""
        if self._connection:
            self._connection.close()
        super().close()


# `type` is a field of a data source, and hides the built-in name there.
EngineType = type[DuckDbExecutionEngine]


class DuckDbDatasource(SQLDatasource):
    """Gives contexts the method `data_sources.add_duckdb`."""

    type: Literal["duckdb"] = "duckdb"  # type: ignore[assignment]

    @property
    def execution_engine_type(self) -> EngineType:
        """The engine that its tables are validated with."""
        return DuckDbExecutionEngine


class Bench:
    """A database in memory whose tables and views are validated; `spill` takes what does not fit into the memory."""

    def __init__(self, spill: Path) -> None:
        # A database in memory that has a name is shared by all connections of the process that name it.
        address = f"duckdb:///:memory:checks_{os.getpid()}_{next(_numbers)}"
        self._engine = sqlalchemy.create_engine(address)
        self._connection = self._engine.raw_connection()
        # duckdb-engine's wrapper hands everything on to the connection
        self._database = cast(duckdb.DuckDBPyConnection, self._connection.driver_connection)
        memory.limit(self._database, spill)
        self._context = gx.get_context(mode="ephemeral")
        self._context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
        self._source = self._context.data_sources.add_duckdb(name="duckdb", connection_string=address)

    def __enter__(self) -> "Bench":
        return self

    def __exit__(self, *_: object) -> None:
        self._source.get_execution_engine().close()
        self._source.get_engine().dispose()
        self._connection.close()
        self._engine.dispose()

    def run(self, sql: str) -> list[tuple[Any, ...]]:
        """Execute SQL of our own and return its rows."""
        return self._database.execute(sql).fetchall()

    def validate(self, table: str, expectations: list[Expectation]) -> ExpectationSuiteValidationResult:
        """Run a suite, named as its table."""
        asset = self._source.add_table_asset(name=table, table_name=table)
        batch = asset.add_batch_definition_whole_table("whole table")
        suite = self._context.suites.add(gx.ExpectationSuite(name=table, expectations=expectations))
        definition = gx.ValidationDefinition(name=table, data=batch, suite=suite)
        return self._context.validation_definitions.add(definition).run(result_format=RESULT_FORMAT)
