"""What changed: Kitagawa and Das Gupta against exact fractions, orderings, pandas and lifelines."""

import itertools
import math
import warnings
from collections.abc import Callable
from datetime import date
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from lifelines import KaplanMeierFitter
from scipy import stats

from study.sql_harness import Sandbox, close

MIN_SHOWN = 10
POOL = "(suppressed)"
QUARTERS = pd.date_range("2023-07-01", periods=9, freq="QS").date
CATEGORIES = ("promoter", "passive", "detractor")
LINK_CODES = {1: "manufacturer", 3: "dealer", 5: "contact_centre"}
FACTORS = ("a", "b", "c", "d", "e")


def orderings_mean(
    before: dict[str, object], after: dict[str, object], value: Callable[[dict[str, object]], float]
) -> dict[str, float]:
    """What each factor adds when the factors change one after another, on average over all orders."""
    parts = dict.fromkeys(before, 0.0)
    orders = list(itertools.permutations(before))
    for order in orders:
        now = dict(before)
        for factor in order:
            was = value(now)
            now[factor] = after[factor]
            parts[factor] += (value(now) - was) / len(orders)
    return parts


def chain_links(chains: list[int]) -> pd.DataFrame:
    """dim_chain_link of these chains."""
    rows = [(chain * 10 + link, chain, f"chain_{chain}", code) for chain in chains for link, code in LINK_CODES.items()]
    return pd.DataFrame(rows, columns=["chain_link_key", "chain_key", "chain_code", "link_code"])


# ----------------------------------------------------------------------------------------------------- Kitagawa


def kitagawa_exactly(cells: pd.DataFrame) -> tuple[list[Fraction], list[Fraction], Fraction]:
    """Mix and rate of each cell and the change of the total, in exact fractions."""
    rows = [tuple(map(int, row)) for row in cells[["count_before", "sum_before", "count_after", "sum_after"]].values]
    n_before, s_before, n_after, s_after = (sum(column) for column in zip(*rows, strict=True))
    total_before, total_after = Fraction(s_before, n_before), Fraction(s_after, n_after)
    mix, rate = [], []
    for cell_n_before, cell_s_before, cell_n_after, cell_s_after in rows:
        share_before, share_after = Fraction(cell_n_before, n_before), Fraction(cell_n_after, n_after)
        rates = [Fraction(s, n) for s, n in ((cell_s_before, cell_n_before), (cell_s_after, cell_n_after)) if n]
        first, last = (rates[0], rates[-1]) if rates else (Fraction(0), Fraction(0))
        mix.append((share_after - share_before) * ((first + last) / 2 - (total_before + total_after) / 2))
        rate.append((last - first) * (share_before + share_after) / 2)
    return mix, rate, total_after - total_before


def random_cells(random: np.random.Generator, total: int) -> pd.DataFrame:
    """Cells of one total, some of them new, gone or empty; NPS sums."""
    size = int(random.integers(1, 9))
    cells = pd.DataFrame({"total": total, "cell": [f"cell {number}" for number in range(size)]})
    for period in ("before", "after"):
        counts = random.choice([0, 1, 3, 20, 400, 10_000], size)
        counts[0] = max(counts[0], 1)
        cells[f"count_{period}"] = counts
        cells[f"sum_{period}"] = [100 * int(random.integers(-count, count + 1)) for count in counts]
    return cells


def test_kitagawa_on_random_cells(sandbox: Sandbox) -> None:
    """Each part against exact fractions; the parts add up to the change, and as orderings of mix and rate share it."""
    random = np.random.default_rng(1955)
    cells = pd.concat([random_cells(random, total) for total in range(200)], ignore_index=True)
    got = sandbox.probe("statistics_probe_kitagawa", {"probe_cells": cells}).sort_values(["total", "cell"])
    assert len(got) == len(cells)
    for total, parts in got.groupby("total"):
        given = cells[cells["total"] == total].sort_values("cell")
        mix, rate, change = kitagawa_exactly(given)
        close(parts["mix_effect"], [float(part) for part in mix])
        close(parts["rate_effect"], [float(part) for part in rate])
        assert sum(mix) + sum(rate) == change
        close(parts[["mix_effect", "rate_effect"]].to_numpy().sum(), float(change))
        if (given[["count_before", "count_after"]] > 0).all(axis=None):
            sides = [
                {
                    "mix": given[f"count_{side}"].to_numpy() / given[f"count_{side}"].sum(),
                    "rate": given[f"sum_{side}"].to_numpy() / given[f"count_{side}"].to_numpy(),
                }
                for side in ("before", "after")
            ]
            shared = orderings_mean(*sides, lambda now: float(now["mix"] @ now["rate"]))
            close([parts["mix_effect"].sum(), parts["rate_effect"].sum()], [shared["mix"], shared["rate"]])


