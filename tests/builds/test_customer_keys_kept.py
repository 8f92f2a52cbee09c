"""Customers' keys over builds: they stay where the person does, changes are listed, and who is erased leaves both.

One shop's people over four builds: the first; a load of changes; everything anew; and a request to be erased.
"""

import hashlib
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import duckdb
import pytest
from landing_builder import TEST_KEY, write_csv
from test_loads import Warehouse

SHOP = Path("shop") / "KEY-S1"
PARTNERS = "partner_code,link,industry,country,partner_name,valid_from\nKEY-S1,shop,retail,NL,Shop,2020-01-01\n"
CARDS = ("ada", "ben", "cem", "dot", "dov", "eve")
MONTHS = 12


def hashed(kind: str, value: str) -> int:
    """The keyed hash of an identity, as docs/landing.md describes it."""
    return int(hashlib.sha256(f"{TEST_KEY}|{kind}|{value}".encode()).hexdigest()[:15], 16)


def card_hash(card: str) -> int:
    """The hash of a card of the shop."""
    return hashed("customer", f"{SHOP.name}|{card}")


def email_beside(below: bool, *cards: str) -> str:
    """An address whose hash is smaller than those of all cards, or larger."""
    limits = [card_hash(card) for card in cards]
    for number in count():
        email = f"{cards[0]}{number}@post.example"
        value = hashed("email", email)
        if value < min(limits) if below else value > max(limits):
            return email
    raise AssertionError


def lay_customers(landing: Path, emails: list[tuple[str, str]]) -> None:
    """The shop's list: cards with their addresses."""
    columns = ("loyalty_no", "name", "email", "phone", "segment", "member_since")
    write_csv(
        landing / SHOP / "customers.csv", columns, [(card, "", email, "", "private", "") for card, email in emails]
    )


def lay_shop(landing: Path) -> None:
    """Every card buys once a month."""
    (landing / "chain").mkdir(parents=True)
    (landing / "chain" / "partners.csv").write_text(PARTNERS, encoding="utf-8")
    columns = (
        "receipt_no",
        "receipt_kind",
        "purchased_on",
        "loyalty_no",
        "product_code",
        "revenue",
        "cost",
        "currency",
    )
    rows = [
        (f"{card}-{month}", "sale", f"2024-{month:02}-15", card, "", "25.00", "15.00", "EUR")
        for card in CARDS
        for month in range(1, MONTHS + 1)
    ]
    write_csv(landing / SHOP / "receipts.csv", columns, rows)


@dataclass(frozen=True)
class Seen:
    """What a build published: the key of each card (by its receipts), the log, and all keys of dim_customer."""

    keys: dict[str, int]
    changes: list[tuple[int, int, str, int]]
    customers: set[int]


def look(warehouse: Warehouse) -> Seen:
    """Read what was built last."""
    with duckdb.connect(str(warehouse.settings.work_database), read_only=True) as connection:
        keys = connection.execute(
            "select split_part(receipt_no, '-', 1), list(distinct customer_key) from marts.fct_transaction "
            "inner join base.base_shop__receipts on transaction_key = row_key group by all"
        ).fetchall()
        assert all(len(found) == 1 for _, found in keys)
        changes = connection.execute(
            "select old_customer_key, new_customer_key, change_kind, build_number from marts.dim_customer_change"
        ).fetchall()
        customers = connection.execute("select customer_key from marts.dim_customer").fetchall()
    return Seen({card: key for card, (key,) in keys}, sorted(changes), {key for (key,) in customers})


