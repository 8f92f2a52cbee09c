"""Importance of links: LMG against all orderings in numpy and R's relaimpo, and the mart against pandas."""

import functools
import itertools
import math
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from study.sql_harness import Sandbox, close

TARGET = 9
BUCKETS = 1000
REPLICATES = 400
JOURNEY_DAYS = 365
MIN_SCORED, MIN_PAIR, MIN_SHOWN = 30, 10, 10
BANDS = {1: ("new", 0, 364), 2: ("established", 365, 1094), 3: ("long", 1095, 999999)}
LINKS = (1, 2, 3, 5)
CHAINS = {1001: 395, 2001: 180}
MODELS = ("int_importance_journey", "int_importance_moment", "int_importance_evidence", "int_importance_replicate")


# ------------------------------------------------------------------------------------------------------------ LMG


def r_squared(matrix: np.ndarray, predictors: list[int]) -> float:
    """R^2 of the outcome, row 0, on some of the others."""
    if not predictors:
        return 0.0
    with_outcome = matrix[predictors, 0]
    return float(with_outcome @ np.linalg.solve(matrix[np.ix_(predictors, predictors)], with_outcome) / matrix[0, 0])


def lmg_by_orderings(matrix: np.ndarray) -> np.ndarray:
    """What each predictor adds to R^2 when it enters, averaged over every ordering."""
    predictors = range(1, len(matrix))
    added = np.zeros(len(matrix))
    explained = functools.cache(lambda entered: r_squared(matrix, sorted(entered)))
    for ordering in itertools.permutations(predictors):
        for position, predictor in enumerate(ordering):
            entered = frozenset(ordering[:position])
            added[predictor] += explained(entered | {predictor}) - explained(entered)
    return added[1:] / math.factorial(len(predictors))


def coefficients(matrix: np.ndarray) -> np.ndarray:
    """Slopes of the joint regression."""
    return np.linalg.solve(matrix[1:, 1:], matrix[1:, 0])


def long_form(name: int, matrix: np.ndarray, variables: list[int] | None = None) -> pd.DataFrame:
    """The rows that the macro takes; `variables` are the keys, the outcome's 0 first."""
    keys = variables or list(range(len(matrix)))
    rows = [
        (name, keys[i], keys[j], matrix[i, j])
        for i, j in itertools.combinations_with_replacement(range(len(matrix)), 2)
    ]
    return pd.DataFrame(rows, columns=["matrix", "variable_a", "variable_b", "covariance"])


def probe(sandbox: Sandbox, rows: pd.DataFrame) -> pd.DataFrame:
    """The macro's rows."""
    got = sandbox.probe("statistics_probe_lmg", {"probe_covariances": rows.sample(frac=1, random_state=1)})
    return got.sort_values(["matrix", "predictor"], ignore_index=True)


# Covariances of R's data sets `swiss` (Mosteller and Tukey 1977: fertility on agriculture, examination, education,
# catholic, infant mortality) and `mtcars` (Henderson and Velleman 1981: mpg on cyl, disp, hp, gear), by rows of the
# upper triangle; LMG and R^2 as R's relaimpo 2.2-7 gives them (the example of Groemping 2006 is `swiss`).
PUBLISHED: dict[str, tuple[list[float], list[float], float]] = {
    "swiss": (
        [
            *(156.0424976873, 100.1691489362, -64.36692876966, -79.72950971323, 241.5632030527, 15.1561933395),
            *(515.7994172063, -124.3928307123, -139.657400555, 379.9043755782, -4.02585106383),
            *(63.64662349676, 53.57585568918, -190.5606105458, -2.64953746531),
            *(92.45605920444, -61.69882978723, -2.781683626272),
            *(1739.294537188, 21.31811609621),
            8.483802035153,
        ],
        [0.0570912207681, 0.1711730289002, 0.2601346786244, 0.1055701503735, 0.1127659229265],
        0.706735001593,
    ),
    "mtcars": (
        [
            *(36.32410282258, -9.172379032258, -633.0972076613, -320.7320564516, 2.135685483871),
            *(3.189516129032, 199.6602822581, 101.9314516129, -0.6491935483871),
            *(15360.79982863, 6721.158669355, -50.80262096774),
            *(4700.866935484, -6.358870967742),
            0.5443548387097,
        ],
        [0.2470520332352, 0.2434995947956, 0.2109128995443, 0.0777251114079],
        0.779189638983,
    ),
}


