"""Run the project's SQL on worlds and lay what it says beside the truth."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from study.sql_harness import CompiledProject
from study.tables import (
    IMPORTANCE_MODELS,
    JOURNEY_MODELS,
    LINK_NAMES,
    LOSS_MODELS,
    MONEY_MODELS,
    TRAILING_QUARTERS,
    VERDICT_MODELS,
    WEIGHTING_MODELS,
    lay_down,
)
from study.worlds import (
    DAYS,
    DEALER,
    TRAILING_FROM,
    WINDOW,
    Plan,
    World,
    draw_world,
    true_avoided,
    true_losses,
    true_margins,
    true_values,
)

Row = dict[str, Any]
JOINT = "int_joint_replicate"
REST = [*MONEY_MODELS, *JOURNEY_MODELS, *WEIGHTING_MODELS]
KEYS = {name: key for key, name in LINK_NAMES.items()}
LOSSES = ("excess_loss", "attributable_fraction", "attributable_fraction_crude")
TOTALS = (
    *("attributable_lost_customers", "attributable_lost_customers_crude"),
    *("value_at_stake_eur", "value_at_stake_crude_eur"),
)
ESTIMATES = ("crude, one by one", "standardised, one by one", "crude, joint", "standardised, joint")


@dataclass
class Findings:
    """Rows of what was found; a row names the plan, so that Monte-Carlo errors know which worlds belong together."""

    intervals: list[Row] = field(default_factory=list)
    gaps: list[Row] = field(default_factory=list)
    losses: list[Row] = field(default_factory=list)
    verdicts: list[Row] = field(default_factory=list)
    choices: list[Row] = field(default_factory=list)
    weighting: list[Row] = field(default_factory=list)
    programmes: list[Row] = field(default_factory=list)

    def add(self, other: "Findings") -> None:
        """Take over another's rows."""
        for name in vars(self):
            getattr(self, name).extend(getattr(other, name))


@dataclass(frozen=True)
class Truth:
    """What is true of a plan: planted, counted in a world with many customers, or what the SQL makes of that world."""

    # per link
    values: dict[int, float]
    losses: dict[int, float]
    # customers lost, per customer of the world
    lost: dict[int, float]
    nps: dict[int, float]
    nps_of_all_asked: dict[int, float]
    retention: dict[tuple[int, str], float]
    gaps: dict[int, float]
    # what the SQL says of the large world, per customer of it where it is a total
    limits: pd.DataFrame
    importance: pd.DataFrame
    revenue_at_risk: pd.Series
    # euros avoided in a quarter per customer of the world: planted, and what the SQL says of the large world
    avoided: dict[int, float]
    avoided_limit: pd.Series
    journeys: pd.DataFrame


@dataclass(frozen=True)
class Studied:
    """The compiled project, and its joint model with other strengths of shrinkage, by their names."""

    project: CompiledProject
    alternatives: dict[str, str]


def study_plan(studied: Studied, plan: Plan, seed: int, worlds: int, truth_customers: int) -> Findings:
    """One plan: its truth, and what is found in some worlds of it."""
    project = studied.project
    random = np.random.default_rng([seed, plan.number])
    world = draw_world(replace(plan, customers=truth_customers), random)
    truth = _truth(project, world)
    drawn = [draw_world(plan, random, world.cuts) for _ in range(worlds)]
    sandbox = lay_down(project, drawn)
    tables = {
        node: sandbox.build(node)
        for node in ["int_bootstrap_weight", *LOSS_MODELS, *IMPORTANCE_MODELS, *VERDICT_MODELS, *REST]
    }
    for name, query in studied.alternatives.items():
        tables[name] = sandbox.connection.execute(query).df()
    sandbox.connection.close()
    return _compare(plan, truth, tables, list(studied.alternatives))


