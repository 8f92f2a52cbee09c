"""No model, macro or description names a link, a survey or a touchpoint: they are rows of seeds.

What is written from the contract (`make docs`) is passed over; it says what the contract says.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from landing_builder import PROJECT

from nps_chain.contracts import dbt_files
from nps_chain.contracts.landing import Column, Dataset, Shape

SEEDS = ("links", "surveys", "touchpoints")
COMMENT = re.compile(r"\{#.*?#\}|--[^\n]*", re.DOTALL)
JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
QUOTED = re.compile(r"""(?<=['"])\w+(?=['"])""")
CTE = re.compile(r"\b(\w+) as (?:\{\{ inline_cte\(\)[^}]*\}\} )?\(")
# words of the contract, which macros ask it by
LANGUAGE = {*get_args(Shape), *(field.name for kind in (Dataset, Column) for field in fields(kind))}


def codes() -> set[str]:
    """The codes of all links, surveys and touchpoints."""
    found = set()
    for seed in SEEDS:
        with (PROJECT / "seeds" / f"{seed}.csv").open(encoding="utf-8", newline="") as stream:
            found |= {row[f"{seed.removesuffix('s')}_code"] for row in csv.DictReader(stream)}
    return found


CODES = codes()


def named_in_sql(text: str) -> list[str]:
    """Codes that stand as quoted words; in Jinja the contract's own words and names of CTEs are none."""
    text = COMMENT.sub("", text)
    jinja = " ".join(JINJA.findall(text))
    in_sql = [word for word in QUOTED.findall(JINJA.sub(" ", text)) if word in CODES]
    allowed = LANGUAGE | set(CTE.findall(text))
    return in_sql + [word for word in QUOTED.findall(jinja) if word in CODES - allowed]


def listed_in(description: str) -> list[str]:
    """Codes that a description lists, or that only a code can be."""
    any_code = "|".join(sorted(CODES, key=len, reverse=True))
    lists = re.findall(rf"\b(?:{any_code})(?:(?:,| or| and|, or|, and) (?:{any_code})\b)+", description)
    return lists + [word for word in re.findall(r"\w+", description) if word in CODES and "_" in word]


def descriptions(node: Any) -> Iterator[str]:
    """The descriptions in a YAML document, wherever they stand."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name == "description":
                yield str(value)
            else:
                yield from descriptions(value)
    elif isinstance(node, list):
        for one in node:
            yield from descriptions(one)


def files(ending: str, *folders: str) -> list[Path]:
    """The files that a person wrote; a folder that is gone would be looked through in vain."""
    assert all((PROJECT / folder).is_dir() for folder in folders)
    found = [path for folder in folders for path in sorted((PROJECT / folder).rglob(f"*{ending}"))]
    return [path for path in found if dbt_files.NOTE not in path.read_text(encoding="utf-8")]


def test_no_sql_names_a_link_a_survey_or_a_touchpoint() -> None:
    paths = files(".sql", "models", "macros", "tests/dbt")
    assert len(paths) > 150
    assert PROJECT / dbt_files.MACRO not in paths
    found = {str(path.relative_to(PROJECT)): named_in_sql(path.read_text(encoding="utf-8")) for path in paths}
    assert {path: words for path, words in found.items() if words} == {}


def test_no_description_lists_them() -> None:
    paths = files(".yml", "models", "macros", "seeds")
    said = [(path.name, text) for path in paths for text in descriptions(yaml.safe_load(path.read_text("utf-8")))]
    said += [(path.name, path.read_text(encoding="utf-8")) for path in files(".md", "models")]
    assert len(said) > 500
    assert [(name, words) for name, text in said if (words := listed_in(text))] == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("where link_code = 'dealer'", ["dealer"]),
        ("{% for dataset in datasets_of('contact') %}x{% endfor %}", []),
        ("where touchpoint_code = 'contact'", ["contact"]),
        ("{% set rule = \"kind = 'sale'\" %}", ["sale"]),
        ("ownership as (select 1) {{ owned_on('a', 'ownership') }}", []),
        ("-- 'dealer'\n{# 'shop' #} select 'stg_dealer__customers'", []),
    ],
)
def test_what_counts_as_a_name_in_sql(text: str, words: list[str]) -> None:
    assert named_in_sql(text) == words


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Code of the link: manufacturer, importer, dealer.", 1),
        ("One of post_sale.", 1),
        ("The importer of a dealer, and its service.", 0),
    ],
)
def test_what_counts_as_a_list_in_a_description(text: str, count: int) -> None:
    assert len(listed_in(text)) == count
