"""The counts of tests/house.py, on a project of a few lines whose faults are known."""

from pathlib import Path
from typing import Any

import pytest

from tests.house import HouseError, count, count_revision, details, repetitions, table

# seven lines of the same shape, with other names, numbers and texts, a comment and a blank line between them
ONE = """{{ config(materialized='table') }}
with

sales as (

    select * from {{ ref('stg_sale') }}

)

select
    sales.sale_key,
    sales.sold_on,
    coalesce(sales.amount, 0) as amount,
    'shop' as place
from sales
where
    sales.amount > 10
group by all
"""
OTHER = """select 1 as nothing
union all
-- a comment of its own
select
    calls.sale_key,

    /* two lines
       of it */
    calls.sold_on,
    coalesce(calls.cost, 5) as cost,
    'phone' as channel
from calls
where calls.cost > 11
"""


def project(folder: Path, files: dict[str, str]) -> Path:
    for file, text in files.items():
        target = folder / "models" / file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    return folder


def manifest(reads: dict[str, list[str]], groups: tuple[str, ...] = ()) -> dict[str, Any]:
    """Models by their path below models/, with the paths that they read."""

    def name(path: str) -> str:
        return f"model.p.{Path(path).stem}"

    nodes = {
        name(path): {"resource_type": "model", "original_file_path": f"models/{path}"}
        for path in {*reads, *(one for read in reads.values() for one in read)}
    }
    parents = {node: [] for node in nodes}
    parents |= {name(path): [*map(name, read), "seed.p.s"] for path, read in reads.items()}
    nodes["seed.p.s"] = {"resource_type": "seed", "original_file_path": "seeds/s.csv"}
    nodes["test.p.t"] = {"resource_type": "test", "original_file_path": "models/a/_a.yml"}
    nodes["analysis.p.q"] = {"resource_type": "analysis", "original_file_path": "analyses/q.sql"}
    return {
        "nodes": nodes,
        "parent_map": parents,
        "unit_tests": {"unit_test.p.u": {"resource_type": "unit_test"}},
        "groups": {f"group.p.{group}": {"name": group} for group in groups},
    }


def test_a_repetition_is_found_whatever_its_names(tmp_path: Path) -> None:
    files = {"a/stg_one.sql": ONE, "b/int_other.sql": OTHER}
    house = count(project(tmp_path, files), manifest({}))
    (found,) = house.repetitions
    assert str(found) == "models/a/stg_one.sql:10 and models/b/int_other.sql:4, 6 lines"
    assert house.repeated_lines == 12
    assert house.landing_lines == len(ONE.splitlines())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("calls.sold_on", "calls.called_on"),  # another column
        ("coalesce(calls.cost, 5)", "coalesce(calls.cost)"),
        ("from calls", "from calls, sales"),
        ("'phone' as channel", "phone as channel"),
        ("union all\n-- a comment of its own\nselect\n", "select\n    calls.other,\n"),  # one line less
    ],
)
def test_another_shape_is_no_repetition(old: str, new: str) -> None:
    assert OTHER.count(old) == 1
    assert repetitions({"one": ONE, "other": OTHER}) != ([], 0)
    assert repetitions({"one": ONE, "other": OTHER.replace(old, new)}) == ([], 0)


def test_a_place_does_not_repeat_itself_nor_run_into_the_next_file() -> None:
    line = "    sum(case when a = 1 then b end) as c,\n"
    assert repetitions({"one": line * 11}) == ([], 0)
    (found,), lines = repetitions({"one": line * 12})
    assert (found.lines, lines) == (6, 12)
    assert repetitions({"one": line * 5, "other": line * 5, "last": line * 5}) == ([], 0)


def test_a_long_repetition_is_one() -> None:
    lines = "".join(f"    {'abs(' * i}a{')' * i} as b,\n" for i in range(1, 10))
    (found,), repeated = repetitions({"one": lines, "other": "select\n" + lines})
    assert (found.one, found.other, found.lines, repeated) == (("one", 1), ("other", 2), 9, 18)


