"""Response rate, weights and mode mix against statsmodels and plain loops over single invitations and responses."""

import itertools

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import proportions_ztest
from statsmodels.stats.weightstats import DescrStatsW

from study.sql_harness import Sandbox, close

Z_95 = 1.959964
MIN_STRATUM = 5
TRIM = 5
MIN_DISTANCE, MAX_P = 0.1, 0.05
CELL = ["channel_key", "tenure_band_key", "segment"]
QUARTERS = list(pd.date_range("2025-01-01", "2025-10-01", freq="QS"))
# what is published for AAPOR's letters, and which ours are
LETTERS = {"answered": "I", "invalid_answer": "P", "opted_out": "R", "not_answered": "U", "bounced": "U"}
SHOP, DEALER = 20014, 10013
# of the shop, which asks at the till, and of the dealer, which invites
SURVEYS = [5, 3]
FIGURES = ["n_eff", "nps_weighted", "nps_weighted_ci_low", "nps_weighted_ci_high", "largest_weight", "weight_strata"]


# -------------------------------------------------------------------------------------------------- weighted NPS


def random_cells(random: np.random.Generator, link: int, partners: int = 3) -> pd.DataFrame:
    """int_nonresponse_cell of one link: cells from empty to crowded, on either side."""
    axes = (range(partners), QUARTERS, (1, 2, 3), (0, 1, 2), ("business", "private"))
    rows = pd.DataFrame(itertools.product(*axes), columns=["partner_code", "quarter_start_on", *CELL])
    rows = rows[random.random(len(rows)) < random.choice([0.3, 0.8, 1.0])].assign(chain_link_key=link)
    rows["partner_code"] = "p" + rows["partner_code"].astype(str)
    rows["population"] = random.choice([0, 1, 5, 40, 900], len(rows), p=[0.1, 0.1, 0.3, 0.4, 0.1])
    busy = random.choice([0.1, 2, 12])
    for answer in ("promoters", "passives", "detractors"):
        rows[answer] = random.poisson(busy, len(rows))
    rows["responses"] = rows[["promoters", "passives", "detractors"]].sum(axis=1)
    rows["invitations"] = rows["population"]
    for count in ("completes", "partials", "refusals", "unknowns"):
        rows[count] = 0
    return rows.assign(weighting_channel_key=rows["channel_key"])


def pool(cells: pd.DataFrame) -> list[list[int]]:
    """The cells that share a weight: the weak are pooled, then the smallest of the rest until the pool can stand."""
    weak = (cells["responses"] < MIN_STRATUM) | (cells["population"] == 0)
    pooled = list(cells.index[weak])
    strong = cells[~weak].sort_values(["responses", *CELL]).index.tolist()
    while pooled and strong:
        together = cells.loc[pooled, ["responses", "population"]].sum()
        if together["responses"] >= MIN_STRATUM and together["population"] > 0:
            break
        pooled.append(strong.pop(0))
    return [[cell] for cell in strong] + ([pooled] if pooled else [])


def expected_weights(rows: pd.DataFrame) -> dict | None:
    """Response by response: a weight for each, and the statistics of them by statsmodels."""
    cells = (
        rows.assign(channel_key=rows["weighting_channel_key"])
        .groupby(CELL)[["population", "responses", "promoters", "passives", "detractors"]]
        .sum()
        .reset_index()
    )
    total = cells[["population", "responses"]].sum()
    if total["responses"] == 0 or total["population"] == 0:
        return None
    values, weights, strata = [], [], 0
    for stratum in pool(cells):
        mine = cells.loc[stratum].sum(numeric_only=True)
        if mine["responses"] == 0:
            continue
        strata += 1
        wanted = mine["population"] / total["population"]
        weight = min(TRIM, wanted / (mine["responses"] / total["responses"]))
        for answer, value in (("promoters", 100.0), ("passives", 0.0), ("detractors", -100.0)):
            values += [value] * int(mine[answer])
            weights += [weight] * int(mine[answer])
    weighted = DescrStatsW(values, weights)
    n_eff = np.sum(weights) ** 2 / np.sum(np.square(weights))
    # Rocks (2016): 3/4 promoter, 3/4 detractor and 1 1/2 passive beside n_eff answers of these shares
    adjusted = DescrStatsW([*values, 100, 0, -100], [*(np.array(weights) * n_eff / np.sum(weights)), 0.75, 1.5, 0.75])
    half = Z_95 * np.sqrt(adjusted.var / (n_eff + 3))
    return {
        "n_eff": n_eff,
        "nps_weighted": weighted.mean,
        "nps_weighted_ci_low": max(-100, adjusted.mean - half),
        "nps_weighted_ci_high": min(100, adjusted.mean + half),
        "largest_weight": max(weights),
        "weight_strata": strata,
    }