# Das Gupta (1993), as the README of DasGuptR (josiahpjking/DasGuptR) prints it. Headship rates per 100 of 13 ages in
# 1970 and 1985, and deaths per 1,000 of 22 groups by race and age in 1970 and 1985: sizes and rates before, then after.
HEADSHIP = """12.9 10.9 9.5 8.0 7.8 8.4 8.6 7.8 7.0 5.9 4.7 3.6 4.9
1.9 25.8 45.7 49.6 51.2 51.6 51.8 54.9 58.7 60.4 62.8 66.6 66.8
10.1 11.2 11.6 10.9 9.4 7.7 6.3 6.0 6.3 5.9 5.1 4.0 5.5
2.2 24.3 45.8 52.5 56.1 55.6 56.0 57.4 57.2 61.2 63.9 68.6 72.2"""
DEATHS = """2968 11484 34614 30992 21983 20314 20928 16897 11339 5720 1315
535 2162 6120 4781 3096 2718 2363 1767 1149 448 117
18.469 .751 .391 1.146 1.287 2.672 6.636 15.691 34.723 79.763 176.837
36.993 1.352 .541 2.040 3.523 6.746 12.967 24.471 45.091 74.902 123.205
3041 11577 27450 32711 35480 27411 19555 19795 15254 8022 2472 707 2692 6473 6841 6547 4352 3034 2540 1749 804 236
9.163 .462 .248 .929 1.084 1.810 4.715 12.187 27.728 64.068 157.570
17.208 .738 .328 1.103 2.045 3.724 8.052 17.812 34.128 68.276 125.161"""


@pytest.mark.parametrize(
    ("listing", "digits", "mix", "rate", "totals"),
    [
        (HEADSHIP, 4, 1.2269, 1.7403, (44.7268, 47.6940)),
        (DEATHS, 6, 1.541510, -2.227725, (9.421833, 8.735618)),
    ],
)
def test_kitagawa_on_published_examples(
    sandbox: Sandbox, listing: str, digits: int, mix: float, rate: float, totals: tuple[float, float]
) -> None:
    """Mix and rate as printed; in the second example their signs differ."""
    size_before, rate_before, size_after, rate_after = np.array(listing.split(), dtype=float).reshape(4, -1)
    cells = pd.DataFrame({"total": 1, "cell": [f"cell {number:02}" for number in range(len(size_before))]})
    cells["count_before"], cells["count_after"] = size_before, size_after
    cells["sum_before"], cells["sum_after"] = size_before * rate_before, size_after * rate_after
    got = sandbox.probe("statistics_probe_kitagawa", {"probe_cells": cells})
    assert (round(got["mix_effect"].sum(), digits), round(got["rate_effect"].sum(), digits)) == (mix, rate)
    shown = got[["total_rate_before", "total_rate_after"]].drop_duplicates().round(digits)
    assert [tuple(row) for row in shown.to_numpy()] == [totals]


# ---------------------------------------------------------------------------------------------------- Das Gupta


def probe_products(sandbox: Sandbox, before: np.ndarray, after: np.ndarray) -> pd.DataFrame:
    """The parts of products of 2 to 5 factors; five columns of factors."""
    columns = {"product": range(len(before))}
    for number, factor in enumerate(FACTORS):
        columns |= {f"{factor}_before": before[:, number], f"{factor}_after": after[:, number]}
    rows = pd.DataFrame(columns)
    return sandbox.probe("statistics_probe_das_gupta", {"probe_products": rows}).sort_values("product")


def test_das_gupta_on_the_first_worked_example(sandbox: Sandbox) -> None:
    """Two factors, 0.6 x 0.5 and 0.3 x 0.45: effects -0.1425 and -0.0225."""
    ones = [1.0, 1.0, 1.0]
    got = probe_products(sandbox, np.array([[0.6, 0.5, *ones]]), np.array([[0.3, 0.45, *ones]]))
    close(got[["effect_2_a", "effect_2_b"]], [[-0.1425, -0.0225]])


