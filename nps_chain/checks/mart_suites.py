"""The suites of the public tables, from their contracts in models/: columns and types, keys, ranges, intervals."""

import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import great_expectations.expectations as gxe

from nps_chain.checks import values
from nps_chain.checks.engine import Bench
from nps_chain.checks.findings import CRITICAL, WARNING, Check, SuiteReport, run_suite
from nps_chain.checks.limits import MartLimits, matches
from nps_chain.contracts.marts import PUBLISHED_SCHEMAS, Column, Table, load_tables
from nps_chain.errors import UserError
from nps_chain.sql_quoting import identifier, literal

SCHEMA = PUBLISHED_SCHEMAS[0]
# the table of sources that can't be trusted, and its severity of those that make figures wrong
WARNINGS, FIGURES_WRONG = "mart_source_warning", 1
NUMERIC = ("INTEGER", "BIGINT", "DOUBLE", "DECIMAL")
WHOLE = ("INTEGER", "BIGINT")
KEYS = ("*_key", "*_id")
INTERVAL = re.compile(r"(?P<stem>\w+)_ci_low(?P<unit>_eur)?")


def mart_reports(bench: Bench, work_database: Path, limits: MartLimits) -> list[SuiteReport]:
    """Run the suite of every public table over the working database, which is only read."""
    bench.run(f"attach {literal(str(work_database))} as work (read_only)")
    tables = load_tables()
    found = {
        name
        for (name,) in bench.run(
            f"select table_name from duckdb_tables() where database_name = 'work' and schema_name = {literal(SCHEMA)}"
        )
    }
    missing = [table.name for table in tables if table.name not in found]
    if missing:
        raise UserError(f"The build lacks the table {', '.join(missing)}, so nothing was published.")
    for table in tables:
        bench.run(f"create view {identifier(table.name)} as from work.{SCHEMA}.{identifier(table.name)}")
    return [run_suite(bench, table.name, MartSuite(bench, table, limits).checks()) for table in tables]