def _truth(project: CompiledProject, world: World) -> Truth:
    sandbox = lay_down(project, [world])
    sandbox.give("int_bootstrap_weight", pd.DataFrame({"replicate": 0, "bucket": range(1000), "weight": 1}))
    models = [*LOSS_MODELS, *IMPORTANCE_MODELS, *MONEY_MODELS, *JOURNEY_MODELS]
    tables = {node: sandbox.build(node) for node in models}
    sandbox.connection.close()
    limits = _by_link(tables["int_loss_replicate"])
    for total in TOTALS:
        limits[total] /= world.plan.customers
    importance = tables["int_importance_replicate"].query("ownership_age_band_key == 0")
    losses, margins = true_losses(world), true_margins(world)
    return Truth(
        values=true_values(losses, margins, world.plan.customers),
        losses={link: loss for link, (loss, _) in losses.items()},
        lost={link: loss * met / world.plan.customers for link, (loss, met) in losses.items()},
        nps=_true_nps(world, only_answered=True),
        nps_of_all_asked=_true_nps(world, only_answered=False),
        retention=_true_retention(world),
        gaps=_true_gaps(world),
        limits=limits,
        importance=_by_link(importance),
        revenue_at_risk=_by_link(tables["int_category_replicate"])["revenue_at_risk_eur"] / world.plan.customers,
        avoided=true_avoided(world, margins),
        avoided_limit=_mean_avoided(tables["mart_business_case"]) / world.plan.customers,
        journeys=tables["mart_journey_rule"].set_index(["journey_rule", "compared_rule"]),
    )


