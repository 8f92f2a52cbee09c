"""The documentation site: every table and key is in the picture, and every page can be read with no network."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import pytest

from docsite import check
from docsite.build import DBT_PAGE, PICTURE, build, picture
from docsite.contents import SECTIONS
from docsite.star import CALENDAR, Edge, Star, is_day, own_key, read_star
from nps_chain.contracts.marts import load_tables
from nps_chain.settings import ROOT

PUBLIC = ("dim_", "fct_", "mart_")


def edges_by_name(star: Star) -> set[Edge]:
    """The edges found another way: a column called like the key of another table, or new_ before it, leads there."""
    owners = {own_key(table): table.name for table in star.tables}
    return {
        Edge(table.name, column.name, owners[key], key)
        for table in star.tables
        for column in table.columns
        if (key := column.name.removeprefix("new_")) in owners and owners[key] != table.name
    }


def drawn(name: str) -> list[str]:
    found = [element.get(f"data-{name}") for element in Xml.fromstring(PICTURE.read_text(encoding="utf-8")).iter()]
    return [value for value in found if value]


def boxes() -> list[tuple[float, float, float, float]]:
    """Left, top, right and bottom of each table in the picture."""
    found = [
        [float(element.get(name, "nan")) for name in ("x", "y", "width", "height")]
        for element in Xml.fromstring(PICTURE.read_text(encoding="utf-8")).iter("{http://www.w3.org/2000/svg}rect")
        if element.get("class") == "box"
    ]
    return [(x, y, x + width, y + height) for x, y, width, height in found]


def test_the_picture_is_that_of_the_contracts() -> None:
    assert PICTURE.read_text(encoding="utf-8") == picture(), "run `make site`"


def test_descriptions_and_names_of_keys_agree() -> None:
    star = read_star(load_tables())
    keys = {edge for edge in star.edges if edge.to != CALENDAR}
    assert len(keys) > len(star.facts)
    assert keys == edges_by_name(star)


def test_a_key_whose_description_names_no_table_is_seen() -> None:
    tables = list(load_tables())
    place = next(number for number, table in enumerate(tables) if table.name == "fct_transaction")
    columns = [replace(column, description="Some key.") for column in tables[place].columns]
    tables[place] = replace(tables[place], columns=tuple(columns))
    star = read_star(tables)
    assert {edge for edge in star.edges if edge.to != CALENDAR} < edges_by_name(star)


def test_every_table_and_every_key_is_drawn() -> None:
    tables = [table for table in load_tables() if table.name.startswith(("dim_", "fct_"))]
    assert sorted(drawn("table")) == [table.name for table in tables]
    star = read_star(tables)
    assert sorted(drawn("edge")) == sorted(f"{edge.table}.{edge.column} {edge.to}" for edge in star.edges)
    days = {(table.name, column.name) for table in star.facts for column in table.columns if is_day(column)}
    assert {(edge.table, edge.column) for edge in star.edges if edge.to == CALENDAR} == days


def test_no_table_is_drawn_over_another() -> None:
    found = boxes()
    assert len(found) == len(drawn("table"))
    for number, (left, top, right, bottom) in enumerate(found):
        for other in found[number + 1 :]:
            assert right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("site") / "site"
    build(folder)
    yield folder


def inlined(site: Path, label: str) -> dict[str, Any]:
    """What dbt wrote into its page."""
    text = (site / DBT_PAGE).read_text(encoding="utf-8")
    start = re.search(rf'\b{label}:(?={{"metadata")', text)
    assert start is not None
    return json.JSONDecoder().raw_decode(text, start.end())[0]


def test_the_site_loads_nothing_and_leads_nowhere_wrong(site: Path) -> None:
    assert check.faults(site, apart=frozenset({DBT_PAGE})) == []
    assert (site / "index.html").is_file()


def test_every_page_is_in_the_site(site: Path) -> None:
    paths = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]
    pages = {path.relative_to(ROOT).with_suffix("").as_posix() for path in paths}
    listed = {page for pages in SECTIONS.values() for page in pages}
    assert pages <= listed | {"README"}
    first = (site / "index.html").read_text(encoding="utf-8")
    assert all(f'href="{page}.html"' in first and (site / f"{page}.html").is_file() for page in listed)
    assert f'href="{DBT_PAGE}"' in first


def test_dbts_pages_list_public_tables_and_no_others(site: Path) -> None:
    models = [node for node in inlined(site, "manifest")["nodes"].values() if node["resource_type"] == "model"]
    shown = {node["name"] for node in models if node["docs"]["show"]}
    assert shown == {node["name"] for node in models if node["name"].startswith(PUBLIC)}
    assert len(shown) < len(models)


def test_dbts_overview_is_ours_and_leads_to_what_is_there(site: Path) -> None:
    manifest = inlined(site, "manifest")
    overview = manifest["docs"]["doc.nps_chain.__overview__"]["block_contents"]
    linked = re.findall(r"\(#!/\w+/([\w.]+)\)", overview)
    assert "model.nps_chain.mart_weakest_link" in linked
    assert set(linked) <= {*manifest["nodes"], *manifest["exposures"]}


def test_dbts_pages_know_types_and_tell_nobody(site: Path) -> None:
    catalog = inlined(site, "catalog")["nodes"]
    types = {
        node["metadata"]["name"]: {name: column["type"] for name, column in node["columns"].items()}
        for node in catalog.values()
    }
    assert types == {table.name: {column.name: column.kind for column in table.columns} for table in load_tables()}
    assert inlined(site, "manifest")["metadata"]["send_anonymous_usage_stats"] is False
    assert str(ROOT) not in (site / DBT_PAGE).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.html", '<script src="https://x.org/a.js"></script>', "a.html loads https://x.org/a.js from elsewhere."),
        ("a.html", '<link rel="stylesheet" href="//x.org/a.css">', "a.html loads //x.org/a.css from elsewhere."),
        ("a.html", "<img src='http://x.org/a.png'>", "a.html loads http://x.org/a.png from elsewhere."),
        ("a.html", "<style>@import 'https://x.org/f';</style>", "a.html loads https://x.org/f from elsewhere."),
        ("a.css", "@font-face {src: url(https://x.org/f)}", "a.css loads https://x.org/f from elsewhere."),
        ("a.html", '<a href="b.html">', "a.html leads to b.html, which is not there."),
        ("a.html", '<a href="index.html#no">', "a.html leads to index.html#no, which is not there."),
        ("a.html", '<img src="a.png">', "a.html leads to a.png, which is not there."),
    ],
)
def test_a_fault_is_seen(tmp_path: Path, name: str, content: str, said: str) -> None:
    sound = (
        '<p id="yes"><a href="#yes"><a href="index.html#yes"><a href="https://x.org"><img src="data:image/png;base64,">'
    )
    (tmp_path / "index.html").write_text(sound, encoding="utf-8")
    assert check.faults(tmp_path) == []
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert check.faults(tmp_path) == [said]
