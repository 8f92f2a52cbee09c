"""The last steps of the pandas and polars answers: small tables, where one library is as good as the other."""

from functools import reduce
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from nps_chain.settings import ROOT

SEEDS = ROOT / "seeds"
CATEGORIES = ("promoter", "passive", "detractor")
LINKS = ("manufacturer", "importer", "dealer", "shop", "contact_centre")
Z_95 = 1.959964
BUCKETS, REPLICATES = 1000, 400
MIN_STRATUM, MIN_RESPONSES, MIN_PART, THRESHOLD_TENTHS = 5, 30, 10, 8
MILLIONTHS, BILLIONTHS = 1_000_000, 1e9
ROUNDS = ((48271, 69621), (16807, 39373), (40692, 45991))
MODULUS = 2147483647

STRATUM = ["chain", "link", "band", "segment"]
FIGURES = [
    "exposed",
    "retained_with_margin",
    "margin",
    *(f"{category}s" for category in CATEGORIES),
    *(f"trailing_{category}s" for category in CATEGORIES),
    *(f"retained_{category}s" for category in CATEGORIES),
]


def chains() -> pd.DataFrame:
    """Every chain, with its retention window."""
    industries = pd.read_csv(SEEDS / "industries.csv", dtype=str, keep_default_na=False)
    countries = pd.read_csv(SEEDS / "countries.csv", dtype=str, keep_default_na=False)
    both = industries.merge(countries, how="cross")
    return pd.DataFrame(
        {
            "chain": (both["industry_code"] + "_" + both["country_code"]).str.lower(),
            "industry": both["industry_code"],
            "country": both["country_code"],
            "window": both["retention_window_days"].astype(int),
        }
    )


