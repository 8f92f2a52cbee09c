"""What would have to be otherwise: robustness values, silent customers and answers needed."""

import itertools
import math

import numpy as np
import pandas as pd
import statsmodels.api as sm

from study.sql_harness import Sandbox, close

CHAIN = 1001
LINKS = [10011, 10013, 10015]
REPLICATES = 40


def test_robustness_values_as_sensemakr_gives_them(sandbox: Sandbox) -> None:
    """The Darfur example of Cinelli and Hazlett (2020) and two estimates more, from PySensemakr."""
    rows = pd.DataFrame(
        [
            (0.09731581928495575, 0.023256537809811115, 783, 0.1387763538935877),
            (4.0, 1.0, 2000, 0.08553211714239757),
            (8.0, 1.0, 2000, 0.16359955456514919),
            (0.5, 1.0, 40, 0.07599368063232602),
        ],
        columns=["estimate", "se", "degrees_of_freedom", "expected"],
    )
    got = sandbox.probe("statistics_probe_robustness", {"probe_estimates": rows})
    close(got["robustness_value"], rows["expected"])


def outcomes(random: np.random.Generator) -> pd.DataFrame:
    """Followed answers of three links; the first two have all categories, the third no passives."""
    rows = pd.DataFrame({"chain_link_key": random.choice(LINKS, 3000)})
    rows["tenure_band_key"] = random.integers(1, 4, len(rows))
    rows["segment"] = random.choice(["business", "private"], len(rows))
    mood = random.normal(0, 1, len(rows)) + 0.4 * rows["tenure_band_key"]
    is_passive = (mood < 1) & (rows["chain_link_key"] != LINKS[2])
    rows["nps_category"] = np.select([mood < 0.3, is_passive], ["detractor", "passive"], "promoter")
    back = random.random(len(rows)) < 0.2 + 0.1 * rows["tenure_band_key"] + 0.2 * (rows["nps_category"] == "promoter")
    rows["retained"] = back * random.choice([1.0, 1.25], len(rows))
    return rows


def known(rows: pd.DataFrame) -> tuple[float, float]:
    """Partial R squared of the strata with the outcome given the scores, and R squared with the score."""
    strata = pd.get_dummies(rows["tenure_band_key"].astype(str) + rows["segment"]).to_numpy(dtype=float)
    low = np.select([rows["nps_category"] == "detractor", rows["nps_category"] == "passive"], [2.0, 1.0], 0.0)
    scores = np.c_[low == 2, low == 1].astype(float)
    scores = scores[:, scores.any(axis=0)]
    without = sm.OLS(rows["retained"], np.c_[np.ones(len(rows)), scores]).fit()
    within = sm.OLS(rows["retained"], np.c_[strata, scores]).fit()
    return 1 - within.ssr / without.ssr, sm.OLS(low, strata).fit().rsquared


