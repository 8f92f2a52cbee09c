"""Customers' keys from build to build: one customer, one key, exact as a double, kept with most of its identities.

Identities fall into components at random, build after build; who keeps which key, and what the log says of it, is
worked out here in plain Python.
"""

import random
import re
from collections import Counter
from dataclasses import dataclass, replace

import pandas as pd
import pytest

from study.sql_harness import Sandbox

EXACT = 2**53
HASHES = 2**60
FIRST_GIVEN = 8_000_000_000_000_000
MODELS = ("int_customer_vote", "int_customer_key", "int_customer_node", "int_customer_build", "int_customer_change")
SOURCES = {"customer_keys": ["node_key", "customer_key"], "customer_builds": ["build_number", "last_given_key"]}
NODE = ("node_key", "customer_key")
Keys = dict[int, int]


@dataclass
class Build:
    """What one build says: the key of every identity, the log of changes, and how far keys have been given."""

    keys: Keys
    changes: set[tuple[int, int, str]]
    number: int
    last_given: int


@pytest.fixture
def keyed(sandbox: Sandbox) -> Sandbox:
    """The models, reading what was kept from tables."""
    queries = {
        name: re.sub(r"read_parquet\('[^']*/_(\w+)\.parquet'\)", r"\1", query)
        for name, query in sandbox.project.queries.items()
    }
    sandbox.project = replace(sandbox.project, queries=queries)
    return sandbox


def build(
    sandbox: Sandbox, components: list[set[int]], before: Build | None, lone: frozenset[int] = frozenset()
) -> Build:
    """Run the models over components of identities; those of `lone` never met another one."""
    rows = [(node, min(nodes)) for nodes in components for node in nodes]
    shared = [(HASHES - 1, None)]
    met = [row for row in rows + shared if row[0] not in lone]
    # column by column: rows with a null would go through doubles
    columns = {name: pd.array(values, dtype="Int64") for name, values in zip(NODE, zip(*met, strict=True), strict=True)}
    nodes = pd.DataFrame(columns)
    sandbox.give("int_identity_node", nodes.assign(node_kind="email", is_hub=nodes["customer_key"].isna()))
    alone = pd.DataFrame({"node_key": pd.Series(sorted(lone), dtype="Int64")})
    sandbox.give("int_lone_identity", alone.assign(node_kind="customer"))
    kept = {
        "customer_keys": list(before.keys.items()) if before else [],
        "customer_builds": [(before.number, before.last_given)] if before else [],
    }
    for name, columns in SOURCES.items():
        table = pd.DataFrame(kept[name], columns=columns, dtype="Int64")
        sandbox.connection.register("kept_rows", table)
        sandbox.connection.execute(f"create or replace table {name} as select columns(*)::bigint from kept_rows")
    got = {name: sandbox.build(name) for name in MODELS}
    node = got["int_customer_node"]
    assert node["customer_key"].isna().tolist() == node["is_hub"].tolist()
    known = node[~node["is_hub"]]
    state = got["int_customer_build"].iloc[0]
    return Build(
        dict(zip(known["node_key"].astype(int), known["customer_key"].astype(int), strict=True)),
        set(got["int_customer_change"].itertuples(index=False, name=None)),
        int(state["build_number"]),
        int(state["last_given_key"]),
    )


def heirs(components: list[set[int]], before: Keys) -> Keys:
    """By its smallest identity: the key that each component keeps, if any."""
    votes = Counter((before[node], min(nodes)) for nodes in components for node in nodes if node in before)
    heir: dict[int, tuple[int, int]] = {}
    for (key, component), count in votes.items():
        heir[key] = max(heir.get(key, (0, 0)), (count, -component))
    offers: dict[int, list[tuple[int, int]]] = {}
    for key, (count, component) in heir.items():
        offers.setdefault(-component, []).append((count, -key))
    return {component: -max(keys)[1] for component, keys in offers.items()}


def log(before: Keys, after: Keys) -> set[tuple[int, int, str]]:
    """What changed, from the identities that both builds know."""
    moves = {(before[node], after[node]) for node in before.keys() & after.keys()}
    had, have = {old for old, _ in moves}, {new for _, new in moves}
    return {
        (old, new, "split_from" if new not in had else "moved_to" if old in have else "merged_into")
        for old, new in moves
        if old != new
    }


def check(components: list[set[int]], built: Build, before: Build | None) -> None:
    """One key a customer, one customer a key, the right one kept, and the log as it should be."""
    of_component = [{built.keys[node] for node in nodes} for nodes in components]
    assert all(len(keys) == 1 for keys in of_component)
    assert len(set().union(*of_component)) == len(components)
    assert all(0 <= key < EXACT and int(float(key)) == key for key in built.keys.values())
    for component, key in heirs(components, before.keys if before else {}).items():
        assert built.keys[component] == key
    assert built.changes == (log(before.keys, built.keys) if before else set())
    assert built.number == (before.number if before else 0) + 1
    assert built.last_given >= max(built.keys.values(), default=0) or built.last_given == FIRST_GIVEN - 1
    if before:
        assert built.last_given >= before.last_given


