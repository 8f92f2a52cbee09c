"""The weakest links that the demo plants are really in its files.

This reads the landing files and the true person numbers with SQL and numpy of its own; it uses nothing of the models.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pytest

from demo.generate import generate
from demo.plan import CHAINS, WINDOW_DAYS, Chain

DEFAULT_SEED = 7
REPLICATES = 300
PARTNER = "string_split(filename, '/')[-2] as partner"
CSV = "header = true, all_varchar = true, union_by_name = true, ignore_errors = true, filename = true"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The default landing folder and its truth."""
    folder = tmp_path_factory.mktemp("demo_whole")
    generate(folder / "landing", folder / "truth.json", 1.0, DEFAULT_SEED)
    return folder


class World:
    """The landing folder as tables of true persons."""

    def __init__(self, folder: Path) -> None:
        self.db = duckdb.connect()
        self.folder = folder / "landing"
        self.db.execute(f"create table identity as from '{folder}/truth_identity.parquet'")
        self.db.execute(
            "create table who as select dataset, partner_code, record_no, any_value(person_id) as person "
            "from identity group by all"
        )
        self._transactions()
        self._answers()
        self._exposures()

    def _csv(self, pattern: str, options: str = "") -> str:
        return f"(select *, {PARTNER} from read_csv('{self.folder}/{pattern}', {CSV} {options}))"

    def _transactions(self) -> None:
        """Customer-paid transactions with margin, and all touchpoints at dealers and shops."""
        money = "try_cast(revenue as double) - try_cast(cost as double)"
        self.db.execute(f"""
            create table visits as
            select 'dealer' as link, partner, w.person, try_cast(delivered_on as date) as day, {money} as margin,
                   true as paid, order_kind = 'new' as new_unit, false as product
            from {self._csv("dealer/*/sales_orders.csv")} join who as w on w.dataset = 'dealer__customers'
                and w.partner_code = partner and w.record_no = customer_no
            where order_kind in ('new', 'used') and currency in ('EUR', 'GBP')
            union all
            select 'dealer', partner, w.person, try_cast(completed_on as date), {money}, payer = 'customer',
                false, false
            from {self._csv("dealer/*/service_orders*.csv")} join who as w on w.dataset = 'dealer__customers'
                and w.partner_code = partner and w.record_no = customer_no
            where payer in ('customer', 'warranty') and currency in ('EUR', 'GBP')
            union all
            select 'shop', partner, w.person, try_cast(purchased_on as date), {money}, receipt_kind = 'sale', false,
                   product_code is not null
            from {self._csv("shop/*/receipts*.csv")} join who as w on w.dataset = 'shop__customers'
                and w.partner_code = partner and w.record_no = loyalty_no
            where receipt_kind in ('sale', 'return') and currency in ('EUR', 'GBP')
        """)

    def _answers(self) -> None:
        contact = (
            f"read_json('{self.folder}/contact_centre/*/contacts_2*.ndjson', filename = true, ignore_errors = true)"
        )
        survey = f"read_json('{self.folder}/contact_centre/*/surveys_2*.ndjson', filename = true, ignore_errors = true)"
        self.db.execute(
            f"create table contacts as select w.person, cast(opened_at as date) as day from "
            f"(select *, {PARTNER} from {contact}) join who as w on w.dataset = "
            "'contact_centre__contacts' and w.partner_code = partner and w.record_no = contact_id"
        )
        dealer = " union all ".join(
            f"select 'dealer' as link, w.person, try_cast(answered_at as date) as day, "
            f"try_cast(score as int) as score from "
            f"{self._csv(f'dealer/*/{name}_survey.csv')} as s join {self._csv(f'dealer/*/{orders}.csv')} as o "
            "on o.order_no = s.order_no and o.partner = s.partner join who as w on w.dataset = 'dealer__customers' "
            "and w.partner_code = s.partner and w.record_no = o.customer_no"
            for name, orders in (("post_sale", "sales_orders"), ("post_service", "service_orders*"))
        )
        brand = f"{self.folder}/manufacturer/*"
        self.db.execute(f"""
            create table answers as
            select distinct link, person, day, score from (
                {dealer}
                union all
                select 'shop', w.person, try_cast(answered_at as date), try_cast(s.score as int)
                from {self._csv("shop/*/survey.csv")} as s
                left join {self._csv("shop/*/receipts*.csv")} as r
                    on r.receipt_no = s.receipt_no and r.partner = s.partner
                join who as w on w.dataset = 'shop__customers' and w.partner_code = s.partner
                    and w.record_no = coalesce(s.loyalty_no, r.loyalty_no)
                union all
                select 'importer', w.person, try_strptime(beantwoord_op, '%d-%m-%Y')::date, try_cast(cijfer as int)
                from (select *, {PARTNER} from read_csv('{self.folder}/importer/*/eigenaarsonderzoek*.csv', {CSV},
                    delim = ';', encoding = 'latin-1')) join who as w on w.dataset = 'importer__ownership_survey'
                    and w.partner_code = partner and w.record_no = uitnodigingsnummer
                union all
                select 'manufacturer', w.person, cast(answered_at as date), try_cast(recommend_score as int)
                from (select *, {PARTNER} from read_parquet('{brand}/survey_answers_*.parquet', filename = true))
                join who as w on w.dataset = 'manufacturer__survey_invitations' and w.partner_code = partner
                    and w.record_no = invitation_id
                union all
                select 'contact_centre', w.person, cast(answered_at as date), try_cast(nps as int)
                from (select *, {PARTNER} from {survey}) join who as w on w.dataset = 'contact_centre__contacts'
                    and w.partner_code = partner and w.record_no = contact_id
            ) where score between 0 and 10 and day is not null
        """)

    def _exposures(self) -> None:
        """Who met which link in the trailing four quarters, scored or not."""
        invited = (
            f"select w.person, {{day}} as day from (select *, {PARTNER} from {{source}}) "
            "join who as w on w.dataset = '{dataset}' and w.partner_code = partner and w.record_no = {number}"
        )
        brand = invited.format(
            day="cast(sent_at as date)",
            dataset="manufacturer__survey_invitations",
            number="invitation_id",
            source=f"read_parquet('{self.folder}/manufacturer/*/survey_invitations_*.parquet', filename = true)",
        )
        owner = invited.format(
            day="try_strptime(verzonden_op, '%d-%m-%Y')::date",
            dataset="importer__ownership_survey",
            number="uitnodigingsnummer",
            source=f"read_csv('{self.folder}/importer/*/eigenaarsonderzoek*.csv', {CSV}, delim = ';', "
            "encoding = 'latin-1')",
        )
        self.db.execute(f"""
            create table exposed as
            select distinct link, person from (
                select link, person, day from visits
                union all select 'contact_centre', person, day from contacts
                union all select 'importer', person, day from visits where new_unit
                union all select 'importer', person, day from ({owner})
                union all select 'manufacturer', person, day from visits where new_unit or product or not paid
                union all select 'manufacturer', person, day from ({brand})
            ) where day between date '2025-07-01' and date '2026-06-30'
        """)

    def value_at_stake(self, chain: Chain, rng: np.random.Generator) -> tuple[dict[str, float], dict[str, float]]:
        """Value at stake per link, and the share of bootstrap replicates in which each link's is the largest."""
        window = WINDOW_DAYS[chain.industry]
        rows = self.db.execute(f"""
            select a.link, a.person, a.score, min(v.day) - a.day as days, date '2026-06-30' - a.day as follow_up,
                   sum(v.margin) filter (where v.day <= a.day + {window}) as margin
            from answers as a left join visits as v on v.person = a.person and v.day > a.day and v.paid
            where a.person // 1000000000 = {chain.number}
            group by a.link, a.person, a.day, a.score order by a.link, a.person, a.day, a.score
        """).fetchnumpy()
        exposed = self.db.execute(f"""
            select link, person from exposed where person // 1000000000 = {chain.number} order by link, person
        """).fetchnumpy()
        # of those who came back, where the whole window has been seen
        bought = ~np.ma.getmaskarray(rows["margin"]) & (rows["follow_up"] >= window)
        margin = np.ma.filled(rows["margin"].astype(float), 0.0)
        people, index = np.unique(np.r_[rows["person"], exposed["person"]], return_inverse=True)
        weights = np.c_[np.ones(len(people)), rng.poisson(1.0, (len(people), REPLICATES))]
        answer, meeting = index[: len(rows["person"])], index[len(rows["person"]) :]
        values = np.stack(
            [
                _link_value(
                    rows,
                    rows["link"] == link,
                    weights[answer],
                    weights[meeting][exposed["link"] == link].sum(axis=0),
                    window,
                )
                * _mean(margin, weights[answer], (rows["link"] == link) & bought)
                for link in chain.links
            ]
        )
        best = values[:, 1:].argmax(axis=0)
        return (
            dict(zip(chain.links, values[:, 0], strict=True)),
            {link: float((best == i).mean()) for i, link in enumerate(chain.links)},
        )


