"""Run the study: `python -m study --worlds 240 --seed 1 --out docs/study.md`."""

import argparse
import contextlib
import io
import sys
import tempfile
from pathlib import Path
from time import monotonic

from study.measure import JOINT, Findings, Studied, study_plan
from study.ranking import study_ranking
from study.report import report
from study.sql_harness import compile_project
from study.tables import SELECTION
from study.worlds import draw_plan

WORLDS_PER_PLAN = 6
TRUTH_CUSTOMERS = 150_000
NETWORKS = 400


# pairs that the joint model's shrinkage is worth, compared with each other
PRIORS = (0, 50, 200, 1_000, 1_000_000)


def compiled(folder: Path, priors: tuple[int, ...] = ()) -> Studied:
    """The project's compiled SQL; what dbt prints on the way is dropped."""
    with contextlib.redirect_stdout(io.StringIO()):
        project = compile_project(folder, SELECTION)
        alternatives = {
            f"{prior:,}": compile_project(folder, [JOINT], {"joint_prior_pairs": prior}).queries[JOINT]
            for prior in priors
        }
    return Studied(project, alternatives)


def run(seed: int, plans: int, worlds: int, truth_customers: int) -> Findings:
    """Study plans one after another."""
    findings = Findings()
    with tempfile.TemporaryDirectory() as folder:
        studied = compiled(Path(folder), PRIORS)
    for number in range(plans):
        findings.add(study_plan(studied, draw_plan(seed, number), seed, worlds, truth_customers))
        print(f"study: {number + 1} of {plans} plans", file=sys.stderr)
    return findings


def main() -> None:
    """Read the command line, study, write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=240, help=f"about {WORLDS_PER_PLAN} of each plan")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("docs/study.md"))
    arguments = parser.parse_args()
    started = monotonic()
    plans = max(2, -(-arguments.worlds // WORLDS_PER_PLAN))
    findings = run(arguments.seed, plans, WORLDS_PER_PLAN, TRUTH_CUSTOMERS)
    with tempfile.TemporaryDirectory() as folder:
        ranking = study_ranking(compiled(Path(folder)).project, arguments.seed, NETWORKS)
    counts = (
        f"seed {arguments.seed}, {plans} plans with truths drawn at random, {WORLDS_PER_PLAN} worlds of each "
        f"({plans * WORLDS_PER_PLAN:,} worlds of 3,000 to 16,000 customers over the years), a truth world of "
        f"{TRUTH_CUSTOMERS:,} customers per plan, and {NETWORKS} networks of partners"
    )
    command = f"make study WORLDS={arguments.worlds}"
    arguments.out.write_text(report(findings, ranking, command, counts), encoding="utf-8")
    print(f"study: wrote {arguments.out} in {monotonic() - started:,.0f} s")


if __name__ == "__main__":
    main()