@pytest.mark.parametrize(
    ("before", "after", "printed"),
    [
        ((51.78746, 0.45919, 0.52638), (84.90502, 0.75756, 0.51065), (10.4340333, 10.5608476, -0.6670084)),
        (
            (25.3, 0.214, 0.279, 0.949),
            (32.7, 0.290, 0.473, 0.986),
            (0.6889411, 0.8125381, 1.3829055, 0.1047547),
        ),
        (
            (0.58, 0.76, 0.84, 0.66, 16.573),
            (0.72, 0.97, 0.97, 0.56, 16.158),
            (1.0909785, 1.2298438, 0.7278399, -0.8398707, -0.1290187),
        ),
    ],
)
def test_das_gupta_on_products_of_three_to_five(
    sandbox: Sandbox, before: tuple[float, ...], after: tuple[float, ...], printed: tuple[float, ...]
) -> None:
    """Examples of chapter 2 of Das Gupta (1993), as the README of DasGuptR prints them."""
    ones = [1.0] * (5 - len(before))
    got = probe_products(sandbox, np.array([[*before, *ones]]), np.array([[*after, *ones]])).iloc[0]
    parts = [got[f"effect_{len(before)}_{factor}"] for factor in FACTORS[: len(before)]]
    assert tuple(np.round(parts, 7)) == printed


@pytest.mark.parametrize("size", [2, 3, 4, 5])
def test_das_gupta_on_random_products(sandbox: Sandbox, size: int) -> None:
    """Against the mean over all orders in which the factors can change; the parts add up to the change."""
    random = np.random.default_rng(1993 + size)
    before, after = random.normal(0, 2, (60, 5)), random.normal(0, 2, (60, 5))
    got = probe_products(sandbox, before, after)
    factors = FACTORS[:size]
    for number, parts in enumerate(got.to_dict("records")):
        sides = [dict(zip(factors, map(float, side[number, :size]), strict=True)) for side in (before, after)]
        expected = orderings_mean(*sides, lambda now: math.prod(now.values()))
        close([parts[f"effect_{size}_{factor}"] for factor in factors], list(expected.values()))
        change = math.prod(after[number, :size]) - math.prod(before[number, :size])
        close(sum(parts[f"effect_{size}_{factor}"] for factor in factors), change)


# ------------------------------------------------------------------------------------------------ change of NPS


def random_responses(random: np.random.Generator, chains: list[int]) -> pd.DataFrame:
    """Responses of many partners of unequal size, that come and go; a third of them by nobody known."""
    frames = []
    for chain, link, quarter in itertools.product(chains, LINK_CODES, QUARTERS):
        sizes = random.choice([0, 0, 4, 9, 10, 11, 25, 60], int(random.integers(1, 7)) if link == 3 else 1)
        partner = np.repeat(np.arange(len(sizes)), sizes) + 100 * (chain * 10 + link)
        category = random.choice(3, len(partner), p=random.dirichlet([2, 1, 1]))
        frame = pd.DataFrame({"partner_key": partner, "chain_key": chain, "chain_link_key": chain * 10 + link})
        frame["quarter_start_on"] = quarter
        frame["customer_key"] = np.where(random.random(len(frame)) < 0.3, 0, random.integers(1, 3_000, len(frame)))
        for number, column in enumerate(("is_promoter", "is_passive", "is_detractor")):
            frame[column] = (category == number).astype(int)
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


SEGMENTS = {1: "private", 2: "private", 3: "private", 4: "business"}


def build_nps_change(
    sandbox: Sandbox, responses: pd.DataFrame, last_quarter: int = -1, cells: pd.DataFrame | None = None
) -> pd.DataFrame:
    """The mart, from responses; customers whose key is a multiple of 5 have no known segment; modes by `cells`."""
    chains = sorted(responses["chain_key"].unique())
    links = chain_links(chains)
    sandbox.give("dim_chain_link", links)
    sandbox.give("dim_chain", pd.DataFrame({"chain_key": chains, "chain_code": [f"chain_{c}" for c in chains]}))
    partners = pd.DataFrame({"partner_key": sorted(responses["partner_key"].unique())})
    partners["partner_code"] = "p" + partners["partner_key"].astype(str)
    partners["partner_name"], partners["valid_from"] = "A partner", date(2020, 1, 1)
    sandbox.give("dim_partner", partners)
    period = {"trailing_from": [QUARTERS[-5]], "trailing_to": [QUARTERS[last_quarter]], "as_of_on": [date(2027, 1, 1)]}
    sandbox.give("int_period", pd.DataFrame(period))
    customers = pd.DataFrame([(c, k) for c in chains for k in range(1, 3_000) if k % 5], columns=["chain_key", "k"])
    customers["segment"] = customers["k"].mod(5).map(SEGMENTS)
    sandbox.give("int_customer_chain", customers.rename(columns={"k": "customer_key"}))
    dates = {"quarter_start_on": "date"}
    known = responses.assign(customer_key=responses["customer_key"].replace(0, np.nan).astype("Int64"))
    sandbox.give("fct_nps_response", known, dates)
    nobody_asked = responses.head(0)[["chain_link_key", "partner_key", "quarter_start_on"]]
    sandbox.give("fct_survey_invitation", nobody_asked.assign(is_delivered=0, is_answered=0), dates)
    sandbox.leave_out_nonresponse(cells)
    for node in ("int_nps_counts", "mart_nps_by_link", "mart_nps_by_partner", "int_nps_cell"):
        sandbox.build(node)
    mart = sandbox.build("mart_nps_change")
    for column in ("quarter_start_on", "previous_quarter_start_on"):
        mart[column] = pd.to_datetime(mart[column]).dt.date
    return mart


