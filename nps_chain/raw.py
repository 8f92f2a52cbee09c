"""The raw folder: what the intake leaves for dbt."""

from pathlib import Path

from nps_chain.projection import literal


def dataset_sql(raw: Path, dataset: str) -> str:
    """The rows of one data set, as a table function of DuckDB."""
    return f"read_parquet({literal(str(raw / f'{dataset}.parquet'))})"