@dataclass(frozen=True)
class MartSuite:
    """What is expected of one public table."""

    bench: Bench
    table: Table
    limits: MartLimits

    def checks(self) -> list[Check]:
        """All expectations, those on the columns first: what is missing explains the rest."""
        of_columns = [*self._schema(), *self._rows(), *self._keys(), *self._required(), *self._ranges()]
        return [*of_columns, *self._intervals(), *self._sources()]

    def _schema(self) -> list[Check]:
        expected = ", ".join(f"({literal(column.name)}, {literal(column.kind)})" for column in self.table.columns)
        query = (
            "select coalesce(declared.name, found.column_name) as column_name, declared.kind, found.column_type "
            f"from (values {expected}) as declared (name, kind) full join (describe select * from {{batch}}) as found "
            "on declared.name = found.column_name where declared.kind is distinct from found.column_type"
        )
        columns = gxe.ExpectTableColumnsToMatchSet(
            column_set=[column.name for column in self.table.columns], exact_match=True, severity=CRITICAL
        )
        types = gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=query, severity=CRITICAL, description="Columns and types are those of the contract."
        )
        return [Check(expectation, lambda _: self._other_columns(query)) for expectation in (columns, types)]

    def _other_columns(self, query: str) -> str:
        rows = self.bench.run(query.replace("{batch}", identifier(self.table.name)) + " order by 1")
        faults = [
            f"column {name} is missing"
            if found is None
            else f"column {name} is not in the contract"
            if declared is None
            else f"column {name} is {found} and not {declared}"
            for name, declared, found in rows[: values.SHOWN]
        ]
        return f"table {self.table.name}: {', '.join(faults)}"

    def _rows(self) -> list[Check]:
        must = self.table.name in self.limits.must_have_rows
        should = self.table.name in self.limits.should_have_rows
        expectation = gxe.ExpectTableRowCountToBeBetween(
            min_value=1 if must or should else 0, severity=CRITICAL if must else WARNING
        )
        return [Check(expectation, lambda _: f"table {self.table.name}: it has no row")]

    def _keys(self) -> list[Check]:
        key = list(self.table.key)
        if not key:
            return []
        expectation = (
            gxe.ExpectColumnValuesToBeUnique(column=key[0], severity=CRITICAL)
            if len(key) == 1
            else gxe.ExpectCompoundColumnsToBeUnique(column_list=key, severity=CRITICAL)
        )
        return [Check(expectation, lambda rows: self._repeated(rows))]

    def _repeated(self, rows: float) -> str:
        key = ", ".join(identifier(name) for name in self.table.key)
        names = ", ".join(self.table.key)
        text = f"{rows:,.0f} rows share their key with another row"
        if any(matches(name, self.limits.never_shown) for name in self.table.key):
            return self._sentence(names, f"{text}, {values.NOT_SHOWN}")
        found = self.bench.run(
            f"select {key} from {identifier(self.table.name)} group by all having count(*) > 1 "
            f"order by all limit {values.SHOWN}"
        )
        return self._sentence(names, f"{text}, such as {', '.join('/'.join(map(str, row)) for row in found)}")

    def _required(self) -> list[Check]:
        return [
            Check(
                gxe.ExpectColumnValuesToNotBeNull(column=column.name, severity=CRITICAL),
                partial(lambda name, rows: self._sentence(name, f"{rows:,.0f} rows are null"), column.name),
            )
            for column in self.table.columns
            if column.is_required
        ]

    def _ranges(self) -> list[Check]:
        checks = []
        for column in self.table.columns:
            low, high = self._range(column)
            if low is None and high is None:
                continue
            expectation = gxe.ExpectColumnValuesToBeBetween(
                column=column.name, min_value=low, max_value=high, severity=CRITICAL
            )
            checks.append(Check(expectation, partial(self._outside, column.name, low, high)))
        return checks

    def _range(self, column: Column) -> tuple[float | None, float | None]:
        if not column.kind.startswith(NUMERIC):
            return None, None
        for rule in self.limits.ranges:
            if rule.covers(self.table.name, column.name):
                return rule.minimum, rule.maximum
        is_count = column.kind in WHOLE and not matches(column.name, KEYS)
        return (0, None) if is_count else (None, None)

    def _outside(self, column: str, low: float | None, high: float | None, rows: float) -> str:
        limits = [f"below {low:g}"] if low is not None else []
        limits += [f"above {high:g}"] if high is not None else []
        name = identifier(column)
        conditions = [f"{name} < {low}"] if low is not None else []
        conditions += [f"{name} > {high}"] if high is not None else []
        text = f"{rows:,.0f} rows are {' or '.join(limits)}"
        return self._sentence(column, f"{text}, {self._examples(column, ' or '.join(conditions))}")

    def _examples(self, column: str, condition: str) -> str:
        if matches(column, self.limits.never_shown):
            return values.NOT_SHOWN
        found = self.bench.run(
            f"select distinct {identifier(column)} from {identifier(self.table.name)} where {condition} "
            f"order by 1 limit {values.SHOWN}"
        )
        return f"such as {', '.join(str(value) for (value,) in found)}"

    def _intervals(self) -> list[Check]:
        checks = []
        for column in self.table.columns:
            match = INTERVAL.fullmatch(column.name)
            if not match:
                continue
            estimate, unit = match["stem"] + (match["unit"] or ""), match["unit"] or ""
            high = f"{match['stem']}_ci_high{unit}"
            checks.append(self._ordered(column.name, high))
            if self.table.has(estimate) and estimate not in self.limits.bootstrap_intervals:
                checks += [self._ordered(column.name, estimate), self._ordered(estimate, high)]
        return checks

    def _sources(self) -> list[Check]:
        """No source is known to make figures wrong, where the table lists those."""
        if self.table.name != WARNINGS:
            return []
        query = f"select partner_code, file_path from {{batch}} where severity = {FIGURES_WRONG}"
        expectation = gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=query, severity=WARNING, description="No source makes figures wrong."
        )
        return [Check(expectation, self._distrusted)]

    def _distrusted(self, rows: float) -> str:
        found = self.bench.run(
            f"select concat_ws(' ', partner_code, dataset) from {identifier(self.table.name)} "
            f"where severity = {FIGURES_WRONG} order by warning_rank limit {values.SHOWN}"
        )
        sources = ", ".join(source for (source,) in found)
        return f"table {self.table.name}: of {rows:,.0f} warnings figures are wrong, the worst about {sources}"

    def _ordered(self, low: str, high: str) -> Check:
        expectation = gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A=high, column_B=low, or_equal=True, ignore_row_if="either_value_is_missing", severity=CRITICAL
        )

        def say(rows: float) -> str:
            examples = self._examples(low, f"{identifier(low)} > {identifier(high)}")
            return self._sentence(low, f"{rows:,.0f} rows are above {high}, {examples}")

        return Check(expectation, say)

    def _sentence(self, column: str, text: str) -> str:
        return f"table {self.table.name}, column {column}: {text}".replace(": 1 rows are", ": 1 row is")