@pytest.fixture
def nps_change(sandbox: Sandbox) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """The mart, the responses with the member of each dimension, and which cells are hidden."""
    responses = random_responses(np.random.default_rng(50), list(range(1001, 1026)))
    mart = build_nps_change(sandbox, responses)
    segment = responses["customer_key"].mod(5).map(SEGMENTS).fillna("unknown")
    responses = responses.assign(
        segment=segment,
        partner="p" + responses["partner_key"].astype(str),
        link=responses["chain_link_key"].mod(10).map(LINK_CODES),
        contribution=100 * (responses["is_promoter"] - responses["is_detractor"]),
    )
    cells = sandbox.connection.execute(f"select * from {sandbox.project.relations['int_nps_cell']}").df()
    cells["quarter_start_on"] = pd.to_datetime(cells["quarter_start_on"]).dt.date
    return mart, responses, cells


# quarters of each of the two periods
LENGTHS = {"quarter": 1, "year": 1, "trailing": 4}


def period_ending(quarter: date, comparison: str) -> list[date]:
    """The quarters of a comparison's period that ends with this one."""
    last = list(QUARTERS).index(quarter)
    return list(QUARTERS[last + 1 - LENGTHS[comparison] : last + 1])


TOTAL = ["dimension", "comparison", "chain_key", "link_code", "quarter_start_on"]


def test_nps_parts_add_up_to_the_change_of_the_published_nps(sandbox: Sandbox, nps_change: tuple) -> None:
    """Sums of parts, shares and responses over the members of a total; the totals are those of mart_nps_by_link."""
    mart, _, _ = nps_change
    by_link = sandbox.connection.execute(f"select * from {sandbox.project.relations['mart_nps_by_link']}").df()
    by_link["quarter_start_on"] = pd.to_datetime(by_link["quarter_start_on"]).dt.date
    nps = by_link.set_index(["chain_link_key", "quarter_start_on"])["nps"]
    assert set(mart["dimension"]) == {"partner", "segment", "link"} and set(mart["comparison"]) == set(LENGTHS)
    seen = 0
    for key, members in mart.groupby(TOTAL):
        change = members["total_nps_change"].iloc[0]
        assert members["total_nps_change"].nunique(dropna=False) == 1
        if np.isnan(change):
            assert members["is_suppressed"].all()
            assert members[["effect", "nps", "response_share", "total_nps"]].isna().all(axis=None)
            continue
        seen += 1
        close(members["effect"].sum(), change)
        close(members[["response_share", "previous_response_share"]].sum(), [1, 1])
        if key[0] != "link" and LENGTHS[key[1]] == 1:
            link = members["chain_link_key"].iloc[0]
            quarters = members[["quarter_start_on", "previous_quarter_start_on"]].iloc[0]
            close(members[["total_nps", "previous_total_nps"]].iloc[0], [nps[(link, quarter)] for quarter in quarters])
    assert seen > 200


def test_nps_parts_of_shown_members(nps_change: tuple) -> None:
    """Counts, NPS, mix and rate of each shown member against pandas and exact fractions."""
    mart, responses, _ = nps_change
    new_or_gone = 0
    for (dimension, comparison, chain, link, quarter), members in mart.groupby(TOTAL):
        shown = members[~members["is_suppressed"] & (members["member_code"] != POOL)].sort_values("member_code")
        if shown.empty:
            continue
        assert shown["total_nps_change"].notna().all()
        earlier = shown["previous_quarter_start_on"].iloc[0]
        rows = responses[(responses["chain_key"] == chain) & ((responses["link"] == link) | (link == "all"))]
        if dimension == "link":
            rows = rows[rows["link"].isin(shown["member_code"])]
        code = rows[dimension].where(rows[dimension].isin(shown["member_code"]), POOL)
        expected = pd.DataFrame(index=sorted({*code, *shown["member_code"]}))
        for period, day in (("before", earlier), ("after", quarter)):
            scores = rows[rows["quarter_start_on"].isin(period_ending(day, comparison))].groupby(code)["contribution"]
            expected[f"count_{period}"] = scores.size().reindex(expected.index).fillna(0).astype(int)
            expected[f"sum_{period}"] = scores.sum().reindex(expected.index).fillna(0).astype(int)
        mix, rate, change = kitagawa_exactly(expected)
        expected["mix"], expected["rate"] = [float(part) for part in mix], [float(part) for part in rate]
        expected = expected.loc[shown["member_code"]]
        close(shown["responses"], expected["count_after"])
        close(shown["previous_responses"], expected["count_before"])
        close(shown["mix_effect"], expected["mix"])
        close(shown["rate_effect"], expected["rate"])
        close(shown["nps"], expected["sum_after"] / expected["count_after"].replace(0, np.nan))
        close(shown["total_nps_change"].iloc[0], float(change))
        new_or_gone += (expected[["count_before", "count_after"]].min(axis=1) == 0).sum()
    assert new_or_gone > 5