def symmetric(upper: list[float]) -> np.ndarray:
    """The matrix of an upper triangle in rows."""
    size = int((math.sqrt(8 * len(upper) + 1) - 1) / 2)
    matrix = np.zeros((size, size))
    matrix[np.triu_indices(size)] = upper
    return matrix + np.triu(matrix, 1).T


@pytest.mark.parametrize("example", PUBLISHED)
def test_lmg_of_published_examples(sandbox: Sandbox, example: str) -> None:
    """The figures of relaimpo."""
    upper, lmg, r2 = PUBLISHED[example]
    got = probe(sandbox, long_form(1, symmetric(upper)))
    close(got["lmg"], lmg, tolerance=1e-11)
    close(got["r_squared"], [r2] * len(lmg), tolerance=1e-11)
    close(got["lmg_share"], np.array(lmg) / r2, tolerance=1e-11)


def random_matrix(random: np.random.Generator, predictors: int) -> np.ndarray:
    """A covariance matrix with scales from hundredths to thousands, strongly correlated or hardly."""
    size = predictors + 1
    shared = random.normal(0, random.choice([0.2, 2.0]), (size, 1)) @ random.normal(0, 1, (1, 3 * size))
    rows = (random.normal(0, 1, (size, 3 * size)) + shared) * 10.0 ** random.uniform(-2, 3, (size, 1))
    return np.cov(rows)


def test_lmg_of_random_matrices(sandbox: Sandbox) -> None:
    """Two to five predictors, keys with gaps, against every ordering; shares add up to 1 and parts to R^2."""
    random = np.random.default_rng(1980)
    matrices = {name: random_matrix(random, 2 + name % 4) for name in range(80)}
    keys = {
        name: [0, *sorted(random.choice(range(1, 10), len(matrix) - 1, replace=False).tolist())]
        for name, matrix in matrices.items()
    }
    got = probe(sandbox, pd.concat([long_form(name, matrix, keys[name]) for name, matrix in matrices.items()]))
    assert len(got) == sum(len(matrix) - 1 for matrix in matrices.values())
    for name, rows in got.groupby("matrix"):
        matrix = matrices[name]
        assert rows["predictor"].tolist() == keys[name][1:]
        full = r_squared(matrix, list(range(1, len(matrix))))
        close(rows["lmg"], lmg_by_orderings(matrix))
        close(rows["r_squared"], [full] * len(rows))
        close(rows["coefficient"], coefficients(matrix))
        close(rows["lmg_share"].sum(), 1)
        close(rows["lmg"].sum(), full)


def test_lmg_where_it_is_plain_or_undefined(sandbox: Sandbox) -> None:
    """Uncorrelated predictors get their squared correlation; what no data could have gives nothing."""
    plain = np.array([[1, 0.6, 0.3], [0.6, 1, 0], [0.3, 0, 1]])
    collinear = np.array([[4, 1, 1, 2], [1, 1, 0, 1], [1, 0, 1, 1], [2, 1, 1, 2.0]])
    impossible = np.array([[1, 0.5, 0.5, 0.5], [0.5, 1, 0.9, -0.9], [0.5, 0.9, 1, 0.9], [0.5, -0.9, 0.9, 1]])
    too_much = np.array([[1, 0.9, 0.9], [0.9, 1, 0.1], [0.9, 0.1, 1]])
    constant = np.array([[1, 0.0, 0.2], [0, 0, 0], [0.2, 0, 1]])
    constant_outcome = np.array([[0, 0.0, 0.0], [0, 1, 0.5], [0, 0.5, 1]])
    unrelated = np.array([[1, 0.0, 0.0], [0, 1, 0.5], [0, 0.5, 1]])
    six = np.eye(7)
    cases = [plain, collinear, impossible, too_much, constant, constant_outcome, unrelated, six]
    lacking = long_form(len(cases), np.array([[1, 0.2, 0.2], [0.2, 1, 0.2], [0.2, 0.2, 1]]))
    lacking = lacking[~((lacking["variable_a"] == 1) & (lacking["variable_b"] == 2))]
    got = probe(sandbox, pd.concat([*(long_form(name, matrix) for name, matrix in enumerate(cases)), lacking]))
    first = got[got["matrix"] == 0]
    close(first["lmg"], [0.36, 0.09])
    close(first["coefficient"], [0.6, 0.3])
    none = got[got["matrix"] == 6]
    close(none[["lmg", "coefficient", "r_squared"]], np.zeros((2, 3)))
    assert none["lmg_share"].isna().all()
    undefined = got[~got["matrix"].isin([0, 6])]
    assert undefined[["lmg", "lmg_share", "coefficient", "r_squared"]].isna().all(axis=None)
    assert set(undefined["matrix"]) == {1, 2, 3, 4, 5, 7, 8}


