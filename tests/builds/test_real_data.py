"""Two public data sets, laid down as landing folders, give through the models what others computed from them."""

from collections import Counter
from decimal import Decimal
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from landing_builder import FIXTURES, build
from lifelines import KaplanMeierFitter
from lifelines.statistics import multivariate_logrank_test
from real_data import (
    ENGLISH,
    RESENT,
    SPANISH,
    SURVEY_FILES,
    invented_score,
    lay_cdnow,
    lay_survey,
    read_purchases,
    survey_rows,
)
from scipy.stats import norm

TOLERANCE = 1e-9
FEWEST_SHOWN = 10

WINDOW_DAYS = 180
HORIZONS = (30, 90, WINDOW_DAYS, 365)
# The warehouse's z has seven digits; lifelines is asked for the interval of that same z.
WAREHOUSE_ALPHA = 2 * norm.sf(1.959964)


@pytest.fixture(scope="module")
def survey(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    folder = tmp_path_factory.mktemp("r_survey")
    lay_survey(folder / "landing")
    return build(folder / "landing", folder / "warehouse").open()


@pytest.mark.parametrize(
    ("partner", "responses", "promoters", "detractors", "nps"),
    [(ENGLISH, 3018, 2308, 131, 72.13386348575214), (SPANISH, 260, 184, 18, 63.846153846153854)],
)
def test_survey_gives_the_published_nps(
    survey: duckdb.DuckDBPyConnection, partner: str, responses: int, promoters: int, detractors: int, nps: float
) -> None:
    facts = survey.execute(
        "select count(*), sum(is_promoter), sum(is_detractor), avg(nps_contribution) "
        "from fct_nps_response inner join dim_partner using (partner_key) where partner_code = ?",
        [partner],
    ).fetchone()
    assert facts == (responses, promoters, detractors, pytest.approx(nps, abs=TOLERANCE))


@pytest.mark.parametrize(("partner", "chain"), [(ENGLISH, "retail_gb"), (SPANISH, "retail_es")])
def test_marts_show_the_survey_by_quarter(survey: duckdb.DuckDBPyConnection, partner: str, chain: str) -> None:
    expected = _figures_by_quarter(SURVEY_FILES[partner])
    for mart, column, value in (
        ("mart_nps_by_link", "chain_code", chain),
        ("mart_nps_by_partner", "partner_code", partner),
    ):
        rows = survey.execute(
            f"select cast(quarter_start_on as varchar), responses, promoters, detractors, nps from {mart} "
            f"where link_code = 'shop' and {column} = ?",
            [value],
        ).fetchall()
        assert {quarter: tuple(figures) for quarter, *figures in rows} == expected


def _figures_by_quarter(file: str) -> dict[str, tuple[object, ...]]:
    """Answers, promoters, detractors and NPS of each quarter of the file; nothing where they are too few to show."""
    answers = pd.DataFrame(survey_rows(file)).query("Qrecommend != 'NA'").astype({"Qrecommend": int})
    days = pd.to_datetime(answers["Qtime"]).dt.tz_localize(None)
    figures: dict[str, tuple[object, ...]] = {}
    for quarter, scores in answers["Qrecommend"].groupby(days.dt.to_period("Q")):
        n, promoters, detractors = len(scores), int((scores >= 9).sum()), int((scores <= 6).sum())
        shown = (n, promoters, detractors, pytest.approx(100 * (promoters - detractors) / n, abs=TOLERANCE))
        figures[str(quarter.start_time.date())] = shown if n >= FEWEST_SHOWN else (None,) * 4
    return figures


@pytest.mark.parametrize(("partner", "no_answers"), [(ENGLISH, 62), (SPANISH, 35)])
def test_no_answers_are_quarantined(survey: duckdb.DuckDBPyConnection, partner: str, no_answers: int) -> None:
    lines = {
        number for number, row in enumerate(survey_rows(SURVEY_FILES[partner]), start=2) if row["Qrecommend"] == "NA"
    }
    quarantined = survey.execute(
        "select line_number, reason_code from mart_quarantine where file_path = ?",
        [f"shop/{partner}/survey_2018.csv"],
    ).fetchall()
    assert len(lines) == no_answers
    assert dict(quarantined) == dict.fromkeys(lines, "no_answer")


def test_equal_answers_of_different_people_count(survey: duckdb.DuckDBPyConnection) -> None:
    rows = [tuple(row.values()) for row in survey_rows(SURVEY_FILES[ENGLISH])]
    repeats = sum(times - 1 for times in Counter(rows).values())
    answered_repeats = sum(times - 1 for row, times in Counter(rows).items() if row[-1] != "NA")
    assert (repeats, answered_repeats) == (20, 18)
    answer_numbers = {str(number) for number, row in enumerate(rows, start=2) if row[-1] != "NA"}
    counted = survey.execute(
        "select response_no from fct_nps_response inner join dim_partner using (partner_key) where partner_code = ?",
        [ENGLISH],
    ).fetchall()
    assert sorted(number for (number,) in counted) == sorted(answer_numbers)


def test_file_sent_again_is_quarantined_to_the_last_row(survey: duckdb.DuckDBPyConnection) -> None:
    reasons = survey.execute(
        "select reason_code, count(*) from mart_quarantine where file_path = ? group by all", [RESENT]
    ).fetchall()
    assert dict(reasons) == {"duplicate_row": 3018, "no_answer": 62}
    health = survey.execute(
        "select rows_in, rows_accepted, rows_quarantined from mart_pipeline_health where file_path = ?", [RESENT]
    ).fetchone()
    assert health == (3080, 0, 3080)


@pytest.fixture(scope="module")
def purchases() -> pd.DataFrame:
    return read_purchases()


@pytest.fixture(scope="module")
def cdnow(purchases: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    folder = tmp_path_factory.mktemp("cdnow")
    lay_cdnow(folder / "landing", purchases)
    return build(folder / "landing", folder / "warehouse").open()


@pytest.fixture(scope="module")
def follow_up(purchases: pd.DataFrame) -> pd.DataFrame:
    """Per customer the days from the first purchase day to the next paid one, or to the end of the data."""
    days = purchases.assign(day=pd.to_datetime(purchases["purchased_on"]))
    rows = days.groupby("customer_id")[["day"]].min().rename(columns={"day": "first"})
    paid = days[days["amount_usd"].astype(float) > 0].join(rows, on="customer_id")
    rows["second"] = paid[paid["day"] > paid["first"]].groupby("customer_id")["day"].min()
    rows["event"] = rows["second"].notna()
    rows["duration"] = (rows["second"].fillna(days["day"].max()) - rows["first"]).dt.days
    scores = rows.index.map(invented_score)
    rows["category"] = pd.cut(scores, [-1, 6, 8, 10], labels=["detractor", "passive", "promoter"]).astype(str)
    return rows


def test_every_purchase_is_loaded(cdnow: duckdb.DuckDBPyConnection) -> None:
    loaded = cdnow.execute(
        "select count(*), sum(revenue_eur), count(*) filter (where revenue_eur = 0), count(distinct customer_key) "
        "from fct_transaction"
    ).fetchone()
    assert loaded == (69659, Decimal("2500315.63"), 80, 23570)
    assert cdnow.execute("select count(*) from mart_quarantine").fetchone() == (0,)


@pytest.mark.parametrize("measure", ["chain", "partner"])
@pytest.mark.parametrize("category", ["promoter", "passive", "detractor"])
def test_retention_is_what_lifelines_computes(
    cdnow: duckdb.DuckDBPyConnection, follow_up: pd.DataFrame, measure: str, category: str
) -> None:
    people = follow_up[follow_up["category"] == category]
    fitter = KaplanMeierFitter(alpha=WAREHOUSE_ALPHA).fit(people["duration"], people["event"])
    rows = cdnow.execute(
        "select horizon_days, is_retention_window, at_risk_at_start, events, retention, retention_se, "
        "retention_ci_low, retention_ci_high from mart_retention_by_nps_category "
        "where link_code = 'shop' and nps_category = ? and retention_measure = ? order by horizon_days",
        [category, measure],
    ).fetchall()
    assert [row[0] for row in rows] == list(HORIZONS)
    for horizon, is_window, at_risk, events, *figures in rows:
        assert is_window == (horizon == WINDOW_DAYS)
        assert at_risk == len(people)
        assert events == (people["event"] & (people["duration"] <= horizon)).sum()
        assert figures == pytest.approx(_lifelines_figures(fitter, horizon), abs=TOLERANCE)


def _lifelines_figures(fitter: KaplanMeierFitter, horizon: int) -> list[float]:
    """Retention, Greenwood's standard error and the interval at a horizon, from a fitted survival curve."""
    survival = fitter.predict(horizon)
    table = fitter.event_table.loc[:horizon]
    greenwood = (table["observed"] / (table["at_risk"] * (table["at_risk"] - table["observed"]))).sum()
    lower, upper = fitter.confidence_interval_survival_function_.loc[:horizon].iloc[-1]
    return [1 - survival, survival * greenwood**0.5, 1 - upper, 1 - lower]


@pytest.mark.parametrize("horizon", HORIZONS)
def test_log_rank_is_what_lifelines_computes(
    cdnow: duckdb.DuckDBPyConnection, follow_up: pd.DataFrame, horizon: int
) -> None:
    within = follow_up["event"] & (follow_up["duration"] <= horizon)
    expected = multivariate_logrank_test(follow_up["duration"].clip(upper=horizon), follow_up["category"], within)
    rows = cdnow.execute(
        "select distinct log_rank_chi2, log_rank_df, log_rank_p from mart_retention_by_nps_category "
        "where link_code = 'shop' and retention_measure = 'chain' and horizon_days = ?",
        [horizon],
    ).fetchall()
    assert rows == [
        (
            pytest.approx(expected.test_statistic, abs=TOLERANCE),
            2,
            pytest.approx(expected.p_value, abs=TOLERANCE),
        )
    ]


def test_retention_facts_follow_every_customer(cdnow: duckdb.DuckDBPyConnection, follow_up: pd.DataFrame) -> None:
    facts = cdnow.execute(
        "select duration_days, is_event, nps_category, censoring_reason, count(*) from fct_retention "
        "where retention_measure = 'chain' group by all"
    ).fetchall()
    expected = follow_up.groupby(["duration", "event", "category"]).size()
    assert {(d, e, c, reason): n for d, e, c, reason, n in facts} == {
        (duration, event, category, None if event else "as_of"): people
        for (duration, event, category), people in expected.items()
    }


def test_fixtures_name_their_source() -> None:
    for folder, owner in (("r_survey_2018", "RStudio"), ("cdnow", "Fader")):
        assert owner in Path(FIXTURES / folder / "README.md").read_text(encoding="utf-8")
