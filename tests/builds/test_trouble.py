"""Trouble in one partner's files costs no other partner anything, and no row is lost."""

import csv

from trouble import LAST_DAY, Troubled, inputs


def test_every_input_is_laid_down(troubled: Troubled) -> None:
    assert inputs()
    with troubled.warehouse.open() as connection:
        (files,) = connection.execute("select count(*) from mart_pipeline_health").fetchone()
    laid_down = [path for path in troubled.landing.rglob("*") if path.is_file()]
    assert files >= len(laid_down)


def test_rows_are_accepted_or_quarantined(troubled: Troubled) -> None:
    with troubled.warehouse.open() as connection:
        sums = connection.execute(
            "select sum(rows_in), sum(rows_accepted), sum(rows_quarantined) from mart_pipeline_health"
        ).fetchone()
    rows_in, accepted, quarantined = sums
    assert rows_in == accepted + quarantined
    assert quarantined > 0


def test_the_sound_partners_keep_every_answer(troubled: Troubled) -> None:
    for partner, path in (("SND-SH", "shop/SND-SH/survey.csv"), ("SND-NL", "dealer/SND-NL/post_service_survey.csv")):
        with (troubled.landing / path).open(encoding="utf-8", newline="") as stream:
            rows = [row for row in csv.DictReader(stream) if row["score"]]
        # the base ends on its last day; who was served on it has answered a day later
        delivered = sorted(int(row["score"]) for row in rows if row["answered_at"][:10] <= LAST_DAY.isoformat())
        with troubled.warehouse.open() as connection:
            counted = connection.execute(
                "select score from fct_nps_response inner join dim_partner using (partner_key) where partner_code = ?",
                [partner],
            ).fetchall()
        assert sorted(score for (score,) in counted) == delivered
        assert len(delivered) > 100
