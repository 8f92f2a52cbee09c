"""Another scale than 0 to 10 is seen, and a sound source of thirty answers and more hardly ever taken for one."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from study.sql_harness import PROJECT, Sandbox

DATASET = "shop__survey"
SEED = 20240601
# what people answer who are asked on a scale from 0 to 10: good and bad shops, a workshop, a contact centre
SOUND = {
    "good": (0.005, 0.003, 0.004, 0.006, 0.008, 0.02, 0.024, 0.07, 0.16, 0.24, 0.46),
    "usual": (0.012, 0.006, 0.012, 0.02, 0.03, 0.05, 0.06, 0.12, 0.2, 0.23, 0.26),
    "poor": (0.03, 0.015, 0.03, 0.05, 0.07, 0.1, 0.105, 0.15, 0.16, 0.14, 0.15),
    "angry": (0.2, 0.05, 0.05, 0.06, 0.06, 0.08, 0.07, 0.09, 0.1, 0.09, 0.15),
}
OTHER_SCALES = {
    "stars from 1 to 5": ((1, 0.08), (2, 0.07), (3, 0.15), (4, 0.3), (5, 0.4)),
    "points from 1 to 7": ((1, 0.04), (2, 0.06), (3, 0.1), (4, 0.15), (5, 0.2), (6, 0.25), (7, 0.2)),
    "positions 0 to 9": tuple(enumerate((0.02, 0.02, 0.02, 0.03, 0.04, 0.05, 0.12, 0.2, 0.2, 0.3))),
    "codes 1 to 11": tuple(enumerate((0.0, *SOUND["usual"]))),
}
CODES = {
    "stars from 1 to 5": "scale_ends_at_5",
    "points from 1 to 7": "scale_ends_at_7",
    "positions 0 to 9": "scale_without_10",
    "codes 1 to 11": "scale_too_wide",
}


def warnings(sandbox: Sandbox, files: Iterable[tuple[str, int, Sequence[int]]]) -> pd.DataFrame:
    """The warnings about files of (partner, file, scores)."""
    rows = [
        (DATASET, partner, file, int(score), int(count))
        for partner, file, scores in files
        for score, count in zip(*np.unique(scores, return_counts=True), strict=True)
    ]
    counts = pd.DataFrame(rows, columns=["dataset", "partner_code", "file_id", "score", "answers"])
    sandbox.give("int_score_count", counts)
    delivered = counts[["file_id", "dataset", "partner_code"]].drop_duplicates()
    sandbox.give(
        "int_delivered_file", delivered.assign(file_path=[f"{key}.csv" for key in delivered.file_id], rows_read=1)
    )
    sandbox.give("scale_rules", pd.read_csv(PROJECT / "seeds" / "scale_rules.csv"))
    return sandbox.build("int_scale_warning")


def drawn(generator: np.random.Generator, scale: Sequence[tuple[int, float]], answers: int) -> np.ndarray:
    scores, shares = zip(*scale, strict=True)
    return generator.choice(scores, size=answers, p=np.array(shares) / sum(shares))


@pytest.mark.parametrize("kind", SOUND)
def test_a_sound_source_is_hardly_ever_flagged(sandbox: Sandbox, kind: str) -> None:
    """Of 3,000 sources of 30 to 3,000 answers at most one in a thousand, which is what chance allows a rule."""
    generator = np.random.default_rng(SEED)
    scale = tuple(enumerate(SOUND[kind]))
    sizes = generator.choice([30, 50, 100, 300, 3000], size=3000, p=[0.3, 0.3, 0.2, 0.15, 0.05])
    found = warnings(
        sandbox, [(f"P{number}", number + 1, drawn(generator, scale, size)) for number, size in enumerate(sizes)]
    )
    assert len(found) <= 3, found


@pytest.mark.parametrize("kind", OTHER_SCALES)
def test_another_scale_is_seen(sandbox: Sandbox, kind: str) -> None:
    """Of 500 sources of 80 answers nearly all, and by its own name."""
    generator = np.random.default_rng(SEED)
    found = warnings(
        sandbox, [(f"P{number}", number + 1, drawn(generator, OTHER_SCALES[kind], 80)) for number in range(500)]
    )
    assert (found.warning_code == CODES[kind]).mean() > 0.99
    assert len(found) > 490


def test_absence_is_judged_by_the_binomial_chance(sandbox: Sandbox) -> None:
    """Whether a source of n answers without a score is flagged is what scipy's chance of none among n says."""
    rules = pd.read_csv(PROJECT / "seeds" / "scale_rules.csv")
    sizes = [*range(1, 80), 226, 227, 228, 229]
    for rule in rules.itertuples():
        given = [
            score
            for score in range(rule.among_from, rule.among_to + 1)
            if not rule.from_score <= score <= rule.to_score
        ]
        # of the scores that are there many at each end, so that no other rule's score is missing
        expected = [n for n in sizes if stats.binom.pmf(0, n, rule.least_share) < 0.001]
        sandbox = Sandbox(sandbox.project)
        files = [(f"{n:03d}", n, [given[place % len(given)] for place in range(n)]) for n in sizes]
        sandbox_rules = rules[rules.rule_number == rule.rule_number]
        warnings(sandbox, files)
        sandbox.give("scale_rules", sandbox_rules)
        found = sandbox.build("int_scale_warning")
        found = found[found.warning_code == rule.warning_code]
        assert sorted(int(code) for code in found.partner_code) == expected, rule.warning_code


@pytest.mark.parametrize(
    ("scores", "code"),
    [
        ([10] * 57 + [9, 8, 7], None),
        ([10] * 58 + [9, 0], "score_always_same"),
        ([0] * 23 + [10] * 7, None),
        ([0] * 25 + [10] * 5, "score_always_same"),
        ([*range(11)] * 9 + [11] * 5, None),
        ([*range(11)] * 9 + [11] * 6, "scale_too_wide"),
        ([*range(11)] * 2, None),
        ([0, 50, 100] * 10, "scale_too_wide"),
        ([5] * 24, None),
    ],
)
def test_limits(sandbox: Sandbox, scores: list[int], code: str | None) -> None:
    found = warnings(sandbox, [("P", 1, scores)])
    assert list(found.warning_code) == ([code] if code else [])


def test_a_file_is_named_where_its_partner_as_a_whole_is_sound(sandbox: Sandbox) -> None:
    generator = np.random.default_rng(SEED)
    sound = drawn(generator, tuple(enumerate(SOUND["usual"])), 300)
    stars = drawn(generator, OTHER_SCALES["stars from 1 to 5"], 60)
    found = warnings(sandbox, [("A", 1, sound), ("A", 2, stars), ("B", 3, stars), ("B", 4, stars), ("C", 5, stars)])
    told = {(row.partner_code, row.file_path, row.warning_code) for row in found.replace({np.nan: None}).itertuples()}
    code = "scale_ends_at_5"
    assert told == {("A", "2.csv", code), ("B", None, code), ("C", "5.csv", code)}


def test_the_order_of_rows_does_not_matter(sandbox: Sandbox) -> None:
    generator = np.random.default_rng(SEED)
    stars = drawn(generator, OTHER_SCALES["stars from 1 to 5"], 60)
    warnings(sandbox, [("A", 1, stars), ("A", 2, stars), ("B", 3, [9] * 20 + [8] * 20), ("C", 4, [7] * 40)])
    sandbox.assert_order_does_not_matter(["int_scale_warning"])