def test_doubts_of_every_link(sandbox: Sandbox) -> None:
    """Against statsmodels and plain pandas; a link that loses nothing and one that all answered who met it."""
    random = np.random.default_rng(2020)
    rows = outcomes(random)
    sandbox.give("int_response_outcome", rows)
    causes = sandbox.build("int_link_known_cause").set_index("chain_link_key")
    for link in LINKS:
        close(causes.loc[link, ["outcome_share", "score_share"]], known(rows[rows["chain_link_key"] == link]))
    links = pd.DataFrame({"chain_link_key": LINKS, "chain_key": CHAIN, "link_position": [1, 3, 5]})
    sandbox.give("dim_chain_link", links)
    days = pd.DataFrame({"trailing_from": ["2025-07-01"], "trailing_to": ["2026-06-30"]})
    sandbox.give("int_period", days, dict.fromkeys(days, "date"))
    exposed = [400, 200, 150]
    alone = pd.DataFrame({"chain_link_key": LINKS, "replicate": 0, "exposed": exposed})
    sandbox.give("int_link_replicate", alone.assign(detractor_share=[0.3, 0.2, 0.5], passive_share=[0.2, 0.4, 0.0]))
    numbers = {LINKS[0]: 120, LINKS[1]: 200, LINKS[2]: 150}
    # some answer the first link twice
    answers = [(link, n % 100 if link == LINKS[0] else n) for link in LINKS for n in range(numbers[link])]
    given = pd.DataFrame(answers, columns=["chain_link_key", "customer_key"]).assign(response_on="2026-06-30")
    earlier = given.assign(response_on="2025-06-30")
    sandbox.give("fct_nps_response", pd.concat([given, earlier]), {"response_on": "date"})
    pairs = pd.DataFrame(itertools.permutations(LINKS, 2), columns=["chain_link_key", "control_link_key"])
    pairs["is_controlled"] = pairs["control_link_key"] != LINKS[0]
    sandbox.give("int_joint_control", pairs)
    estimate = {LINKS[0]: 40_000.0, LINKS[1]: 90_000.0, LINKS[2]: -1000.0}
    losses = pd.DataFrame(itertools.product(range(-2, REPLICATES + 1), LINKS), columns=["replicate", "chain_link_key"])
    noise = np.where(losses["replicate"] == 0, 0, random.normal(0, 20_000, len(losses)))
    losses["value_at_stake_eur"] = losses["chain_link_key"].map(estimate) + noise
    losses["excess_loss"] = losses["value_at_stake_eur"] / 1e6
    sandbox.give("int_loss_replicate", losses.assign(chain_key=CHAIN))
    got = sandbox.build("int_link_doubt").set_index("chain_link_key")
    drawn = losses[losses["replicate"] > 0].pivot(index="replicate", columns="chain_link_key")["value_at_stake_eur"]
    for link, controls in zip(LINKS, [2, 1, 1], strict=True):
        other = LINKS[0] if link == LINKS[1] else LINKS[1]
        error = (drawn[link] - drawn[other]).std() / (estimate[link] - estimate[other])
        assert got.loc[link, "answers_needed"] == math.ceil(numbers[link] * 1.959964**2 * error**2)
        followed = rows[rows["chain_link_key"] == link]
        freedom = len(followed) - 6 - 2 - controls
        f2 = (estimate[link] / drawn[link].std()) ** 2 / freedom
        value = (math.sqrt(f2**2 + 4 * f2) - f2) / 2 if estimate[link] > 0 else np.nan
        close(got.loc[link, "robustness_value"], value)
        close(got.loc[link, "robustness_in_known_causes"], value / max(known(followed)))
    # 100 of 400 answered: the silent 300 count for 3/4 of the link's score, whose 80 points below the best lose 40,000
    close(got.loc[LINKS[0], "silent_points_to_turn"], 50_000 / (0.75 * 40_000 / 80))
    # nobody is silent, and nothing is lost
    assert got.loc[LINKS[1:], "silent_points_to_turn"].isna().all()


def test_a_chain_of_one_link_has_nothing_to_turn_to(sandbox: Sandbox) -> None:
    """No other link: no answers needed, but a robustness value; a loss without any variation has none."""
    rows = outcomes(np.random.default_rng(1)).query("chain_link_key == 10011")
    sandbox.give("int_response_outcome", rows)
    sandbox.build("int_link_known_cause")
    sandbox.give("dim_chain_link", pd.DataFrame({"chain_link_key": [10011], "chain_key": CHAIN, "link_position": 1}))
    days = pd.DataFrame({"trailing_from": ["2025-07-01"], "trailing_to": ["2026-06-30"]})
    sandbox.give("int_period", days, dict.fromkeys(days, "date"))
    alone = pd.DataFrame({"chain_link_key": [10011], "replicate": 0, "exposed": 9, "detractor_share": 0.0})
    sandbox.give("int_link_replicate", alone.assign(passive_share=0.0))
    answers = pd.DataFrame({"chain_link_key": [10011], "customer_key": 1, "response_on": "2026-06-30"})
    sandbox.give("fct_nps_response", answers, {"response_on": "date"})
    controls = pd.DataFrame(columns=["chain_link_key", "is_controlled"])
    sandbox.give("int_joint_control", controls, {"chain_link_key": "integer", "is_controlled": "boolean"})
    losses = pd.DataFrame({"replicate": range(9), "chain_key": CHAIN, "chain_link_key": 10011})
    for varies in (True, False):
        losses["excess_loss"] = 0.1 + (losses["replicate"] - 4) / 100 * varies
        sandbox.give("int_loss_replicate", losses.assign(value_at_stake_eur=losses["excess_loss"]))
        got = sandbox.build("int_link_doubt").iloc[0]
        assert got[["answers_needed", "silent_points_to_turn"]].isna().all()
        assert pd.notna(got["robustness_value"]) == varies
