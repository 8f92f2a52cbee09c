"""The parts of a data set in the raw folder: what stays of the last load, what is new, and what changed."""

from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import duckdb

from nps_chain.contracts.landing import Dataset
from nps_chain.intake.previous import Previous
from nps_chain.intake.projection import schema
from nps_chain.raw_folder import (
    FileResult,
    changes_path,
    dataset_folder,
    execute_copy,
    link,
    part_name,
    part_number,
    parts_sql,
)

# With more parts than this a data set is written anew in one.
MAX_PARTS = 16


class Parts:
    """The parts of one data set: those of the last load without the files that went or changed, and a new one."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, dataset: Dataset, previous: Previous, raw: Path) -> None:
        self.connection = connection
        self.dataset = dataset
        self.previous = previous
        self.raw = raw
        self.folder = dataset_folder(raw, dataset.name)
        self.folder.mkdir()
        self.old_folder = dataset_folder(previous.raw, dataset.name) if previous.raw else None
        self.old_files = previous.of_dataset(dataset)
        self.gone: list[FileResult] = []
        self.new: Path | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing was taken over."""
        return not any(self.folder.iterdir())

    def keep(self, kept: list[FileResult], gone: list[FileResult]) -> None:
        """Take over the rows of files: a part by a link where all of it stays, by a copy where some rows go."""
        self.gone = gone
        losing: dict[str, list[int]] = defaultdict(list)
        for file in self.gone:
            losing[str(file.part)].append(file.file_id)
        for part in sorted({str(file.part) for file in kept}):
            source = self.old_part(part)
            if part in losing:
                ids = ", ".join(str(file_id) for file_id in losing[part])
                query = f"from {parts_sql([source])} where file_id not in ({ids})"
                execute_copy(self.connection, query, self.folder / part)
            else:
                link(source, self.folder / part)

    def old_part(self, name: str) -> Path:
        """A part of the last load."""
        if self.old_folder is None:
            raise ValueError(f"no load before this one has {name}")
        return self.old_folder / name

    def add(self) -> Path:
        """The path of the new part."""
        self.new = self.folder / part_name(self._next_number())
        return self.new

    def _next_number(self) -> int:
        names = [str(file.part) for file in self.old_files] + [path.name for path in self.folder.iterdir()]
        return 1 + max((part_number(name) for name in names), default=0)

    def gather(self, files: list[FileResult]) -> list[FileResult]:
        """Write a data set of many parts anew in one; return its files with the part that now holds them."""
        paths = sorted(self.folder.iterdir())
        if len(paths) <= MAX_PARTS:
            return files
        target = self.folder / part_name(self._next_number())
        new_rows = self.raw / f"{self.dataset.name}.new"
        if self.new:
            link(self.new, new_rows)
        execute_copy(self.connection, f"from {parts_sql(paths)}", target)
        for path in paths:
            path.unlink()
        self.new = new_rows if self.new else None
        return [replace(file, part=target.name) if file.part else file for file in files]

    def write_changes(self) -> int:
        """Write the rows that went and those that came; a line that stands unchanged in a changed file is neither."""
        target = changes_path(self.raw, self.dataset.name)
        columns = ", ".join(f'cast(null as {kind}) as "{name}"' for name, kind in schema(self.dataset).items())
        nothing = f"select {columns} where false"
        old = nothing
        if self.gone:
            ids = ", ".join(str(file.file_id) for file in self.gone)
            old = f"select * from {parts_sql(self.previous.parts_of(self.gone))} where file_id in ({ids})"
        # of a load that read all anew nobody asks what changed
        new = f"select * from {parts_sql([self.new])}" if self.new and self.old_folder else nothing
        query = f"(({old}) except all ({new})) union all (({new}) except all ({old}))"
        rows = execute_copy(self.connection, query, target)
        if self.new and self.new.parent == self.raw:
            self.new.unlink()
        return rows