def _mean(values: np.ndarray, weights: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Weighted mean of the masked values, per column of weights."""
    return (weights[mask] * values[mask][:, None]).sum(axis=0) / weights[mask].sum(axis=0)


def _link_value(rows: dict, mask: np.ndarray, weights: np.ndarray, exposed: np.ndarray, window: int) -> np.ndarray:
    """Exposed x (retention of promoters - retention of all), per column of weights."""
    weights = weights[mask]
    days = np.ma.filled(rows["days"][mask].astype(float), np.inf)
    follow_up = np.ma.filled(rows["follow_up"][mask], 0).astype(float)
    score = np.ma.filled(rows["score"][mask], 0)
    event = days <= np.minimum(follow_up, window)
    time = np.where(event, days, np.minimum(follow_up, window))
    categories = np.searchsorted([7, 9], score, side="right")
    kept = np.stack(
        [_retention(time[categories == c], event[categories == c], weights[categories == c]) for c in range(3)]
    )
    mix = np.stack([weights[categories == c].sum(axis=0) for c in range(3)]) / weights.sum(axis=0)
    excess = kept[2] - (kept * mix).sum(axis=0)
    return exposed * excess


def _retention(time: np.ndarray, event: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """One minus the Kaplan-Meier estimate at the window's end, per column of weights."""
    moments, position = np.unique(time, return_inverse=True)
    total, events = np.zeros((len(moments), weights.shape[1])), np.zeros((len(moments), weights.shape[1]))
    np.add.at(total, position, weights)
    np.add.at(events, position[event], weights[event])
    at_risk = total[::-1].cumsum(axis=0)[::-1]
    return 1 - np.prod(1 - events / np.maximum(at_risk, 1e-9), axis=0)


@pytest.fixture(scope="module")
def world(whole: Path) -> World:
    """The default landing folder's true persons."""
    return World(whole)


@pytest.mark.parametrize("chain", CHAINS, ids=lambda chain: chain.code)
def test_planted_weakest_link_holds(world: World, chain: Chain) -> None:
    value, share = world.value_at_stake(chain, np.random.default_rng(1))
    print(chain.code, {k: round(v) for k, v in value.items()}, share)
    others = [link for link in chain.links if link not in chain.weakest]
    if len(chain.weakest) == 1:
        assert share[chain.weakest[0]] > 0.9
        assert value[chain.weakest[0]] > 1.5 * max(value[link] for link in others)
    else:
        assert all(0.25 < share[link] < 0.75 for link in chain.weakest)
        assert all(share[link] < 0.1 for link in others)
