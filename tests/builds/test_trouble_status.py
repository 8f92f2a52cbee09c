"""Answers that survey programmes exclude, dispute and replace: the first valid score counts, theirs beside it."""

from typing import Any

import pandas as pd
import pytest
from landing_builder import Warehouse

# first score, the programme's, its status, the reason; None is null
Answer = tuple[int, int | None, str, str | None]


def plain(*scores: int) -> list[Answer]:
    """Answers that no programme touched."""
    return [(score, score, "valid", None) for score in scores]


DEALER: dict[str, Answer] = {
    "W01": (2, 9, "valid", None),
    "W02": (3, None, "excluded", "wrong_vehicle"),
    "W03": (6, None, "excluded", "other"),
    "W04": (5, 5, "under_appeal", None),
    "W05": (4, None, "withdrawn", None),
    "W06": (8, 10, "valid", None),
    "W09": (1, 9, "valid", None),
    "W10": (10, None, "excluded", "duplicate_customer"),
    "W11": (9, 9, "other", None),
    **dict(zip(("W07", "W08", "W12"), plain(9, 7, 10), strict=True)),
    **dict(zip(("W15", "W16", "W17", "W18", "W19", "W20"), plain(9, 9, 8, 7, 6, 10), strict=True)),
}
CONTACT_CENTRE: dict[str, Answer] = {
    "s1": (3, 9, "valid", None),
    "s3": (4, 10, "valid", None),
    "s5": (9, None, "excluded", "not_a_customer"),
    "s12": (2, 9, "valid", "re-scored"),
    "s16": (3, 9, "valid", None),
    **dict(zip(("s2", "s6", "s7", "s8", "s9", "s11", "s14"), plain(2, 8, 6, 7, 10, 5, 4), strict=True)),
}
IMPORTER: dict[str, Answer] = {
    "E1": (6, 8, "valid", None),
    "E2": (3, None, "excluded", "buiten_steekproef"),
    "E3": (9, 9, "valid", None),
    "E4": (10, 10, "under_appeal", "other"),
    "E5": (2, 9, "valid", None),
    "E6": (7, 7, "valid", None),
}
MANUFACTURER: dict[str, Answer] = {
    "B1": (2, 10, "valid", None),
    "B2": (9, None, "excluded", "employee"),
    "B5": (0, 9, "valid", None),
    **dict(zip(("B3", "B4"), plain(8, 5), strict=True)),
}
SHOP: dict[str, Answer] = {
    "A1": (3, 9, "valid", None),
    "A2": (4, 10, "valid", None),
    "A3": (9, 9, "under_appeal", None),
}
TICKETS = {"x1": (2, 2, "valid", None)}
ANSWERS = {
    "STA-AT": DEALER,
    "STA-CC": CONTACT_CENTRE,
    "STA-IM": IMPORTER,
    "STA-MF": MANUFACTURER,
    "STA-SH": SHOP,
    "TK-CC": TICKETS,
}
ASKED = {"STA-AT": 18, "STA-CC": 13, "STA-IM": 6, "STA-MF": 6}


@pytest.fixture(scope="module")
def warehouse(troubled: Any) -> Warehouse:
    """What the build of all inputs left."""
    built: Warehouse = troubled.warehouse
    return built


def table(warehouse: Warehouse, query: str) -> pd.DataFrame:
    """What a query of the published tables, or of the working database behind them, finds."""
    with warehouse.open() as connection:
        return connection.execute(query).df()


@pytest.fixture(scope="module")
def responses(warehouse: Warehouse) -> pd.DataFrame:
    """The responses of these inputs, with their partners."""
    rows = table(warehouse, "select * from fct_nps_response join dim_partner using (partner_key)")
    return rows[rows["partner_code"].isin(ANSWERS)]


@pytest.mark.parametrize("partner", ANSWERS)
def test_the_first_valid_score_counts(responses: pd.DataFrame, partner: str) -> None:
    rows = responses[responses["partner_code"] == partner]
    columns = ["score", "programme_score", "programme_status", "exclusion_reason"]
    values = rows[columns].astype(object).where(rows[columns].notna(), None)
    found = dict(zip(rows["response_no"], values.itertuples(index=False, name=None), strict=True))
    assert found == ANSWERS[partner]