def test_nothing_hidden_follows_from_the_pools(nps_change: tuple) -> None:
    """All hidden members of a quarter stand in every pool together, and are at least two: the pool is their sum."""
    mart, _, cells = nps_change
    hidden = cells[cells["is_suppressed"] & ~cells["is_total_suppressed"]]
    members_of = hidden.groupby(["dimension", "total_key", "quarter_start_on"])["member_code"].agg(set)
    split = mart[(mart["dimension"] != "link") & ~mart["is_suppressed"]]
    checked = 0
    for column in ("quarter_start_on", "previous_quarter_start_on"):
        for (dimension, total_key, _, quarter), rows in split.groupby(
            ["dimension", "chain_link_key", "comparison", column]
        ):
            members = members_of.get((dimension, total_key, quarter), set())
            assert not members & set(rows["member_code"]), "a hidden member is shown by name"
            assert len(members) != 1, "a single hidden member is what the others leave of the total"
            assert not members or (rows["member_code"] == POOL).sum() == 1
            checked += bool(members)
    assert checked > 50


def test_members_of_few_answers_are_not_shown(nps_change: tuple) -> None:
    """Counted in pandas, whatever the warehouse says is hidden: nobody with fewer than ten in a quarter."""
    mart, responses, _ = nps_change
    shown = mart[mart["nps"].notna() & (mart["member_code"] != POOL)]
    assert set(shown["dimension"]) == {"partner", "segment", "link"}
    checked = 0
    for row in shown.itertuples():
        rows = responses[(responses["chain_key"] == row.chain_key) & (responses[row.dimension] == row.member_code)]
        if row.dimension != "link":
            rows = rows[rows["chain_link_key"] == row.chain_link_key]
        for quarter in (row.quarter_start_on, row.previous_quarter_start_on):
            count = (rows["quarter_start_on"] == quarter).sum()
            assert count == 0 or count >= MIN_SHOWN
            checked += count > 0
    assert checked > 1000


def test_a_change_of_survey_modes_is_flagged_where_it_happened(sandbox: Sandbox) -> None:
    """One partner's answers move from e-mail to telephone: its year and its quarter are flagged, nobody else's."""
    switched, partner = QUARTERS[3], "p1"
    places = itertools.product(LINK_CODES, QUARTERS, (1, 2), range(40))
    responses = pd.DataFrame(places, columns=["link", "quarter_start_on", "number", "answer"])
    responses = responses.assign(chain_key=1001, chain_link_key=10010 + responses["link"], customer_key=0)
    responses["partner_key"] = responses["number"] + 10 * (responses["link"] - 3).abs()
    for number, column in enumerate(("is_promoter", "is_passive", "is_detractor")):
        responses[column] = (responses["answer"] % 3 == number).astype(int)
    cells = pd.DataFrame(
        [
            (10013, code, quarter, 3 if code == partner and quarter >= switched else 1)
            for code in ("p1", "p2")
            for quarter in QUARTERS
        ],
        columns=["chain_link_key", "partner_code", "quarter_start_on", "channel_key"],
    )
    cells = cells.assign(responses=40, promoters=14, passives=13, detractors=13, population=100, segment="unknown")
    nothing = (
        "weighting_channel_key",
        "tenure_band_key",
        "invitations",
        "completes",
        "partials",
        "refusals",
        "unknowns",
    )
    mart = build_nps_change(sandbox, responses, cells=cells.assign(**dict.fromkeys(nothing, 0)))
    key = ["dimension", "member_code", "comparison", "quarter_start_on"]
    flags = mart.set_index(key)["is_mode_mix_changed"].sort_index()
    assert flags["partner"].notna().any() and not flags["partner", "p2"].eq(True).any()
    for comparison, expected in (("quarter", [switched]), ("year", list(QUARTERS[4:7]))):
        found = flags["partner", partner, comparison]
        assert sorted(found.index[found.eq(True)]) == expected
        # half of the link's answers, and of the segment's, moved with the partner's
        for dimension, member in (("link", "dealer"), ("segment", "unknown")):
            found = mart[(mart["dimension"] == dimension) & (mart["member_code"] == member)]
            found = found[(found["comparison"] == comparison) & found["is_mode_mix_changed"].eq(True)]
            assert sorted(found["quarter_start_on"]) == expected


