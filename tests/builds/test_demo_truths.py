"""Every truth that the demo plants is found by the models.

The warehouse is the one that `make test` has just built of the demo, or one built here. Truths are read from the truth
file and the landing files; what the models say, from the published tables.
"""

import csv
import json
import os
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from math import hypot
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from landing_builder import TEST_KEY, Warehouse, build

from demo.generate import generate
from demo.plan import CHAINS, Chain
from nps_chain.people import identity
from nps_chain.running import demo_data
from nps_chain.settings import KEY_VARIABLE, load_settings

SEED, SCALE = 7, 1.0
# chains whose contact centre has too few answers to say what within it goes with the score
FEW_CONTACTS = ("retail_nl", "retail_de")

# Planted and found gaps differ by chance only: people whose follow-up ended early, and records that name nobody.
GAP_TOLERANCE_WEAK_LINK = 0.05
GAP_TOLERANCE_IN_STANDARD_ERRORS = 2.0
MIN_FOLLOWED = 50

MIN_PAIR_PRECISION, MIN_PAIR_RECALL = 0.985, 0.94
MAX_PERSONS_IN_A_CUSTOMER = 2
MIN_SHARE_OF_WHOLE_PERSONS = 0.9

MIN_ANSWERS_FOR_A_SHARE = 30
BEGGED_SHARE_OF_TENS, USUAL_SHARE_OF_TENS = 0.7, 0.45
RETENTION_STANDARD_ERRORS = 3.0
MAX_FALSE_DISCOVERIES = 0.05


@dataclass(frozen=True)
class Demo:
    """The demo's landing folder, its truths, and the warehouse built of it."""

    landing: Path
    truth: dict[str, Any]
    identity_table: Path
    key: str
    db: duckdb.DuckDBPyConnection

    def rows(self, query: str, parameters: list[Any] | None = None) -> list[tuple[Any, ...]]:
        """All rows of a query on the published tables."""
        return self.db.execute(query, parameters or []).fetchall()

    def chain(self, chain: Chain) -> dict[str, Any]:
        """What was planted in a chain."""
        return self.truth["chains"][chain.code]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The demo of the default scale, with the warehouse that is there already, or a new one."""
    settings = load_settings()
    there = Warehouse(settings.published_database, settings.work_database)
    if _is_of_demo(there):
        return _open(demo_data.LANDING, demo_data.TRUTH, there, os.environ.get(KEY_VARIABLE) or demo_data.IDENTITY_KEY)
    folder = tmp_path_factory.mktemp("demo_truths")
    generate(folder / "landing", folder / "truth.json", SCALE, SEED)
    built = build(folder / "landing", folder / "warehouse")
    return _open(folder / "landing", folder / "truth.json", built, TEST_KEY)


def _is_of_demo(warehouse: Warehouse) -> bool:
    """Whether a warehouse was built, after the demo was generated, of the demo's files at the default scale."""
    needed = (demo_data.TRUTH, warehouse.published, warehouse.work)
    if not all(path.is_file() for path in needed) or json.loads(demo_data.TRUTH.read_text())["scale"] != SCALE:
        return False
    if warehouse.published.stat().st_mtime < demo_data.TRUTH.stat().st_mtime:
        return False
    with warehouse.open() as db:
        read = {path for (path,) in db.execute("select file_path from mart_pipeline_health").fetchall()}
    return {
        str(file.relative_to(demo_data.LANDING)) for file in demo_data.LANDING.rglob("*.*") if file.is_file()
    } <= read


def _open(landing: Path, truth: Path, warehouse: Warehouse, key: str) -> Demo:
    content = json.loads(truth.read_text(encoding="utf-8"))
    return Demo(landing, content, truth.with_name(content["identity_table"]), key, warehouse.open())


# ---------------------------------------------------------------- the weakest link and the retention gaps


@pytest.mark.parametrize("chain", CHAINS, ids=lambda chain: chain.code)
def test_weakest_link_is_found(demo: Demo, chain: Chain) -> None:
    verdicts = dict(demo.rows("select link_code, verdict from mart_weakest_link where chain_code = ?", [chain.code]))
    planted = demo.chain(chain)
    named = {link: verdict for link, verdict in verdicts.items() if verdict in ("weakest", "candidate")}
    assert named == dict.fromkeys(planted["weakest"], "candidate" if planted["is_tie"] else "weakest")