def check_weights(got: pd.DataFrame, cells: pd.DataFrame, unit: list[str]) -> int:
    """Every unit and quarter; the number of those with figures."""
    keys = [*unit, "quarter_start_on"]
    units = cells.groupby(keys)
    assert len(got) == units.ngroups
    weighted = 0
    for _, row in got.iterrows():
        expected = expected_weights(units.get_group(tuple(row[key] for key in keys)))
        if expected is None:
            assert row[FIGURES].isna().all()
            continue
        close(row[list(expected)], list(expected.values()))
        weighted += 1
    return weighted


def test_weighted_figures_on_random_cells(sandbox: Sandbox) -> None:
    """Links and partners of every size against statsmodels."""
    random = np.random.default_rng(1979)
    cells = pd.concat([random_cells(random, link) for link in range(1, 16)], ignore_index=True)
    # links without invitations: who bought there has no mode, who answered has one, and the weights know none
    at_the_till = cells["chain_link_key"] % 3 == 0
    cells.loc[at_the_till, ["weighting_channel_key", "invitations"]] = 0
    buyers = cells[at_the_till & (cells["channel_key"] == 1)].assign(channel_key=0)
    buyers[["responses", "promoters", "passives", "detractors"]] = 0
    cells.loc[at_the_till, "population"] = 0
    cells = pd.concat([cells, buyers], ignore_index=True)
    sandbox.give("int_nonresponse_cell", cells, {"quarter_start_on": "date"})
    by_link, by_partner = sandbox.build("int_link_nonresponse"), sandbox.build("int_partner_nonresponse")
    assert check_weights(by_link, cells, ["chain_link_key"]) > 50
    assert check_weights(by_partner, cells, ["chain_link_key", "partner_code"]) > 150
    assert (by_partner["largest_weight"] == TRIM).any() and (by_partner["weight_strata"] > 3).any()
    assert by_partner["n_eff"].le(by_partner["responses"] + 1e-9).where(by_partner["n_eff"].notna(), True).all()


def one_unit(population: list[int], promoters: list[int], detractors: list[int]) -> pd.DataFrame:
    """One quarter of one link: cells are tenure bands."""
    rows = pd.DataFrame({"population": population, "promoters": promoters, "detractors": detractors})
    rows = rows.assign(tenure_band_key=range(len(rows)), segment="private", channel_key=1, weighting_channel_key=1)
    rows = rows.assign(passives=0, invitations=rows["population"], responses=rows["promoters"] + rows["detractors"])
    rows = rows.assign(completes=0, partials=0, refusals=0, unknowns=0, partner_code="p")
    return rows.assign(chain_link_key=1, quarter_start_on=QUARTERS[0])


@pytest.mark.parametrize(
    ("population", "promoters", "detractors", "nps", "n_eff"),
    [
        # half of those asked, a quarter of the answers: 100 x 1/2 - 100 x 1/2
        ([50, 50], [10, 0], [0, 30], 0, 40**2 / (10 * 2**2 + 30 * (2 / 3) ** 2)),
        # an even response changes nothing
        ([10, 30], [10, 0], [0, 30], -50, 40),
        # nobody answered in the second cell: it joins the first, with no other left
        ([10, 90], [10, 0], [10, 0], 0, 20),
        # 1 % of the answers for half of those asked: a weight of 50 is cut to 5
        ([50, 50], [5, 0], [0, 495], 100 * (25 - 495 / 1.98) / (25 + 495 / 1.98), None),
    ],
)
def test_weights_by_hand(
    sandbox: Sandbox,
    population: list[int],
    promoters: list[int],
    detractors: list[int],
    nps: float,
    n_eff: float | None,
) -> None:
    """Figures that can be worked out on paper."""
    sandbox.give("int_nonresponse_cell", one_unit(population, promoters, detractors), {"quarter_start_on": "date"})
    row = sandbox.build("int_link_nonresponse").iloc[0]
    close(row["nps_weighted"], nps)
    if n_eff:
        close(row["n_eff"], n_eff)