def test_hidden_links_take_no_part_in_the_chain(nps_change: tuple) -> None:
    """The chain's total is that of the links shown in both quarters, so that no link follows by subtraction."""
    mart, responses, cells = nps_change
    links = mart[mart["dimension"] == "link"]
    is_hidden = cells[cells["dimension"] == "link"].set_index(["total_key", "quarter_start_on", "member_code"])[
        "is_suppressed"
    ]
    left_out = 0
    for _, row in links[(links["member_code"] != POOL)].iterrows():
        for day in (row["quarter_start_on"], row["previous_quarter_start_on"]):
            assert not is_hidden.get((row["chain_key"], day, row["member_code"]), False)
    for key, members in links.groupby(["comparison", "chain_key", "quarter_start_on"]):
        shown = members[members["member_code"] != POOL]["member_code"]
        rows = responses[(responses["chain_key"] == key[1]) & responses["link"].isin(shown)]
        now = rows[rows["quarter_start_on"].isin(period_ending(key[2], key[0]))]
        if len(now) and members["total_nps"].notna().all():
            close(members["total_nps"].iloc[0], now["contribution"].mean())
        left_out += int((members["member_code"] == POOL).any())
    assert left_out > 10


def test_own_change_of_each_member(nps_change: tuple) -> None:
    """Adjusted Wald of both sides, written out with a mean and a variance of scores; q by scipy over the members."""
    mart, responses, _ = nps_change
    seen = dict.fromkeys(LENGTHS, 0)
    columns = ["nps_change", "nps_change_ci_low", "nps_change_ci_high", "p_value", "q_value"]
    for (dimension, comparison, chain, link, _), members in mart.groupby(TOTAL):
        named = members["p_value"].notna()
        can_be = members["member_code"].ne(POOL) & members["nps"].notna() & members["previous_nps"].notna()
        assert (named == can_be).all() and members.loc[~named, columns].isna().all(axis=None)
        if not named.any():
            continue
        close(members.loc[named, "q_value"], stats.false_discovery_control(members.loc[named, "p_value"]))
        rows = responses[(responses["chain_key"] == chain) & ((responses["link"] == link) | (link == "all"))]
        row = members[named].iloc[0]
        of_member = rows[rows[dimension] == row["member_code"]]
        estimates = []
        for day in (row["previous_quarter_start_on"], row["quarter_start_on"]):
            in_period = of_member["quarter_start_on"].isin(period_ending(day, comparison))
            values = np.concatenate([of_member.loc[in_period, "contribution"], [-100.0, 0.0, 100.0]])
            weights = np.concatenate([np.ones(in_period.sum()), [0.75, 1.5, 0.75]])
            mean = np.average(values, weights=weights)
            estimates.append((mean, np.average((values - mean) ** 2, weights=weights) / weights.sum()))
        (before, var_before), (after, var_after) = estimates
        error = math.sqrt(var_before + var_after)
        close(row["p_value"], 2 * stats.norm.sf(abs(after - before) / error))
        close(row["nps_change"], row["nps"] - row["previous_nps"])
        ends = np.clip(after - before + 1.959964 * error * np.array([-1, 1]), -200, 200)
        close(row[["nps_change_ci_low", "nps_change_ci_high"]].astype(float), ends)
        seen[comparison] += 1
    assert min(seen.values()) > 10


def test_a_links_p_stands_once(nps_change: tuple) -> None:
    """Partners of a link differ in p; the link's own is in its row of dimension link."""
    mart, _, _ = nps_change
    partners = mart[(mart["dimension"] == "partner") & mart["p_value"].notna()]
    several = partners.groupby(TOTAL)["p_value"].agg(["size", "nunique"]).query("size > 1")
    assert len(several) > 20 and (several["nunique"] > 1).mean() > 0.9
    links = mart[(mart["dimension"] == "link") & mart["p_value"].notna()]
    assert set(links["member_code"]) == set(LINK_CODES.values())


def test_only_whole_quarters_are_compared(sandbox: Sandbox) -> None:
    """The quarter after the trailing ones has begun only."""
    responses = random_responses(np.random.default_rng(51), [1001])
    mart = build_nps_change(sandbox, responses, last_quarter=-2)
    assert mart["quarter_start_on"].max() == QUARTERS[-2]
    months = {"quarter": 3, "year": 12, "trailing": 12}
    for _, row in mart.iterrows():
        earlier = pd.Timestamp(row["quarter_start_on"]) - pd.DateOffset(months=months[row["comparison"]])
        assert row["previous_quarter_start_on"] == earlier.date()


