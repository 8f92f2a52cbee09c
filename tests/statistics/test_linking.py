"""What holds customers' records together, against scipy; and what a stricter linking makes of a verdict."""

import itertools
from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from study.sql_harness import Sandbox

CHAIN = 1001
LINKS = {100101: "Manufacturer", 100103: "Dealer", 100105: "Contact centre"}
KINDS = ["customer", "unit", "email", "phone"]
NUMBERS = ["customer", "unit"]
NAMES = {"customer": "number", "unit": "number", "email": "email", "phone": "phone"}
SOURCES = ["int_contact", "int_survey_invitation", "int_survey_response"]


# --------------------------------------------------------------------------------------- what holds records together


def drawn_records(random: np.random.Generator, people: int, size: int) -> pd.DataFrame:
    """Records of people of up to `size` identities of a kind: each record names one of some kinds, at least one."""
    rows = []
    for person in range(people):
        # some have no number, some no phone
        owned = {kind: int(random.integers(0, size + 1)) for kind in KINDS}
        for _ in range(int(random.integers(1, 3 * size))):
            row: dict[str, object] = {"person": person}
            for place, kind in enumerate(KINDS):
                if owned[kind] and random.random() < 0.45:
                    row[kind] = 1000 * person + 100 * place + int(random.integers(owned[kind])) + 1
            if len(row) > 1:
                rows.append(row)
    records = pd.DataFrame(rows, columns=["person", *KINDS]).astype("Int64")
    # keys are hashes: their order says nothing of kind or person
    keys = records[KINDS].stack().unique()
    shuffled = dict(zip(keys, random.permutation(len(keys)) + 1, strict=True))
    records[KINDS] = records[KINDS].apply(lambda column: column.map(shuffled)).astype("Int64")
    return records


def parts(records: pd.DataFrame, kinds: list[str]) -> np.ndarray:
    """The component of every record, where records hang together by identities of these kinds."""
    named = records[kinds].reset_index(drop=True).stack()
    _, identities = np.unique(named.to_numpy(dtype=int), return_inverse=True)
    here = named.index.get_level_values(0).to_numpy()
    nodes = len(records) + (identities.max() + 1 if len(identities) else 0)
    graph = coo_matrix((np.ones(len(here)), (here, len(records) + identities)), shape=(nodes, nodes))
    return connected_components(graph, directed=False)[1][: len(records)]


def expected_linking(records: pd.DataFrame) -> dict[int, str]:
    """Per customer, named by its smallest identity, the weakest kind that its records need to hang together."""
    found = {}
    for _, own in records.groupby(parts(records, KINDS)):
        key = int(own[KINDS].min().min())
        for held_by, kinds in (("number", NUMBERS), ("email", [*NUMBERS, "email"]), ("phone", KINDS)):
            if own[kinds].notna().any(axis=1).all() and len(set(parts(own, kinds))) == 1:
                found[key] = held_by
                break
    return found


def pairs_of(records: pd.DataFrame) -> pd.DataFrame:
    """The identities that records name together, the smaller one first."""
    rows = set()
    for one, two in itertools.combinations(KINDS, 2):
        for a, b in records[[one, two]].dropna().itertuples(index=False):
            rows.add((min(a, b), max(a, b), one if a < b else two, two if a < b else one))
    return pd.DataFrame(sorted(rows), columns=["node_a", "node_b", "kind_a", "kind_b"])


def lay_down_people(sandbox: Sandbox, records: pd.DataFrame, decisions: list[tuple[int, int]]) -> None:
    """The tables of identities and events that the linking is made from; a decision joins two numbers."""
    records = records.assign(component=parts(records, KINDS))
    records["customer_key"] = records.groupby("component")[KINDS].transform("min").min(axis=1).astype(int)
    pairs = pairs_of(records)
    met = set(pairs["node_a"]) | set(pairs["node_b"])
    named = pd.concat(
        [
            records[[kind, "customer_key"]]
            .dropna()
            .drop_duplicates()
            .set_axis(["node_key", "customer_key"], axis=1)
            .assign(node_kind=kind)
            for kind in KINDS
        ]
    )
    sandbox.give("int_identity_pair", pairs)
    # lone identities are listed elsewhere
    sandbox.give("int_identity_node", named[named["node_key"].isin(met)].astype({"node_key": "int64"}))
    given = pd.DataFrame(decisions, columns=["node_a", "node_b"], dtype="int64")
    sandbox.give("int_identity_decision", given.assign(is_same=True))
    nothing = pd.DataFrame({"node_a": [0], "node_b": [0], "component_key": [0], "customer_key": [0]})[:0]
    sandbox.give("int_identity_fleet", nothing)
    sandbox.give("int_customer_key", nothing)
    held_by = records[KINDS].apply(lambda row: NAMES[row.first_valid_index()], axis=1)
    events = records[["customer_key"]].assign(held_by=held_by)
    for number, source in enumerate(SOURCES):
        sandbox.give(source, events[events.index % 3 == number])