def weighted(sandbox: Sandbox, cells: pd.DataFrame) -> pd.Series:
    """Figures of the one link and quarter that the cells are of."""
    sandbox.give("int_nonresponse_cell", cells, {"quarter_start_on": "date"})
    return sandbox.build("int_link_nonresponse").iloc[0]


def test_post_stratification_of_a_published_example(sandbox: Sandbox) -> None:
    """Pennsylvania State University, STAT 506, lesson 6.3: 20 men who weigh 180 and 80 women who weigh 120.

    Of as many men as women, the mean is 150 instead of 132. An NPS of 60 among the men and 0 among the women is that
    example with 120 taken off.
    """
    row = weighted(sandbox, one_unit([50, 50], [16, 40], [4, 40]))
    close(row["nps_weighted"] + 120, 150)
    # weights of 2.5 and 0.625
    close([row["largest_weight"], row["n_eff"]], [2.5, 64])


# Askia, "Weighting efficiency": the weights of 24 interviews, efficiency 80.06 %, effective base 19
ASKIA = """.820508273 1.027660121 .798126889 1.813092082 .524670726 1.682138128 .066485204 1.524746555 .571220139
1.878748796 .070238083 1.840453697 .683791839 1.00838961 .833383964 1.330310173 .602917671 1.257201562 .632265608
1.451447184 .622107103 1.252551275 .966905785 1.561603913"""


def test_effective_number_of_responses_of_a_published_example(sandbox: Sandbox) -> None:
    """Kish's: five answers of each weight, since fewer share one."""
    population = [round(float(weight) * 1e9) for weight in ASKIA.split()]
    row = weighted(sandbox, one_unit(population, [5] * 24, [0] * 24))
    assert round(100 * row["n_eff"] / (24 * 5), 2) == 80.06
    assert round(row["n_eff"] / 5) == 19


@pytest.mark.parametrize(
    ("completes", "partials", "refusals", "unknowns", "printed"),
    [
        # outcomerate (rOpenSci): I 4, P 2, R 1, NC 1, O 1, UH 1, UO 1, and I 5, P 3, R 2, NC 1, O 2, UH 1, UO 1
        (4, 2, 1, 1 + 1 + 1 + 1, 0.364),
        (5, 3, 2, 1 + 2 + 1 + 1, 0.333),
        # statscalculators.com: I 650, P 50, R 150, NC 100, O 30, UE 20
        (650, 50, 150, 100 + 30 + 20, 0.65),
    ],
)
def test_rr1_of_published_examples(
    sandbox: Sandbox, completes: int, partials: int, refusals: int, unknowns: int, printed: float
) -> None:
    """Who could not be reached, or isn't known to have been, counts in the denominator of AAPOR's response rate 1."""
    counts = {"completes": completes, "partials": partials, "refusals": refusals, "unknowns": unknowns}
    row = weighted(sandbox, one_unit([sum(counts.values())], [completes], [0]).assign(**counts))
    assert round(row["response_rate_rr1"], 3) == printed


def test_figures_do_not_depend_on_the_order_of_rows(sandbox: Sandbox) -> None:
    """To the last bit."""
    random = np.random.default_rng(3)
    cells = pd.concat([random_cells(random, link) for link in range(1, 30)], ignore_index=True)
    built = []
    for threads, rows in (
        (1, cells),
        (4, cells.sample(frac=1, random_state=2)),
        (2, cells.sample(frac=1, random_state=4)),
    ):
        sandbox.connection.execute(f"set threads = {threads}")
        sandbox.give("int_nonresponse_cell", rows, {"quarter_start_on": "date"})
        got = sandbox.build("int_partner_nonresponse")
        built.append(got.sort_values(["chain_link_key", "partner_code", "quarter_start_on"], ignore_index=True))
    pd.testing.assert_frame_equal(built[0], built[1], check_exact=True)
    pd.testing.assert_frame_equal(built[0], built[2], check_exact=True)


