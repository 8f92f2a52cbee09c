"""Further questions of surveys: ratings, what they explain of the answers, against numpy, pandas and statsmodels."""

import itertools
import math
from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.weightstats import DescrStatsW

from study.sql_harness import Sandbox, close

Z_95 = 1.959964
REPLICATES, BUCKETS = 400, 1000
MAX_ITEMS, MIN_ANSWERS, MIN_SHOWN = 8, 30, 10
SCALES = {"0-10": (0, 10), "1-5": (1, 5), "1-7": (1, 7)}
BEFORE, INSIDE = date(2025, 4, 1), date(2026, 1, 1)
# survey of a link: its items, each with its scale and how much of the mood of the answer it holds
MANY = {f"q{number}": ("0-10", 0.3 + 0.05 * number) for number in range(MAX_ITEMS + 1)}
SURVEYS: dict[tuple[int, int], dict[str, tuple[str, float]]] = {
    (101, 3): {"price": ("1-5", 0.3), "staff": ("0-10", 0.6), "waiting_time": ("1-7", 1.2), "zest": ("1-5", 0.0)},
    (101, 4): {"staff": ("1-7", 0.9), "cleanliness": ("1-5", 0.1)},
    (102, 3): {"alone": ("1-5", 0.8)},
    (103, 4): MANY,
    (104, 3): {"few": ("1-5", 0.8)},
    (105, 3): {"always": ("1-5", 0.0), "staff": ("1-5", 0.9)},
    (106, 3): {"twin_a": ("1-5", 0.9), "twin_b": ("1-5", 0.9)},
}
SIZES = {101: 500, 102: 120, 103: 200, 104: 9, 105: 80, 106: 90}
NODES = ["int_driver_item_moment", "int_driver_item"]
FIGURES = ("explained_share", "rating_correlation")


# ------------------------------------------------------------------------------------------------------------ LMG


def explained(matrix: np.ndarray, entered: tuple[int, ...]) -> float:
    """R^2 of the outcome, row 0, on some of the others."""
    if not entered:
        return 0.0
    rows = list(entered)
    return float(matrix[rows, 0] @ np.linalg.solve(matrix[np.ix_(rows, rows)], matrix[rows, 0]) / matrix[0, 0])


def shapley(matrix: np.ndarray) -> np.ndarray:
    """What each predictor adds to R^2 where it enters, averaged over the sizes of what stands there already."""
    predictors = range(1, len(matrix))
    parts = []
    for one in predictors:
        others = [other for other in predictors if other != one]
        added = [
            np.mean(
                [
                    explained(matrix, (*before, one)) - explained(matrix, before)
                    for before in itertools.combinations(others, size)
                ]
            )
            for size in range(len(others) + 1)
        ]
        parts.append(np.mean(added))
    return np.array(parts)


def long_form(name: int, matrix: np.ndarray) -> pd.DataFrame:
    """The rows that the macro takes: codes, the outcome's sorts first."""
    codes = ["", *(f"item_{number}" for number in range(1, len(matrix)))]
    rows = [
        (name, codes[i], codes[j], matrix[i, j])
        for i, j in itertools.combinations_with_replacement(range(len(matrix)), 2)
    ]
    return pd.DataFrame(rows, columns=["matrix", "variable_a", "variable_b", "pair_correlation"])


def probe(sandbox: Sandbox, matrices: dict[int, np.ndarray]) -> pd.DataFrame:
    """The macro's rows."""
    rows = pd.concat([long_form(name, matrix) for name, matrix in matrices.items()]).sample(frac=1, random_state=1)
    got = sandbox.probe("statistics_probe_lmg_by_rows", {"probe_correlations": rows})
    return got.sort_values(["matrix", "predictor"], ignore_index=True)


def test_lmg_of_random_correlations(sandbox: Sandbox) -> None:
    """One to eight predictors, hardly or strongly correlated."""
    random = np.random.default_rng(1980)
    matrices = {}
    for name in range(32):
        size = 2 + name % MAX_ITEMS
        shared = random.normal(0, random.choice([0.2, 2.0]), (size, 1)) @ random.normal(0, 1, (1, 3 * size))
        matrices[name] = np.corrcoef(random.normal(0, 1, (size, 3 * size)) + shared)
    got = probe(sandbox, matrices)
    for name, rows in got.groupby("matrix"):
        matrix = matrices[name]
        assert len(rows) == len(matrix) - 1
        full = explained(matrix, tuple(range(1, len(matrix))))
        close(rows["lmg"], shapley(matrix))
        close(rows["r_squared"], [full] * len(rows))
        close(rows["lmg"].sum(), full)