def test_what_is_told_of_a_score_is_told_of_the_first(responses: pd.DataFrame) -> None:
    category = pd.cut(responses["score"], [-1, 6, 8, 10], labels=["detractor", "passive", "promoter"])
    assert responses["nps_category"].tolist() == category.tolist()
    replaced = responses["programme_score"].notna() & (responses["programme_score"] != responses["score"])
    assert responses["is_rescored"].tolist() == replaced.astype(int).tolist()


def test_days_are_those_of_the_first_answer(responses: pd.DataFrame) -> None:
    """W06 and A1 were delivered again with a later moment and another score; E6 with the same score."""
    days = responses.set_index("response_no")["response_on"].dt.strftime("%Y-%m-%d")
    assert days[["W06", "A1", "E6", "x1"]].tolist() == ["2022-05-12", "2022-05-02", "2022-05-04", "2024-05-09"]


def test_nobody_is_asked_twice_for_one_answer(warehouse: Warehouse) -> None:
    query = "select partner_code, count(*) from fct_survey_invitation join dim_partner using (partner_key) group by 1"
    asked = table(warehouse, query).set_index("partner_code").iloc[:, 0]
    assert asked[list(ASKED)].to_dict() == ASKED


def test_what_exclusions_and_rescores_add(warehouse: Warehouse, responses: pd.DataFrame) -> None:
    """The dealer's 18 answers: NPS 0, the programme's 50, of which exclusions are 200 / 14."""
    row = table(warehouse, "from mart_programme_score where partner_code = 'STA-AT'").iloc[0]
    assert row[["responses", "responses_excluded", "responses_rescored", "responses_under_appeal"]].tolist() == [
        *(18, 4, 3, 1)
    ]
    points = row[["nps", "programme_nps", "exclusion_points", "rescore_points", "programme_points"]].tolist()
    assert points == pytest.approx([0, 50, 200 / 14, 50 - 200 / 14, 50])
    small = table(warehouse, "from mart_programme_score where partner_code in ('STA-IM', 'STA-MF', 'STA-SH')")
    assert small["is_suppressed"].all()
    figures = ["responses", "nps", "programme_nps", "programme_points", "responses_excluded", "responses_rescored"]
    assert small[figures].isna().all(axis=None)
    assert len(small) == len({"STA-IM", "STA-MF", "STA-SH"} & set(responses["partner_code"]))


def test_all_figures_rest_on_the_first_scores(warehouse: Warehouse) -> None:
    row = table(warehouse, "from mart_nps_by_partner where partner_code = 'STA-AT'").iloc[0]
    assert row[["responses", "promoters", "passives", "detractors", "nps"]].tolist() == [18, 7, 4, 7, 0]


def test_an_erased_answer_takes_its_rescore_along(warehouse: Warehouse) -> None:
    """The re-score names a contact without a caller, so that only the answer tells whose it is."""
    health = table(warehouse, "from mart_pipeline_health where file_path = 'contact_centre/STA-CC/surveys.ndjson'")
    assert health["rows_erased"].tolist() == [2]
    left = table(warehouse, "from work.staging.stg_contact_centre__surveys where survey_id like 'g1%'")
    assert left.empty


def test_an_excluded_answer_is_an_accepted_row(warehouse: Warehouse) -> None:
    reasons = table(warehouse, "select distinct reason_code from mart_quarantine where file_path like '%/STA-%'")
    assert set(reasons["reason_code"]) == {"superseded_row", "duplicate_row", "invalid_score"}


def test_replaced_and_missing_first_scores_are_warnings(warehouse: Warehouse) -> None:
    """Two of the contact centre's numbers stand for nothing; each other's re-scores and s6 have no first score."""
    rows = table(warehouse, "from work.intermediate.int_answer_warning where partner_code like 'STA-%'")
    found = rows.set_index(["warning_code", "partner_code"])[["rows_affected", "rows_total"]]
    assert {key: tuple(counts) for key, counts in zip(found.index, found.to_numpy(), strict=True)} == {
        ("first_score_missing", "STA-CC"): (4, 7),
        ("score_replaced", "STA-AT"): (3, 20),
        ("score_replaced", "STA-CC"): (2, 15),
        ("score_replaced", "STA-IM"): (1, 7),
        ("score_replaced", "STA-MF"): (1, 6),
        ("score_replaced", "STA-SH"): (1, 4),
    }