def _retention(demo: Demo, chain: Chain, link: str) -> dict[str, tuple[float, float]]:
    """Retention and its standard error per category at the chain's window."""
    rows = demo.rows(
        "select nps_category, retention, retention_se from mart_retention_by_nps_category "
        "where chain_code = ? and link_code = ? and retention_measure = 'chain' and is_retention_window",
        [chain.code, link],
    )
    return {category: (retention, error) for category, retention, error in rows}


@pytest.mark.parametrize("chain", CHAINS, ids=lambda chain: chain.code)
def test_retention_gaps_are_found(demo: Demo, chain: Chain) -> None:
    for link, planted in demo.chain(chain)["links"].items():
        if min(planted["answers_followed_whole_window"].values()) < MIN_FOLLOWED:
            continue
        found = _retention(demo, chain, link)
        for category, gap in planted["true_gap_to_promoters"].items():
            tolerance = GAP_TOLERANCE_IN_STANDARD_ERRORS * hypot(found["promoter"][1], found[category][1])
            if link in chain.weakest:
                tolerance = GAP_TOLERANCE_WEAK_LINK
            assert found["promoter"][0] - found[category][0] == pytest.approx(gap, abs=tolerance), (link, category)


# ---------------------------------------------------------------- identity


@pytest.fixture(scope="module")
def resolved(demo: Demo) -> Demo:
    """The demo with a table of every record's true person and the customer that the models made of it."""
    identity.create_macros(demo.db)
    identity.set_key(demo.db, demo.key)
    demo.db.execute(f"""
        create table resolved as
        with
        truth as (from '{demo.identity_table}'),
        customers as (
            select *, identity_hash('customer', partner_code || '|' || record_no) as node_key from truth
            where dataset in ('dealer__customers', 'shop__customers')
        ),
        events as (
            select 'contact_centre__contacts' as dataset, partner_code, contact_no as record_no, customer_key
            from fct_contact inner join dim_partner using (partner_key)
            union all
            select if(survey_code = 'ownership', 'importer__ownership_survey', 'manufacturer__survey_invitations'),
                partner_code, invitation_no, customer_key
            from fct_survey_invitation
            inner join dim_partner using (partner_key)
            inner join dim_survey using (survey_key)
            where survey_code in ('ownership', 'brand_relationship')
        )
        select person_id, if(node_key is null, customers.node_key, nodes.customer_key) as customer_key
        from customers left join work.intermediate.int_customer_node as nodes using (node_key)
        union all
        select person_id, customer_key from truth inner join events using (dataset, partner_code, record_no)
    """)
    return demo


def _pairs(demo: Demo, columns: str) -> int:
    """Pairs of records that agree in the columns; a record without a customer is alone."""
    query = f"select sum(n * (n - 1) // 2) from (select count(*) as n from resolved {columns})"
    return int(demo.rows(query)[0][0])


def test_records_of_one_person_are_one_customer(resolved: Demo) -> None:
    known = "where customer_key is not null group by"
    right = _pairs(resolved, f"{known} person_id, customer_key")
    precision = right / _pairs(resolved, f"{known} customer_key")
    recall = right / _pairs(resolved, "group by person_id")
    print(f"pairs of records: precision {precision:.4f}, recall {recall:.4f}")
    assert precision >= MIN_PAIR_PRECISION
    assert recall >= MIN_PAIR_RECALL
    ((whole,),) = resolved.rows(
        "select avg(customers) from (select (count(distinct customer_key) = 1 and count(*) = count(customer_key))::int "
        "as customers from resolved group by person_id)"
    )
    assert whole >= MIN_SHARE_OF_WHOLE_PERSONS


def test_shared_addresses_merge_nobody(resolved: Demo) -> None:
    ((largest,),) = resolved.rows(
        "select max(persons) from (select count(distinct person_id) as persons from resolved "
        "where customer_key is not null group by customer_key)"
    )
    assert largest <= MAX_PERSONS_IN_A_CUSTOMER
    hubs = resolved.rows(
        "select address, is_hub, nodes.customer_key from (select unnest(?) as address) as shared "
        "left join work.intermediate.int_customer_node as nodes on identity_hash('email', address) = node_key",
        [list(resolved.truth["hub_addresses"])],
    )
    assert hubs
    assert all(is_hub and customer is None for _, is_hub, customer in hubs), hubs


# ---------------------------------------------------------------- partner versions

SHOP_FACTS = {"fct_transaction": "transaction_on", "fct_nps_response": "response_on"}
DEALER_FACTS = {**SHOP_FACTS, "fct_survey_invitation": "sent_on"}


