"""Whether two sets of answers are the same: counts exactly, doubles within a billionth.

Small numbers are hidden in the project's marts and in nobody else's answers: what is hidden there is not compared.
P(weakest) is a count of replicates. Two links whose value at stake agrees in a replicate to the last bits could change
places where sums are added in another order; that would show as a difference of 1/400 here, and has not been seen.
The weakest link is compared as links one by one have it: the joint model, on which the project's verdict rests, is
nobody else's, and is part of the time of the project alone.
"""

import math
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from bench.answers import TABLES

RELATIVE, ABSOLUTE = 1e-9, 1e-9
# The mart that answers each table.
MARTS = {
    "nps_by_link": "mart_nps_by_link",
    "nps_by_partner": "mart_nps_by_partner",
    "retention": "mart_retention_by_nps_category",
    "weakest_link": "mart_weakest_link",
}
NPS_FIGURES = ["nps", "nps_ci_low", "nps_ci_high"]
COUNTS = ["invitations", "responses", "promoters", "passives", "detractors", "response_rate"]
# Figures are compared by name, so that a mart may have more.
COMPARED = {
    "nps_by_link": [*COUNTS, *NPS_FIGURES],
    "nps_by_partner": [*COUNTS, *NPS_FIGURES],
    "retention": ["at_risk_at_start", "at_risk_at_horizon", "events", "censored", "retention", "retention_se"],
    "weakest_link": [
        "responses",
        *NPS_FIGURES,
        "exposed_customers",
        "excess_loss",
        "excess_loss_ci_low",
        "excess_loss_ci_high",
        "margin_per_retained_eur",
        "value_at_stake_eur",
        "value_at_stake_ci_low_eur",
        "value_at_stake_ci_high_eur",
        "p_weakest",
        "verdict",
    ],
}
# What the marts show of links one by one are estimates; their intervals and P(weakest) are those of the replicates.
ONE_BY_ONE = """
    with replicates as (
        select
            replicates.*,
            chain_key,
            link_position,
            value_at_stake_eur > 0 and row_number() over (
                partition by chain_key, replicate order by value_at_stake_eur desc, link_position
            ) = 1 as is_largest
        from intermediate.int_link_replicate as replicates
        inner join marts.dim_chain_link using (chain_link_key)
        inner join intermediate.int_link_evidence using (chain_link_key)
        where is_sufficient and replicate > 0
    ),

    summarised as (
        select
            chain_link_key,
            quantile_cont(excess_loss, 0.025) as excess_loss_ci_low,
            quantile_cont(excess_loss, 0.975) as excess_loss_ci_high,
            quantile_cont(value_at_stake_eur, 0.025) as value_at_stake_ci_low_eur,
            quantile_cont(value_at_stake_eur, 0.975) as value_at_stake_ci_high_eur,
            count(*) filter (where is_largest) as wins,
            count(*) as times,
            wins / cast(times as double) as p_weakest,
            any_value(chain_key) as chain_key,
            any_value(link_position) as link_position
        from replicates
        group by chain_link_key
    ),

    -- the rule of 0.8, which the project applies to the joint model
    judged as (
        select
            *,
            coalesce(sum(wins) over (
                partition by chain_key order by wins desc, link_position
                rows between unbounded preceding and 1 preceding
            ), 0) as wins_ahead,
            case
                when
                    count(*) over (partition by chain_key) < 2
                    or sum(wins) over (partition by chain_key) * 10 < times * 8
                    then 'cannot_tell'
                when wins * 10 >= times * 8 then 'weakest'
                when wins_ahead * 10 < times * 8 then 'candidate'
                else 'not_weakest'
            end as verdict
        from summarised
    )

    select
        mart.chain_code,
        mart.link_code,
        mart.responses,
        mart.nps,
        mart.nps_ci_low,
        mart.nps_ci_high,
        mart.exposed_customers,
        mart.excess_loss_one_by_one as excess_loss,
        mart.margin_per_retained_eur,
        mart.value_at_stake_one_by_one_eur as value_at_stake_eur,
        coalesce(judged.verdict, 'cannot_tell') as verdict,
        judged.* exclude (chain_link_key, chain_key, link_position, wins, times, wins_ahead, verdict)
    from marts.mart_weakest_link as mart
    left join judged on mart.chain_link_key = judged.chain_link_key
"""


class DifferentError(Exception):
    """The answers differ, so that no time of theirs may be reported."""


def extract(database: Path, out: Path) -> None:
    """The project's answers, from its marts, as the files that the competitors write."""
    out.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(database), read_only=True) as connection:
        for table, mart in MARTS.items():
            answer = ONE_BY_ONE if table == "weakest_link" else f"from marts.{mart}"
            connection.execute(f"copy ({answer}) to '{out / table}.parquet' (format parquet)")


def compare(ours: Path, theirs: Path) -> int:
    """Hold every figure that is shown against the other's; return how many were compared."""
    compared = 0
    for table, key in TABLES.items():
        left, right = (pd.read_parquet(folder / f"{table}.parquet") for folder in (ours, theirs))
        compared += _compare_table(table, key, left, right)
    return compared


def _compare_table(table: str, key: list[str], ours: pd.DataFrame, theirs: pd.DataFrame) -> int:
    for frame in (ours, theirs):
        for column in key:
            frame[column] = frame[column].astype(str).str.slice(0, 10) if column.endswith("_on") else frame[column]
    joined = ours.merge(theirs, on=key, how="outer", suffixes=("", "_theirs"), indicator=True)
    hidden = _hidden(joined)
    strangers = joined[(joined["_merge"] == "right_only") | ((joined["_merge"] == "left_only") & ~hidden)]
    if len(strangers):
        raise DifferentError(f"{table}: {len(strangers)} rows are in one alone, such as {dict(strangers.iloc[0][key])}")
    shown = joined[~hidden]
    if shown.empty:
        raise DifferentError(f"{table}: nothing is shown, so nothing can be compared")
    for column in COMPARED[table]:
        for index, (mine, other) in enumerate(zip(shown[column], shown[f"{column}_theirs"], strict=True)):
            if not _same(mine, other):
                place = dict(shown.iloc[index][key])
                raise DifferentError(f"{table}.{column}: {mine!r} and {other!r} at {place}")
    return len(shown) * len(COMPARED[table])


def _hidden(joined: pd.DataFrame) -> pd.Series:
    """What the project alone knows to be hidden, and cells that are in its marts so that they are seen to be empty."""
    if "is_suppressed" in joined:
        hidden = joined["is_suppressed"].eq(True)
        return hidden | joined["at_risk_at_start"].eq(0) if "at_risk_at_start" in joined else hidden
    if "responses" in joined:
        # the verdict's table has no such column: there a hidden total is blank
        return joined["responses"].isna()
    return pd.Series(False, index=joined.index)


def _same(mine: Any, other: Any) -> bool:
    if pd.isna(mine) or pd.isna(other):
        return bool(pd.isna(mine) and pd.isna(other))
    if isinstance(mine, str):
        return mine == other
    if float(mine).is_integer() and float(other).is_integer():
        return mine == other
    return math.isclose(mine, other, rel_tol=RELATIVE, abs_tol=ABSOLUTE)
