"""What greets a reader must be true: the verdict is that of the last build, commands exist, versions agree."""

import os
import re
from itertools import pairwise
from math import ceil
from pathlib import Path

import pytest
import yaml

from nps_chain.publishing.verdict import verdict

ROOT = Path(__file__).parents[2]
PUBLISHED = Path(os.environ.get("NPS_WAREHOUSE", ROOT / "warehouse")) / "nps_chain.duckdb"
README, VERDICT, CHANGELOG, MAKEFILE = (
    (ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "docs/verdict.md", "CHANGELOG.md", "Makefile")
)
SCREEN_LINES, SCREEN_WIDTH = 40, 120
SENTENCES = 3


def shown_verdict(page: str) -> str:
    found = re.search(r"<!-- verdict.*?-->\n```\n(.*?)```", page, re.DOTALL)
    assert found is not None
    return found.group(1).rstrip()


def sentences(page: str) -> list[str]:
    found = re.search(r"<!-- verdict.*?-->\n(.*?)<!-- end of verdict -->", page, re.DOTALL)
    assert found is not None
    return [line.removeprefix("- ") for line in found.group(1).splitlines()]


def invented(page: str, told: str) -> list[str]:
    """Sentences of a page that the verdict does not hold, however its lines are broken."""
    return [sentence for sentence in sentences(page) if sentence not in " ".join(told.split())]


@pytest.mark.skipif("NPS_WAREHOUSE" not in os.environ, reason="make test builds the demo first and names its warehouse")
def test_the_verdict_shown_is_that_of_the_demo_build() -> None:
    """A changed figure needs a changed page."""
    assert shown_verdict(VERDICT) == verdict(PUBLISHED).rstrip(), (
        "run `make verdict`, and paste it into docs/verdict.md"
    )


def test_the_readme_takes_its_sentences_from_the_verdict() -> None:
    assert len(sentences(README)) == SENTENCES
    assert all(sentence.endswith(".") for sentence in sentences(README))
    assert invented(README, shown_verdict(VERDICT)) == []


def test_an_invented_sentence_is_seen() -> None:
    changed = re.sub(r"EUR \d+ k", "EUR 1 k", README, count=1)
    assert invented(changed, shown_verdict(VERDICT)) == sentences(changed)[:1]


def test_verdict_and_commands_are_on_the_first_screen() -> None:
    until = README.index("\n", README.index("    make test"))
    lines = README[:until].splitlines()
    assert sum(max(1, ceil(len(line) / SCREEN_WIDTH)) for line in lines) <= SCREEN_LINES
    assert {"    make build", "    make test "} <= {line[:14] for line in lines}


def unknown_commands(text: str) -> list[str]:
    """Commands of make, in a block or between backticks, that the Makefile does not have."""
    targets = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
    named = re.findall(r"(?:^    |`)make ([a-z][a-z-]*(?: [a-z][a-z-]+)*)(?=[`\s])", text, re.MULTILINE)
    return sorted({name for command in named for name in command.split()} - targets)


@pytest.mark.parametrize("page", sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]), ids=lambda page: page.name)
def test_pages_name_commands_that_exist(page: Path) -> None:
    assert unknown_commands(page.read_text(encoding="utf-8")) == []


def test_an_unknown_command_is_seen() -> None:
    assert unknown_commands("    make build\n\nand `make all LANDING=x` or `make fuzz tortue`") == ["all", "tortue"]


def test_the_newest_version_is_that_of_the_project() -> None:
    headings = re.findall(r"^## \[(.+?)\](?: - (\d{4}-\d\d-\d\d))?$", CHANGELOG, re.MULTILINE)
    assert headings[0] == ("Unreleased", "")
    assert len(headings) == len(re.findall(r"^## ", CHANGELOG, re.MULTILINE))
    assert headings[1][0] == yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))["version"]
    assert all(newer > older for (_, newer), (_, older) in pairwise(headings[1:]))