def _versions(demo: Demo, partner: str) -> list[dict[str, Any]]:
    rows = demo.rows(
        "select parent_partner_code, partner_name, valid_from, valid_to from dim_partner "
        "where partner_code = ? order by valid_from",
        [partner],
    )
    return [dict(zip(("parent", "name", "valid_from", "valid_to"), row, strict=True)) for row in rows]


def _assert_facts_split(demo: Demo, partner: str, column: str, old: str, new: str, day: date) -> None:
    """Every fact before the day joins the old version, every fact from the day on the new one, and there are both."""
    facts = SHOP_FACTS if partner.startswith("SHP") else DEALER_FACTS
    for fact, happened_on in facts.items():
        rows = demo.rows(
            f"select {column}, min({happened_on}), max({happened_on}) from {fact} inner join dim_partner "
            "using (partner_key) where partner_code = ? group by all",
            [partner],
        )
        spans = {value: (first, last) for value, first, last in rows}
        assert spans.keys() == {old, new}, (partner, fact)
        assert spans[old][1] < day <= spans[new][0], (partner, fact)


def test_moved_dealers_have_a_version_per_importer(demo: Demo) -> None:
    assert demo.truth["importer_moves"]
    for move in demo.truth["importer_moves"]:
        day = date.fromisoformat(move["date"])
        versions = _versions(demo, move["dealer"])
        ends = [v["valid_to"] for v in versions if v["parent"] == move["from"]]
        begins = [v["valid_from"] for v in versions if v["parent"] == move["to"]]
        assert max(ends) == day - timedelta(days=1)
        assert min(begins) == day
        _assert_facts_split(demo, move["dealer"], "parent_partner_code", move["from"], move["to"], day)


def test_renamed_partners_have_a_version_per_name(demo: Demo) -> None:
    assert demo.truth["renamed_partners"]
    for change in demo.truth["renamed_partners"]:
        renamed_on = date.fromisoformat(change["date"])
        begins = [v["valid_from"] for v in _versions(demo, change["partner"]) if v["name"] == change["to"]]
        if change["partner"].startswith("DLR"):
            # dealers' names are known from the first monthly snapshot that shows them
            renamed_on = (renamed_on.replace(day=1) + timedelta(days=32)).replace(day=1)
        assert min(begins) == renamed_on
        _assert_facts_split(demo, change["partner"], "partner_name", change["from"], change["to"], renamed_on)


# ---------------------------------------------------------------- dirty rows and files


def test_dirty_rows_are_counted_exactly(demo: Demo) -> None:
    found = demo.rows("select dataset, reason_code, count(*) from mart_quarantine group by all")
    planted = {
        (dataset, reason): count
        for dataset, reasons in demo.truth["dirty_counts"].items()
        for reason, count in reasons.items()
    }
    assert {(dataset, reason): count for dataset, reason, count in found} == planted


def test_dirty_rows_are_found_on_their_lines(demo: Demo) -> None:
    found = demo.rows("select file_path, line_number, reason_code, scope from mart_quarantine")
    planted = [(row["file"], row["line"], row["reason"], row["scope"]) for row in demo.truth["dirty_rows"]]
    assert Counter(found) == Counter(planted)


def test_bad_files_failed_and_only_they(demo: Demo) -> None:
    failed = demo.rows("select dataset, file_path, message from mart_pipeline_health where file_status = 'failed'")
    planted = {(bad["dataset"], bad["file"]) for bad in demo.truth["bad_files"]}
    assert {(dataset, path) for dataset, path, _ in failed} == planted
    assert all(message.startswith(path) for _, path, message in failed)


def test_files_of_partners_that_are_on_no_list_have_no_usable_row(demo: Demo) -> None:
    unusable = demo.rows("select file_path from mart_pipeline_health where file_status not in ('loaded', 'failed')")
    unknown = {row["file"] for row in demo.truth["dirty_rows"] if "-9999/" in row["file"]}
    assert {path for (path,) in unusable} == unknown


def test_the_demo_is_warned_of_its_dirt_and_of_nothing_else(demo: Demo) -> None:
    """Of no scale, no reference and no receipt in lines: 460 sources are sound."""
    warned = demo.rows("select severity, warning_code, file_path, partner_code from mart_source_warning")
    files = {row["file"] for row in demo.truth["dirty_rows"]}
    assert {path for _, _, path, _ in warned if path} <= files
    assert {(severity, code) for severity, code, _, _ in warned} == {
        (2, "rows_refused"),
        (2, "partner_not_known"),
        (2, "scores_not_read"),
        (2, "deliveries_ended"),
        # requests that were refused for their dirt
        (2, "erasure_met_nobody"),
        # the survey programme's file, and the dirt's corrected scores
        (3, "score_replaced"),
    }
    assert demo.truth["programme"]["dealer"] in {p for _, code, _, p in warned if code == "score_replaced"}
    assert {p for _, code, _, p in warned if code == "deliveries_ended"} == set(_silent_tills(demo.landing))