def linked(sandbox: Sandbox, records: pd.DataFrame) -> dict[int, str]:
    """What the model says of every customer; those that it doesn't list are held together by numbers."""
    got = sandbox.build("int_customer_linking")
    assert not got["customer_key"].duplicated().any()
    said = dict(zip(got["customer_key"], got["held_by"], strict=True))
    return {key: said.pop(key, "number") for key in expected_linking(records)} | said


@pytest.mark.parametrize(("people", "size"), [(1500, 2), (500, 4), (60, 15)])
def test_what_holds_records_together(sandbox: Sandbox, people: int, size: int) -> None:
    """Small customers are judged by a count of links, large ones by rounds: both as scipy finds it from the records."""
    random = np.random.default_rng(1736 + size)
    records = drawn_records(random, people, size)
    lay_down_people(sandbox, records, [])
    expected = expected_linking(records)
    assert set(expected.values()) == {"number", "email", "phone"}
    assert linked(sandbox, records) == expected


def test_a_decision_is_as_good_as_a_number(sandbox: Sandbox) -> None:
    """Two numbers that share a phone alone hang together by it, unless somebody said that they are the same."""
    records = pd.DataFrame(
        [(0, 1, None, None, 9), (0, 2, None, None, 9), (1, 3, None, None, 8), (1, 4, None, None, 8)],
        columns=["person", *KINDS],
    ).astype("Int64")
    lay_down_people(sandbox, records, [(3, 4)])
    got = sandbox.build("int_customer_linking")
    assert got.to_numpy().tolist() == [[1, "phone"]]


def test_a_fleet_s_unit_holds_nothing(sandbox: Sandbox) -> None:
    """Two numbers that a unit joins, of which one does not link with it."""
    records = pd.DataFrame(
        [(0, 1, 5, None, None), (0, 2, 5, None, None), (0, 1, None, 7, None), (0, 2, None, 7, None)],
        columns=["person", *KINDS],
    ).astype("Int64")
    lay_down_people(sandbox, records, [])
    assert sandbox.build("int_customer_linking").empty
    sandbox.give("int_identity_fleet", pd.DataFrame({"node_a": [2], "node_b": [5]}))
    assert sandbox.build("int_customer_linking").to_numpy().tolist() == [[1, "email"]]


def test_a_customer_who_keeps_a_key_is_known_by_it(sandbox: Sandbox) -> None:
    """Records have the customer's key, identities the component's: one customer is listed once, by the former."""
    records = pd.DataFrame([(0, 1, None, None, 9), (0, 2, None, None, 9)], columns=["person", *KINDS])
    lay_down_people(sandbox, records.astype("Int64"), [])
    sandbox.give("int_customer_key", pd.DataFrame({"component_key": [1], "customer_key": [77]}))
    for source in SOURCES:
        sandbox.give(source, pd.DataFrame({"customer_key": [77, 78], "held_by": ["email", "number"]}))
    assert sandbox.build("int_customer_linking").to_numpy().tolist() == [[77, "phone"]]


CUSTOMER = 100
# the identities of a contact, and what it hangs on; 10 is the customer's unit, 11 another one's, 20 an address of many
CONTACTS: list[tuple[int | None, int | None, int | None, int | None, str | None]] = [
    (1, 2, 3, None, "number"),
    (None, 2, 3, 10, "number"),
    (None, None, None, 10, "number"),
    # the unit is somebody else's: the address names the customer
    (None, 2, 3, 11, "email"),
    (None, 2, None, None, "email"),
    (None, 20, 3, None, "phone"),
    (None, None, 3, 11, "phone"),
    (None, 20, None, None, None),
    (None, None, None, None, None),
]