# ------------------------------------------------------------------------------------------ change of retention

WINDOW = 90
AS_OF = date(2025, 9, 30)


def random_retention(random: np.random.Generator, chains: list[int]) -> pd.DataFrame:
    """Followed responses; ownership ends early for some; now and then a category or a link is all but missing."""
    frames = []
    for chain, link, quarter in itertools.product(chains, LINK_CODES, QUARTERS):
        size = int(random.choice([6, 40, 90], p=[0.1, 0.5, 0.4]))
        likely = np.where(random.random(3) < 0.05, 1e-9, random.dirichlet([3, 2, 2]))
        category = random.choice(CATEGORIES, size, p=likely / likely.sum())
        day = pd.Timestamp(quarter) + pd.to_timedelta(random.integers(0, 90, size), "D")
        followed = (pd.Timestamp(AS_OF) - day).days.to_numpy()
        to_event = np.ceil(random.exponential(random.choice([40, 120]), size))
        to_end = np.where(random.random(size) < 0.15, random.integers(1, 200, size), followed)
        exit_after = np.minimum(to_event, np.minimum(to_end, followed)).astype(int)
        frame = pd.DataFrame({"chain_key": chain, "chain_link_key": chain * 10 + link, "nps_category": category})
        frame["response_on"], frame["quarter"] = day.date, quarter
        frame["duration_days"], frame["is_event"] = exit_after, to_event <= np.minimum(to_end, followed)
        frames.append(frame[frame["duration_days"] > 0])
    return pd.concat(frames, ignore_index=True).assign(retention_measure="chain")


def build_retention_change(sandbox: Sandbox, retention: pd.DataFrame, hidden: set[tuple[int, date]]) -> pd.DataFrame:
    """The mart, from followed responses and the link quarters whose NPS is hidden."""
    chains = sorted(retention["chain_key"].unique())
    links = chain_links(chains)
    sandbox.give("dim_chain_link", links)
    sandbox.give("dim_chain", pd.DataFrame({"chain_key": chains, "retention_window_days": WINDOW}))
    sandbox.give("int_period", pd.DataFrame({"as_of_on": [AS_OF]}))
    sandbox.give_comparisons()
    keys = links["chain_link_key"]
    by_link = pd.DataFrame([(key, q) for key in keys for q in QUARTERS], columns=["chain_link_key", "q"])
    by_link["is_suppressed"] = [pair in hidden for pair in zip(by_link["chain_link_key"], by_link["q"], strict=True)]
    sandbox.give("mart_nps_by_link", by_link.rename(columns={"q": "quarter_start_on"}), {"quarter_start_on": "date"})
    sandbox.give("fct_retention", retention.drop(columns="quarter"), {"response_on": "date"})
    sandbox.build("int_retention_cohort")
    mart = sandbox.build("mart_retention_change")
    for column in ("quarter_start_on", "previous_quarter_start_on"):
        mart[column] = pd.to_datetime(mart[column]).dt.date
    return mart