def _silent_tills(landing: Path) -> list[str]:
    """Known shops that sold nothing for two months before the data end, and never before for half as long."""
    receipts = pd.concat(
        pd.read_csv(path, dtype=str, on_bad_lines="skip", encoding_errors="replace").assign(shop=path.parent.name)
        for path in landing.glob("shop/*/receipts.csv")
        if "-9999" not in path.parent.name
    )
    days = pd.to_datetime(receipts["purchased_on"], format="%Y-%m-%d", errors="coerce")
    sold = receipts.assign(day=days).dropna(subset="day").query("day > '2000-01-01'")
    sold = sold.drop_duplicates(["shop", "day"]).sort_values(["shop", "day"])
    last = sold.groupby("shop")["day"].max()
    longest = sold.groupby("shop")["day"].apply(lambda each: each.diff().max())
    quiet = sold["day"].max() - last
    return list(quiet.index[(quiet > pd.Timedelta(days=60)) & (quiet > 2 * longest)])


# ---------------------------------------------------------------- partners that beg for scores


@pytest.mark.parametrize("chain", CHAINS, ids=lambda chain: chain.code)
def test_begging_shows_in_the_tens(demo: Demo, chain: Chain) -> None:
    begging = {row["partner"] for row in demo.truth["begging_partners"] if row["chain"] == chain.code}
    shares = dict(
        demo.rows(
            "select partner_code, avg((score = 10)::int) from fct_nps_response inner join dim_partner "
            "using (partner_key) where chain_code = ? and link_code in ('dealer', 'shop') "
            "group by partner_code having count(*) >= ?",
            [chain.code, MIN_ANSWERS_FOR_A_SHARE],
        )
    )
    assert begging
    assert begging <= shares.keys()
    assert min(shares[partner] for partner in begging) > BEGGED_SHARE_OF_TENS
    assert max(share for partner, share in shares.items() if partner not in begging) < USUAL_SHARE_OF_TENS


@pytest.mark.parametrize("chain", CHAINS, ids=lambda chain: chain.code)
def test_begging_buys_no_retention(demo: Demo, chain: Chain) -> None:
    """Among those who gave promoter scores, begging partners keep no more of them than others."""
    begging = [row["partner"] for row in demo.truth["begging_partners"] if row["chain"] == chain.code]
    rows = demo.rows(
        "select partner_code in (select unnest(?)), count(*), avg((is_event and duration_days <= window_days)::int) "
        "from (select *, retention_window_days as window_days from fct_retention "
        "inner join dim_chain using (chain_key)) as followed inner join dim_partner using (partner_key) "
        "where followed.chain_code = ? and link_code in ('dealer', 'shop') and nps_category = 'promoter' "
        "and retention_measure = 'chain' and response_on + window_days <= (select max(transaction_on) "
        "from fct_transaction) group by all",
        [begging, chain.code],
    )
    kept = {is_begging: (people, share) for is_begging, people, share in rows}
    error = sum(share * (1 - share) / people for people, share in kept.values()) ** 0.5
    assert kept[True][1] < kept[False][1] + RETENTION_STANDARD_ERRORS * error


# ---------------------------------------------------------------- what within a link goes with its score


@pytest.mark.parametrize("chain", CHAINS, ids=lambda chain: chain.code)
def test_the_reason_that_goes_with_bad_contacts_is_found(demo: Demo, chain: Chain) -> None:
    """It would bring most of all reasons, surely, and reasons explain what the ways of asking don't.

    A contact centre with too few answers to be sure of any reason blames none.
    """
    drivers = demo.rows(
        "select driver_kind, driver_code, nps_gain_ci_low, q_value, kind_explained_share, evidence "
        "from mart_link_driver "
        "where chain_code = ? and link_code = 'contact_centre' and nps_gain is not null order by nps_gain desc",
        [chain.code],
    )
    reasons = [row for row in drivers if row[0] == "contact_reason"]
    sure = [code for _, code, low, q_value, *_ in reasons if low > 0 and q_value < MAX_FALSE_DISCOVERIES]
    blamed = demo.truth["blamed_contact_reason"]
    if any(row[-1] == "full" for row in reasons):
        assert sure[0] == reasons[0][1] == blamed
        assert reasons[0][4] > max(share for kind, _, _, _, share, _ in drivers if kind == "survey_mode")
    else:
        assert chain.code in FEW_CONTACTS
        assert set(sure) <= {blamed}