def _by_link(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.set_index(rows["chain_link_key"] % 100)


def _mean_avoided(business: pd.DataFrame) -> pd.Series:
    """Loss avoided per quarter by link, on average over the trailing ones."""
    rows = _trailing(business)
    return rows.groupby(rows["link_code"].map(KEYS))["loss_avoided_eur"].mean()


def _true_nps(world: World, only_answered: bool) -> dict[int, float]:
    """NPS in the trailing year, in points, of all who were asked or of who answered: promoters are 1, detractors -1."""
    return {
        events.link: 100
        * float((events.scored[(events.day >= TRAILING_FROM) & (events.answered | (not only_answered))] - 1).mean())
        for events in world.events
    }


def _true_retention(world: World) -> dict[tuple[int, str], float]:
    """Share of each link's answers, by category, after which the customer bought again within the window."""
    shares = {}
    for events in world.events:
        answered = events.answered & (events.day < DAYS - 1)
        for number, category in enumerate(("detractor", "passive", "promoter")):
            mine = answered & (events.scored == number)
            shares[events.link, category] = float((events.next_purchase[mine] <= WINDOW).mean())
    return shares


def _true_gaps(world: World) -> dict[int, float]:
    """What a detractor's experience takes off the chance to be retained, by link."""
    return {events.link: float(events.loss[events.answered & (events.category == 0)].mean()) for events in world.events}


def _compare(plan: Plan, truth: Truth, tables: dict[str, pd.DataFrame], alternatives: list[str]) -> Findings:
    findings = Findings()
    about = {
        "plan": plan.number,
        "is_small": plan.is_small,
        "is_selective": plan.has_selective_answers,
        "is_confounded": plan.is_confounded,
    }
    mart = tables["mart_weakest_link"].assign(link=lambda rows: rows["link_name"].map(KEYS))
    for row in mart.to_dict("records"):
        _loss_intervals(findings, about, plan, truth, row)
    _retention_intervals(findings, about, plan, truth, tables["mart_retention_by_nps_category"])
    _importance_intervals(findings, about, truth, tables["mart_link_importance"])
    _money_intervals(findings, about, plan, truth, tables)
    _journey_intervals(findings, about, truth, tables["mart_journey_rule"])
    _weighted_intervals(findings, about, truth, tables["int_nonresponse_cell"], tables["int_link_nonresponse"])
    _biases(findings, about, truth, tables)
    for name in alternatives:
        for row in tables[name].query("replicate == 0").dropna(subset=["excess_loss"]).to_dict("records"):
            error = row["excess_loss"] - truth.losses[row["chain_link_key"] % 100]
            findings.choices.append(about | {"prior": name, "error": error})
    for _, rows in mart.groupby("chain_code"):
        findings.verdicts.append(about | _judged(plan, truth, rows))
    return findings


def _interval(findings: Findings, about: Row, figure: str, truth: float, low: float, high: float) -> None:
    if pd.notna(low) and pd.notna(high) and pd.notna(truth):
        findings.intervals.append(about | {"figure": figure, "below": truth < low, "above": truth > high})


def _loss_intervals(findings: Findings, about: Row, plan: Plan, truth: Truth, row: Row) -> None:
    link = row["link"]
    _interval(findings, about, "NPS", truth.nps[link], row["nps_ci_low"], row["nps_ci_high"])
    limit = truth.limits.loc[link]
    planted = {
        "excess_loss": truth.losses[link],
        "attributable_lost_customers": truth.lost[link] * plan.customers,
        "value_at_stake_eur": truth.values[link] * plan.customers,
    }
    for figure in (*LOSSES, *TOTALS):
        ends = row[f"{figure}_ci_low"], row[f"{figure}_ci_high"]
        scale = plan.customers if figure in TOTALS else 1
        _interval(findings, about, f"{figure}, limit", limit[figure] * scale, *ends)
        if figure in planted:
            _interval(findings, about, f"{figure}, planted", planted[figure], *ends)


def _retention_intervals(findings: Findings, about: Row, plan: Plan, truth: Truth, mart: pd.DataFrame) -> None:
    """With a programme apart: whom it moved into a category has not been followed for as long as the others."""
    ending = "" if plan.programme_link is None else ", chain with a programme"
    for row in mart[mart["is_retention_window"]].to_dict("records"):
        expected = truth.retention[KEYS[row["link_code"]], row["nps_category"]]
        ends = row["retention_ci_low"], row["retention_ci_high"]
        _interval(findings, about, f"retention, {row['nps_category']}{ending}", expected, *ends)


def _importance_intervals(findings: Findings, about: Row, truth: Truth, mart: pd.DataFrame) -> None:
    for row in mart[mart["ownership_age_band_code"] == "all"].to_dict("records"):
        if KEYS[row["link_name"]] not in truth.importance.index:
            continue
        expected = truth.importance.loc[KEYS[row["link_name"]]]
        for figure in ("lmg_share", "r_squared", "coefficient", "uplift"):
            ends = row[f"{figure}_ci_low"], row[f"{figure}_ci_high"]
            _interval(findings, about, f"importance {figure}", expected[figure], *ends)


def _money_intervals(findings: Findings, about: Row, plan: Plan, truth: Truth, tables: dict[str, pd.DataFrame]) -> None:
    """Revenue at risk of every link; what its programme avoided in each trailing quarter, and what came of its cost."""
    for row in tables["mart_revenue_at_risk"].to_dict("records"):
        expected = truth.revenue_at_risk[KEYS[row["link_name"]]] * plan.customers
        ends = row["revenue_at_risk_ci_low_eur"], row["revenue_at_risk_ci_high_eur"]
        _interval(findings, about, "revenue_at_risk_eur, limit", expected, *ends)
    for row in _trailing(tables["mart_business_case"]).to_dict("records"):
        link, cost = KEYS[row["link_code"]], float(row["programme_cost_eur"])
        fate = _fate(plan, link)
        ends = row["loss_avoided_ci_low_eur"], row["loss_avoided_ci_high_eur"]
        planted, limit = (avoided[link] * plan.customers for avoided in (truth.avoided, truth.avoided_limit))
        _interval(findings, about, f"business case loss_avoided_eur, {fate}, planted", planted, *ends)
        _interval(findings, about, f"business case loss_avoided_eur, {fate}, limit", limit, *ends)
        _interval(
            findings,
            about,
            f"business case roi, {fate}, planted",
            planted / cost - 1,
            row["roi_ci_low"],
            row["roi_ci_high"],
        )
        if pd.notna(row["loss_avoided_eur"]):
            found = {"planted": truth.avoided[link], "found": row["loss_avoided_eur"] / plan.customers}
            signs = {"is_above_0": ends[0] > 0, "is_below_0": ends[1] < 0}
            findings.programmes.append(about | {"fate": fate, "kind": plan.kind} | found | signs)


def _fate(plan: Plan, link: int) -> str:
    """Whether a programme reached the link."""
    if plan.programme_link is None:
        return "no programme in the chain"
    return "with a programme" if link == plan.programme_link else "beside a link with a programme"


def _trailing(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[pd.to_datetime(rows["quarter_start_on"]).isin(TRAILING_QUARTERS)]


def _journey_intervals(findings: Findings, about: Row, truth: Truth, mart: pd.DataFrame) -> None:
    """Every rule's area once, every pair's difference once."""
    for row in mart.to_dict("records"):
        rule, other = row["journey_rule"], row["compared_rule"]
        expected = truth.journeys.loc[(rule, other)]
        if other == ("mean" if rule != "mean" else "last"):
            _interval(findings, about, "journey auc, limit", expected["auc"], row["auc_ci_low"], row["auc_ci_high"])
        if rule < other:
            ends = row["auc_difference_ci_low"], row["auc_difference_ci_high"]
            _interval(findings, about, "journey auc_difference, limit", expected["auc_difference"], *ends)


def _weighted_intervals(
    findings: Findings, about: Row, truth: Truth, cells: pd.DataFrame, weighted: pd.DataFrame
) -> None:
    """The weighted NPS of a quarter, and the raw one, against all who were asked."""
    counts = _trailing(cells).groupby(["chain_link_key", "quarter_start_on"])[["promoters", "detractors", "responses"]]
    raw = 100 * counts.sum().eval("(promoters - detractors) / responses")
    for row in _trailing(weighted).dropna(subset=["nps_weighted"]).to_dict("records"):
        expected = truth.nps_of_all_asked[row["chain_link_key"] % 100]
        ends = row["nps_weighted_ci_low"], row["nps_weighted_ci_high"]
        fate = "answers depend on the score" if about["is_selective"] else "answers don't depend on the score"
        _interval(findings, about, f"NPS weighted, of all asked; {fate}", expected, *ends)
        estimates = {"raw": raw[row["chain_link_key"], row["quarter_start_on"]], "weighted": row["nps_weighted"]}
        for estimate, nps in estimates.items():
            error = (nps - expected) / 100
            findings.weighting.append(about | {"fate": fate, "estimate": estimate, "error": error})


def _biases(findings: Findings, about: Row, truth: Truth, tables: dict[str, pd.DataFrame]) -> None:
    """Estimate less planted truth, of the excess loss and of the gap between detractors and promoters."""
    alone = tables["int_link_replicate"].query("replicate == 0").set_index("chain_link_key")
    joint = tables["int_loss_replicate"].query("replicate == 0").set_index("chain_link_key")
    for key in joint.index:
        figures = (
            alone.loc[key, "excess_loss_crude"],
            alone.loc[key, "excess_loss"],
            joint.loc[key, "excess_loss_crude"],
            joint.loc[key, "excess_loss"],
        )
        kind = "dealer" if key % 100 == DEALER else "other links"
        for estimate, figure in zip(ESTIMATES, figures, strict=True):
            error = figure - truth.losses[key % 100]
            findings.losses.append(about | {"estimate": estimate, "links": kind, "error": error})
    retention = tables["mart_retention_by_nps_category"].query("is_retention_window")
    retention = retention.pivot(index="chain_link_key", columns="nps_category", values="retention")
    standardised = tables["int_joint_replicate"].query("replicate == 0").set_index("chain_link_key")
    for key in joint.index:
        crude = retention.loc[key, "promoter"] - retention.loc[key, "detractor"]
        for estimate, gap in (
            ("crude", crude),
            ("standardised, joint", -standardised.loc[key, "detractor_coefficient"]),
        ):
            findings.gaps.append(about | {"estimate": estimate, "error": gap - truth.gaps[key % 100]})


def _judged(plan: Plan, truth: Truth, rows: pd.DataFrame) -> Row:
    """How a chain's verdict compares with what was planted."""
    ordered = sorted(truth.values.values(), reverse=True)
    weakest = max(truth.values, key=lambda link: truth.values[link])
    named = rows[rows["verdict"].isin(["weakest", "candidate"])]
    verdict = named["verdict"].iloc[0] if len(named) else "cannot_tell"
    compared = rows["p_weakest"].dropna()
    return {
        "kind": plan.kind,
        "ratio": ordered[0] / ordered[1] if ordered[1] > 0 else np.nan,
        "verdict": verdict,
        "is_certain": bool(rows["is_certain"].any()),
        "holds_truth": weakest in set(named["link"]),
        "named_links": len(named),
        "largest_p": compared.max() if len(compared) else np.nan,
        "largest_is_true": len(compared) > 0 and rows.loc[compared.idxmax(), "link"] == weakest,
    }