def window_retention(rows: pd.DataFrame) -> float:
    """1 - S(window) by lifelines; unknown where nobody is followed that far and some have not come back."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        survival = KaplanMeierFitter().fit(rows["duration_days"], rows["is_event"]).predict(WINDOW)
    return 1 - survival if (rows["duration_days"] >= WINDOW).any() or survival == 0 else math.nan


def factors_of(rows: pd.DataFrame, links: list[int]) -> dict[str, np.ndarray]:
    """The three factors by link and category; retention is nan where a category is empty."""
    sizes = rows.groupby(["chain_link_key", "nps_category"]).size()
    cells = np.array([[sizes.get((link, category), 0) for category in CATEGORIES] for link in links], dtype=float)
    retention = np.full(cells.shape, np.nan)
    for (link, category), group in rows.groupby(["chain_link_key", "nps_category"]):
        retention[links.index(link), CATEGORIES.index(category)] = window_retention(group)
    by_link = cells.sum(axis=1, keepdims=True)
    return {"link": by_link / by_link.sum(), "score": cells / by_link, "retention": retention}


def test_retention_parts(sandbox: Sandbox) -> None:
    """Retention by lifelines; parts as the mean over all orders of the three factors' changes; sums to the change."""
    retention = random_retention(np.random.default_rng(93), list(range(2001, 2009)))
    hidden = {(20013, QUARTERS[2]), (20021, QUARTERS[3])}
    mart = build_retention_change(sandbox, retention, hidden)
    # the quarter that began on 1 July 2025 ends on the as-of date; the one before was over 92 days earlier
    assert mart["quarter_start_on"].max() == date(2025, 4, 1)
    assert mart["is_suppressed"].any() and (~mart["is_suppressed"]).sum() > 100
    assert mart.loc[mart["is_suppressed"], "suppression_reason"].nunique() >= 2
    for (chain, _, quarter), rows in mart.groupby(["chain_code", "comparison", "quarter_start_on"]):
        shown = rows[~rows["is_suppressed"]].sort_values("chain_link_key")
        if shown.empty:
            continue
        links = shown["chain_link_key"].tolist()
        given = retention[retention["chain_link_key"].isin(links)]
        earlier = shown["previous_quarter_start_on"].iloc[0]
        before, after = (factors_of(given[given["quarter"] == day], links) for day in (earlier, quarter))
        was, now = before["retention"], after["retention"]
        before["retention"] = np.nan_to_num(np.where(np.isnan(was), now, was))
        after["retention"] = np.nan_to_num(np.where(np.isnan(now), was, now))
        rates = [(side["score"] * side["retention"]).sum(axis=1) for side in (before, after)]
        totals = [float(side["link"][:, 0] @ rate) for side, rate in zip((before, after), rates, strict=True)]
        close(shown["previous_retention"], rates[0])
        close(shown["retention"], rates[1])
        close(shown[["previous_chain_retention", "chain_retention"]], [totals] * len(shown))
        for position, row in enumerate(shown.to_dict("records")):
            sides = [{name: factor[position] for name, factor in side.items()} for side in (before, after)]
            parts = orderings_mean(*sides, lambda now: float((now["link"] * now["score"] * now["retention"]).sum()))
            growth = float((after["link"] - before["link"])[position, 0])
            close(row["link_mix_effect"], parts["link"] - growth * sum(totals) / 2)
            close(row["score_mix_effect"], parts["score"])
            close(row["category_retention_effect"], parts["retention"])
        close(shown["effect"].sum(), totals[1] - totals[0])
        close(shown["chain_retention_change"], totals[1] - totals[0])
        assert chain == f"chain_{links[0] // 10}"


def test_links_left_out_of_the_chains_retention(sandbox: Sandbox) -> None:
    """Too few followed, or the NPS of the link's quarter hidden: no figures, and a reason."""
    retention = random_retention(np.random.default_rng(94), [2001])
    few = (retention["chain_link_key"] == 20011) & (retention["quarter"] == QUARTERS[0])
    retention = retention[~few | (few.cumsum() < MIN_SHOWN)]
    mart = build_retention_change(sandbox, retention, {(20013, QUARTERS[1])}).set_index(
        ["chain_link_key", "comparison", "quarter_start_on"]
    )
    small, secret = mart.loc[(20011, "quarter", QUARTERS[1])], mart.loc[(20013, "quarter", QUARTERS[2])]
    assert small["suppression_reason"].startswith("fewer than 10 responses")
    assert secret["suppression_reason"].startswith("the NPS of the link is suppressed")
    figures = ["responses", "previous_responses", "response_share", "retention", "effect", "chain_retention"]
    assert small[figures].isna().all() and secret[figures].isna().all()


def test_retention_where_everybody_stays_is_one(sandbox: Sandbox) -> None:
    """Also where the shares of the categories, added up, are 1 and a rounding error."""
    random = np.random.default_rng(7)
    rows = [
        (chain, chain * 10 + link, category, quarter, 5, True)
        for chain, link, category, quarter in itertools.product(
            range(1001, 1021), (3, 4), ("promoter", "passive", "detractor"), QUARTERS[:6]
        )
        for _ in range(int(random.integers(3, 30)))
    ]
    columns = ["chain_key", "chain_link_key", "nps_category", "quarter", "duration_days", "is_event"]
    retention = pd.DataFrame(rows, columns=columns).assign(retention_measure="chain")
    retention["response_on"] = retention["quarter"]
    mart = build_retention_change(sandbox, retention, set())
    assert mart["retention"].notna().any()
    assert mart[["retention", "previous_retention", "chain_retention", "previous_chain_retention"]].max().max() == 1


def test_the_same_changes_whatever_the_order(sandbox: Sandbox) -> None:
    random = np.random.default_rng(95)
    build_nps_change(sandbox, random_responses(random, [1001, 1002]))
    sandbox.assert_order_does_not_matter(
        ["int_nps_counts", "mart_nps_by_link", "mart_nps_by_partner", "int_nps_cell", "mart_nps_change"]
    )
    build_retention_change(sandbox, random_retention(random, [2001, 2002]), set())
    sandbox.assert_order_does_not_matter(["int_retention_cohort", "mart_retention_change"])