def test_imports_are_no_repetition() -> None:
    imports = "with\n"
    for name in ("a", "b", "c", "d", "e", "f", "g"):
        imports += f"\n{name} as (\n\n    select * from {{{{ ref('{name}') }}}}\n\n),\n"
    assert repetitions({"one": imports, "other": imports}) == ([], 0)
    chosen = imports.replace(" }}\n", " }} where x > 1\n")
    assert len(repetitions({"one": chosen, "other": chosen})[0]) > 0


READS = {
    "b/fct.sql": ["a/stg.sql"],
    "c/mart.sql": ["b/fct.sql", "c/int.sql"],
    "c/int.sql": ["a/stg.sql"],
    "a/int_back.sql": ["b/fct.sql"],
    "b/int_forth.sql": ["c/mart.sql"],
    "a/deep/int_deep.sql": ["a/stg.sql"],
}


def test_folders_that_read_each_other_are_found(tmp_path: Path) -> None:
    house = count(tmp_path, manifest(READS))
    assert {pair: [str(edge) for edge in edges] for pair, edges in house.two_way.items()} == {
        ("a", "b"): ["a/int_back reads b/fct", "b/fct reads a/stg"],
        ("b", "c"): ["b/int_forth reads c/mart", "c/mart reads b/fct"],
    }
    assert house.backward is None
    assert count(tmp_path, manifest({"a/one.sql": ["b/two.sql"], "d/three.sql": ["c/four.sql"]})).two_way == {}
    assert house.nodes == {"models": 7, "tests": 2, "seeds": 1}


@pytest.mark.parametrize(
    ("order", "found"),
    [
        (["a", "b", "c"], ["a/int_back reads b/fct", "b/int_forth reads c/mart"]),
        (["c", "b", "a"], ["b/fct reads a/stg", "c/int reads a/stg", "c/mart reads b/fct"]),
        # a folder that nobody placed reads all, and nobody reads it
        (["a", "b"], ["a/int_back reads b/fct", "b/int_forth reads c/mart"]),
    ],
)
def test_what_reads_against_the_order_is_found(tmp_path: Path, order: list[str], found: list[str]) -> None:
    for house in (count(tmp_path, manifest(READS), order), count(tmp_path, manifest(READS, tuple(order)))):
        assert [str(edge) for edge in house.backward or []] == found


def test_deeper_folders_are_told_apart_when_asked(tmp_path: Path) -> None:
    reads = {"a/deep/one.sql": ["a/other/two.sql"], "a/other/two.sql": ["a/deep/three.sql"]}
    assert count(tmp_path, manifest(reads)).two_way == {}
    assert [*count(tmp_path, manifest(reads), depth=2).two_way] == [("a/deep", "a/other")]


def test_the_table_shows_both_columns_and_the_list_its_edges(tmp_path: Path) -> None:
    before = count(tmp_path, manifest(READS))
    after = count(project(tmp_path, {"a/stg_one.sql": ONE, "b/x.sql": OTHER}), manifest(READS, ("a", "b", "c")))
    rows = [line.split() for line in table({"old": before, "here": after})]
    assert rows[0] == ["old", "here"]
    assert [row[-2:] for row in rows[1:]] == [
        ["2", "2"], ["-", "2"], ["0", "18"], ["0", "1"], ["0", "12"], ["7", "7"], ["2", "2"], ["1", "1"], ["10", "10"],
    ]  # fmt: skip
    text = "\n".join(details(after, longest=1))
    assert "a and b read each other:\n  a/int_back reads b/fct\n" in text
    assert "against the order of folders:\n  a/int_back reads b/fct\n" in text
    assert "models/b/x.sql:4, 6 lines" in text


def test_an_unknown_revision_is_said_so() -> None:
    with pytest.raises(HouseError, match="git has no revision never-made"):
        count_revision("never-made")
