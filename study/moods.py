"""Moods that persist: how much too high the losses are where one customer's experiences go together.

`python -m study.moods --worlds 40` prints the table: worlds in which the meetings between two purchases share a mood,
or all of a customer's do. Customers meet the dealer at their purchase and are asked about it first, the other links
later; what they think of all of it tells at the next purchase. With --prior-pairs covariances are drawn towards 0
otherwise (var joint_prior_pairs); with --beside the SQL of another checkout of the project judges the same worlds.
"""

import argparse
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic

import numpy as np
import pandas as pd

from study.sql_harness import PROJECT, CompiledProject, compile_project
from study.tables import GIVEN, LOSS_MODELS, lay_down
from study.worlds import DEALER, Plan, draw_plan, draw_world, true_losses

CORRELATIONS = (0.0, 0.15, 0.3, 0.5)
SHARED_BY = ("journey", "customer")
RELIABILITIES = (1.0, 0.75)
CUSTOMERS, TRUTH_CUSTOMERS, WORLDS_PER_PLAN, REPLICATES = 10_000, 100_000, 5, 100
JOINT = "int_joint_replicate"
LEVELS = (0.025, 0.975)
ONE_BY_ONE, HERE, BESIDE = "one by one", "this version", "beside"


@dataclass(frozen=True)
class Kind:
    """What makes experiences go together, and how far scores tell them."""

    shared_by: str
    correlation: float
    reliability: float


def kinds() -> list[Kind]:
    """All, but without a correlation nothing is shared by anyone."""
    return [
        Kind(shared_by, correlation, reliability)
        for reliability in RELIABILITIES
        for shared_by in SHARED_BY
        for correlation in CORRELATIONS
        if correlation or shared_by == SHARED_BY[0]
    ]


def moody(plan: Plan, kind: Kind, customers: int) -> Plan:
    """The plan without confounding, halo, programmes and selective answers, with experiences that correlate so much."""
    shared_sd = (kind.correlation / (1 - kind.correlation)) ** 0.5
    answered = {link.key: link.answers[1] for link in plan.links}
    return replace(
        plan,
        customers=customers,
        links=tuple(replace(link, answers=(answered[link.key],) * 3) for link in plan.links),
        temper_sd=shared_sd if kind.shared_by == "customer" else 0.0,
        journey_mood_sd=shared_sd if kind.shared_by == "journey" else 0.0,
        score_reliability=kind.reliability,
        leaves_at_purchase=True,
        halo=0.0,
        newcomer_mood=0.0,
        newcomer_leaving=1.0,
        newcomer_answering=1.0,
        has_selective_answers=False,
        programme_link=None,
        programme_lift=0.0,
    )


def plans(seed: int, number: int) -> list[Plan]:
    """So many plans in which links differ."""
    found: list[Plan] = []
    for place in range(10 * number):
        plan = draw_plan(seed, place)
        if plan.kind == "differ":
            found.append(plan)
        if len(found) == number:
            break
    return found


def models_of(checkout: Path) -> list[str]:
    """The models behind the losses that a checkout has: replicates of each link alone and of the joint model."""
    there = {path.stem for path in (checkout / "models").rglob("*.sql")}
    wanted = LOSS_MODELS[: LOSS_MODELS.index("int_joint_evidence")]
    return ["int_bootstrap_weight", *(node for node in wanted if node in there)]


def compiled(folder: Path, checkout: Path, variables: dict[str, object]) -> CompiledProject:
    """A checkout's SQL of the losses under these vars, and the tables that a world is laid down in."""
    there = {path.stem for kind in ("models", "seeds") for path in (checkout / kind).rglob("*.*")}
    given = [node for node in GIVEN if node in there]
    fewer = {"bootstrap_replicates": REPLICATES}
    return compile_project(folder, [*given, *models_of(checkout)], fewer | variables, checkout)