# ------------------------------------------------------------------------------------------------------ mode mix


def expected_mode_change(now: pd.Series, before: pd.Series) -> tuple[float, float]:
    """Total variation distance, and the smallest two-proportion p of statsmodels times the number of modes."""
    modes = sorted({*now.index[now > 0], *before.index[before > 0]})
    counts = [(now.get(mode, 0), before.get(mode, 0)) for mode in modes]
    sizes = np.array([now.sum(), before.sum()])
    distance = sum(abs(a / sizes[0] - b / sizes[1]) for a, b in counts) / 2
    if len(modes) == 1:
        return 0.0, 1.0
    p = min(proportions_ztest(count, sizes)[1] for count in counts)
    return distance, min(1.0, len(modes) * p)


def test_mode_mix_on_random_cells(sandbox: Sandbox) -> None:
    """Against statsmodels; no flag without a quarter before."""
    random = np.random.default_rng(2005)
    cells = pd.concat([random_cells(random, link) for link in range(1, 16)], ignore_index=True)
    # one mode only, everywhere; and a quarter that moves to another mode
    cells.loc[cells["chain_link_key"] == 14, ["channel_key", "weighting_channel_key"]] = 1
    cells.loc[(cells["chain_link_key"] == 15) & (cells["quarter_start_on"] == QUARTERS[2]), "channel_key"] = 5
    sandbox.give("int_nonresponse_cell", cells, {"quarter_start_on": "date"})
    got = sandbox.build("int_link_nonresponse")
    responses = cells.groupby(["chain_link_key", "quarter_start_on", "channel_key"])["responses"].sum()
    flags = []
    for _, row in got.iterrows():
        link, quarter = row["chain_link_key"], row["quarter_start_on"]
        now = responses.loc[link, quarter]
        earlier = quarter - pd.DateOffset(months=3)
        before = (
            responses.loc[link, earlier] if (link, earlier) in responses.index.droplevel(2) else pd.Series(dtype=int)
        )
        if not now.sum() or not before.sum():
            assert row[["mode_mix_distance", "mode_mix_p", "is_mode_mix_changed"]].isna().all()
            continue
        distance, p = expected_mode_change(now, before)
        close(row[["mode_mix_distance", "mode_mix_p"]], [distance, p])
        assert row["is_mode_mix_changed"] == (distance > MIN_DISTANCE and p < MAX_P)
        flags.append(row["is_mode_mix_changed"])
    assert True in flags and False in flags


MEMBERS = {
    "partner": (["chain_link_key"], "partner_code"),
    "segment": (["chain_link_key"], "segment"),
    "link": (["chain_key"], "link_code"),
}


