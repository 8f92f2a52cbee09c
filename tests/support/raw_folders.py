"""What a raw folder holds, and what its last load changed: the oracle is the same landing folder read anew."""

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import duckdb

from nps_chain.intake import intake
from nps_chain.raw_folder import changes_path, dataset_sql, read_manifest

if TYPE_CHECKING:
    from conftest import Landing

CUSTOMERS = "customer_no,email,segment\n"
RECEIPTS = "receipt_no,loyalty_no,purchased_at,receipt_kind\n"
# what tells where rows lie or whence they were taken, not what they are
PLACE = ("part",)


def content(landing: "Landing") -> dict[str, Any]:
    """All that dbt reads of a raw folder, without the order of rows and the cut into parts."""
    found: dict[str, Any] = {
        dataset.name: Counter(landing.rows(dataset.name)) for dataset in intake.load_contract().datasets
    }
    found["rejects"] = Counter(landing.rejects())
    found["files"] = [
        {name: value for name, value in vars(file).items() if name not in PLACE} for file in read_manifest(landing.raw)
    ]
    return found


def read_anew(landing: "Landing") -> dict[str, Any]:
    """The same folder, read by an intake that knows of nothing before."""
    other = replace(landing, raw=landing.raw.with_name("anew"))
    other.intake(anew=True)
    return content(other)


def changes(landing: "Landing", dataset: str) -> Counter[tuple[Any, ...]]:
    """The rows that the last load took away or brought."""
    return Counter(duckdb.execute(f"from read_parquet('{changes_path(landing.raw, dataset)}')").fetchall())


def rows(landing: "Landing", dataset: str) -> Counter[tuple[Any, ...]]:
    """The rows there are."""
    return Counter(duckdb.execute(f"from {dataset_sql(landing.raw, dataset)}").fetchall())


def customers(*numbers: int) -> str:
    """A file of customers."""
    return CUSTOMERS + "".join(f"{number},c{number}@example.com,private\n" for number in numbers)