def test_lmg_of_the_published_example(sandbox: Sandbox) -> None:
    """R's data set `swiss` (Mosteller and Tukey 1977), LMG as relaimpo 2.2-7 gives it (Groemping 2006)."""
    upper = [
        *(156.0424976873, 100.1691489362, -64.36692876966, -79.72950971323, 241.5632030527, 15.1561933395),
        *(515.7994172063, -124.3928307123, -139.657400555, 379.9043755782, -4.02585106383),
        *(63.64662349676, 53.57585568918, -190.5606105458, -2.64953746531),
        *(92.45605920444, -61.69882978723, -2.781683626272),
        *(1739.294537188, 21.31811609621),
        8.483802035153,
    ]
    covariance = np.zeros((6, 6))
    covariance[np.triu_indices(6)] = upper
    covariance += np.triu(covariance, 1).T
    deviations = np.sqrt(np.diag(covariance))
    got = probe(sandbox, {1: covariance / np.outer(deviations, deviations)})
    lmg = [0.0570912207681, 0.1711730289002, 0.2601346786244, 0.1055701503735, 0.1127659229265]
    close(got["lmg"], lmg, tolerance=1e-11)
    close(got["r_squared"], [0.706735001593] * 5, tolerance=1e-11)


def test_lmg_where_it_is_undefined(sandbox: Sandbox) -> None:
    """What no data could have gives nothing, whatever else is asked in the same query."""
    fine = np.array([[1, 0.6, 0.3], [0.6, 1, 0], [0.3, 0, 1]])
    collinear = np.array([[1, 0.5, 0.5], [0.5, 1, 1], [0.5, 1, 1.0]])
    impossible = np.array([[1, 0.5, 0.5, 0.5], [0.5, 1, 0.9, -0.9], [0.5, 0.9, 1, 0.9], [0.5, -0.9, 0.9, 1]])
    too_much = np.array([[1, 0.9, 0.9], [0.9, 1, 0.1], [0.9, 0.1, 1]])
    constant = np.array([[1, np.nan, 0.2], [np.nan, 0, np.nan], [0.2, np.nan, 1]])
    constant_outcome = np.array([[0, np.nan, np.nan], [np.nan, 1, 0.5], [np.nan, 0.5, 1]])
    missing_pair = np.array([[1, 0.2, 0.2], [0.2, 1, np.nan], [0.2, np.nan, 1]])
    cases = [fine, collinear, impossible, too_much, constant, constant_outcome, missing_pair, np.eye(MAX_ITEMS + 2)]
    got = probe(sandbox, dict(enumerate(cases)))
    close(got.loc[got["matrix"] == 0, "lmg"], [0.36, 0.09])
    undefined = got[got["matrix"] > 0]
    assert set(undefined["matrix"]) == set(range(1, len(cases)))
    assert undefined[["lmg", "r_squared"]].isna().all(axis=None)


# ----------------------------------------------------------------------------------------------------------- items


