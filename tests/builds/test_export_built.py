"""The export of the whole demo, read by a tool that shares no code with the project."""

import os
from contextlib import nullcontext
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as compute
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq
import pytest
from landing_builder import PROJECT

from nps_chain.publishing.export import export

PUBLISHED = Path(os.environ.get("NPS_WAREHOUSE") or PROJECT / "warehouse") / "nps_chain.duckdb"
# written out apart from the product: what begins a formula, full-width forms included
RUNS = r"(?:^|[;\t\r\n])[=+\-@\x{FF1D}\x{FF0B}\x{FF0D}\x{FF20}]|^[\t\r\n]"
UNESCAPE = (r"(^|[;\t\r\n])'", r"\1")


def read_by_arrow(path: Path, schema: pa.Schema) -> pa.Table:
    """Read a CSV file with the types that it should have; what is quoted is a text, even an empty one."""
    options = arrow_csv.ConvertOptions(
        column_types=schema, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False
    )
    table = arrow_csv.read_csv(
        path, parse_options=arrow_csv.ParseOptions(newlines_in_values=True), convert_options=options
    )
    for index, column in enumerate(schema):
        if column.type == pa.string():
            cells = table.column(index)
            assert not compute.any(compute.match_substring_regex(cells, RUNS)).as_py()
            table = table.set_column(index, column, compute.replace_substring_regex(cells, *UNESCAPE))
    return table


@pytest.mark.skipif(not PUBLISHED.is_file(), reason="make test builds the demo first and names its warehouse")
def test_export_of_the_built_warehouse(tmp_path: Path) -> None:
    """Every public table of the demo, or of whatever was built, read by another tool."""
    folder = tmp_path / "export"
    assert export(PUBLISHED, folder) == len(list((folder / "csv").iterdir())) > 0
    with duckdb.connect(str(PUBLISHED), read_only=True) as connection:
        for path in sorted((folder / "parquet").iterdir()):
            expected = connection.execute(f'from "{path.stem}" order by all').to_arrow_table()
            assert pq.read_table(path).equals(expected), path.name
            text = folder / "csv" / f"{path.stem}.csv"
            assert read_by_arrow(text, expected.schema).equals(expected), text.name


def test_the_other_tool_sees_a_text_without_escaping(tmp_path: Path) -> None:
    path = tmp_path / "mart_x.csv"
    for cell, runs in (("'=1+1", False), ("a;=1+1", True), ("=1+1", True)):
        path.write_text(f'\ufeff"link_name"\n"{cell}"\n', encoding="utf-8")
        with pytest.raises(AssertionError) if runs else nullcontext():
            read_by_arrow(path, pa.schema([("link_name", pa.string())]))
