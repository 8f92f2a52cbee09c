"""The joint model of all links' scores against statsmodels, numpy and a count of every order of putting links right."""

import itertools
import math
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from study.sql_harness import Sandbox, close

CHAIN = 1001
LINKS = {10011: "Manufacturer", 10012: "Importer", 10013: "Dealer", 10015: "Contact centre"}
PRIOR, MIN_PAIRS, JOURNEY_DAYS = 200, 30, 365
MIN_STRATUM = 5
REPLICATES = 12
# stricter linkings, and by what the customers' records hold together that each leaves
STRICTER = {-1: ["number"], -2: ["number", "email"]}
HELD_BY = dict(enumerate(["email", "phone", "number", "number", "number"]))
EVERY_REPLICATE = [*STRICTER, *range(REPLICATES + 1)]
FIRST_DAY, AS_OF = date(2023, 1, 1), date(2026, 6, 30)
TRAILING_FROM = date(2025, 7, 1)
STRATA = list(itertools.product((1, 2), ("business", "private")))
MODELS = [
    *("int_link_bucket", "int_link_stratum_replicate", "int_link_replicate", "int_link_evidence"),
    *("int_scored_pair", "int_joint_pair", "int_joint_control", "int_joint_moment"),
    *("int_joint_replicate", "int_joint_evidence"),
    *("int_pair_score", "int_pair_exposure", "int_pair_loss", "int_loss_replicate"),
]


# ------------------------------------------------------------------------------------------------------ formulas


def systems(matrices: list[np.ndarray], sides: list[np.ndarray]) -> pd.DataFrame:
    """Rows of the probe; the sums are those of no test here."""
    rows = []
    for number, (matrix, side) in enumerate(zip(matrices, sides, strict=True)):
        row = {f"a_{i + 1}_{j + 1}": matrix[i, j] for i in range(4) for j in range(i, 4)}
        row |= {f"b_{i + 1}": side[i] for i in range(4)}
        rows.append({"system": number, **row, "sum_ab": 1.0, "sum_a": 1.0, "sum_b": 1.0, "n": 1.0, "seen": 1.0})
    return pd.DataFrame(rows)


def solutions(sandbox: Sandbox, rows: pd.DataFrame) -> np.ndarray:
    """x of every system."""
    got = sandbox.probe("statistics_probe_joint", {"probe_systems": rows}).sort_values("system")
    return got[[f"x_{i}" for i in range(1, 5)]].to_numpy(dtype=float)


@pytest.mark.parametrize(("cases", "tolerance"), [(60, 1e-9), (12, 1e-8)])
def test_systems_are_solved(sandbox: Sandbox, cases: int, tolerance: float) -> None:
    """Against numpy, with scales from thousandths to thousands; few cases make systems that neither solves as well."""
    random = np.random.default_rng(1809)
    matrices, sides = [], []
    for _ in range(200):
        scale = 10.0 ** random.uniform(-3, 3, (4, 1))
        matrices.append(np.cov(random.normal(0, 1, (4, cases)) * scale))
        sides.append(random.normal(0, 1, 4) * scale[:, 0])
    expected = [np.linalg.solve(matrix, side) for matrix, side in zip(matrices, sides, strict=True)]
    np.testing.assert_allclose(solutions(sandbox, systems(matrices, sides)), expected, rtol=tolerance)


def test_systems_without_a_solution_give_nothing(sandbox: Sandbox) -> None:
    """Singular, indefinite, empty and incomplete ones; their neighbours are solved."""
    eye = np.eye(4)
    singular = np.ones((4, 4)) + np.diag([0, 0, 1, 1])
    indefinite = np.eye(4) + 2 * (np.eye(4)[::-1])
    empty = np.diag([1.0, 0, 1, 1])
    incomplete = eye.copy()
    incomplete[0, 3] = np.nan
    rows = systems([eye, singular, indefinite, empty, incomplete, 2 * eye], [np.ones(4)] * 6)
    rows = rows.astype(object).where(rows.notna(), None).astype({"system": int})
    got = solutions(sandbox, rows.astype({column: float for column in rows if column != "system"}))
    close(got[0], np.ones(4))
    close(got[5], np.ones(4) / 2)
    assert np.isnan(got[1:5]).all()