def ratings() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Answers, and what they rate beside: a row per answer and item; some items are left blank."""
    random = np.random.default_rng(2006)
    answers, items = [], []
    for (link, survey), questions in SURVEYS.items():
        size = SIZES[link]
        mood = random.normal(0, 1, size)
        keys = np.arange(size) + 10_000 * link + 1000 * survey
        points = np.select([mood + random.normal(0, 0.5, size) > 0.3, mood > -0.6], [1, 0], -1)
        frame = pd.DataFrame({"response_key": keys, "chain_link_key": link, "survey_key": survey, "points": points})
        # a customer may answer more than once, and some answers are nobody's
        frame["customer_key"] = np.where(random.random(size) < 0.1, np.nan, random.integers(0, 5000, size))
        frame["quarter_start_on"] = np.where(random.random(size) < (0.1 if size > 100 else 0), BEFORE, INSIDE)
        answers.append(frame)
        for item, (scale, held) in questions.items():
            low, high = SCALES[scale]
            felt = held * mood + random.normal(0, 1, size)
            given = np.clip(np.round((low + high) / 2 + felt * (high - low) / 5), low, high).astype(int)
            if item == "always":
                given[:] = high
            if item == "twin_b":
                given = items[-1]["rating_given"].to_numpy()
            rated = pd.DataFrame({"response_key": keys, "item_code": item, "scale": scale, "rating_given": given})
            items.append(rated if item.startswith("twin") else rated[random.random(size) < 0.93])
    return pd.concat(answers, ignore_index=True), pd.concat(items, ignore_index=True)


@pytest.fixture
def given(sandbox: Sandbox) -> pd.DataFrame:
    """The tables that the models read; returned are the ratings of the period with their answers."""
    answers, items = ratings()
    facts = answers.assign(
        customer_key=answers["customer_key"].astype("Int64"),
        is_promoter=(answers["points"] == 1).astype(int),
        is_detractor=(answers["points"] == -1).astype(int),
    ).drop(columns="points")
    sandbox.give("fct_nps_response", facts, {"quarter_start_on": "date", "customer_key": "bigint"})
    sandbox.give("fct_survey_item", items)
    sandbox.give("int_period", pd.DataFrame({"trailing_from": [date(2025, 7, 1)], "trailing_to": [date(2026, 6, 30)]}))
    sandbox.build("int_bootstrap_weight")
    rows = items.merge(answers, on="response_key")
    low = rows["scale"].map(lambda scale: SCALES[scale][0])
    high = rows["scale"].map(lambda scale: SCALES[scale][1])
    rows["rating"] = 100 * (rows["rating_given"] - low) / (high - low)
    return rows[rows["quarter_start_on"] == INSIDE]


def build(sandbox: Sandbox) -> pd.DataFrame:
    """The items."""
    for node in NODES:
        rows = sandbox.build(node)
    return rows.set_index(["chain_link_key", "survey_key", "item_code"]).sort_index()


def wide(rows: pd.DataFrame) -> pd.DataFrame:
    """An answer per row, the answer itself first, then what it rates."""
    table = rows.pivot(index="response_key", columns="item_code", values="rating").sort_index(axis=1)
    table.insert(0, "", rows.groupby("response_key")["points"].first())
    return table


def weighted_correlations(table: pd.DataFrame, weights: np.ndarray) -> np.ndarray:
    """Pairwise complete correlations of weighted rows."""
    size = table.shape[1]
    matrix = np.eye(size)
    for i, j in itertools.combinations(range(size), 2):
        both = table.iloc[:, [i, j]].notna().all(axis=1).to_numpy()
        matrix[i, j] = matrix[j, i] = DescrStatsW(table.iloc[both, [i, j]], weights[both]).corrcoef[0, 1]
    return matrix


def test_performance(sandbox: Sandbox, given: pd.DataFrame) -> None:
    """Mean and interval as statsmodels has them, whatever the scale."""
    got = build(sandbox)
    groups = given.groupby(["chain_link_key", "survey_key", "item_code"])["rating"]
    assert list(got.index) == list(groups.groups)
    close(got["responses"], groups.size())
    close(got["mean_rating"], groups.mean())
    for key, rates in groups:
        low, high = got.loc[key, ["mean_rating_ci_low", "mean_rating_ci_high"]].astype(float)
        if rates.nunique() == 1:
            assert math.isnan(low) and math.isnan(high)
            continue
        expected = DescrStatsW(rates).zconfint_mean(alpha=2 * stats.norm.sf(Z_95))
        close([low, high], [max(0, expected[0]), min(100, expected[1])])


def test_importance_together_and_alone(sandbox: Sandbox, given: pd.DataFrame) -> None:
    got = build(sandbox)
    joint = 0
    for key, rows in given.groupby(["chain_link_key", "survey_key"]):
        table = wide(rows)
        mine = got.loc[key]
        if len(table) < MIN_ANSWERS:
            assert mine[["explained_share", "rating_correlation", "r_squared"]].isna().all(axis=None)
            continue
        matrix = table.corr().to_numpy()
        close(mine["rating_correlation"], matrix[0, 1:])
        if mine["missing_reason"].isna().all():
            close(mine["explained_share"], shapley(matrix))
            close(mine["explained_share"].sum(), mine["r_squared"].iloc[0])
            assert mine["r_squared"].nunique() == 1
            joint += 1
    assert joint == 3


def test_intervals_are_those_of_resampled_customers(sandbox: Sandbox, given: pd.DataFrame) -> None:
    """Every replicate by numpy, with the weights that all models share."""
    got = build(sandbox).loc[(101, 3)]
    rows = given[(given["chain_link_key"] == 101) & (given["survey_key"] == 3)]
    table = wide(rows)
    customers = rows.groupby("response_key")["customer_key"].first()
    buckets = customers.fillna(pd.Series(customers.index, customers.index)).astype(int) % BUCKETS
    drawn = sandbox.build("int_bootstrap_weight").query("replicate > 0")
    drawn = drawn.pivot(index="bucket", columns="replicate", values="weight").fillna(0)
    assert drawn.shape[1] == REPLICATES
    shares = []
    for replicate in drawn:
        matrix = weighted_correlations(table, drawn[replicate].reindex(buckets).to_numpy())
        shares.append([shapley(matrix), matrix[0, 1:]])
    for number, figure in enumerate(FIGURES):
        bounds = np.quantile([share[number] for share in shares], [0.025, 0.975], axis=0)
        close(got[f"{figure}_ci_low"], bounds[0])
        close(got[f"{figure}_ci_high"], bounds[1])
    # what holds the mood most goes first, and what holds none goes last
    assert got["explained_share"].idxmax() == "waiting_time"
    assert got["explained_share"].idxmin() == "zest"


@pytest.mark.parametrize(
    ("survey", "said"),
    [
        ((103, 4), "more than 8 items"),
        ((104, 3), "fewer than 30 answers"),
        ((105, 3), "no regression fits"),
        ((106, 3), "no regression fits"),
    ],
)
def test_why_there_is_no_importance(sandbox: Sandbox, given: pd.DataFrame, survey: tuple[int, int], said: str) -> None:
    got = build(sandbox).loc[survey]
    assert got["missing_reason"].str.startswith(said).all()
    joint = ["explained_share", "explained_share_ci_low", "explained_share_ci_high", "r_squared"]
    assert got[joint].isna().all(axis=None)
    assert got["mean_rating"].notna().all()


def test_items_that_are_rarely_rated_together(sandbox: Sandbox, given: pd.DataFrame) -> None:
    """Half of the answers rate the one, half the other: their correlation is nobody's."""
    rows = sandbox.connection.execute(f"from {sandbox.project.relations['fct_survey_item']}").df()
    even = rows["response_key"] % 2 == 0
    sandbox.give("fct_survey_item", rows[(rows["item_code"] == "staff") == even])
    got = build(sandbox).loc[(101, 4)]
    assert got["missing_reason"].str.startswith("two items of the survey are rated together").all()
    assert got["rating_correlation"].notna().all()