def test_what_a_contact_hangs_on(sandbox: Sandbox) -> None:
    """The first of number (also a unit's), e-mail and phone that names the customer whose contact it is."""
    hashes = ["loyalty_hash", "email_hash", "phone_hash", "serial_hash"]
    given = pd.DataFrame([row[:4] for row in CONTACTS], columns=hashes).astype("Int64")
    others = ["file_id", "chain_key", "link_key", "partner_code", "contact_id", "channel", "reason", "opened_at"]
    others += ["closed_at", "transfers", "resolved", "cost_eur"]
    given = given.assign(**dict.fromkeys(others, 0), row_key=range(len(given)), opened_on=date(2026, 1, 1))
    sandbox.give("stg_contact_centre__contacts", given, {"opened_on": "date"})
    rows = [(1, "customer", CUSTOMER), (2, "email", CUSTOMER), (3, "phone", CUSTOMER), (10, "unit", CUSTOMER)]
    rows += [(11, "unit", 200)]
    nodes = pd.DataFrame(rows, columns=["node_key", "node_kind", "customer_key"]).assign(is_hub=False)
    hub = pd.DataFrame([(20, "email", None, True)], columns=nodes.columns)
    nodes = pd.concat([nodes.astype({"customer_key": "Int64"}), hub.astype({"customer_key": "Int64"})])
    sandbox.give("int_customer_node", nodes)
    owned = {"serial_hash": [0], "ownership_number": [0], "owned_from": [None], "owned_to": [None]}
    sandbox.give("int_ownership", pd.DataFrame(owned)[:0], {"owned_from": "date", "owned_to": "date"})
    got = sandbox.build("int_contact").sort_values("contact_key")
    assert got["held_by"].astype(object).where(got["held_by"].notna(), None).tolist() == [row[4] for row in CONTACTS]
    assert set(got[got["held_by"].notna()]["customer_key"]) == {CUSTOMER}


# ---------------------------------------------------------------------------------------------- the verdict by it

ENOUGH = {"promoters": 20, "passives": 20, "detractors": 20, "exposed": 100, "retained_with_margin": 40}
TRAILING = {"trailing_promoters": 8, "trailing_passives": 1, "trailing_detractors": 1}
REPLICATES = {0: "all", -1: "by_numbers", -2: "without_phones"}


def lay_down_losses(
    sandbox: Sandbox, losses: dict[int, dict[int, float]], **changed: dict[int, dict[int, int]]
) -> None:
    """Per replicate and link the loss per customer; counts suffice, but for the changed ones."""
    sandbox.give("dim_chain", pd.DataFrame({"chain_key": [CHAIN]}))
    links = pd.DataFrame({"chain_link_key": LINKS.keys(), "link_name": LINKS.values(), "chain_key": CHAIN})
    sandbox.give("dim_chain_link", links.assign(link_position=range(len(links))))
    rows = []
    for replicate, by_link in losses.items():
        for link, loss in by_link.items():
            # of the stricter linkings a tenth of the customers is left, in two strata
            whole = 10 if replicate == 0 else 1
            row = {"chain_key": CHAIN, "chain_link_key": link, "replicate": replicate, "excess_loss": loss}
            row |= {name: count * whole for name, count in (ENOUGH | TRAILING).items()}
            row |= {name: counts.get(replicate, {}).get(link, row[name]) for name, counts in changed.items()}
            rows.append(row | {"margin_per_retained_eur": 10.0 + link % 10})
    table = pd.DataFrame(rows)
    table["value_at_stake_eur"] = table["exposed"] * table["excess_loss"] * table["margin_per_retained_eur"]
    table["exposed_once_e9"] = (table["exposed"] * 5 * 10**8).astype("int64")
    sandbox.give("int_loss_replicate", table)
    sandbox.give("int_link_replicate", table)
    halves = [table.assign(tenure_band_key=band) for band in (1, 2)]
    counts = [*ENOUGH, *TRAILING, "exposed_once_e9"]
    for band, half in enumerate(halves):
        half[counts] = half[counts] // 2 + band * (half[counts] % 2)
    sandbox.give("int_link_stratum_replicate", pd.concat(halves))


def answer(sandbox: Sandbox) -> dict[str, object]:
    """The only row of the model."""
    got = sandbox.build("int_stricter_linking")
    assert len(got) == 1
    row = got.astype(object).where(got.notna(), None).iloc[0]
    return dict(row)