def test_mode_mix_of_what_is_compared(sandbox: Sandbox) -> None:
    """Partners, segments and links, with the quarter before and the quarter a year before, against statsmodels."""
    random = np.random.default_rng(2006)
    years = [day + pd.DateOffset(years=year) for year in (0, 1) for day in QUARTERS]
    cells = pd.concat([random_cells(random, link) for link in range(11, 16) for _ in range(2)], ignore_index=True)
    cells["quarter_start_on"] = random.choice(years, len(cells))
    cells = cells.assign(chain_key=1, link_code="l" + cells["chain_link_key"].astype(str))
    cells.loc[(cells["link_code"] == "l12") & (cells["quarter_start_on"] >= years[4]), "channel_key"] = 7
    sandbox.give("int_nonresponse_cell", cells.drop(columns=["chain_key", "link_code"]), {"quarter_start_on": "date"})
    sandbox.give("dim_chain_link", cells[["chain_key", "chain_link_key", "link_code"]].drop_duplicates())
    sandbox.give_comparisons()
    key = ["dimension", "total_key", "member_code", "comparison", "quarter_start_on"]
    got = sandbox.build("int_mode_mix_change").set_index(key)
    assert got.index.is_unique
    figures = ["mode_mix_distance", "mode_mix_p", "is_mode_mix_changed"]
    expected = {}
    for dimension, (total, member) in MEMBERS.items():
        modes = cells.groupby([*total, member, "quarter_start_on", "channel_key"])["responses"].sum()
        answered = modes.groupby(level=[0, 1, 2]).sum()
        for (total_key, code, quarter), comparison in itertools.product(
            answered.index[answered > 0], (("quarter", 3), ("year", 12))
        ):
            earlier = (total_key, code, quarter - pd.DateOffset(months=comparison[1]))
            if answered.get(earlier, 0):
                distance, p = expected_mode_change(modes.loc[total_key, code, quarter], modes.loc[earlier])
                changed = distance > MIN_DISTANCE and p < MAX_P
                expected[dimension, total_key, code, comparison[0], quarter] = (distance, p, changed)
    assert set(got.index) == set(expected) and {key[3] for key in expected} == {"quarter", "year"}
    close(got.loc[list(expected), figures], list(expected.values()))
    assert {got.loc[got.index.get_level_values(0) == name, "is_mode_mix_changed"].any() for name in MEMBERS} == {True}


# ------------------------------------------------------------------------------ from invitations and responses

TODAY = pd.Timestamp("2025-02-15")


