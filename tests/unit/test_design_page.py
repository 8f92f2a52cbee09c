"""docs/design.md and README.md name every folder, wing, public table and page, in the order that holds."""

import re
from pathlib import Path

import pytest
import yaml
from test_wings import WINGS

from nps_chain.contracts.marts import load_tables

ROOT = Path(__file__).parents[2]
DESIGN, README = ((ROOT / name).read_text(encoding="utf-8") for name in ("docs/design.md", "README.md"))
GROUPS = yaml.safe_load((ROOT / "models" / "_groups.yml").read_text(encoding="utf-8"))["groups"]
TABLES = {table.name for table in load_tables()}


def rows(page: str, title: str) -> list[list[str]]:
    """The cells of the tables of a part of the page, without their heads."""
    part = re.split(r"^## (.*)\n", page, flags=re.MULTILINE)
    lines = re.findall(r"^\|(.*)\|$", part[part.index(title) + 1], re.MULTILINE)
    return [[cell.strip() for cell in line.split("|")] for line in lines][2:]


def faults(design: str, readme: str) -> list[str]:
    """What the pages lack, or name and should not."""
    found = []
    folders = [(name.strip("`"), question) for name, question, _ in rows(design, "Folders")]
    if folders != [(group["name"], group["description"]) for group in GROUPS]:
        found.append("the folders are not those of models/_groups.yml")
    if [name.strip("`") for name, _ in rows(design, "Python")] != list(WINGS):
        found.append("the wings are not those of nps_chain")
    grain = {name for names, _ in rows(design, "Grain") for name in names.split(", ")}
    found += [f"the grain of {name}" for name in sorted(grain ^ TABLES)]
    shown = " ".join(cell for row in rows(readme, "What you get") for cell in row)
    got = re.findall(r"`(mart_\w+)`", shown)
    marts = {name for name in TABLES if name.startswith("mart_")}
    found += [f"the table {name} in README.md" for name in sorted(marts ^ set(got))]
    pages = {f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")}
    linked = re.findall(r"\]\((docs/[^)#]+)\)", " ".join(row[0] for row in rows(readme, "Where things are")))
    return found + [f"the page {name} in README.md" for name in sorted(pages ^ set(linked))]


def test_the_pages_are_those_of_the_project() -> None:
    assert faults(DESIGN, README) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("| `people` | Who is", "| `persons` | Who is", "the folders are not those of models/_groups.yml"),
        ("| `intake` | the landing", "| `reading` | the landing", "the wings are not those of nps_chain"),
        ("| mart_earned_growth | chain", "| mart_growth | chain", "the grain of mart_earned_growth"),
        ("| `mart_weakest_link` | chain", "| chain", "the table mart_weakest_link in README.md"),
        ("| [docs/roadmap.md](docs/roadmap.md) |", "| |", "the page docs/roadmap.md in README.md"),
    ],
)
def test_a_wrong_page_is_seen(old: str, new: str, said: str) -> None:
    assert (DESIGN + README).count(old) == 1
    assert said in faults(DESIGN.replace(old, new), README.replace(old, new))
