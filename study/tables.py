"""Worlds as the facts and dimensions that the statistics models read: one chain per world."""

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import pandas as pd

from study.sql_harness import NONRESPONSE, PROJECT, CompiledProject, Sandbox
from study.worlds import DAYS, DEALER, TRAILING_FROM, WINDOW, Events, World

LAST_DAY = date(2026, 6, 30)
FIRST_DAY = LAST_DAY - timedelta(days=DAYS - 1)
LINK_NAMES = {1: "Manufacturer", 2: "Importer", 3: "Dealer", 5: "Contact centre"}
# one survey a link, that records whom it invites
SURVEYS = pd.DataFrame(
    {
        "survey_key": list(LINK_NAMES),
        "link_key": list(LINK_NAMES),
        "survey_code": ["brand_relationship", "ownership", "post_sale", "post_contact"],
    }
)
CATEGORIES = np.array(["detractor", "passive", "promoter"])
# a score of each category; only the category matters to what is planted
SCORES = np.array([4, 8, 10])
CUSTOMERS_APART = 10_000_000

# every link's programme costs so much a month
PROGRAMME_COST_EUR = 1_000

GIVEN = [
    *("fct_nps_response", "fct_retention", "fct_transaction", "int_customer_chain", "int_customer_ownership"),
    "int_customer_linking",
    *("int_link_meeting", "int_period", "dim_chain", "dim_chain_link", "tenure_bands", "retention_horizons"),
    *("stg_chain__benchmarks", "fct_survey_invitation", "fct_contact", "fct_link_cost", "int_customer_won"),
    *("dim_partner", "dim_survey", "links", "mart_nps_by_link", "phrases"),
]
LOSS_MODELS = [
    *("int_response_outcome", "int_link_exposure", "int_retained_margin", "int_link_bucket"),
    *("int_link_stratum_replicate", "int_link_replicate", "int_link_evidence"),
    *("int_scored_pair", "int_joint_pair", "int_joint_control", "int_joint_moment"),
    *("int_joint_replicate", "int_joint_evidence"),
    *("int_pair_score", "int_pair_exposure", "int_pair_loss", "int_loss_replicate"),
]
IMPORTANCE_MODELS = [
    "int_importance_journey",
    "int_importance_moment",
    "int_importance_evidence",
    "int_importance_replicate",
]
VERDICT_MODELS = [
    *("int_retention_curve", "mart_retention_by_nps_category", "mart_link_importance"),
    *("int_link_verdict", "int_link_lens", "int_verdict_reason", "int_link_sentence", "int_chain_sentence"),
    *("int_stricter_linking", "int_link_known_cause", "int_link_doubt", "mart_weakest_link"),
]
MONEY_MODELS = [
    *("int_customer_window_margin", "int_detractor_margin", "int_category_replicate", "mart_revenue_at_risk"),
    *("int_business_bucket", "int_business_replicate", "mart_business_case"),
]
JOURNEY_MODELS = ["int_customer_journey", "mart_journey_rule"]
WEIGHTING_MODELS = ["int_nonresponse_cell", "int_link_nonresponse"]
RANKING_MODELS = [
    *("mart_nps_by_link", "mart_nps_by_partner", "int_partner_trailing", "int_ranking_cell", "int_partner_adjusted"),
    *("int_partner_standing", "int_ranking_estimate", "int_ranking_position", "mart_partner_ranking"),
]
SELECTION = [
    *GIVEN,
    "int_bootstrap_weight",
    *LOSS_MODELS,
    *IMPORTANCE_MODELS,
    *VERDICT_MODELS,
    *MONEY_MODELS,
    *JOURNEY_MODELS,
    *RANKING_MODELS,
    *NONRESPONSE,
    "int_nps_counts",
    "int_partner_mix",
]


def dates(days: np.ndarray) -> np.ndarray:
    """Days of a world as dates."""
    return np.datetime64(FIRST_DAY) + days.astype("timedelta64[D]")


def quarters_of(days: np.ndarray) -> np.ndarray:
    """First day of each day's quarter."""
    return pd.DatetimeIndex(dates(days)).to_period("Q").start_time.to_numpy()


TRAILING_QUARTERS = np.unique(quarters_of(np.arange(TRAILING_FROM, DAYS)))