@pytest.mark.parametrize("chain", CHAINS, ids=lambda chain: chain.code)
def test_what_matters_at_a_link_is_found_among_further_questions(demo: Demo, chain: Chain) -> None:
    """The first question of a survey goes with most of the answers, surely more than the last, which hardly matters."""
    rows = demo.rows(
        "select survey_code, driver_name, explained_share, explained_share_ci_low, explained_share_ci_high "
        "from mart_link_driver where chain_code = ? and driver_kind = 'item' and missing_reason is null",
        [chain.code],
    )
    found = {survey: {name: figures for code, name, *figures in rows if code == survey} for survey, *_ in rows}
    links = {"automotive": {"post_sale", "post_service", "post_contact"}, "retail": {"shop_visit", "post_contact"}}
    silent = {"post_contact"} if chain.code in FEW_CONTACTS else set()
    assert set(found) == links[chain.industry] - silent
    for survey, items in found.items():
        planted = demo.truth["survey_items"][survey]
        assert sorted(items, key=lambda item: -items[item][0]) == planted, survey
        assert items[planted[0]][1] > items[planted[-1]][2], survey


# ---------------------------------------------------------------- erasure


def _rows_of_customer(demo: Demo, request: dict[str, str]) -> list[int]:
    """Keys of the landing rows that carry the customer number of a request."""
    folder, number = ("dealer", "customer_no") if request["dataset"] == "dealer__customers" else ("shop", "loyalty_no")
    keys = []
    files = demo.rows(
        "select file_id, file_path from mart_pipeline_health where file_status = 'loaded' and file_path like ?",
        [f"{folder}/{request['partner_code']}/%"],
    )
    for file_id, path in files:
        with (demo.landing / path).open(encoding="utf-8", errors="replace", newline="") as stream:
            reader = csv.DictReader(line.replace("\0", "") for line in stream)
            keys += [file_id + reader.line_num for row in reader if row.get(number) == request["record_no"]]
    return keys


def _tables_with_customers(demo: Demo) -> list[str]:
    return [
        table
        for (table,) in demo.rows(
            "select table_name from duckdb_columns() where database_name = 'published' and column_name = 'customer_key'"
        )
    ]


def test_erased_people_are_nowhere(resolved: Demo) -> None:
    requests = resolved.truth["erasure_requests"]
    customers = [
        customer
        for (customer,) in resolved.rows(
            "select distinct coalesce(nodes.customer_key, named.node_key % 8000000000000000) from (select "
            "identity_hash('customer', unnest(?)) as node_key) as named "
            "left join work.intermediate.int_customer_node as nodes using (node_key)",
            [[f"{request['partner_code']}|{request['record_no']}" for request in requests]],
        )
    ]
    assert len(customers) == len(requests)
    tables = _tables_with_customers(resolved)
    assert {"dim_customer", "fct_transaction", "fct_nps_response", "fct_contact", "fct_retention"} <= set(tables)
    for table in tables:
        left = resolved.rows(f"select count(*) from {table} where customer_key in (select unnest(?))", [customers])
        assert left == [(0,)], table


def test_erased_peoples_rows_are_nowhere(demo: Demo) -> None:
    requests = demo.truth["erasure_requests"]
    keys = [key for request in requests for key in _rows_of_customer(demo, request)]
    assert len(keys) > len(requests)  # the customers' own rows, and what was sold to them
    for table, key in (
        ("fct_transaction", "transaction_key"),
        ("fct_nps_response", "response_key"),
        ("fct_survey_invitation", "invitation_key"),
        ("mart_quarantine", "row_key"),
    ):
        assert demo.rows(f"select count(*) from {table} where {key} in (select unnest(?))", [keys]) == [(0,)], table


def test_what_a_programme_removed_and_raised_is_told_and_counts_all_the_same(demo: Demo) -> None:
    planted = demo.truth["programme"]
    query = (
        "select count(*) filter (where programme_status = 'excluded' and programme_score is null), sum(is_rescored), "
        "max(score) filter (where is_rescored = 1), max(score) filter (where programme_status = 'excluded') "
        "from fct_nps_response join dim_partner using (partner_key) where partner_code = ?"
    )
    ((excluded, rescored, highest_raised, highest_excluded),) = demo.rows(query, [planted["dealer"]])
    assert (excluded, rescored) == (planted["excluded"], planted["rescored"])
    assert highest_excluded <= 3 < highest_raised <= 6