@dataclass(frozen=True)
class Story:
    """What each build published, and which of them loaded changes; the kept folder at the end."""

    seen: list[Seen]
    loaded_changes: list[bool]
    kept: Path
    ben: str


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Ada gains an address of a smaller hash; Ben and Cem turn out to be one; Dot and Dov two; later Ben asks to go."""
    root = tmp_path_factory.mktemp("kept")
    landing = root / "landing"
    lay_shop(landing)
    ben, cem = email_beside(True, "ben"), email_beside(False, "cem")
    pair, dov = email_beside(False, "dot", "dov"), email_beside(True, "dov")
    lay_customers(landing, [("ben", ben), ("cem", cem), ("dot", pair), ("dov", pair), ("eve", "eve@post.example")])
    seen, loaded = [], []
    with pytest.MonkeyPatch.context() as monkeypatch:
        warehouse = Warehouse(root / "warehouse", monkeypatch)

        def build(anew: bool = False) -> None:
            warehouse.build(landing, anew=anew)
            seen.append(look(warehouse))
            loaded.append(warehouse.loaded_changes)

        build()
        ada = email_beside(True, "ada")
        emails = [("ada", ada), ("ben", ben), ("cem", cem), ("dot", pair), ("dov", dov), ("eve", "eve@post.example")]
        lay_customers(landing, emails)
        # cem answers under ben's address
        columns = ("answer_no", "answered_at", "receipt_no", "loyalty_no", "email", "survey_mode", "score")
        answer = ("A-1", "2024-12-16T10:00", "cem-12", "cem", ben, "web", 9)
        write_csv(landing / SHOP / "survey.csv", columns, [answer])
        build()
        build(anew=True)
        columns = ("request_id", "requested_on", "country", "email", "phone")
        requests = [("K-1", "2024-12-20", "NL", ben, ""), ("K-2", "2024-12-20", "NL", "nobody@post.example", "")]
        write_csv(landing / "chain" / "erasure_requests.csv", columns, requests)
        build()
    return Story(seen, loaded, warehouse.settings.kept, ben)


def test_the_second_build_loaded_changes_and_the_third_made_all_anew(story: Story) -> None:
    assert story.loaded_changes == [False, True, False, False]


def test_who_gains_an_address_keeps_the_key(story: Story) -> None:
    first, second, *_ = story.seen
    assert first.keys["ada"] == second.keys["ada"] == card_hash("ada") % 8_000_000_000_000_000
    assert first.keys["eve"] == second.keys["eve"]


def test_a_merge_and_a_split_are_listed_and_nothing_else(story: Story) -> None:
    first, second, *_ = story.seen
    assert first.keys["ben"] != first.keys["cem"] and first.keys["dot"] == first.keys["dov"]
    assert second.keys["ben"] == second.keys["cem"] == min(first.keys["ben"], first.keys["cem"])
    # of the pair's three identities dot has two
    assert second.keys["dot"] == first.keys["dot"] != second.keys["dov"]
    gone = max(first.keys["ben"], first.keys["cem"])
    merged = (gone, second.keys["ben"], "merged_into", 2)
    assert second.changes == sorted([merged, (first.keys["dot"], second.keys["dov"], "split_from", 2)])
    assert first.changes == []


def test_one_customer_has_one_key_below_two_to_the_53(story: Story) -> None:
    for seen in story.seen:
        assert seen.customers == set(seen.keys.values())
        assert all(0 <= key < 2**53 for key in seen.customers)


def test_keys_and_log_outlive_a_build_of_everything(story: Story) -> None:
    _, second, third, _ = story.seen
    assert third == second


def test_an_erased_person_leaves_keys_and_log(story: Story) -> None:
    _, _, third, last = story.seen
    assert set(last.keys) == {"ada", "dot", "dov", "eve"}
    assert last.keys == {card: key for card, key in third.keys.items() if card in last.keys}
    assert [kind for _, _, kind, _ in last.changes] == ["split_from"]
    assert duckdb.execute(f"select max(build_number) from '{story.kept}/customer_builds.parquet'").fetchone() == (4,)
    nodes = {
        node for (node,) in duckdb.execute(f"select node_key from '{story.kept}/customer_keys.parquet'").fetchall()
    }
    assert card_hash("ada") in nodes
    assert not nodes & {card_hash("ben"), card_hash("cem"), hashed("email", story.ben)}


def test_what_each_request_met_is_kept(story: Story) -> None:
    rows = duckdb.execute(f"select request_id, rows_met from '{story.kept}/erasure_outcomes.parquet' order by all")
    # two rows of the list, an answer, twenty-four receipts
    assert rows.fetchall() == [("K-1", 27), ("K-2", 0)]
