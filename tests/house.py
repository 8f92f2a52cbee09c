"""What it costs to change the models, counted: `python tests/house.py [--ref c6eb300]`, or `make house REF=c6eb300`.

Counted here, and in a revision beside it: folders that read each other, what reads against the order of folders, lines
of base and staging models, repetitions, and nodes. dbt says who reads whom; a folder is the first below models/.

A repetition is a pair of places that share six lines or more of the same shape. Of a shape's words SQL's own stay;
names, texts and numbers don't. But a line that only names a column, or the two of a join, keeps their names: else any
two lists of columns, and any two joins, would be alike. Passed over are comments, blank lines, lone punctuation and
imports (`x as (select * from {{ ref('x') }})`).
"""

import argparse
import io
import json
import re
import subprocess
import sys
import tarfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

ROOT = Path(__file__).resolve().parents[1]
SHORTEST = 6
KINDS = {"model": "models", "test": "tests", "unit_test": "tests", "seed": "seeds"}
COMMENT = re.compile(r"\{#.*?#\}|/\*.*?\*/|--[^\n]*", re.DOTALL)
IMPORT = re.compile(
    r"^\w+ as (\{\{ inline_cte\(\) \}\} )?\(\s*select \* from \{\{ (ref|source)\([^)]*\) \}\}\s*\),?$", re.MULTILINE
)
COLUMNS = re.compile(r"(?:(?:on|and) (?=.* = ))?(?:\w+\.)?(\w+)(?: = (?:\w+\.)?(\w+))?,?")
TOKEN = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|\w+|[^\w\s]")
PUNCTUATION = re.compile(r"[\W_]*")

Manifest = dict[str, Any]
Place = tuple[str, int]


class HouseError(Exception):
    """What could not be counted, in a sentence."""


@dataclass(frozen=True, order=True)
class Edge:
    """A model and one that it reads, of another folder."""

    reader: str
    read: str
    reading_folder: str
    folder_read: str

    def __str__(self) -> str:
        return f"{self.reading_folder}/{self.reader} reads {self.folder_read}/{self.read}"


@dataclass(frozen=True)
class Repetition:
    """Two places that share so many lines."""

    one: Place
    other: Place
    lines: int

    def __str__(self) -> str:
        return " and ".join(f"{file}:{line}" for file, line in (self.one, self.other)) + f", {self.lines} lines"


@dataclass(frozen=True)
class House:
    """All counts of one revision."""

    two_way: dict[tuple[str, str], list[Edge]]
    backward: list[Edge] | None
    landing_lines: int
    repetitions: list[Repetition]
    repeated_lines: int
    nodes: Counter[str]

    def figures(self) -> dict[str, int | None]:
        """The table's column."""
        return {
            "two-way pairs of folders": len(self.two_way),
            "reads against the order of folders": None if self.backward is None else len(self.backward),
            "lines of base and staging models": self.landing_lines,
            f"repetitions of {SHORTEST} lines or more": len(self.repetitions),
            "lines that are repeated": self.repeated_lines,
            **{kind: self.nodes[kind] for kind in dict.fromkeys(KINDS.values())},
            "nodes": self.nodes.total(),
        }


def count(project: Path, manifest: Manifest, order: list[str] | None = None, depth: int = 1) -> House:
    """Count a project; without an order of folders the one in which its dbt groups are listed holds, if it has any."""
    order = order or [group["name"] for group in manifest["groups"].values()]
    edges = sorted(edges_between_folders(manifest, depth))
    files = {str(path.relative_to(project)): path.read_text() for path in sorted((project / "models").rglob("*.sql"))}
    landing = [text for file, text in files.items() if Path(file).name.startswith(("base_", "stg_"))]
    found, repeated = repetitions(files)
    return House(
        two_way=two_way_pairs(edges),
        backward=against(edges, order) if order else None,
        landing_lines=sum(len(text.splitlines()) for text in landing),
        repetitions=found,
        repeated_lines=repeated,
        nodes=Counter(
            KINDS[node["resource_type"]]
            for node in [*manifest["nodes"].values(), *manifest["unit_tests"].values()]
            if node["resource_type"] in KINDS
        ),
    )


def edges_between_folders(manifest: Manifest, depth: int = 1) -> Iterator[Edge]:
    """Every model that reads a model of another folder; of deeper folders only so many count."""
    folders = {
        name: "/".join(Path(node["original_file_path"]).parent.parts[1 : 1 + depth])
        for name, node in manifest["nodes"].items()
        if node["resource_type"] == "model"
    }
    for reader, folder in folders.items():
        for read in manifest["parent_map"][reader]:
            if folders.get(read, folder) != folder:
                yield Edge(reader.split(".")[-1], read.split(".")[-1], folder, folders[read])


def two_way_pairs(edges: Iterable[Edge]) -> dict[tuple[str, str], list[Edge]]:
    """Folders that read each other, with all that they read of each other."""
    read: dict[tuple[str, str], list[Edge]] = defaultdict(list)
    for edge in edges:
        read[edge.reading_folder, edge.folder_read].append(edge)
    return {(a, b): there + read[b, a] for (a, b), there in list(read.items()) if a < b and (b, a) in read}


def against(edges: Iterable[Edge], order: list[str]) -> list[Edge]:
    """What a folder reads of a later one; a folder that nobody placed stands after all others."""
    place = {folder: i for i, folder in enumerate(order)}
    last = len(order)
    return [edge for edge in edges if place.get(edge.folder_read, last) >= place.get(edge.reading_folder, last)]