def test_order_of_rows_does_not_matter(sandbox: Sandbox, given: pd.DataFrame) -> None:
    sandbox.assert_order_does_not_matter(NODES)


# -------------------------------------------------------------------------------------------------- fact and mart


def test_ratings_of_all_scales_are_parts_of_their_scale(sandbox: Sandbox) -> None:
    """Each rating of each scale; of answers that are known, not taken out, and rated at all."""
    rows = [(scale, rating) for scale, (low, high) in SCALES.items() for rating in range(low, high + 1)]
    items = pd.DataFrame(rows, columns=["scale", "rating"])
    items = items.assign(row_key=range(len(items)), survey="post_sale", partner_code="P1", response_no="I1")
    items["item_code"] = "i" + items["row_key"].astype(str)
    others = [
        {"row_key": 900, "response_no": "I2"},
        {"row_key": 901, "survey": "post_service"},
        {"row_key": 902, "partner_code": "P2"},
        {"row_key": 903, "rating": None},
        {"row_key": 904},
    ]
    extra = pd.concat([items.iloc[[0]].assign(**other) for other in others])
    items = pd.concat([items, extra]).astype({"rating": "Int64"})
    sandbox.give("stg_chain__survey_items", items, {"rating": "integer"})
    sandbox.give("int_late_reject", pd.DataFrame({"row_key": [904]}))
    codes = {"survey_key": [3, 4], "survey_code": ["post_sale", "post_service"]}
    sandbox.give("dim_survey", pd.DataFrame(codes))
    sandbox.give("int_partner_version", pd.DataFrame({"partner_key": [7, 8], "partner_code": ["P1", "P2"]}))
    answer = {"response_key": [55], "chain_link_key": 101, "survey_key": 3, "partner_key": 7, "response_no": "I1"}
    sandbox.give("fct_nps_response", pd.DataFrame(answer).assign(response_on=INSIDE))
    got = sandbox.build("fct_survey_item").sort_values("survey_item_key")
    assert len(got) == len(rows)
    assert (got["response_key"] == 55).all()
    assert got["rating_given"].tolist() == [rating for _, rating in rows]
    ends = np.array([SCALES[scale] for scale in got["scale"]])
    close(got["rating"], 100 * (got["rating_given"] - ends[:, 0]) / (ends[:, 1] - ends[:, 0]))
    assert set(got.groupby("scale")["rating"].min()) == {0}
    assert set(got.groupby("scale")["rating"].max()) == {100}


