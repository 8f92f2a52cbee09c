"""Networks of partners whose true NPS is known: do the intervals of the ranking hold it."""

from datetime import date

import numpy as np
import pandas as pd

from study.sql_harness import CompiledProject, Sandbox
from study.tables import RANKING_MODELS

QUARTER, QUARTER_END = date(2026, 4, 1), date(2026, 6, 30)
PASSIVES = 0.3


def study_ranking(project: CompiledProject, seed: int, networks: int) -> pd.DataFrame:
    """A row per shown partner of every network: the true NPS, the shrunken one and its interval."""
    random = np.random.default_rng([seed, 2005])
    partners = pd.concat([_network(random, number) for number in range(1, networks + 1)], ignore_index=True)
    partners["partner_key"] = partners.index
    partners["partner_code"] = partners["partner_key"].map("p{:06}".format)
    sandbox = Sandbox(project)
    counts = partners.assign(quarter_start_on=QUARTER, invitations=0, delivered=0, answered=0)
    sandbox.give("int_nps_counts", counts.drop(columns=["partner_code", "true_nps"]), {"quarter_start_on": "date"})
    mixes = partners.assign(quarter_start_on=QUARTER, survey_key=1, channel_key=1, tenure_band_key=1, segment="private")
    sandbox.give("int_partner_mix", mixes, {"quarter_start_on": "date"})
    named = partners[["partner_key", "partner_code"]].assign(partner_name="", valid_from=QUARTER)
    sandbox.give("dim_partner", named, {"valid_from": "date"})
    links = pd.DataFrame({"chain_link_key": partners["chain_link_key"].unique(), "chain_key": 1})
    sandbox.give("dim_chain_link", links.assign(chain_code="automotive_nl", link_code="dealer"))
    period = pd.DataFrame({"trailing_from": [QUARTER], "trailing_to": [QUARTER_END]})
    sandbox.give("int_period", period, dict.fromkeys(period, "date"))
    sandbox.leave_out_nonresponse()
    *_, mart = [sandbox.build(model) for model in RANKING_MODELS]
    sandbox.connection.close()
    quarter = mart[mart["period_kind"] == "quarter"].merge(partners[["partner_code", "true_nps"]], on="partner_code")
    return quarter.dropna(subset=["shrunken_nps_ci_low"])


def _network(random: np.random.Generator, number: int) -> pd.DataFrame:
    """Partners of one link: true NPS around a mean, and answers by chance."""
    size = int(random.integers(8, 40))
    true = random.normal(random.uniform(0, 40), random.uniform(3, 20), size).clip(-60, 65)
    answers = random.lognormal(random.uniform(3, 4.5), 0.6, size).astype(int) + 1
    shares = np.c_[(1 - PASSIVES + true / 100) / 2, np.full(size, PASSIVES), (1 - PASSIVES - true / 100) / 2]
    drawn = np.array([random.multinomial(n, share) for n, share in zip(answers, shares, strict=True)])
    rows = pd.DataFrame(drawn, columns=["promoters", "passives", "detractors"])
    return rows.assign(chain_link_key=number * 100 + 3, responses=answers, true_nps=true)