def random_survey(random: np.random.Generator, size: int) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Invitations of a dealer link, responses of it and of a shop link, purchases at both."""
    days = TODAY + pd.to_timedelta(random.integers(-40, 120, size), unit="D")
    base = pd.DataFrame({"customer_key": random.integers(1, 300, size).astype(float), "day": days})
    base.loc[random.random(size) < 0.1, "customer_key"] = np.nan
    base["quarter_start_on"] = base["day"].dt.to_period("Q").dt.start_time
    base["partner_key"] = random.integers(1, 5, size)
    base["channel_key"] = random.integers(1, 4, size)
    invitations = base.assign(
        chain_link_key=DEALER, chain_key=1001, sent_on=base["day"], disposition=random.choice(list(LETTERS), size)
    )
    link = random.choice([SHOP, DEALER], size)
    survey = np.where(link == SHOP, *SURVEYS)
    responses = base.assign(chain_link_key=link, chain_key=link // 10, survey_key=survey, response_on=base["day"])
    answer = random.integers(0, 3, size)
    for number, column in enumerate(("is_promoter", "is_passive", "is_detractor")):
        responses[column] = (answer == number).astype(int)
    link = random.choice([SHOP, DEALER], size)
    purchases = base.assign(chain_link_key=link, chain_key=link // 10, link_key=link % 10, transaction_on=base["day"])
    return invitations, responses, purchases


def band(first_on: pd.Timestamp | None, day: pd.Timestamp) -> int:
    """Tenure band on a day; 0 for nobody known."""
    if pd.isna(first_on):
        return 0
    days = max(0, (day - first_on).days)
    return 1 if days < 365 else 2 if days < 1095 else 3


def give_survey(sandbox: Sandbox, random: np.random.Generator) -> tuple[pd.DataFrame, ...]:
    """The facts and dimensions of a random survey."""
    tables = random_survey(random, 4000)
    days = ("sent_on", "response_on", "transaction_on")
    for node, rows, day in zip(
        ("fct_survey_invitation", "fct_nps_response", "fct_transaction"), tables, days, strict=True
    ):
        types = {day: "date", "quarter_start_on": "date", "customer_key": "bigint"}
        sandbox.give(node, rows.drop(columns="day"), types)
    surveys = {"survey_key": SURVEYS, "link_key": [SHOP % 10, DEALER % 10], "survey_code": ["shop_visit", "post_sale"]}
    sandbox.give("dim_survey", pd.DataFrame(surveys))
    partners = pd.DataFrame({"partner_key": [1, 2, 3, 4], "partner_code": ["a", "a", "b", "c"]})
    sandbox.give("dim_partner", partners)
    customers = pd.DataFrame(itertools.product(range(1, 280), (1001, 2001)), columns=["customer_key", "chain_key"])
    customers["first_on"] = TODAY - pd.to_timedelta(random.integers(-60, 2000, len(customers)), unit="D")
    customers["segment"] = random.choice(["business", "private", "unknown"], len(customers))
    sandbox.give("int_customer_chain", customers, {"first_on": "date"})
    bands = pd.DataFrame({"tenure_band_key": [1, 2, 3], "from_days": [0, 365, 1095], "to_days": [364, 1094, 999999]})
    sandbox.give("tenure_bands", bands)
    return (*tables, partners, customers)


def described(rows: pd.DataFrame, partners: pd.DataFrame, customers: pd.DataFrame) -> pd.DataFrame:
    """Rows with their partner, tenure band and segment."""
    rows = rows.merge(partners, on="partner_key").merge(customers, on=["customer_key", "chain_key"], how="left")
    rows["tenure_band_key"] = [band(*pair) for pair in zip(rows["first_on"], rows["day"], strict=True)]
    return rows.fillna({"segment": "unknown"})


def test_cells_hold_what_was_asked_and_answered(sandbox: Sandbox) -> None:
    """Population, dispositions and answers; a link without invitations takes its buyers, once a quarter and partner."""
    invitations, responses, purchases, partners, customers = give_survey(sandbox, np.random.default_rng(5))
    got = sandbox.build("int_nonresponse_cell")
    keys = ["chain_link_key", "partner_code", "quarter_start_on", *CELL]
    assert not got.duplicated([*keys, "weighting_channel_key"]).any()
    got = got.set_index(keys)
    asked = described(invitations, partners, customers)
    asked["letter"] = asked["disposition"].map(LETTERS)
    buyers = purchases[purchases["customer_key"].notna() & (purchases["chain_link_key"] == SHOP)].sort_values("day")
    buyers = buyers.merge(partners, on="partner_key").drop_duplicates(
        ["customer_key", "partner_code", "quarter_start_on"]
    )
    buyers = described(buyers.drop(columns="partner_code").assign(channel_key=0), partners, customers)
    answered = described(responses, partners, customers)
    truth = {"population": pd.concat([asked, buyers]), "invitations": asked, "responses": answered}
    letters = (("completes", "I"), ("partials", "P"), ("refusals", "R"), ("unknowns", "U"))
    truth |= {name: asked[asked["letter"] == letter] for name, letter in letters}
    counts = (("promoters", "is_promoter"), ("passives", "is_passive"), ("detractors", "is_detractor"))
    truth |= {name: answered[answered[column] == 1] for name, column in counts}
    for measure, rows in truth.items():
        expected = rows.groupby(keys).size().reindex(got.index, fill_value=0)
        assert expected.sum() == len(rows), "every row has a cell"
        assert got[measure].tolist() == expected.tolist(), measure
    shop = got.index.get_level_values(0) == SHOP
    assert (got.loc[shop, "weighting_channel_key"] == 0).all()
    dealer = got[~shop]
    assert dealer["weighting_channel_key"].tolist() == dealer.index.get_level_values("channel_key").tolist()


def test_response_rate_is_rr1(sandbox: Sandbox) -> None:
    """Valid answers among all invited, by the quarter of the invitation; none without invitations."""
    invitations, _, _, partners, _ = give_survey(sandbox, np.random.default_rng(6))
    sandbox.build("int_nonresponse_cell")
    got = sandbox.build("int_partner_nonresponse").set_index(["chain_link_key", "partner_code", "quarter_start_on"])
    invited = invitations.merge(partners, on="partner_key").groupby(
        ["chain_link_key", "partner_code", "quarter_start_on"]
    )
    expected = invited["disposition"].agg(lambda dispositions: (dispositions == "answered").mean())
    assert len(expected) > 5
    close(got.loc[expected.index, "response_rate_rr1"], expected)
    rest = got.drop(expected.index)
    assert len(rest) and rest["response_rate_rr1"].isna().all()
