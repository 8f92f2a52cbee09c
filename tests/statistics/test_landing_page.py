"""docs/landing_models.md shows the contract's entry, the base model and the SQL as they are."""

import re
from pathlib import Path

import pytest

from nps_chain.contracts.landing import CONTRACT_PATH
from study.sql_harness import CompiledProject

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "landing_models.md").read_text(encoding="utf-8")
BASE, STAGING = "base_dealer__sales_orders", "stg_dealer__sales_orders"
# where an omission ends is found by what follows it, so what is shown must be most of the query
SHOWN = 0.7
OMISSION = re.compile(r"^ *-- \.\.\. .*$", re.MULTILINE)


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


def bare(sql: str) -> str:
    """The query without blanks, in the places and the database that the page names."""
    sql = re.sub(r"^-- .*$", "", sql, flags=re.MULTILINE)
    sql = re.sub(r"read_parquet\('[^']*/raw/", "read_parquet('warehouse/raw/", sql)
    return re.sub(r"\s", "", re.sub(r'"\w+"(?=\."\w+"\.")', '"work"', sql))


def faults(page: str, queries: dict[str, str]) -> list[str]:
    """Which of the parts that the page shows are not so."""
    found = []
    (entry,), (model,), (*base, staging) = blocks(page, "yaml"), blocks(page, "jinja"), blocks(page, "sql")
    if entry not in CONTRACT_PATH.read_text(encoding="utf-8"):
        found.append("the entry")
    if model != (ROOT / "models" / "landing" / "dealer" / f"{BASE}.sql").read_text(encoding="utf-8"):
        found.append("the base model")
    for name, shown in ((BASE, "".join(base)), (STAGING, staging)):
        parts = [bare(part) for part in OMISSION.split(shown)]
        query = bare(queries[name])
        is_whole = re.fullmatch(".+?".join(re.escape(part) for part in parts), query)
        if not is_whole or len("".join(parts)) < SHOWN * len(query):
            found.append(name)
    return found


def test_the_page_shows_what_is_there(project: CompiledProject) -> None:
    assert faults(PAGE, project.queries) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("    touchpoint: sale\n", "    touchpoint: service\n", ["the entry"]),
        ("    ['transaction_before_built", "    ['closed_before_opened", ["the base model"]),
        ("when revenue_text is null then", "when revenue is null then", [BASE]),
        ("        units_built.built_on,\n", "", [BASE]),
        ("\n\nselect * from final\n```\n\n## The", "\n```\n\n## The", [BASE]),
        ("        judged.partner_code,\n        -- ...", "        -- ...", []),
        ("    chain_key,\n    industry_key,\n    country_key,\n    link_key,\n", "    -- ... keys\n", [STAGING]),
        ('from "work"."base"', 'from "work"."staging"', [STAGING]),
    ],
)
def test_what_is_not_so_is_seen(project: CompiledProject, old: str, new: str, said: list[str]) -> None:
    assert PAGE.count(old) == 1
    assert faults(PAGE.replace(old, new), project.queries) == said