def lay_down(project: CompiledProject, worlds: list[World]) -> Sandbox:
    """A database with every world as a chain; its key is the world's place in the list, from 1."""
    sandbox = Sandbox(project)
    chains = dict(enumerate(worlds, start=1))
    responses = pd.concat(
        [_responses(world, events, chain) for chain, world in chains.items() for events in world.events],
        ignore_index=True,
    )
    responses["response_key"] = np.arange(len(responses))
    types = {"response_on": "date", "quarter_start_on": "date", "nps_category": "varchar"}
    sandbox.give("fct_nps_response", responses, types)
    followed = responses[responses["day"] < DAYS - 1].assign(retention_measure="chain")
    left = DAYS - 1 - followed["day"]
    followed["is_event"] = followed["next_purchase"] <= left
    followed["duration_days"] = np.minimum(followed["next_purchase"], left).astype(int)
    followed["delivered_to"] = LAST_DAY
    types = {"response_on": "date", "delivered_to": "date", "nps_category": "varchar"}
    sandbox.give("fct_retention", followed, types)
    sandbox.give("fct_transaction", _concat(_purchases, chains), {"transaction_on": "date", "ordered_on": "date"})
    sandbox.give("int_customer_chain", _concat(_customers, chains), {"first_on": "date"})
    meetings = [_meetings(events, chain) for chain, world in chains.items() for events in world.events]
    sandbox.give("int_link_meeting", pd.concat(meetings, ignore_index=True), {"met_on": "date"})
    invitations = [_invitations(events, chain) for chain, world in chains.items() for events in world.events]
    quarters = {"quarter_start_on": "date"}
    sandbox.give("fct_survey_invitation", pd.concat(invitations, ignore_index=True), quarters | {"sent_on": "date"})
    links = _lay_down_dimensions(sandbox, list(chains))
    _lay_down_business(sandbox, links)
    return sandbox


def _concat(table: Callable[[World, int], pd.DataFrame], chains: dict[int, World]) -> pd.DataFrame:
    return pd.concat([table(world, chain) for chain, world in chains.items()], ignore_index=True)


def _responses(world: World, events: Events, chain: int) -> pd.DataFrame:
    kept = events.answered
    category = events.scored[kept]
    return pd.DataFrame(
        {
            "chain_key": chain,
            "link_key": events.link,
            "survey_key": events.link,
            "chain_link_key": chain * 100 + events.link,
            "customer_key": chain * CUSTOMERS_APART + events.customer[kept],
            "day": events.day[kept],
            "response_on": dates(events.day[kept]),
            "score": SCORES[category],
            "nps_category": pd.Categorical.from_codes(category, CATEGORIES),
            "partner_key": chain * 100 + events.link,
            "channel_key": 1,
            "quarter_start_on": quarters_of(events.day[kept]),
            "is_promoter": (category == 2).astype(int),
            "is_passive": (category == 1).astype(int),
            "is_detractor": (category == 0).astype(int),
            "next_purchase": events.next_purchase[kept],
            # the study's answers are about no purchase that is in the file
            "transaction_key": -1,
        }
    )


def _purchases(world: World, chain: int) -> pd.DataFrame:
    customer, day, margin = world.purchases
    kept = day < DAYS
    return pd.DataFrame(
        {
            "chain_key": chain,
            "chain_link_key": chain * 100 + DEALER,
            "link_key": DEALER,
            "partner_key": chain * 100 + DEALER,
            "customer_key": chain * CUSTOMERS_APART + customer[kept],
            "transaction_key": np.arange(len(customer))[kept],
            "reverses_transaction_key": -1,
            "is_reversed": False,
            "ordered_on": dates(day[kept]),
            "transaction_on": dates(day[kept]),
            "margin_eur": margin[kept].round(2),
            "is_customer_paid": True,
            "is_retention_event": True,
            "transaction_kind": "service",
        }
    )


def _customers(world: World, chain: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "customer_key": chain * CUSTOMERS_APART + np.arange(len(world.first_day)),
            "chain_key": chain,
            "first_on": dates(world.first_day),
            "segment": np.where(world.is_business, "business", "private"),
        }
    )