def repetitions(files: dict[str, str]) -> tuple[list[Repetition], int]:
    """Pairs of places, the longest first, and how many lines stand in any of them."""
    lines = [line for file, text in files.items() for line in _lines(file, text)]
    windows: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for start in range(len(lines) - SHORTEST + 1):
        window = lines[start : start + SHORTEST]
        if window[0][0][0] == window[-1][0][0]:
            windows[tuple(shape for _, shape in window)].append(start)
    pairs = {
        (one, other)
        for starts in windows.values()
        for one, other in combinations(starts, 2)
        if other - one >= SHORTEST or lines[one][0][0] != lines[other][0][0]
    }
    found, repeated = [], set()
    for one, other in pairs:
        if (one - 1, other - 1) in pairs:
            continue
        length = SHORTEST
        while (one + length - SHORTEST + 1, other + length - SHORTEST + 1) in pairs:
            length += 1
        found.append(Repetition(lines[one][0], lines[other][0], length))
        repeated |= {start + i for start in (one, other) for i in range(length)}
    return sorted(found, key=lambda pair: (-pair.lines, pair.one, pair.other)), len(repeated)


def _lines(file: str, text: str) -> Iterator[tuple[Place, str]]:
    """The lines that count: where each stands, and its shape."""
    for passed_over in (COMMENT, IMPORT):
        # line breaks stay, so that lines keep their numbers
        text = passed_over.sub(lambda found: "\n" * found[0].count("\n"), text)
    for number, line in enumerate(text.splitlines(), start=1):
        if not PUNCTUATION.fullmatch(line):
            yield (file, number), _shape(line)


def _shape(line: str) -> str:
    columns = COLUMNS.fullmatch(line.strip())
    if columns and columns[1].lower() not in KEYWORDS:
        return " = ".join(name for name in columns.groups() if name)
    return " ".join(_class(token) for token in TOKEN.findall(line))


def _class(token: str) -> str:
    if token.lower() in KEYWORDS or not (token[0] in "'\"" or token[0].isalnum() or token[0] == "_"):
        return token.lower()
    return "'" if token[0] == "'" else "0" if token[0].isdigit() else "x"


def _keywords() -> frozenset[str]:
    """SQL's words as DuckDB knows them, without those that name columns just as well."""
    query = "select keyword_name from duckdb_keywords() where keyword_category != 'unreserved'"
    return frozenset(word for (word,) in duckdb.execute(query).fetchall())


KEYWORDS = _keywords()


def parse(project: Path) -> Manifest:
    """What dbt reads of a project, in a place of its own: what a build left may be older than the files."""
    with TemporaryDirectory() as place:
        options = {"project-dir": project, "profiles-dir": project, "target-path": place, "log-path": place}
        command = [
            str(Path(sys.executable).with_name("dbt")),
            "--quiet",
            "--no-use-colors",
            "parse",
            "--no-partial-parse",
        ]
        command += [str(word) for name, value in options.items() for word in (f"--{name}", value)]
        done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
        if done.returncode:
            raise HouseError(f"dbt cannot read the project: {' '.join(done.stdout.split())}")
        manifest: Manifest = json.loads((Path(place) / "manifest.json").read_text(encoding="utf-8"))
        return manifest


def count_revision(revision: str, order: list[str] | None = None, depth: int = 1) -> House:
    """Count what git has of a revision."""
    archive = subprocess.run(["git", "archive", revision], cwd=ROOT, capture_output=True, check=False)
    if archive.returncode:
        raise HouseError(f"git has no revision {revision}.")
    with TemporaryDirectory() as place, tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(place, filter="data")
        return count(Path(place), parse(Path(place)), order, depth)


def table(houses: dict[str, House]) -> Iterator[str]:
    """A row a figure, a column a revision."""
    columns = {name: house.figures() for name, house in houses.items()}
    yield f"{'':36}" + "".join(f"{name:>12}" for name in columns)
    for figure in next(iter(columns.values())):
        values = [column[figure] for column in columns.values()]
        yield f"{figure:36}" + "".join(f"{'-' if value is None else f'{value:,}':>12}" for value in values)


def details(house: House, longest: int) -> Iterator[str]:
    """Which edges and places are meant."""
    for (one, other), edges in house.two_way.items():
        yield f"\n{one} and {other} read each other:"
        yield from (f"  {edge}" for edge in edges)
    if house.backward:
        yield "\nagainst the order of folders:"
        yield from (f"  {edge}" for edge in house.backward)
    if longest and house.repetitions:
        yield "\nthe longest repetitions:"
        yield from (f"  {pair}" for pair in house.repetitions[:longest])


def main() -> None:
    """Count this tree, and a revision beside it."""
    parser = argparse.ArgumentParser(description="Count what it costs to change the models.")
    parser.add_argument("--ref", help="a revision to count beside this tree")
    parser.add_argument("--order", nargs="+", help="folders in the order in which data flow; without it that of groups")
    parser.add_argument("--depth", type=int, default=1, help="how deep folders below models/ are told apart")
    parser.add_argument("--longest", type=int, default=10, help="how many repetitions to name")
    asked = parser.parse_args()
    try:
        houses = {asked.ref: count_revision(asked.ref, asked.order, asked.depth)} if asked.ref else {}
        houses["here"] = count(ROOT, parse(ROOT), asked.order, asked.depth)
    except HouseError as error:
        sys.exit(f"Error: {error}")
    print("\n".join([*table(houses), *details(houses["here"], asked.longest)]))


if __name__ == "__main__":
    main()
