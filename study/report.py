"""The study's findings as docs/study.md, and the shares that the tests hold against limits."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from study.measure import Findings, Row

GOAL_COVERAGE = (0.93, 0.97)
GOAL_FALSE_CERTAINTY = 0.05
RULE_OF_THREE = 3
WIDTH = 120
RATIOS = (1.0, 1.25, 1.5, 2.0, np.inf)
NOT_COVERED = (
    "the gap to the benchmark, which is the interval of the NPS moved by a figure that has none, and the intervals of "
    "importance by ownership age."
)


@dataclass(frozen=True)
class Share:
    """A share with its Monte-Carlo standard error; worlds of a plan belong together."""

    share: float
    error: float
    number: int

    def __str__(self) -> str:
        if not self.number:
            return ""
        # where all agree the rule of three bounds what was missed
        bound = min(1, RULE_OF_THREE / self.number)
        if self.share == 0:
            return f"0% (under {bound:.1%})"
        if self.share == 1:
            return f"100% (over {1 - bound:.1%})"
        return f"{self.share:.1%} ± {self.error:.1%}"


def share_of(rows: pd.DataFrame, hit: pd.Series) -> Share:
    """The share of rows that are hits."""
    if rows.empty:
        return Share(float("nan"), float("nan"), 0)
    share = float(hit.mean())
    clusters = (hit.astype(float) - share).groupby(rows["plan"]).sum()
    spread = float((clusters**2).sum()) * len(clusters) / max(1, len(clusters) - 1)
    return Share(share, spread**0.5 / len(rows), len(rows))


def coverage(findings: Findings) -> dict[str, Share]:
    """The share of intervals that hold the truth, by figure."""
    rows = pd.DataFrame(findings.intervals)
    return {
        str(figure): share_of(found, ~(found["below"] | found["above"])) for figure, found in rows.groupby("figure")
    }


def false_certainty(
    findings: Findings, threshold: float | None = None, kinds: tuple[str, ...] = ("tie", "none")
) -> Share:
    """How often one link is named with certainty (or from a threshold) where two lose as much or none loses any."""
    rows = _verdicts(findings)
    rows = rows[rows["kind"].isin(kinds)]
    return share_of(rows, _is_named(rows, threshold))


def right_verdicts(findings: Findings, least_ratio: float, threshold: float | None = None) -> tuple[Share, Share]:
    """Where the weakest loses so many times what the next does: named alone and rightly; named alone and wrongly."""
    rows = _verdicts(findings)
    rows = rows[(rows["kind"] == "differ") & (rows["ratio"] >= least_ratio)]
    certain = _is_named(rows, threshold)
    return share_of(rows, certain & rows["largest_is_true"]), share_of(rows, certain & ~rows["largest_is_true"])


def _is_named(rows: pd.DataFrame, threshold: float | None) -> pd.Series:
    """Whether one link is named with certainty, or would be from a threshold."""
    if threshold is None:
        return rows["is_certain"]
    return (rows["largest_p"] >= threshold) & (rows["verdict"] != "cannot_tell")


def _verdicts(findings: Findings) -> pd.DataFrame:
    return pd.DataFrame(findings.verdicts)


def report(findings: Findings, ranking: pd.DataFrame, command: str, counts: str) -> str:
    """docs/study.md."""
    sections = [
        "# Simulation study",
        _prose(
            f"Written by `{command}`: {counts}. Every world is a chain of four links with customers who meet them, are "
            "asked, answer and stay or leave; what makes them leave is planted. The project's own compiled SQL judges "
            "each world (`study/`). ± is the Monte-Carlo standard error, worlds of a plan taken together; beside 0% "
            "and 100% stands how far off the true share may be (95 %, rule of three)."
        ),
        "## Do the intervals hold the truth",
        _prose(
            f"Goal: {GOAL_COVERAGE[0]:.0%} to {GOAL_COVERAGE[1]:.0%} for nominal 95 %. *Planted* is what was planted; "
            "*limit* is what the same SQL says of a world of the plan with very many customers, so a miss of what was "
            "planted alone is bias, not spread. Below and above: the truth lies below or above the interval."
        ),
        _coverage_table(findings, ranking),
        _coverage_by_world(findings),
        _prose(f"Not covered: {NOT_COVERED}"),
        "## Is the verdict right",
        _prose(
            "One link is named from a P(weakest) of 0.8 (probable), with certainty from 0.975. Where two links lose as "
            "much to a few percent, naming either with certainty is false, though it be the larger. Goal: at most "
            f"{GOAL_FALSE_CERTAINTY:.0%}; found: {false_certainty(findings, kinds=('tie',))} of ties."
        ),
        _verdict_table(findings),
        _tie_table(findings),
        _threshold_table(findings),
        "## Bias: crude and standardised, one by one and joint",
        _prose(
            "Estimate less planted truth in percentage points of retention: mean error, and root mean square error. "
            "Confounded: newcomers score lower and leave more. Joint: the other links' scores are held constant."
        ),
        _bias_table(findings.losses, "Loss per exposed customer", ["is_confounded", "links"]),
        _bias_table(findings.gaps, "Retention of promoters less that of detractors", ["is_confounded"]),
        "## What weights mend",
        _prose(
            "NPS of a quarter less the NPS of all who were asked, in points. Newcomers answer less often in every "
            "world; where they also score lower (confounded), weights by tenure take out most of that. Answers that "
            "depend on the score itself no weight can mend."
        ),
        _bias_table(findings.weighting, "NPS of a quarter", ["is_confounded", "fate"]),
        "## Does a programme that works show",
        _prose(
            "In half of the plans a link has done something for its customers since a year before the last day, which "
            "lifts their scores; a dealer's lifts the manufacturer's too (halo). What the business case says of the "
            "loss avoided in a quarter against the quarter a year earlier: how often its interval lies above or below "
            "0, and, per 1,000 customers of the world, how many euros were planted and found."
        ),
        _programme_table(findings),
        "## How strongly the joint model shrinks",
        _prose(
            "Most customers scored one link only. Covariances between links are drawn towards 0, as if the responses "
            "without a score of the other link were worth so many pairs without any (`joint_prior_pairs`): 0 is no "
            "shrinkage, a million takes links one by one. Root mean square error of the loss per exposed customer."
        ),
        _choice_table(findings),
    ]
    return "\n\n".join(sections) + "\n"


def _prose(text: str) -> str:
    return textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def _table(heading: list[str], rows: list[list[object]]) -> str:
    lines: list[Sequence[object]] = [heading, ["---"] * len(heading), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def _coverage_table(findings: Findings, ranking: pd.DataFrame) -> str:
    intervals = pd.DataFrame(findings.intervals)
    rows = []
    for figure, share in coverage(findings).items():
        found = intervals[intervals["figure"] == figure]
        rows.append(_coverage_row(figure, share, found["below"].mean(), found["above"].mean()))
    low = ranking["true_nps"] < ranking["shrunken_nps_ci_low"]
    high = ranking["true_nps"] > ranking["shrunken_nps_ci_high"]
    held = share_of(ranking.assign(plan=ranking["chain_link_key"]), ~(low | high))
    rows.append(_coverage_row("shrunken NPS of partners (posterior)", held, low.mean(), high.mean()))
    return _table(["interval of", "holds", "truth below", "truth above", "intervals", "goal"], rows)


def _coverage_row(figure: str, share: Share, below: float, above: float) -> list[object]:
    meets = GOAL_COVERAGE[0] <= share.share <= GOAL_COVERAGE[1]
    return [figure, share, f"{below:.1%}", f"{above:.1%}", f"{share.number:,}", "met" if meets else "missed"]


def _coverage_by_world(findings: Findings) -> str:
    """Where misses come from."""
    intervals = pd.DataFrame(findings.intervals)
    kinds = {
        "small": intervals["is_small"],
        "large": ~intervals["is_small"],
        "answers depend on the score": intervals["is_selective"],
        "they don't": ~intervals["is_selective"],
        "confounded by tenure": intervals["is_confounded"],
    }
    rows = []
    for figure in ("excess_loss, limit", "excess_loss, planted", "value_at_stake_eur, planted"):
        cells: list[object] = [figure]
        for chosen in kinds.values():
            found = intervals[(intervals["figure"] == figure) & chosen]
            cells.append(share_of(found, ~(found["below"] | found["above"])))
        rows.append(cells)
    return _table(["holds, in worlds that are", *kinds], rows)


def _verdict_table(findings: Findings) -> str:
    """What was said where links differ."""
    rows = _verdicts(findings)
    rows = rows[rows["kind"] == "differ"]
    table = []
    for low, high in pairwise(RATIOS):
        found = rows[(rows["ratio"] >= low) & (rows["ratio"] < high)]
        if found.empty:
            continue
        outcomes = _outcomes(found)
        shares = [
            share_of(found, (outcomes == outcome) & (found["holds_truth"] == holds_truth))
            for outcome in ("certain", "probable", "candidates")
            for holds_truth in (True, False)
        ]
        span = f"{low:g} to {high:g} times" if np.isfinite(high) else f"over {low:g} times"
        table.append([span, *shares, share_of(found, outcomes == "cannot tell"), len(found)])
    heading = [
        "the weakest loses, of the next",
        "certain: right",
        "certain: wrong",
        "probable: right",
        "probable: wrong",
    ]
    return _table([*heading, "candidates hold it", "candidates miss it", "cannot tell", "worlds"], table)


def _tie_table(findings: Findings) -> str:
    """What was said where no link is the weakest."""
    rows = _verdicts(findings)
    table = []
    for kind, name in (("tie", "two links lose as much"), ("none", "no link loses anything")):
        found = rows[rows["kind"] == kind]
        said = _outcomes(found)
        outcomes = ("certain", "probable", "candidates", "cannot tell")
        table.append([name, *(share_of(found, said == outcome) for outcome in outcomes), len(found)])
    return _table(["truth", "one link, certain", "one link, probable", "candidates", "cannot tell", "worlds"], table)


def _outcomes(rows: pd.DataFrame) -> pd.Series:
    """The verdict on each chain in one word."""
    words = np.select(
        [rows["is_certain"].astype(bool), rows["verdict"] == "weakest", rows["verdict"] == "candidate"],
        ["certain", "probable", "candidates"],
        "cannot tell",
    )
    return pd.Series(words, index=rows.index)


def _threshold_table(findings: Findings) -> str:
    table = []
    for threshold in (0.8, 0.9, 0.95, 0.975, 0.99):
        right, wrong = right_verdicts(findings, 1.5, threshold)
        ties, nothing = (false_certainty(findings, threshold, (kind,)) for kind in ("tie", "none"))
        table.append([threshold, ties, nothing, right, wrong])
    heading = ["one link named from P(weakest) of", "falsely, where two lose as much", "falsely, where none loses any"]
    heading += ["right where it loses 1.5 times the next or more", "wrong there"]
    prose = "How certain must P(weakest) be before one link is named?"
    return f"{prose}\n\n{_table(heading, table)}"


def _choice_table(findings: Findings) -> str:
    rows = pd.DataFrame(findings.choices)
    if rows.empty:
        return "Not compared."
    worlds = {
        "all": rows["error"] == rows["error"],
        "small worlds": rows["is_small"],
        "large worlds": ~rows["is_small"],
    }
    table = []
    for prior in rows["prior"].unique():
        cells: list[object] = [prior]
        for chosen in worlds.values():
            found = rows[(rows["prior"] == prior) & chosen]
            cells.append(f"{100 * float((found['error'] ** 2).mean() ** 0.5):.2f}")
        table.append([*cells, f"{(rows['prior'] == prior).sum():,}"])
    return _table(["pairs", *worlds, "figures"], table)


def programmes(findings: Findings) -> pd.DataFrame:
    """What the business case said of each link and trailing quarter, by what had been done to it."""
    rows = pd.DataFrame(findings.programmes)
    saves = (rows["kind"] != "none").map({True: "customers leave for bad scores", False: "nobody leaves for them"})
    return rows.assign(done=rows["fate"] + "; " + saves)


def _programme_table(findings: Findings) -> str:
    table = []
    for done, found in programmes(findings).groupby("done"):
        means = 1000 * found[["planted", "found"]].mean()
        shares = (share_of(found, found[sign]) for sign in ("is_above_0", "is_below_0"))
        table.append([done, *shares, f"{means['planted']:+.1f}", f"{means['found']:+.1f}", f"{len(found):,}"])
    heading = ["the link", "surely avoids a loss", "surely makes one", "planted", "found", "link quarters"]
    return _table(heading, table)


def _bias_table(errors: list[Row], title: str, groups: list[str]) -> str:
    rows = pd.DataFrame(errors)
    names = {True: "confounded", False: "not confounded"}
    table = []
    for keys, found in rows.groupby(groups):
        for estimate in found["estimate"].unique():
            mine = found[found["estimate"] == estimate]
            if mine.empty:
                continue
            by_plan = mine.groupby("plan")["error"].mean()
            error = by_plan.std() / max(1, len(by_plan)) ** 0.5
            root = float((mine["error"] ** 2).mean() ** 0.5)
            place = ", ".join(names.get(key, str(key)) for key in keys)
            table.append(
                [place, estimate, f"{100 * mine['error'].mean():+.2f} ± {100 * error:.2f}", f"{100 * root:.2f}"]
            )
    return _table([title, "estimate", "mean error", "root mean square error"], table)