def _meetings(events: Events, chain: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "chain_link_key": chain * 100 + events.link,
            "chain_key": chain,
            "customer_key": chain * CUSTOMERS_APART + events.customer,
            "met_on": dates(events.day),
        }
    )


def _invitations(events: Events, chain: int) -> pd.DataFrame:
    """Whoever meets a link is asked."""
    return pd.DataFrame(
        {
            "chain_link_key": chain * 100 + events.link,
            "chain_key": chain,
            "partner_key": chain * 100 + events.link,
            "customer_key": chain * CUSTOMERS_APART + events.customer,
            "sent_on": dates(events.day),
            "quarter_start_on": quarters_of(events.day),
            "channel_key": 1,
            "disposition": np.where(events.answered, "answered", "no_answer"),
        }
    )


def _lay_down_dimensions(sandbox: Sandbox, chains: list[int]) -> pd.DataFrame:
    """What the models need to know of chains, links, periods and strata; returns the links."""
    names = pd.DataFrame({"chain_key": chains, "industry_code": "automotive", "retention_window_days": WINDOW})
    names["chain_code"] = names["chain_name"] = [f"world {chain}" for chain in chains]
    sandbox.give("dim_chain", names)
    links = names.merge(pd.DataFrame({"link_key": LINK_NAMES.keys(), "link_name": LINK_NAMES.values()}), how="cross")
    links = links.assign(
        chain_link_key=links["chain_key"] * 100 + links["link_key"],
        link_code=links["link_name"],
        link_position=links["link_key"],
    )
    sandbox.give("dim_chain_link", links)
    period = pd.DataFrame({"as_of_on": [LAST_DAY], "trailing_to": [LAST_DAY]})
    period["trailing_from"] = FIRST_DAY + timedelta(days=TRAILING_FROM)
    sandbox.give("int_period", period, dict.fromkeys(period, "date"))
    for seed in ("tenure_bands", "retention_horizons"):
        sandbox.give(seed, pd.read_csv(PROJECT / "seeds" / f"{seed}.csv"))
    none = pd.DataFrame({"chain_key": [0], "customer_key": [0], "owned_from": [LAST_DAY], "owned_to": [LAST_DAY]})
    sandbox.give("int_customer_ownership", none[:0], {"owned_from": "date", "owned_to": "date"})
    # numbers alone link everybody
    nobody_linked = pd.DataFrame({"customer_key": [0], "held_by": ["email"]})[:0]
    sandbox.give("int_customer_linking", nobody_linked, {"held_by": "varchar"})
    no_benchmark = pd.DataFrame({"chain_key": [0], "link_key": [0], "year": [0], "nps": [0.0]})
    sandbox.give("stg_chain__benchmarks", no_benchmark[:0])
    return links


def _lay_down_business(sandbox: Sandbox, links: pd.DataFrame) -> None:
    """One partner a link, what the links' programmes cost, and nobody who complained or was won for a reason."""
    sandbox.give("dim_partner", pd.DataFrame({"partner_key": links["chain_link_key"], "partner_code": "P"}))
    quarters = pd.DataFrame({"quarter_start_on": np.unique(quarters_of(np.arange(DAYS)))})
    link_quarters = links[["chain_link_key"]].merge(quarters, how="cross")
    sandbox.give("mart_nps_by_link", link_quarters.assign(is_suppressed=False), {"quarter_start_on": "date"})
    months = link_quarters.merge(pd.DataFrame({"month": range(3)}), how="cross")
    costs = months.assign(programme_cost_eur=PROGRAMME_COST_EUR, head_count=1)
    sandbox.give("fct_link_cost", costs, {"quarter_start_on": "date", "programme_cost_eur": "decimal(18, 2)"})
    nobody = pd.DataFrame({"chain_key": [0], "customer_key": [0], "chain_link_key": [0], "reason_code": ["none"]})
    sandbox.give("fct_contact", nobody.assign(opened_on=LAST_DAY)[:0], {"opened_on": "date"})
    sandbox.give("int_customer_won", nobody.assign(won_on=LAST_DAY)[:0], {"won_on": "date"})
    sandbox.give("dim_survey", SURVEYS)
    sandbox.give("links", pd.read_csv(PROJECT / "seeds" / "links.csv"))
    sandbox.give("phrases", pd.read_csv(PROJECT / "seeds" / "phrases.csv"))