def crowd(chance: random.Random, nodes: list[int]) -> list[set[int]]:
    """Identities in components of one to five."""
    chance.shuffle(nodes)
    components = []
    while nodes:
        size = chance.choice([1, 1, 2, 3, 5])
        components.append(set(nodes[:size]))
        nodes = nodes[size:]
    return components


def disturbed(chance: random.Random, components: list[set[int]], pool: list[int]) -> list[set[int]]:
    """People gain and lose identities, are merged and split."""
    components = [set(nodes) for nodes in components]
    for _ in range(len(components) // 3):
        one, other = chance.sample(components, 2)
        action = chance.choice(["gain", "lose", "merge", "split", "move"])
        if action == "gain":
            one.add(pool.pop())
        elif action == "lose" and len(one) > 1:
            one.remove(chance.choice(sorted(one)))
        elif action == "merge":
            one |= other
            components.remove(other)
        elif action == "split" and len(one) > 1:
            part = set(chance.sample(sorted(one), chance.randrange(1, len(one))))
            one -= part
            components.append(part)
        elif action == "move" and len(one) > 1:
            node = chance.choice(sorted(one))
            one.remove(node)
            other.add(node)
    return components


def test_any_sequence_of_builds_keeps_each_key_with_most_of_its_identities(keyed: Sandbox) -> None:
    chance = random.Random(5)
    # hashes in groups whose usual keys are one and the same
    base = [chance.randrange(HASHES % FIRST_GIVEN) for _ in range(60)]
    crowded = [
        number + FIRST_GIVEN * turn for number in base for turn in chance.sample(range(HASHES // FIRST_GIVEN), 4)
    ]
    pool = crowded + [chance.randrange(HASHES - 2) for _ in range(400)]
    chance.shuffle(pool)
    components = crowd(chance, [pool.pop() for _ in range(240)])
    before, kinds = None, Counter()
    for _ in range(6):
        lone = frozenset(min(nodes) for nodes in components if len(nodes) == 1)
        built = build(keyed, components, before, lone)
        check(components, built, before)
        kinds.update(kind for _, _, kind in built.changes)
        before, components = built, disturbed(chance, components, pool)
    assert min(kinds[kind] for kind in ("merged_into", "split_from", "moved_to")) > 3
    assert before.last_given > FIRST_GIVEN + 5


def test_without_anything_kept_keys_follow_from_the_identities_alone(keyed: Sandbox) -> None:
    components = [{70, 80}, {90}, {FIRST_GIVEN + 70, FIRST_GIVEN + 71}, {2 * FIRST_GIVEN + 90}]
    built = build(keyed, components, None, frozenset({90}))
    assert built.keys == {
        70: 70, 80: 70, 90: 90,
        FIRST_GIVEN + 70: FIRST_GIVEN, FIRST_GIVEN + 71: FIRST_GIVEN, 2 * FIRST_GIVEN + 90: FIRST_GIVEN + 1,
    }  # fmt: skip
    assert build(keyed, components[::-1], None, frozenset({90})) == built


def test_the_owners_of_one_car_keep_apart_as_doubles(keyed: Sandbox) -> None:
    """The unit in the hands of one owner is the serial number's hash plus the owner's count."""
    serial = 0xABCDEF012345678
    assert float(serial + 1) == float(serial + 2)
    built = build(keyed, [{serial + 1}, {serial + 2}], None, frozenset({serial + 1, serial + 2}))
    assert len({float(key) for key in built.keys.values()}) == 2


def test_a_smaller_hash_changes_no_key_and_a_key_given_is_not_given_twice(keyed: Sandbox) -> None:
    first = build(keyed, [{50, 60}, {FIRST_GIVEN + 50}], None)
    assert first.keys[FIRST_GIVEN + 50] == FIRST_GIVEN
    gained = build(keyed, [{10, 50, 60}, {FIRST_GIVEN + 50}], first)
    assert (gained.keys[10], gained.changes) == (50, set())
    # the customer of the given key goes, and so does most of the other
    shrunk = build(keyed, [{10}, {50, 60}], gained)
    assert shrunk.keys == {10: 10, 50: 50, 60: 50}
    split = build(keyed, [{10}, {50}, {60}], shrunk)
    assert split.keys == {10: 10, 50: 50, 60: 60}
    assert split.changes == {(50, 60, "split_from")}
    again = build(keyed, [{10}, {50, 60}, {2 * FIRST_GIVEN + 10}], split)
    assert again.keys[2 * FIRST_GIVEN + 10] == FIRST_GIVEN + 1
    assert again.changes == {(60, 50, "merged_into")}