def test_factors(sandbox: Sandbox) -> None:
    """Centred products, and what is left of a covariance that was seen in part."""
    rows = pd.concat([systems([np.eye(4)], [np.ones(4)])] * 5, ignore_index=True)
    rows["system"] = range(5)
    rows["sum_ab"], rows["sum_a"], rows["sum_b"] = 30.0, 6.0, 8.0
    rows["n"], rows["seen"] = [4.0, 100.0, 100.0, 100.0, 0.0], [4.0, 100.0, 50.0, 0.0, 0.0]
    got = sandbox.probe("statistics_probe_joint", {"probe_systems": rows}).sort_values("system")
    close(got["centred_product"], [30 - 12, 30 - 0.48, 30 - 0.48, 30 - 0.48, np.nan])
    close(got["seen_weight"], [1, 1, 50 / 150, 0, np.nan])


# -------------------------------------------------------------------------------------------------------- worlds


def scored(random: np.random.Generator, customers: int, same_day: bool) -> pd.DataFrame:
    """Responses: every customer scores every link on one day, or some links on days of their own."""
    rows = []
    for customer in range(customers):
        taste, stratum = random.normal(0, 0.8), STRATA[int(random.integers(len(STRATA)))]
        day = int(random.integers(0, 1000))
        gone = random.normal(0, 0.5) + 0.6 * (stratum[0] == 1)
        back = float(random.random() < 1 / (1 + math.exp(gone - taste))) * random.choice([1.0, 1.25, 1.5])
        for link in LINKS:
            if not same_day and random.random() < 0.55:
                continue
            mood = taste + random.normal(0, 1) - 0.4 * (stratum[0] == 1)
            score = 3 if mood < -0.6 else 8 if mood < 0.4 else 10
            later = 0 if same_day else int(random.integers(0, 700))
            outcome = back if same_day else float(random.random() < 0.4 + 0.05 * score) * 1.2
            on = FIRST_DAY + timedelta(days=day + later // 2)
            rows.append((customer, link, on, score, *stratum, outcome))
    columns = ["customer_key", "chain_link_key", "response_on", "score", "tenure_band_key", "segment", "retained"]
    world = pd.DataFrame(rows, columns=columns)
    world["response_key"] = random.permutation(len(world))
    return world


def lay_down(sandbox: Sandbox, world: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    """Every table that the models refer to; returns the bootstrap weights."""
    world = world.assign(
        chain_key=CHAIN,
        link_key=world["chain_link_key"] % 10,
        is_promoter=(world["score"] >= 9).astype(int),
        is_detractor=(world["score"] <= 6).astype(int),
        nps_category=np.select([world["score"] <= 6, world["score"] <= 8], ["detractor", "passive"], "promoter"),
        is_trailing=world["response_on"] >= TRAILING_FROM,
        is_settled=True,
        duration_days=100,
    )
    sandbox.give("fct_nps_response", world, {"response_on": "date"})
    sandbox.give("int_response_outcome", world.drop(columns=["response_on", "score"]))
    customers = pd.DataFrame({"customer_key": world["customer_key"].unique(), "chain_key": CHAIN})
    customers["segment"] = np.where(customers["customer_key"] % 3 == 0, "business", "private")
    customers["first_on"] = np.where(customers["customer_key"] % 2 == 0, date(2025, 5, 1), date(2020, 5, 1))
    sandbox.give("int_customer_chain", customers, {"first_on": "date"})
    linkings = customers[["customer_key"]].assign(held_by=held_by(customers["customer_key"]))
    sandbox.give("int_customer_linking", linkings[linkings["held_by"] != "number"])
    met = customers.merge(pd.DataFrame({"chain_link_key": list(LINKS)}), how="cross")
    met = met[random.random(len(met)) < 0.6]
    met["last_met_on"] = [TRAILING_FROM + timedelta(days=int(day)) for day in random.integers(0, 365, len(met))]
    columns = ["chain_link_key", "chain_key", "customer_key", "last_met_on"]
    sandbox.give("int_link_exposure", met[columns], {"last_met_on": "date"})
    # of a tenth no cost is known
    margins = world.loc[random.random(len(world)) < 0.6, ["response_key"]].copy()
    margins["margin_eur"] = 100.0 + margins["response_key"] % 7
    margins.loc[margins["response_key"] % 10 == 0, "margin_eur"] = np.nan
    sandbox.give("int_retained_margin", margins, {"margin_eur": "decimal(18, 2)"})
    bands = pd.DataFrame({"tenure_band_key": [1, 2], "from_days": [0, 365], "to_days": [364, 99999]})
    sandbox.give("tenure_bands", bands)
    period = pd.DataFrame({"as_of_on": [AS_OF], "trailing_from": [TRAILING_FROM], "trailing_to": [AS_OF]})
    sandbox.give("int_period", period, dict.fromkeys(period, "date"))
    sandbox.give("dim_chain", pd.DataFrame({"chain_key": [CHAIN], "retention_window_days": [100]}))
    links = pd.DataFrame({"chain_link_key": list(LINKS), "link_name": list(LINKS.values()), "chain_key": CHAIN})
    sandbox.give("dim_chain_link", links.assign(link_key=links["chain_link_key"] % 10, link_code=links["link_name"]))
    weights = pd.DataFrame(itertools.product(range(REPLICATES + 1), range(1000)), columns=["replicate", "bucket"])
    weights["weight"] = np.where(weights["replicate"] == 0, 1, random.poisson(1, len(weights)))
    stricter = pd.DataFrame([(-1, 1000, 1), (-2, 1000, 1), (-2, 1001, 1)], columns=weights.columns)
    sandbox.give("int_bootstrap_weight", pd.concat([weights[weights["weight"] > 0], stricter]))
    return weights


def held_by(customers: pd.Series) -> pd.Series:
    """By what each customer's records hold together."""
    return customers.mod(5).map(HELD_BY)


def drawn(weights: pd.DataFrame, customers: pd.Series, replicate: int) -> pd.Series:
    """How often a replicate draws each customer."""
    if replicate < 0:
        return held_by(customers).isin(STRICTER[replicate]).astype(float)
    return customers.mod(1000).map(weights[weights["replicate"] == replicate].set_index("bucket")["weight"])


def built(sandbox: Sandbox) -> dict[str, pd.DataFrame]:
    """Every model of the piece."""
    return {node: sandbox.build(node) for node in MODELS}


def dummies(world: pd.DataFrame, is_standardised: bool) -> np.ndarray:
    """A column per stratum, or one of ones."""
    if not is_standardised:
        return np.ones((len(world), 1))
    return pd.get_dummies(world["tenure_band_key"].astype(str) + world["segment"]).to_numpy(dtype=float)


def standing(score: pd.Series) -> pd.Series:
    """+1 promoter, 0 passive, -1 detractor."""
    return (score >= 9).astype(float) - (score <= 6).astype(float)


# --------------------------------------------------------------------------------------------------- joint model


def test_with_all_links_scored_it_is_least_squares(sandbox: Sandbox) -> None:
    """Weighted least squares of statsmodels with a dummy per stratum, in every replicate, crude and standardised."""
    random = np.random.default_rng(1995)
    world = scored(random, 700, same_day=True)
    weights = lay_down(sandbox, world, random)
    tables = built(sandbox)
    got = tables["int_joint_replicate"].set_index(["chain_link_key", "replicate"])
    shares = tables["int_link_replicate"].set_index(["chain_link_key", "replicate"])
    wide = world.pivot(index="customer_key", columns="chain_link_key", values="score")
    people = world.drop_duplicates("customer_key").set_index("customer_key").loc[wide.index]
    for link, replicate in itertools.product(LINKS, EVERY_REPLICATE):
        weight = drawn(weights, wide.index.to_series(), replicate).to_numpy()
        own = np.c_[wide[link] <= 6, wide[link].between(7, 8)].astype(float)
        others = np.c_[tuple(standing(wide[other]) for other in LINKS if other != link)]
        for is_standardised, ending in ((True, ""), (False, "_crude")):
            columns = np.c_[own, others, dummies(people, is_standardised)]
            fit = sm.WLS(people["retained"].to_numpy(), columns, weights=weight).fit()
            share = shares.loc[(link, replicate), [f"detractor_share{ending}", f"passive_share{ending}"]]
            close(got.loc[(link, replicate), f"excess_loss{ending}"], -(fit.params[:2] @ share.to_numpy(dtype=float)))
            if is_standardised:
                close(got.loc[(link, replicate), ["detractor_coefficient", "passive_coefficient"]], fit.params[:2])


def alone(sandbox: Sandbox, weights: pd.DataFrame, replicate: int) -> pd.DataFrame:
    """Per link what pandas makes of the given tables: who met it, how they score, what they keep and bring."""
    tables = {
        node: sandbox.connection.execute(f"select * from {sandbox.project.relations[node]}").df()
        for node in ("int_response_outcome", "int_link_exposure", "int_customer_chain", "int_retained_margin")
    }
    answers = tables["int_response_outcome"].merge(tables["int_retained_margin"], on="response_key", how="left")
    met = tables["int_link_exposure"].merge(tables["int_customer_chain"], on=["customer_key", "chain_key"])
    met["tenure_band_key"] = np.where((met["last_met_on"] - met["first_on"]).dt.days < 365, 1, 2)
    met["once"] = 1 / met.groupby("customer_key")["chain_link_key"].transform("size")
    answers["w"], met["w"] = (drawn(weights, rows["customer_key"], replicate) for rows in (answers, met))
    rows = []
    for link in LINKS:
        mine, here = answers[answers["chain_link_key"] == link], met[met["chain_link_key"] == link]
        row = {"chain_link_key": link, "exposed": here["w"].sum(), "exposed_once": (here["w"] * here["once"]).sum()}
        row |= dict.fromkeys(("lost", "lost_once", "detractors", "passives"), 0.0)
        for place, there in here.groupby(["tenure_band_key", "segment"]):
            same = mine[(mine["tenure_band_key"] == place[0]) & (mine["segment"] == place[1])]
            kept, shares = {}, {}
            for category in ("promoter", "passive", "detractor"):
                of, all_of = (found[found["nps_category"] == category] for found in (same, mine))
                of = of if len(of) >= MIN_STRATUM and of["w"].sum() > 0 else all_of
                kept[category] = (of["w"] * of["retained"]).sum() / of["w"].sum()
                lately = same[same["is_trailing"]]
                if len(lately) < MIN_STRATUM or lately["w"].sum() == 0:
                    lately = mine[mine["is_trailing"]]
                shares[category] = lately[lately["nps_category"] == category]["w"].sum() / lately["w"].sum()
            retention = sum(shares[category] * kept[category] for category in kept)
            row["lost"] += there["w"].sum() * (kept["promoter"] - retention)
            row["lost_once"] += (there["w"] * there["once"]).sum() * (1 - retention)
            row["detractors"] += there["w"].sum() * shares["detractor"]
            row["passives"] += there["w"].sum() * shares["passive"]
        buyers = mine[mine["margin_eur"].notna()]
        row["margin"] = (buyers["w"] * buyers["margin_eur"].astype(float)).sum() / buyers["w"].sum()
        lately = mine[mine["is_trailing"]]
        for category in ("detractor", "passive"):
            share = lately[lately["nps_category"] == category]["w"].sum() / lately["w"].sum()
            row[f"{category}_share_crude"] = share
        rows.append(row)
    return pd.DataFrame(rows).set_index("chain_link_key")


def compounded(
    sandbox: Sandbox, weights: pd.DataFrame, replicate: int, is_standardised: bool
) -> dict[tuple[int, int], tuple[float, float, float]]:
    """Per two links, all scored by all: customers lost by both together, and what of it least squares gives each."""
    tables = {
        node: sandbox.connection.execute(f"select * from {sandbox.project.relations[node]}").df()
        for node in ("fct_nps_response", "int_link_exposure")
    }
    answers, met = tables["fct_nps_response"], tables["int_link_exposure"]
    lowness = 1 - answers.assign(x=standing(answers["score"])).pivot(
        index="customer_key", columns="chain_link_key", values="x"
    )
    people = answers.drop_duplicates("customer_key").set_index("customer_key").loc[lowness.index]
    weight = drawn(weights, lowness.index.to_series(), replicate).to_numpy()
    strata = dummies(people, is_standardised)
    found = {}
    for a, b in itertools.combinations(LINKS, 2):
        product = (lowness[a] * lowness[b]).to_numpy()
        two = np.c_[lowness[a], lowness[b], strata]
        loss = sm.WLS(1 - people["retained"].to_numpy(), np.c_[product, two], weights=weight).fit().params[0]
        slopes = sm.WLS(product, two, weights=weight).fit().params[:2]
        customers = set(met.query("chain_link_key == @a")["customer_key"])
        both = pd.Series(sorted(customers & set(met.query("chain_link_key == @b")["customer_key"])))
        lost = drawn(weights, both, replicate).sum() * loss
        means = [np.average(column, weights=weight) for column in (product, lowness[a], lowness[b])]
        found[a, b] = (lost * means[0], lost * slopes[0] * means[1], lost * slopes[1] * means[2])
    return found


def every_order(
    lost: dict[int, float], pairs: dict[tuple[int, int], tuple[float, float, float]], whole: float
) -> tuple[pd.Series, pd.Series]:
    """What putting each link right brings: on average over all orders, counted one by one, and alone."""
    single = dict(lost)
    for (a, b), (_, of_a, of_b) in pairs.items():
        single[a] -= of_a
        single[b] -= of_b

    def brings(right: set[int]) -> float:
        together = sum(both for link_pair, (both, _, _) in pairs.items() if right & set(link_pair))
        return min(whole, sum(single[link] for link in right) + together)

    orders = list(itertools.permutations(lost))
    average = dict.fromkeys(lost, 0.0)
    for order in orders:
        for place, link in enumerate(order):
            average[link] += (brings(set(order[: place + 1])) - brings(set(order[:place]))) / len(orders)
    return pd.Series(average), pd.Series({link: brings({link}) for link in lost})


def test_losses_in_customers_euros_and_fractions(sandbox: Sandbox) -> None:
    """The joint model's coefficients times what pandas says of the customers, in every replicate; a stratum is thin."""
    random = np.random.default_rng(1953)
    world = scored(random, 700, same_day=True)
    thin = (world["tenure_band_key"] == 1) & (world["segment"] == "private") & (world["customer_key"] % 40 != 0)
    weights = lay_down(sandbox, world[~thin].reset_index(drop=True), random)
    tables = {name: table.set_index(["replicate"]) for name, table in built(sandbox).items() if "replicate" in table}
    assert set(tables["int_loss_replicate"].index) == set(EVERY_REPLICATE)
    for replicate in EVERY_REPLICATE:
        links, model, losses = (
            tables[name].loc[replicate].set_index("chain_link_key").loc[list(LINKS)]
            for name in ("int_link_replicate", "int_joint_replicate", "int_loss_replicate")
        )
        expected = alone(sandbox, weights, replicate)
        close(links["exposed"], expected["exposed"])
        close(links["excess_loss"], expected["lost"] / expected["exposed"])
        close(links["expected_lost_once"], expected["lost_once"])
        close(links["value_at_stake_eur"], expected["lost"] * expected["margin"])
        whole = expected["lost_once"].sum()
        shares = {
            "": (expected["detractors"] / expected["exposed"], expected["passives"] / expected["exposed"]),
            "_crude": (expected["detractor_share_crude"], expected["passive_share_crude"]),
        }
        for ending, (detractors, passives) in shares.items():
            coefficients = [f"{category}_coefficient{ending}" for category in ("detractor", "passive")]
            if ending:
                # the crude coefficients are in no table: their loss is held to statsmodels above
                lost = expected["exposed"] * model["excess_loss_crude"]
            else:
                lost = -expected["exposed"] * (detractors * model[coefficients[0]] + passives * model[coefficients[1]])
            pairs = compounded(sandbox, weights, replicate, is_standardised=not ending)
            lost, alone_right = every_order(lost.to_dict(), pairs, whole)
            # of the whole, as the parts of a small share are large
            worth = expected["margin"] * whole
            if not ending:
                close(losses["mended_alone_customers"] / whole, alone_right / whole)
                close(losses["mended_alone_eur"] / worth, alone_right / whole)
            close(losses[f"attributable_lost_customers{ending}"] / whole, lost / whole)
            close(losses[f"attributable_fraction{ending}"], lost / whole)
            close(losses[f"excess_loss{ending}"], lost / expected["exposed"])
            euros = "value_at_stake_crude_eur" if ending else "value_at_stake_eur"
            close(losses[euros] / worth, lost / whole)


# Risks at neither, the first, the second and both low; customers there; the exact average over both orders.
COMPOUNDING = [
    ((0.1, 0.3, 0.3, 0.5), (600, 200, 150, 50), (0.26316, 0.21053)),
    ((0.1, 0.3, 0.3, 0.6), (600, 200, 150, 50), (0.26923, 0.21795)),
    ((0.05, 0.1, 0.1, 0.6), (600, 120, 120, 160), (1 / 3, 1 / 3)),
    ((0.1, 0.1, 0.1, 0.8), (600, 100, 100, 200), (0.29167, 0.29167)),
    ((0.0, 0.0, 0.0, 1.0), (600, 100, 100, 200), (0.5, 0.5)),
    ((0.1, 0.6, 0.6, 0.6), (600, 120, 120, 160), (1 / 3, 1 / 3)),
]


@pytest.mark.parametrize(("risks", "customers", "expected"), COMPOUNDING)
def test_shares_add_up_to_the_loss_where_harm_compounds(
    sandbox: Sandbox, risks: tuple[float, ...], customers: tuple[int, ...], expected: tuple[float, float]
) -> None:
    """Two links with every pattern of low and high scores: the average over orders, to the digits given."""
    dealer, centre = 10013, 10015
    rows = []
    for pattern, (risk, number) in enumerate(zip(risks, customers, strict=True)):
        for place in range(number):
            kept = float(place >= round(risk * number))
            rows += [(len(rows) // 2, dealer, 3 if pattern in (1, 3) else 10, kept)]
            rows += [(rows[-1][0], centre, 3 if pattern in (2, 3) else 10, kept)]
    world = pd.DataFrame(rows, columns=["customer_key", "chain_link_key", "score", "retained"])
    world = world.assign(response_on=TRAILING_FROM, tenure_band_key=1, segment="private")
    world["response_key"] = range(len(world))
    lay_down(sandbox, world, np.random.default_rng(1))
    met = world[["chain_link_key", "customer_key"]].assign(chain_key=CHAIN)
    sandbox.give("int_link_exposure", met.assign(last_met_on=TRAILING_FROM), {"last_met_on": "date"})
    people = pd.DataFrame({"customer_key": world["customer_key"].unique(), "chain_key": CHAIN, "segment": "private"})
    sandbox.give("int_customer_chain", people.assign(first_on=TRAILING_FROM), {"first_on": "date"})
    losses = built(sandbox)["int_loss_replicate"].query("replicate == 0").set_index("chain_link_key")
    got = losses.loc[[dealer, centre], "attributable_fraction"]
    close(got, expected, 1e-5)
    lost = np.array(risks) * customers
    both = (lost.sum() - risks[0] * sum(customers)) / lost.sum()
    close(got.sum(), both)
    # put right alone, the dealer leaves those that had the other link's risk
    left = risks[0] * (customers[0] + customers[1]) + risks[2] * (customers[2] + customers[3])
    close(losses.loc[dealer, "mended_alone_customers"], lost.sum() - left)


def test_shares_never_exceed_the_whole(sandbox: Sandbox) -> None:
    """Nobody scored both links, so each alone goes with all that is lost: they share it, in every replicate."""
    dealer, centre = 10013, 10015
    low = np.r_[np.zeros(600), np.full(100, 1), np.full(100, 2), np.full(200, 3)].astype(int)
    rows = [
        (customer, link, 3 if pattern & bit else 10, float(pattern < 3))
        for customer, pattern in enumerate(low)
        for link, bit in ((dealer, 1), (centre, 2))
    ]
    world = pd.DataFrame(rows, columns=["customer_key", "chain_link_key", "score", "retained"])
    world = world.assign(response_on=TRAILING_FROM, tenure_band_key=1, segment="private")
    met = world[["chain_link_key", "customer_key"]].assign(chain_key=CHAIN)
    world = world[world["customer_key"] % 2 == (world["chain_link_key"] == centre)].reset_index(drop=True)
    world["response_key"] = range(len(world))
    lay_down(sandbox, world, np.random.default_rng(1))
    sandbox.give("int_link_exposure", met.assign(last_met_on=TRAILING_FROM), {"last_met_on": "date"})
    tables = built(sandbox)
    alone_lost = tables["int_link_replicate"].query("replicate == 0")
    close((alone_lost["exposed"] * alone_lost["excess_loss"]).sum(), 400)
    losses = tables["int_loss_replicate"].query("replicate == 0")
    close(losses["attributable_lost_customers"], [100, 100])
    close(losses["attributable_fraction"], [0.5, 0.5])
    close(losses["mended_alone_customers"], [200, 200])
    assert len(tables["int_loss_replicate"]) == 2 * len(EVERY_REPLICATE)
    assert (tables["int_loss_replicate"].groupby("replicate")["attributable_fraction"].sum() <= 1 + 1e-9).all()


def test_published_average_fractions(sandbox: Sandbox) -> None:
    """Eide and Gefeller (1995): lung cancer by region, smoking and work, from the cells that R's averisk gives."""
    exposed = "6732 2976 1570 1787 1445 1008 6986 6553 3000 5766 9680 4194 2741 2194 2474 1031 12410 9537 8408 9509"
    risks = "360 621 236 411 507 864 1066 1745 1867 2891 514 875 339 584 718 1206 1474 2345 2497 3708"
    risk = np.array(risks.split(), dtype=float).reshape(2, 5, 2) / 1e4
    people = np.array(exposed.split(), dtype=float).reshape(2, 5, 2) / risk
    people /= people.sum()
    prevalence = (people * risk).sum()
    worth = {}
    for subset in range(8):
        right = risk
        for axis in range(3):
            if subset >> axis & 1:
                right = np.repeat(right.take([0], axis), risk.shape[axis], axis)
        worth[subset] = 1 - (people * right).sum() / prevalence
    games = pd.DataFrame({f"worth_{subset}": [value] for subset, value in worth.items()}).assign(game=1, whole=0.5)
    for number in (1, 2, 3):
        games[f"alone_{number}"] = 0.1 * number
    got = sandbox.probe(
        "statistics_probe_attributable", {"probe_games": games.assign(both_1_2=0.01, both_1_3=0.02, both_2_3=-0.04)}
    ).iloc[0]
    close(prevalence, 0.09041, 1e-5)
    close(got[["average_1", "average_2", "average_3"]], [0.12751, 0.34960, 0.12471], 1e-5)
    close(got[["average_1", "average_2", "average_3"]].sum(), worth[7])
    close(got[["all_right", "outer_right", "middle_right"]], [0.5, 0.39, 0.17])


@pytest.mark.parametrize("scorers", [0, 1, 9])
def test_a_link_with_few_scores_does_not_change_the_whole(sandbox: Sandbox, scorers: int) -> None:
    """The whole of the fractions is the lost customers of the chain, each counted once, who met only that link too."""
    random = np.random.default_rng(2006)
    world = scored(random, 300, same_day=True).assign(retained=0.0, tenure_band_key=1, segment="private")
    few = world["chain_link_key"] == 10015
    world.loc[few, "response_on"] = TRAILING_FROM
    world = world[~few | (np.cumsum(few) <= scorers)]
    # of the few everybody came back, of all others nobody
    world["retained"] = (world["chain_link_key"] == 10015).astype(float)
    lay_down(sandbox, world.reset_index(drop=True), random)
    tables = built(sandbox)
    met = sandbox.connection.execute(
        f"select count(distinct customer_key) from {sandbox.project.relations['int_link_exposure']}"
    ).fetchone()
    assert met is not None
    replicates = tables["int_link_replicate"].query("replicate == 0").set_index("chain_link_key")
    assert np.isnan(replicates.loc[10015, "expected_lost_once"]) == (scorers == 0)
    losses = tables["int_loss_replicate"].query("replicate == 0").set_index("chain_link_key")
    assert 10015 not in losses.index
    # nobody came back, so all who met a link are lost
    lost, fraction = losses["attributable_lost_customers"], losses["attributable_fraction"]
    close(fraction * met[0], lost, 1e-6)
    assert replicates["exposed"].sum() > met[0]


def pairwise(world: pd.DataFrame, is_standardised: bool) -> dict[int, np.ndarray]:
    """The coefficients of every link from available pairs, in plain pandas."""
    world = world.sort_values(["response_on", "response_key"]).assign(y=lambda rows: rows["retained"])
    paired = {link: world[world["chain_link_key"] == link].copy() for link in LINKS}
    for link, anchors in paired.items():
        for other in LINKS:
            if other == link:
                continue
            mine = world[world["chain_link_key"] == other]
            found = []
            for anchor in anchors.itertuples():
                since = anchor.response_on - timedelta(days=JOURNEY_DAYS)
                seen = mine[mine["customer_key"] == anchor.customer_key]
                seen = seen[(seen["response_on"] <= anchor.response_on) & (seen["response_on"] > since)]
                found.append(np.nan if seen.empty else float(standing(seen["score"]).iloc[-1]))
            anchors[f"c{other}"] = found

    def product(rows: pd.DataFrame, one: np.ndarray, two: np.ndarray) -> float:
        """Mean product about the means of the strata."""
        strata = dummies(rows, is_standardised)
        residual = one - strata @ np.linalg.lstsq(strata, one, rcond=None)[0]
        return float(residual @ two) / len(rows)

    def weight(seen: int, cases: int) -> float:
        return seen / (seen + PRIOR * (1 - seen / cases))

    coefficients = {}
    for link, anchors in paired.items():
        others = [other for other in LINKS if other != link and anchors[f"c{other}"].notna().sum() >= MIN_PAIRS]
        own = [(anchors["score"] <= 6).astype(float), anchors["score"].between(7, 8).astype(float)]
        size = 2 + len(others)
        matrix, side = np.zeros((size, size)), np.zeros(size)
        for i, j in itertools.product(range(2), range(2)):
            matrix[i, j] = product(anchors, own[i].to_numpy(), own[j].to_numpy())
            side[i] = product(anchors, own[i].to_numpy(), anchors["y"].to_numpy())
        for k, other in enumerate(others, start=2):
            rows = anchors[anchors[f"c{other}"].notna()]
            control = rows[f"c{other}"].to_numpy()
            matrix[k, k], side[k] = product(rows, control, control), product(rows, control, rows["y"].to_numpy())
            for i in range(2):
                seen = product(rows, own[i].loc[rows.index].to_numpy(), control)
                matrix[i, k] = matrix[k, i] = weight(len(rows), len(anchors)) * seen
            for m, third in enumerate(others[k - 1 :], start=k + 1):
                total, number, cases = 0.0, 0, 0
                for one, two in ((other, third), (third, other)):
                    both = paired[one][paired[one][f"c{two}"].notna()]
                    total += len(both) * product(both, standing(both["score"]).to_numpy(), both[f"c{two}"].to_numpy())
                    number, cases = number + len(both), cases + len(paired[one])
                matrix[k, m] = matrix[m, k] = weight(number, cases) * total / number
        coefficients[link] = np.linalg.solve(matrix, side)[:2]
    return coefficients


def test_with_few_pairs_it_is_what_pandas_makes_of_the_same_rule(sandbox: Sandbox) -> None:
    """Controls at or before the anchor, within a journey, the latest; few pairs weigh less, too few are left out."""
    random = np.random.default_rng(1997)
    world = scored(random, 500, same_day=False)
    # of one link so few scores that others cannot be held constant for it
    rare = world["chain_link_key"] == 10012
    world = world[~rare | (np.cumsum(rare) <= 60)].reset_index(drop=True)
    again = world.sample(150, random_state=3).assign(score=10)
    again["response_on"] += timedelta(days=40)
    world = pd.concat([world, again], ignore_index=True)
    world["response_key"] = random.permutation(len(world))
    lay_down(sandbox, world, random)
    tables = built(sandbox)
    got = tables["int_joint_replicate"].query("replicate == 0").set_index("chain_link_key")
    controls = tables["int_joint_control"]
    assert 0 < (~controls["is_controlled"]).sum() < len(controls)
    assert controls["pairs"].max() < (world["chain_link_key"] == 10013).sum()
    expected, crude = pairwise(world, is_standardised=True), pairwise(world, is_standardised=False)
    shares = tables["int_link_replicate"].query("replicate == 0").set_index("chain_link_key")
    for link in LINKS:
        close(got.loc[link, ["detractor_coefficient", "passive_coefficient"]], expected[link])
        share = shares.loc[link, ["detractor_share_crude", "passive_share_crude"]].to_numpy(dtype=float)
        close(got.loc[link, "excess_loss_crude"], -(crude[link] @ share))


def test_without_pairs_links_are_taken_one_by_one(sandbox: Sandbox) -> None:
    """Said with its reason, and the figures are those of the links alone."""
    random = np.random.default_rng(7)
    world = scored(random, 800, same_day=True)
    world = world[world["customer_key"] % 4 == world["chain_link_key"].map({k: i for i, k in enumerate(LINKS)})]
    lay_down(sandbox, world.reset_index(drop=True), random)
    tables = built(sandbox)
    assert tables["int_joint_pair"].empty
    evidence = tables["int_joint_evidence"]
    assert set(evidence["loss_model"]) == {"one_by_one"}
    assert set(evidence["one_by_one_reason_code"]) == {"few_pairs"}
    assert evidence["is_upper_bound"].all()
    key = ["chain_link_key", "replicate"]
    losses = tables["int_loss_replicate"].merge(tables["int_link_replicate"], on=key, suffixes=("", "_alone"))
    assert len(losses) == len(LINKS) * len(EVERY_REPLICATE)
    # but for replicates in which the links together would lose more than there is to lose
    lost = losses.assign(lost=losses["exposed"] * losses["excess_loss_alone"]).groupby("replicate")["lost"].sum()
    whole = tables["int_link_replicate"].groupby("replicate")["expected_lost_once"].sum()
    assert (lost > whole).any()
    within = losses[losses["replicate"].map(lost <= whole)]
    assert len(within) > len(losses) / 2
    close(within["value_at_stake_eur"], within["value_at_stake_eur_alone"])
    close(within["excess_loss"], within["excess_loss_alone"])
    over = losses[losses["replicate"].map(lost > whole)].groupby("replicate")["attributable_fraction"].sum()
    close(over, 1)


def test_scores_that_repeat_another_links_determine_no_joint_model(sandbox: Sandbox) -> None:
    """Two links with the same scores by all cannot be told apart: said, and not given as a figure."""
    random = np.random.default_rng(8)
    world = scored(random, 300, same_day=True)
    wide = world.pivot(index="customer_key", columns="chain_link_key", values="score")
    # only promoters and detractors: a standing is then a detractor's indicator in other units
    copied = wide[10013].where(wide[10013] != 8, 10)
    for link in (10013, 10015):
        world.loc[world["chain_link_key"] == link, "score"] = copied.to_numpy()
    lay_down(sandbox, world, random)
    evidence = built(sandbox)["int_joint_evidence"].set_index("chain_link_key")
    assert (evidence["loss_model"] == "one_by_one").all()
    assert set(evidence["one_by_one_reason_code"]) == {"inseparable"}


def test_the_same_losses_whatever_the_order(sandbox: Sandbox) -> None:
    random = np.random.default_rng(15)
    lay_down(sandbox, scored(random, 400, same_day=False), random)
    sandbox.assert_order_does_not_matter(MODELS)