@pytest.fixture
def mart(sandbox: Sandbox, given: pd.DataFrame) -> Callable[[], pd.DataFrame]:
    """The mart's items, of links that have no levels but one touchpoint."""

    def rows() -> pd.DataFrame:
        items = build(sandbox).reset_index()
        links = pd.DataFrame({"chain_link_key": items["chain_link_key"].unique()})
        cells = {"driver_kind": "touchpoint", "driver_code": "sale", "driver_name": "Sale"}
        counts = {"responses": 1000, "promoters": 500, "passives": 300, "detractors": 200}
        sandbox.give("int_driver_cell", links.assign(**cells, **counts))
        kinds = {"period_kind": "varchar", "partner_code": "varchar", "partner_name": "varchar"}
        counted = dict.fromkeys(counts, "bigint")
        types = {"chain_link_key": "integer", **kinds, "suppression_reason": "varchar", **counted}
        sandbox.give("int_ranking_cell", pd.DataFrame(columns=list(types)), types)
        codes = {"survey_key": [3, 4], "survey_code": ["post_sale", "post_service"]}
        sandbox.give("dim_survey", pd.DataFrame(codes))
        sandbox.give("dim_chain_link", links.assign(chain_code="automotive_nl", link_code="dealer"))
        return sandbox.build("mart_link_driver").query("driver_kind == 'item'")

    return rows


def test_items_stand_in_the_mart(sandbox: Sandbox, given: pd.DataFrame, mart: Callable[[], pd.DataFrame]) -> None:
    """Their own figures and no level's; those of few answers are hidden."""
    got = mart()
    items = build(sandbox).reset_index()
    items["driver_code"] = items["survey_key"].map({3: "post_sale", 4: "post_service"}) + "/" + items["item_code"]
    rows = got.merge(items, on=["chain_link_key", "driver_code"], suffixes=("", "_of_item"))
    assert len(rows) == len(got) == len(items)
    levels = ["nps", "nps_ci_low", "nps_ci_high", "rest_nps", "nps_gain", "nps_gain_ci_low", "nps_gain_ci_high"]
    assert rows[[*levels, "q_value"]].isna().all(axis=None)
    hidden = rows["responses_of_item"] < MIN_SHOWN
    assert hidden.any()
    assert (rows["is_suppressed"] == hidden).all()
    assert rows.loc[hidden, ["responses", "response_share", "mean_rating", "rating_correlation"]].isna().all(axis=None)
    shown = rows[~hidden]
    for figure in ("responses", "mean_rating", "mean_rating_ci_low", "explained_share", "rating_correlation_ci_high"):
        close(shown[figure], shown[f"{figure}_of_item"])
    close(shown["kind_explained_share"], shown["r_squared"])
    close(shown["response_share"], shown["responses"] / 1000)
    assert (rows["driver_name"] == rows["item_code"]).all()
    assert (rows["driver_code"] == rows["survey_code"] + "/" + rows["item_code"]).all()