def smallest_tied(a: NDArray[np.int64], b: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Identities, and the smallest identity that each of them is tied to."""
    nodes, places = np.unique(np.concatenate([a, b]), return_inverse=True)
    rows, columns = places[: len(a)], places[len(a) :]
    graph = coo_array((np.ones(len(a), dtype=np.int8), (rows, columns)), shape=(len(nodes), len(nodes)))
    _, component = connected_components(graph, directed=False)
    # nodes are sorted, so that the first of a component is its smallest
    _, first = np.unique(component, return_index=True)
    return nodes, nodes[first][component]


def with_nps(counts: pd.DataFrame) -> pd.DataFrame:
    """NPS, its adjusted Wald interval and the response rate."""
    promoters, detractors = counts["promoters"], counts["detractors"]
    responses = counts["responses"].replace(0, np.nan)
    adjusted = 100 * (promoters - detractors) / (responses + 3)
    share = (promoters + detractors + 1.5) / (responses + 3)
    se = 100 * np.sqrt((share - ((promoters - detractors) / (responses + 3)) ** 2) / (responses + 3))
    return counts.assign(
        response_rate=counts["answered"] / counts["delivered"].replace(0, np.nan),
        nps=100 * (promoters - detractors) / responses,
        nps_ci_low=np.maximum(-100, adjusted - Z_95 * se),
        nps_ci_high=np.minimum(100, adjusted + Z_95 * se),
    )


def nps_tables(cells: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """NPS per link and per partner, by quarter."""
    cells = cells.rename(columns={"chain": "chain_code", "link": "link_code"})
    link = ["chain_code", "link_code"]
    by_link = cells.groupby([*link, "quarter_start_on"], as_index=False).sum(numeric_only=True)
    tables = {"nps_by_partner": (cells, [*link, "partner_code"]), "nps_by_link": (by_link, link)}
    return {name: with_nps(_invited(counts, unit)) for name, (counts, unit) in tables.items()}


def _invited(counts: pd.DataFrame, unit: list[str]) -> pd.DataFrame:
    """No number of invitations where none are ever recorded."""
    total = counts.groupby(unit)["invitations"].transform("sum")
    return counts.assign(invitations=counts["invitations"].where(total > 0))


def curves(exits: pd.DataFrame) -> pd.DataFrame:
    """Kaplan-Meier per chain, link, category and measure, of returning and of being censored."""
    groups = ["chain", "link", "category", "measure"]
    curve = exits.sort_values([*groups, "duration"], ignore_index=True)
    leaving = (curve["events"] + curve["censored"]).astype(float)
    by_group = [curve[column] for column in groups]
    total = leaving.groupby(by_group).transform("sum")
    at_risk = total - leaving.groupby(by_group).cumsum() + leaving
    left = at_risk - curve["events"]
    with np.errstate(divide="ignore", invalid="ignore"):
        survived = np.log(left / at_risk)
        greenwood = curve["events"] / at_risk / left.where(left > 0)
        uncensored = np.log(1 - curve["censored"] / left).where(left > curve["censored"], 0)
    so_far = uncensored.groupby(by_group).cumsum() - uncensored
    return curve.assign(
        survival=np.exp(survived.groupby(by_group).cumsum()),
        greenwood=greenwood.fillna(0).groupby(by_group).cumsum(),
        uncensored=np.exp(so_far),
    )


def retention(curve: pd.DataFrame) -> pd.DataFrame:
    """Retention at every horizon of the industry."""
    horizons = pd.read_csv(SEEDS / "retention_horizons.csv").rename(columns={"industry_code": "industry"})
    cut = curve.merge(chains()[["chain", "industry"]], on="chain").merge(horizons, on="industry")
    groups = ["chain", "link", "category", "measure", "horizon_days"]
    leaving = cut["events"] + cut["censored"]
    within = cut["duration"] <= cut["horizon_days"]
    added = (
        cut.assign(
            at_risk_at_start=leaving,
            at_risk_at_horizon=leaving.where(cut["duration"] >= cut["horizon_days"], 0),
            events=cut["events"].where(within, 0),
            censored=cut["censored"].where(cut["duration"] < cut["horizon_days"], 0),
        )
        .groupby(groups, as_index=False)[["at_risk_at_start", "at_risk_at_horizon", "events", "censored"]]
        .sum()
    )
    last = cut[within].groupby(groups, as_index=False)[["survival", "greenwood"]].last()
    table = added.merge(last, on=groups, how="left").fillna({"survival": 1, "greenwood": 0})
    is_known = (table["at_risk_at_horizon"] > 0) | (table["survival"] == 0)
    table["retention"] = (1 - table["survival"]).where(is_known)
    table["retention_se"] = (table["survival"] * np.sqrt(table["greenwood"])).where(
        (table["at_risk_at_horizon"] > 0) & (table["survival"] > 0)
    )
    names = {
        "chain": "chain_code",
        "link": "link_code",
        "category": "nps_category",
        "measure": "retention_measure",
    }
    return table.rename(columns=names)


def bootstrap_weights() -> NDArray[np.float64]:
    """How often every replicate draws every bucket; replicate 0 draws all once."""
    replicate = np.arange(1, REPLICATES + 1, dtype=np.int64)[:, None]
    bucket = np.arange(1, BUCKETS + 1, dtype=np.int64)[None, :]
    mixed = (bucket * 1103515245 + replicate * 362437069) % MODULUS
    for multiplier, addend in ROUNDS:
        mixed = (mixed * mixed % MODULUS * multiplier + mixed * addend + addend) % MODULUS
    terms = np.cumprod([np.exp(-1), *(1 / k for k in range(1, 10))])
    drawn = np.searchsorted(np.cumsum(terms), mixed / MODULUS, side="right")
    return np.vstack([np.ones((1, BUCKETS)), drawn]).astype(float)


def _losses(buckets: pd.DataFrame) -> pd.DataFrame:
    """Customers lost, per chain, link and replicate."""
    weights = bootstrap_weights()
    strata = {}
    for stratum, rows in buckets.groupby(STRATUM):
        values = np.zeros((BUCKETS, len(FIGURES)))
        values[rows["bucket"].to_numpy()] = rows[FIGURES].to_numpy(dtype=float)
        strata[stratum] = weights @ values
    parts = []
    for (chain, link), keys in _by_link(strata).items():
        whole = reduce(np.add, (strata[key] for key in keys))
        lost = reduce(np.add, (_lost(strata[key], whole) for key in keys))
        named = dict(zip(FIGURES, whole.T, strict=True))
        margin = (
            named["margin"]
            / MILLIONTHS
            / np.where(named["retained_with_margin"] > 0, named["retained_with_margin"], np.nan)
        )
        parts.append(
            pd.DataFrame(
                {
                    "chain": chain,
                    "link": link,
                    "replicate": np.arange(REPLICATES + 1),
                    "exposed": named["exposed"],
                    "buyers": named["retained_with_margin"],
                    "margin_per_retained": margin,
                    "excess_loss": lost / np.where(named["exposed"] > 0, named["exposed"], np.nan),
                    "value_at_stake": lost * margin,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _by_link(strata: dict[tuple[str, ...], NDArray[np.float64]]) -> dict[tuple[str, str], list[tuple[str, ...]]]:
    keys: dict[tuple[str, str], list[tuple[str, ...]]] = {}
    for key in strata:
        keys.setdefault((key[0], key[1]), []).append(key)
    return keys


def _lost(stratum: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of one stratum, per replicate; a thin one borrows the link's own rates."""
    of, all_of = (dict(zip(FIGURES, table.T, strict=True)) for table in (stratum, whole))
    with np.errstate(divide="ignore", invalid="ignore"):
        rates = {}
        for name in CATEGORIES:
            own = of[f"retained_{name}s"] / of[f"{name}s"]
            borrowed = all_of[f"retained_{name}s"] / all_of[f"{name}s"]
            alone = (of[f"{name}s"][0] >= MIN_STRATUM) & (of[f"{name}s"] > 0)
            rates[name] = np.where(alone, own, borrowed) / BILLIONTHS
        mix = np.array([of[f"trailing_{name}s"] for name in CATEGORIES])
        whole_mix = np.array([all_of[f"trailing_{name}s"] for name in CATEGORIES])
        alone = (mix.sum(axis=0)[0] >= MIN_STRATUM) & (mix.sum(axis=0) > 0)
        shares = np.where(alone, mix / mix.sum(axis=0), whole_mix / whole_mix.sum(axis=0))
        expected = shares[0] * rates["promoter"] + sum(
            np.nan_to_num(share * rates[name]) for share, name in zip(shares[1:], CATEGORIES[1:], strict=True)
        )
    return np.where(of["exposed"] > 0, of["exposed"] * (rates["promoter"] - expected), 0)


def _sufficient(resolved: pd.DataFrame) -> pd.DataFrame:
    """Links with enough of all that a verdict needs of scores."""
    links = ["chain", "link"]
    is_known = (resolved["open"] == 0) | (resolved["followed_to"] >= resolved["window"])
    by_link = resolved.assign(is_known=is_known).groupby(links)
    sums = by_link[["responses", "trailing"]].sum()
    counts = resolved.pivot_table(index=links, columns="category", values="responses", fill_value=0)
    counts = counts.reindex(columns=list(CATEGORIES), fill_value=0)
    is_enough = (
        (sums["responses"] >= MIN_RESPONSES)
        & (sums["trailing"] >= MIN_PART)
        & (counts[["promoter", "detractor"]].min(axis=1) >= MIN_PART)
        & ((counts["passive"] == 0) | (counts["passive"] >= MIN_PART))
        & by_link["is_known"].all()
    )
    return sums[is_enough].reset_index()


def verdict(
    buckets: pd.DataFrame, resolved: pd.DataFrame, cells: pd.DataFrame, trailing: tuple[str, str]
) -> pd.DataFrame:
    """The weakest link; `resolved` says per link and category what its followed responses suffice for."""
    enough = _sufficient(resolved)
    losses = _losses(buckets)
    exposed = losses.loc[losses["replicate"] == 0, ["chain", "link", "exposed"]]
    losses["has_customers"] = (losses["exposed"] >= MIN_PART) & (losses["buyers"] >= MIN_PART)
    losses = losses.drop(columns=["exposed", "buyers"])
    losses = losses.merge(enough[["chain", "link"]], on=["chain", "link"])
    losses["place"] = losses["link"].map(LINKS.index)
    estimates = losses[(losses["replicate"] == 0) & losses["has_customers"]]
    compared = losses[losses["replicate"] > 0].merge(estimates[["chain", "link"]], on=["chain", "link"])
    compared = compared.sort_values(["value_at_stake", "place"], ascending=[False, True])
    is_first = compared.groupby(["chain", "replicate"]).cumcount() == 0
    compared["is_largest"] = is_first & (compared["value_at_stake"] > 0)
    by_link = compared.groupby(["chain", "link", "place"])
    shares = by_link.agg(
        p_weakest=("is_largest", "mean"),
        wins=("is_largest", "sum"),
        times=("is_largest", "size"),
        value_at_stake_ci_low_eur=("value_at_stake", lambda values: values.quantile(0.025)),
        value_at_stake_ci_high_eur=("value_at_stake", lambda values: values.quantile(0.975)),
        excess_loss_ci_low=("excess_loss", lambda values: values.quantile(0.025)),
        excess_loss_ci_high=("excess_loss", lambda values: values.quantile(0.975)),
    ).reset_index()
    shares = shares.sort_values(["wins", "place"], ascending=[False, True])
    by_chain = shares.groupby("chain")["wins"]
    # whole numbers: 0.7 + 0.1 is less than 0.8
    shares["wins_ahead"] = by_chain.cumsum() - shares["wins"]
    shares["wins_any"], shares["links"] = by_chain.transform("sum"), by_chain.transform("count")
    within = cells["quarter_start_on"].astype(str).str[:10].between(*trailing)
    totals = with_nps(cells[within].groupby(["chain", "link"], as_index=False).sum(numeric_only=True))
    totals = totals[totals["responses"] > 0]
    totals = totals.merge(exposed, on=["chain", "link"], how="left").fillna({"exposed": 0})
    table = totals.merge(estimates, on=["chain", "link"], how="left").merge(
        shares.drop(columns="place"), on=["chain", "link"], how="left"
    )
    table["verdict"] = np.select(
        [
            ~(table["links"] >= 2) | (table["wins_any"] * 10 < table["times"] * THRESHOLD_TENTHS),
            table["wins"] * 10 >= table["times"] * THRESHOLD_TENTHS,
            table["wins_ahead"] * 10 < table["times"] * THRESHOLD_TENTHS,
        ],
        ["cannot_tell", "weakest", "candidate"],
        "not_weakest",
    )
    names = {
        "chain": "chain_code",
        "link": "link_code",
        "exposed": "exposed_customers",
        "margin_per_retained": "margin_per_retained_eur",
        "value_at_stake": "value_at_stake_eur",
    }
    return table.rename(columns=names)


def write(tables: dict[str, pd.DataFrame], out: Path) -> None:
    """Leave the answers as files."""
    for name, table in tables.items():
        table.to_parquet(out / f"{name}.parquet")