# ----------------------------------------------------------------------------------------------- journeys and mart


def random_responses(random: np.random.Generator, chain: int, customers: int, links: list[int]) -> pd.DataFrame:
    """Responses over four years; who scores the third link in the list well comes back more often."""
    rows = []
    for customer in range(customers):
        taste = random.normal(7, 1.5)
        back = 0.0
        for day in np.sort(random.integers(0, 1400, int(random.integers(1, 7)))):
            link = int(random.choice(links))
            score = int(np.clip(round(random.normal(taste, 2)), 0, 10))
            back = 0.6 * back + 0.04 * score * (2 if link == links[-1] else 1)
            retained = round(random.choice([1.0, 1.25]), 2) if random.random() < back else 0.0
            rows.append((chain, customer, link, date(2021, 1, 1) + timedelta(days=int(day)), score, retained))
    columns = ["chain_key", "customer_key", "link_key", "response_on", "score", "retained"]
    world = pd.DataFrame(rows, columns=columns)
    world["response_key"] = random.permutation(len(world)) + chain * 100_000
    world["is_followed"] = random.random(len(world)) < 0.9
    return world


def random_ownership(random: np.random.Generator, world: pd.DataFrame) -> pd.DataFrame:
    """Some customers of the first chain own a unit, some two, some have sold theirs on."""
    rows = []
    for customer in world.loc[world["chain_key"] == 1001, "customer_key"].unique():
        for bought in random.integers(-1500, 900, int(random.integers(0, 3))):
            owned_from = date(2021, 1, 1) + timedelta(days=int(bought))
            sold = owned_from + timedelta(days=int(random.integers(100, 1500)))
            rows.append((1001, customer, owned_from, sold if random.random() < 0.3 else None))
    return pd.DataFrame(rows, columns=["chain_key", "customer_key", "owned_from", "owned_to"])


@pytest.fixture(scope="session")
def world() -> dict[str, pd.DataFrame]:
    """A chain of four links, and a small one of three whose bands are too small."""
    random = np.random.default_rng(1999)
    responses = pd.concat(
        [random_responses(random, 1001, 900, [1, 2, 5, 3]), random_responses(random, 2001, 95, [1, 4, 5])],
        ignore_index=True,
    )
    first = responses.groupby(["chain_key", "customer_key"])["response_on"].min().rename("first_on").reset_index()
    weights = pd.DataFrame(itertools.product(range(REPLICATES + 1), range(BUCKETS)), columns=["replicate", "bucket"])
    weights["weight"] = np.where(weights["replicate"] == 0, 1, random.poisson(1, len(weights)))
    return {
        "fct_nps_response": responses,
        "int_response_outcome": responses.loc[responses["is_followed"], ["response_key", "retained"]],
        "int_customer_chain": first,
        "int_customer_ownership": random_ownership(random, responses),
        "int_bootstrap_weight": weights[weights["weight"] > 0],
    }


