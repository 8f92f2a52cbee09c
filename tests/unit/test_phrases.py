"""The phrases of the verdict: complete in both languages, used, and free of claims and jargon."""

import csv
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LANGUAGES = ("phrase_en", "phrase_nl")
READERS = ("int_link_evidence", "int_link_verdict", "int_joint_evidence", "int_verdict_reason", "int_link_sentence")
ENGLISH = r"\b(the|and|with|its|likely|sure|no|other|link|links|chance|has|have|goes|weakest|year|low|lost|to|too)\b"
JARGON = r"\b(loses?|causes?|bootstrap|replicates?|intervals?|joint|model|standardised|percentile)\b"


def rows(name: str) -> list[dict[str, str]]:
    with (ROOT / "seeds" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


PHRASES = {row["phrase_code"]: row for row in rows("phrases")}


def named_in_sql() -> set[str]:
    """Every code that the models and macros name: between quotes, as a column of words, or put together."""
    paths = [next((ROOT / "models").rglob(f"{name}.sql")) for name in (*READERS, "int_chain_sentence")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in [*paths, *(ROOT / "macros/wording").glob("*.sql")])
    return set(re.findall(r"'(\w+)'", text)) | set(re.findall(r"\bwords\.(\w+)", text))


def codes_of_reasons() -> set[str]:
    """What stands after then or else in the columns of codes, and the codes of the list of missing evidence."""
    found: set[str] = set()
    for name in READERS[:3]:
        text = next((ROOT / "models").rglob(f"{name}.sql")).read_text(encoding="utf-8")
        found |= set(re.findall(r"\b(?:then|else) '([a-z_]+)'", text))
        found |= set(re.findall(r"^        '([a-z_]+)',$", text, re.MULTILINE))
    return found - {"joint", "one_by_one", "cannot_tell", "weakest", "candidate"}


def test_every_phrase_is_used() -> None:
    named = named_in_sql() | {f"link_{row['link_code']}" for row in rows("links")}
    assert len(PHRASES) == len(rows("phrases"))
    assert set(PHRASES) - named == set()


def test_every_code_has_a_phrase() -> None:
    reasons = codes_of_reasons()
    assert {"few_scores", "few_margins", "within_chance", "few_pairs", "links_left_out", "weakest_certain"} <= reasons
    assert reasons - set(PHRASES) == set()
    assert {f"link_{row['link_code']}" for row in rows("links")} <= set(PHRASES)


@pytest.mark.parametrize("code", PHRASES)
def test_a_phrase_is_whole_in_both_languages(code: str) -> None:
    """With the same placeholders, those that the seed names."""
    row = PHRASES[code]
    assert all(row[language] == row[language].strip() != "" for language in LANGUAGES)
    said = [sorted(re.findall(r"{(\w+)}", row[language])) for language in LANGUAGES]
    assert said[0] == said[1] == sorted(row["placeholders"].split())


@pytest.mark.parametrize("code", PHRASES)
def test_a_phrase_claims_no_cause_and_needs_no_statistician(code: str) -> None:
    row = PHRASES[code]
    words = {language: re.sub(r"{\w+}", "", row[language]) for language in LANGUAGES}
    assert not any(re.search(JARGON, text, re.IGNORECASE) for text in words.values())
    assert not re.search(ENGLISH, words["phrase_nl"], re.IGNORECASE)