def study_plan(
    versions: dict[str, tuple[CompiledProject, list[str]]],
    plan: Plan,
    kind: Kind,
    seed: int,
    customers: int,
) -> list[dict[str, object]]:
    """Every link of some worlds of a plan: the loss that was planted, and what each version says."""
    plan = moody(plan, kind, customers)
    random = np.random.default_rng([seed, plan.number])
    truth = draw_world(replace(plan, customers=TRUTH_CUSTOMERS), random)
    losses = {link: loss for link, (loss, _) in true_losses(truth).items()}
    worlds = [draw_world(plan, random, truth.cuts) for _ in range(WORLDS_PER_PLAN)]
    rows: list[dict[str, object]] = []
    for version, (project, models) in versions.items():
        sandbox = lay_down(project, worlds)
        tables = {node: sandbox.build(node) for node in models}
        found = {version: tables[JOINT]}
        if version == HERE:
            found[ONE_BY_ONE] = tables["int_link_replicate"]
        sandbox.connection.close()
        for estimate, replicates in found.items():
            for key, drawn in replicates[replicates["replicate"] >= 0].groupby("chain_link_key"):
                values = drawn.set_index("replicate")["excess_loss"]
                low, high = values[values.index > 0].quantile(LEVELS)
                link = int(str(key)) % 100
                rows.append(
                    {
                        **{"plan": plan.number, "world": int(str(key)) // 100, "link": link, "estimate": estimate},
                        **{"shared_by": kind.shared_by, "correlation": kind.correlation},
                        **{"reliability": kind.reliability, "truth": losses[link], "found": values[0]},
                        **{"low": low, "high": high},
                    }
                )
    return rows


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Per kind of world and estimate: how far off, and how often the interval holds what was planted."""
    table = []
    for keys, found in rows.groupby(["reliability", "shared_by", "correlation", "estimate"], sort=True):
        known = found.dropna(subset=["found"])
        error = known["found"] - known["truth"]
        dealer = known["link"] == DEALER
        largest = known.loc[known.groupby(["plan", "world"])["found"].idxmax()].set_index(["plan", "world"])["link"]
        weakest = known.loc[known.groupby(["plan", "world"])["truth"].idxmax()].set_index(["plan", "world"])["link"]
        table.append(
            {
                **dict(zip(("reliability", "shared_by", "correlation", "estimate"), keys, strict=True)),
                "bias": 100 * error.mean(),
                "bias_dealer": 100 * error[dealer].mean(),
                "rmse": 100 * float((error**2).mean()) ** 0.5,
                "sum_to_truth": known["found"].sum() / known["truth"].sum(),
                "holds": float(known["truth"].between(known["low"], known["high"]).mean()),
                "largest_is_weakest": float((largest == weakest).mean()),
                "figures": len(known),
                "missing": len(found) - len(known),
            }
        )
    return pd.DataFrame(table)


def main() -> None:
    """Read the command line, study, write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=40, help="of each kind")
    parser.add_argument("--customers", type=int, default=CUSTOMERS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--prior-pairs", type=int, nargs="*", default=[], help="other values of var joint_prior_pairs")
    parser.add_argument("--beside", type=Path, help="another checkout of the project")
    parser.add_argument("--kinds", help="only those, by their places from 0, with commas")
    parser.add_argument("--out", type=Path, default=Path("moods.csv"))
    arguments = parser.parse_args()
    started = monotonic()
    chosen = plans(arguments.seed, -(-arguments.worlds // WORLDS_PER_PLAN))
    judges: dict[str, tuple[Path, dict[str, object]]] = {HERE: (PROJECT, {})}
    judges |= {f"prior pairs {pairs}": (PROJECT, {"joint_prior_pairs": pairs}) for pairs in arguments.prior_pairs}
    if arguments.beside:
        judges[BESIDE] = arguments.beside.resolve(), {}
    with tempfile.TemporaryDirectory() as one:
        versions = {}
        for place, (version, (checkout, variables)) in enumerate(judges.items()):
            folder = Path(one) / str(place)
            folder.mkdir()
            versions[version] = compiled(folder, checkout, variables), models_of(checkout)
    rows: list[dict[str, object]] = []
    for kind in [kinds()[int(place)] for place in arguments.kinds.split(",")] if arguments.kinds else kinds():
        for plan in chosen:
            rows += study_plan(versions, plan, kind, arguments.seed, arguments.customers)
        pd.DataFrame(rows).to_csv(arguments.out, index=False)
        print(f"study: {kind} after {monotonic() - started:,.0f} s", file=sys.stderr)
    print(summary(pd.DataFrame(rows)).round(3).to_string())


if __name__ == "__main__":
    main()