SAME = {100101: 0.01, 100103: 0.05, 100105: 0.02}
OTHER = {100101: 0.01, 100103: 0.02, 100105: 0.04}


def test_the_link_with_most_at_stake_is_compared(sandbox: Sandbox) -> None:
    """By numbers alone it is another one, without phones the same; shares are of all customers, counted once."""
    lay_down_losses(sandbox, {0: SAME, -1: OTHER, -2: SAME})
    got = answer(sandbox)
    assert (got["same_link_by_numbers"], got["weakest_by_numbers"]) == (False, "Contact centre")
    assert (got["same_link_without_phones"], got["weakest_without_phones"]) == (True, "Dealer")
    assert got["same_link_by_numbers_reason"] is None and got["same_link_without_phones_reason"] is None
    assert got["customers_by_numbers_share"] == got["customers_without_phones_share"] == pytest.approx(0.1)


def test_a_link_is_not_passed_over_because_few_of_its_customers_are_left(sandbox: Sandbox) -> None:
    """What is asked is what a customer loses: of the weakest link's a tenth is left, of the others' all."""
    exposed = {-1: {100101: 1000, 100103: 20, 100105: 1000}}
    lay_down_losses(sandbox, {0: SAME, -1: SAME, -2: SAME}, exposed=exposed)
    got = answer(sandbox)
    assert got["same_link_by_numbers"] is True
    assert got["customers_by_numbers_share"] == pytest.approx(2020 / 3000)


@pytest.mark.parametrize(
    ("name", "count"),
    [
        *[("promoters", 9), ("passives", 9), ("detractors", 9), ("exposed", 9), ("retained_with_margin", 9)],
        *[("trailing_promoters", 7), ("promoters", 10)],
    ],
)
def test_the_weakest_link_needs_enough_of_everything(sandbox: Sandbox, name: str, count: int) -> None:
    """One less than the verdict asks for, or 30 answers in all: nothing is said, and not how few."""
    changed = {name: {-1: {100103: count}}}
    if count == 10:
        # 29 in all
        changed |= {"passives": {-1: {100103: 0}}, "detractors": {-1: {100103: 19}}}
    lay_down_losses(sandbox, {0: SAME, -1: SAME, -2: SAME}, **changed)
    got = answer(sandbox)
    assert got["same_link_by_numbers"] is None and got["weakest_by_numbers"] is None
    assert got["same_link_by_numbers_reason"] == "too few customers of Dealer are linked by numbers alone"
    assert got["same_link_without_phones"] is True


def test_links_that_are_not_compared_are_named(sandbox: Sandbox) -> None:
    """One other link suffices; with none there is nothing to compare."""
    lay_down_losses(sandbox, {0: SAME, -1: SAME, -2: SAME}, promoters={-1: {100105: 0}})
    got = answer(sandbox)
    assert (got["same_link_by_numbers"], got["same_link_by_numbers_reason"]) == (True, "not compared: Contact centre")
    few = {100101: SAME[100101], 100103: SAME[100103]}
    lay_down_losses(sandbox, {0: SAME, -1: few, -2: SAME}, promoters={-1: {100101: 0}})
    got = answer(sandbox)
    assert got["same_link_by_numbers"] is None
    assert got["same_link_by_numbers_reason"] == "too few customers of the other links are linked by numbers alone"


def test_where_nothing_is_compared_or_lost_nothing_is_said(sandbox: Sandbox) -> None:
    """One link alone; none that loses anything; or none among those linked more strictly, which is an answer."""
    lay_down_losses(sandbox, {0: {100103: 0.05}, -1: {100103: 0.05}})
    got = answer(sandbox)
    assert got["same_link_by_numbers"] is None
    assert got["same_link_by_numbers_reason"] == "fewer than two links of the chain can be compared"
    nothing = {link: -loss for link, loss in SAME.items()}
    lay_down_losses(sandbox, {0: nothing, -1: SAME, -2: SAME})
    assert answer(sandbox)["same_link_by_numbers_reason"] == "no link of the chain loses anything"
    lay_down_losses(sandbox, {0: SAME, -1: nothing, -2: SAME})
    got = answer(sandbox)
    assert (got["same_link_by_numbers"], got["weakest_by_numbers"]) == (False, None)