def lay_down(sandbox: Sandbox, world: dict[str, pd.DataFrame]) -> None:
    """Every table that the models refer to."""
    types = {
        "fct_nps_response": {"response_on": "date"},
        "int_customer_chain": {"first_on": "date"},
        "int_customer_ownership": {"owned_from": "date", "owned_to": "date"},
    }
    for node, rows in world.items():
        sandbox.give(node, rows, types.get(node))
    bands = [(key, *band) for key, band in BANDS.items()]
    columns = ["tenure_band_key", "tenure_band_code", "from_days", "to_days"]
    sandbox.give("tenure_bands", pd.DataFrame(bands, columns=columns))
    chains = pd.DataFrame({"chain_key": CHAINS.keys(), "retention_window_days": CHAINS.values()})
    sandbox.give("dim_chain", chains)
    links = pd.DataFrame([(1001, link) for link in LINKS] + [(2001, link) for link in (1, 4, 5)])
    links.columns = ["chain_key", "link_key"]
    links["chain_link_key"] = links["chain_key"] * 100 + links["link_key"]
    for name in ("chain_code", "link_code", "chain_name", "link_name"):
        links[name] = name
    sandbox.give("dim_chain_link", links.assign(link_position=links["link_key"]))


def build(sandbox: Sandbox, world: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Every model of the piece, on the world."""
    lay_down(sandbox, world)
    return {node: sandbox.build(node) for node in (*MODELS, "mart_link_importance")}


def owned_days(world: dict[str, pd.DataFrame], response: pd.Series) -> int:
    """Days since the purchase of the latest unit in hand, or since the customer was first seen."""
    units = world["int_customer_ownership"]
    mine = units[(units["customer_key"] == response["customer_key"]) & (units["chain_key"] == response["chain_key"])]
    on = response["response_on"]
    in_hand = [
        unit.owned_from
        for unit in mine.itertuples()
        if unit.owned_from <= on and (pd.isna(unit.owned_to) or unit.owned_to >= on)
    ]
    return (on - (max(in_hand) if in_hand else response["first_on"])).days


@pytest.fixture(scope="session")
def journeys(world: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """One row per chain, customer and band, with a column per link (missing: not scored), in plain Python."""
    responses = world["fct_nps_response"].merge(world["int_customer_chain"], on=["chain_key", "customer_key"])
    found = {}
    for (chain, customer), mine in responses.groupby(["chain_key", "customer_key"]):
        mine = mine.sort_values(["response_on", "response_key"])
        for _, anchor in mine[mine["is_followed"]].iterrows():
            since = anchor["response_on"] - timedelta(days=JOURNEY_DAYS)
            journey = mine[(mine["response_on"] > since) & (mine["response_on"] <= anchor["response_on"])]
            if journey["link_key"].nunique() < 2:
                continue
            days = owned_days(world, anchor)
            band = next(key for key, (_, low, high) in BANDS.items() if low <= days <= high)
            latest = journey.drop_duplicates("link_key", keep="last").set_index("link_key")["score"]
            found.setdefault((chain, customer, band), {0: anchor["retained"], **latest.to_dict()})
    rows = pd.DataFrame.from_dict(found, orient="index").sort_index(axis=1)
    return rows.rename_axis(["chain_key", "customer_key", "band"]).reset_index()


def pairwise(rows: pd.DataFrame, links: list[int]) -> np.ndarray:
    """Covariance matrix of outcome and links, from pandas' pairwise complete correlations."""
    values = rows[[0, *links]]
    deviations = values.std(ddof=0).to_numpy()
    return values.corr().to_numpy() * np.outer(deviations, deviations)


def groups_of(journeys: pd.DataFrame) -> dict[tuple[int, str], pd.DataFrame]:
    """The journeys of each chain and band, and of all bands."""
    groups = {}
    for chain, rows in journeys.groupby("chain_key"):
        groups[chain, "all"] = rows
        groups |= {(chain, code): rows[rows["band"] == key] for key, (code, *_) in BANDS.items()}
    return groups


def enough_links(rows: pd.DataFrame) -> list[int]:
    """Links that enter the regression; none where two of them were hardly scored together."""
    links = [link for link in (1, 2, 3, 4, 5) if link in rows and rows[link].notna().sum() >= MIN_SCORED]
    pairs = [(rows[a].notna() & rows[b].notna()).sum() for a, b in itertools.combinations(links, 2)]
    return links if len(links) > 1 and min(pairs) >= MIN_PAIR else []


def test_journeys(sandbox: Sandbox, world: dict[str, pd.DataFrame], journeys: pd.DataFrame) -> None:
    """Anchor, band, links' scores and outcome, customer by customer."""
    got = build(sandbox, world)["int_importance_journey"]
    keys = ["chain_key", "customer_key", "ownership_age_band_key"]
    wide = got.pivot(index=keys, columns="link_key", values="score").astype(float)
    outcome = got.groupby(keys)["retained_e6"].first() / 1e6
    expected = journeys.set_index(["chain_key", "customer_key", "band"]).sort_index()
    assert len(expected) > 700 and expected.reset_index()["band"].nunique() == 3
    assert wide.index.tolist() == expected.index.tolist()
    close(wide[[1, 2, 3, 4, 5]], expected[[1, 2, 3, 4, 5]])
    close(outcome, expected[0])


def test_every_figure_of_the_mart(sandbox: Sandbox, world: dict[str, pd.DataFrame], journeys: pd.DataFrame) -> None:
    """Estimates from pandas' correlations and every ordering; each chain and band, with or without figures."""
    mart = build(sandbox, world)["mart_link_importance"].set_index(["chain_link_key", "ownership_age_band_code"])
    assert len(mart) == 7 * 4
    estimated = 0
    for (chain, band), rows in groups_of(journeys).items():
        links = enough_links(rows)
        of_group = mart[(mart.index.get_level_values(0) // 100 == chain) & (mart.index.get_level_values(1) == band)]
        assert of_group["lmg"].notna().sum() == len(links)
        assert (of_group["missing_reason"].isna() == of_group["lmg"].notna()).all()
        assert (of_group["journeys"] == len(rows)).all()
        if not links:
            continue
        estimated += 1
        matrix = pairwise(rows, links)
        figures = mart.loc[[(chain * 100 + link, band) for link in links]]
        lmg, slopes, means = lmg_by_orderings(matrix), coefficients(matrix), rows[links].mean().to_numpy()
        close(figures["lmg"], lmg)
        close(figures["lmg_share"], lmg / lmg.sum())
        close(figures["r_squared"], [lmg.sum()] * len(links))
        close(figures["coefficient"], slopes)
        shown = figures["suppression_reason"].isna().to_numpy()
        close(figures["mean_score"], np.where(shown, means, np.nan))
        close(figures["journeys_scored"], np.where(shown, rows[links].notna().sum(), np.nan))
        close(figures["uplift"], np.where(shown, slopes * (TARGET - means), np.nan))
    assert 0 < estimated < 8


def test_intervals_are_quantiles_of_the_resampled_customers(
    sandbox: Sandbox, world: dict[str, pd.DataFrame], journeys: pd.DataFrame
) -> None:
    """The chain's journeys repeated as often as their customer is drawn; every replicate anew in pandas."""
    mart = build(sandbox, world)["mart_link_importance"].set_index(["chain_link_key", "ownership_age_band_code"])
    rows = groups_of(journeys)[1001, "all"]
    weights = world["int_bootstrap_weight"]
    weights = weights[weights["replicate"] > 0].pivot(index="replicate", columns="bucket", values="weight").fillna(0)
    drawn = []
    for _, weight in weights.iterrows():
        times = weight.reindex(rows["customer_key"] % BUCKETS, fill_value=0).astype(int)
        resampled = rows.loc[rows.index.repeat(times)]
        matrix = pairwise(resampled, list(LINKS))
        lmg, slopes = lmg_by_orderings(matrix), coefficients(matrix)
        uplift = slopes * (TARGET - resampled[list(LINKS)].mean().to_numpy())
        drawn.append([lmg / lmg.sum(), [lmg.sum()] * len(LINKS), slopes, uplift])
    expected = np.quantile(np.array(drawn), [0.025, 0.975], axis=0)
    figures = mart.loc[[(100100 + link, "all") for link in LINKS]]
    for number, figure in enumerate(("lmg_share", "r_squared", "coefficient", "uplift")):
        close(figures[f"{figure}_ci_low"], expected[0, number])
        close(figures[f"{figure}_ci_high"], expected[1, number])


def two_links(random: np.random.Generator, customers: int, link: int, band: int = 1, start: int = 0) -> pd.DataFrame:
    """Journeys of one chain and band, a customer each, who scored link 1 and another one."""
    journeys = pd.DataFrame({"chain_key": 1001, "customer_key": range(start, start + customers)})
    journeys["ownership_age_band_key"] = band
    journeys["retained_e6"] = random.integers(0, 2, customers) * 1_000_000
    return pd.concat(
        [journeys.assign(link_key=scored, score=random.integers(0, 11, customers)) for scored in (1, link)],
        ignore_index=True,
    )


def build_from(sandbox: Sandbox, journeys: list[pd.DataFrame]) -> pd.DataFrame:
    """The mart of the first chain, from journeys."""
    sandbox.give("int_importance_journey", pd.concat(journeys))
    for node in MODELS[1:]:
        sandbox.build(node)
    mart = sandbox.build("mart_link_importance").set_index(["ownership_age_band_code", "chain_link_key"]).sort_index()
    return mart.loc[(slice(None), [100100 + link for link in LINKS]), :]


def test_every_reason_for_no_importance(sandbox: Sandbox, world: dict[str, pd.DataFrame]) -> None:
    """Too few journeys, too few of a link, no second link, a pair never scored together, a score that never varies."""
    random = np.random.default_rng(2)
    lay_down(sandbox, world)

    def reasons(*journeys: pd.DataFrame) -> pd.Series:
        first_band = build_from(sandbox, list(journeys)).loc["new"]
        assert (first_band["lmg"].isna() == first_band["missing_reason"].notna()).all()
        return first_band["missing_reason"].fillna("")

    assert reasons(two_links(random, MIN_SCORED - 1, 3)).str.contains("fewer than 30 journeys").all()
    lone = reasons(two_links(random, 29, 3), two_links(random, 29, 5, start=100))
    assert "no other link" in lone[100101] and "fewer than 30 of these" in lone[100103]
    apart = reasons(two_links(random, 60, 3), two_links(random, 60, 5, start=100))
    assert apart[[100101, 100103, 100105]].str.contains("scored together in fewer than 10").all()
    good = two_links(random, 60, 3)
    one_out = reasons(good, two_links(random, 20, 5, start=100))
    assert one_out[[100101, 100103]].tolist() == ["", ""] and "fewer than 30 of these" in one_out[100105]
    of_link_3 = good["link_key"] == 3
    flat = reasons(good.assign(score=good["score"].mask(of_link_3, 10)))
    assert flat[[100101, 100103]].str.contains("no regression fits the pairwise").all()
    hardly = reasons(
        good.assign(score=good["score"].mask(of_link_3, 10).mask(of_link_3 & (good["customer_key"] < 2), 9))
    )
    assert hardly[[100101, 100103]].str.contains("many of the bootstrap replicates").all()


def test_hidden_means_cannot_be_worked_out(sandbox: Sandbox, world: dict[str, pd.DataFrame]) -> None:
    """A band with fewer than 10 scores of a link hides another one of that link too, or the total would tell."""
    random = np.random.default_rng(3)
    lay_down(sandbox, world)
    bands = {1: 60, 2: 5, 3: 40}
    mart = build_from(sandbox, [two_links(random, size, 3, band) for band, size in bands.items()])
    mart = mart.xs(100103, level="chain_link_key")
    hidden = mart[mart["suppression_reason"].notna()]
    assert set(hidden.index) == {"established", "long"}
    assert hidden[["mean_score", "journeys_scored", "uplift", "uplift_ci_low"]].isna().all(axis=None)
    assert mart.loc[["all", "new"], ["mean_score", "journeys_scored", "uplift"]].notna().all(axis=None)
    assert mart.loc["long", "lmg_share"] > 0
    assert (mart["journeys_scored"].dropna() >= MIN_SHOWN).all()
    # nor can the number of journeys, by what the other bands leave of the total
    assert mart.loc["all", "journeys"] > 0
    assert mart.loc[["new", "established", "long"], "journeys"].isna().all()


def test_the_same_mart_whatever_the_order(sandbox: Sandbox, world: dict[str, pd.DataFrame]) -> None:
    """Rows in another order and another number of threads: identical to the last digit."""
    marts = []
    for threads, seed in ((4, 1), (1, 2)):
        sandbox.connection.execute(f"set threads = {threads}")
        shuffled = {node: rows.sample(frac=1, random_state=seed) for node, rows in world.items()}
        mart = build(sandbox, shuffled)["mart_link_importance"]
        marts.append(mart.sort_values(["chain_link_key", "ownership_age_band_code"], ignore_index=True))
    pd.testing.assert_frame_equal(*marts, check_exact=True)
