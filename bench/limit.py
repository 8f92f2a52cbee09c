"""Run bench/limit.sql over a landing folder: `python -m bench.limit --landing folder --out folder`."""

from pathlib import Path

import duckdb

from bench.answers import TABLES, run_alone
from nps_chain import memory
from nps_chain.settings import ROOT

SCRIPT = Path(__file__).with_name("limit.sql")


def answer(landing: Path, out: Path, key: str) -> None:
    """Write the answers, a Parquet file a table; what does not fit in NPS_MEMORY_LIMIT goes beside them."""
    with duckdb.connect(config={"preserve_insertion_order": False}) as connection:
        memory.limit(connection, out / "tmp")
        for name, value in {"landing": str(landing), "seeds": str(ROOT / "seeds"), "identity_key": key}.items():
            connection.execute(f"set variable {name} = ?", [value])
        connection.execute(SCRIPT.read_text(encoding="utf-8"))
        for table in TABLES:
            connection.execute(f"copy {table} to '{out / table}.parquet' (format parquet)")


if __name__ == "__main__":
    run_alone(answer, __doc__)
