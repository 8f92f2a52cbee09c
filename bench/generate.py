"""A landing folder of any size, in the contract's format, for the benchmark: clean data, but of realistic shape.

`python -m bench.generate --transactions 1e6 --out folder` lays down about that many transactions, a response per ten
and a contact per twenty, in both industries, four countries and all tiers. Identities are what a real chain has:
a customer number per dealer or shop, e-mail addresses and phone numbers that tiers know now and then, serial numbers.
None of them is one that the intake takes for nobody's: the competitors read every number as somebody's.
"""

import argparse
import shutil
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import monotonic

import duckdb
import pyarrow as pa

from bench import landing_sql
from bench.landing_sql import AutomotiveFiles, ChainFiles, File, RetailFiles
from bench.world import (
    AUTOMOTIVE,
    COUNTRIES,
    LINKS,
    RETAIL,
    Chain,
    partners_per_country,
    simulate,
    transactions_per_person,
)

SEED = 20260630
# Receipts are more than orders; both halves of the chain are then of like cost.
INDUSTRY_SHARE = {AUTOMOTIVE: 0.4, RETAIL: 0.6}
PLACE = ("partner_code", "period")
# of each of the processes, one per core
MEMORY_LIMIT = "4GB"
# a JSON text holds no control character, so that none is ever quoted
FORMATS = {
    "csv": "format csv, header",
    "parquet": "format parquet",
    "json": "format csv, header false, delimiter '\x01', quote '', escape ''",
}
SUFFIXES = {"csv": "csv", "parquet": "parquet", "json": "ndjson"}


@dataclass(frozen=True)
class Plan:
    """What to generate, and where."""

    transactions: float
    out: Path
    seed: int = SEED

    def chains(self) -> Iterator[Chain]:
        """Both industries in every country."""
        partners = partners_per_country(self.transactions)
        for industry in LINKS:
            for country in COUNTRIES:
                yield Chain(industry, country, partners, self.seed)


def generate(plan: Plan, workers: int | None = None) -> None:
    """Lay the folder down."""
    shutil.rmtree(plan.out, ignore_errors=True)
    (plan.out / "chain").mkdir(parents=True)
    with duckdb.connect(config={"threads": 1}) as connection:
        for name, query in landing_sql.administration(list(plan.chains())).items():
            connection.execute(f"copy (from ({query}) order by all) to '{plan.out}/chain/{name}.csv' (header)")
    with ProcessPoolExecutor(workers) as pool:
        list(pool.map(partial(write_chain, plan), plan.chains()))


def write_chain(plan: Plan, chain: Chain) -> None:
    """Simulate a chain and write its files."""
    share = INDUSTRY_SHARE[chain.industry] / len(COUNTRIES)
    persons = round(plan.transactions * share / transactions_per_person(chain))
    files: ChainFiles = {AUTOMOTIVE: AutomotiveFiles, RETAIL: RetailFiles}[chain.industry](chain)
    scratch = plan.out.with_name(f".{plan.out.name}-{chain.industry}-{chain.country}")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    options: dict[str, str | bool | int | float | list[str]] = {"threads": 1, "memory_limit": MEMORY_LIMIT}
    options["preserve_insertion_order"] = True
    with duckdb.connect(str(scratch / "world.duckdb"), config=options) as connection:
        for number, world in enumerate(simulate(chain, persons)):
            for table, columns in {"person": world.persons, "visited": world.visits}.items():
                connection.register("block", pa.table(columns))
                connection.execute(
                    f"{'insert into' if number else 'create table'} {table} {'' if number else 'as '}from block"
                )
        for statement in files.prepare():
            connection.execute(statement)
        for file in files.files():
            _write(connection, file, chain, scratch, plan.out)
    shutil.rmtree(scratch, ignore_errors=True)


def _write(connection: duckdb.DuckDBPyConnection, file: File, chain: Chain, scratch: Path, out: Path) -> None:
    """Write a data set in one pass, a file per partner and period, and put the files where the contract wants them."""
    suffix = SUFFIXES[file.format]
    if file.tier == "chain":
        target = out / "chain" / f"{file.name}_{chain.industry}_{chain.country.lower()}.{suffix}"
        connection.execute(f"copy ({file.query}) to '{target}' (format {file.format})")
        return
    folder = scratch / file.name
    folder.mkdir(parents=True)
    query, options = (
        (_json_lines(connection, file.query) if file.format == "json" else file.query),
        FORMATS[file.format],
    )
    connection.execute(f"copy ({query}) to '{folder}' ({options}{file.options}, partition_by (partner_code, period))")
    for written in folder.glob("partner_code=*/period=*/*"):
        partner, period = (part.split("=", 1)[1] for part in written.parts[-3:-1])
        number = written.stem.removeprefix("data_")
        name = "_".join([file.name, *([] if period == "all" else [period]), *([] if number == "0" else [number])])
        target = out / file.tier / partner / f"{name}.{suffix}"
        target.parent.mkdir(parents=True, exist_ok=True)
        written.rename(target)
    shutil.rmtree(folder)


def _json_lines(connection: duckdb.DuckDBPyConnection, query: str) -> str:
    """The rows as a JSON text each: the engine's own JSON writer can't write a file per partner."""
    names = [name for name, *_ in connection.execute(f"describe {query}").fetchall() if name not in PLACE]
    fields = ", ".join(f"'{name}': {name}" for name in names)
    return f"select {', '.join(PLACE)}, to_json({{{fields}}}) as line from ({query})"


def main() -> None:
    """Generate, and say how long it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--transactions", type=float, default=1e6)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--workers", type=int)
    options = parser.parse_args()
    started = monotonic()
    generate(Plan(options.transactions, options.out, options.seed), options.workers)
    files = [path for path in options.out.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files)
    print(f"{len(files):,} files, {size / 1e6:,.0f} MB, in {monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
