"""Who is one person: worlds of known people, and the components that scipy finds over the same pairs."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import combinations, count

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from study.sql_harness import CompiledProject, Sandbox

MODELS = (
    "int_identity_met",
    "int_identity_crowd",
    "int_identity_hub",
    "int_identity_fleet",
    "int_identity_decision",
    "int_identity_cluster",
    "int_identity_suspect",
    "int_identity_strand",
    "int_identity_side",
    "int_identity_node",
)
DECISION_TYPES = {
    "customer_hash": "bigint",
    "other_customer_hash": "bigint",
    "decision": "varchar",
    "decided_on": "date",
}
SEED = 20_260
# keys are hashes: far from each other, in no order
LARGEST_KEY = 2**60


@dataclass
class World:
    """Records of known people, each naming some identities; what the models are given of them."""

    rng: np.random.Generator
    keys: dict[tuple[str, str], int] = field(default_factory=dict)
    kinds: dict[int, str] = field(default_factory=dict)
    owner: dict[int, object] = field(default_factory=dict)
    partner: dict[int, str] = field(default_factory=dict)
    pairs: set[tuple[int, int]] = field(default_factory=set)
    decisions: list[tuple[int, int, str, str]] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=count)

    def node(self, kind: str, name: str, person: object = None) -> int:
        """The key of an identity, and whose it is; of nobody in particular where it is several people's."""
        if (kind, name) not in self.keys:
            key = int(self.rng.integers(LARGEST_KEY))
            self.keys[kind, name] = key
            self.kinds[key] = kind
            self.owner[key] = person
            if kind == "customer":
                self.partner[key] = name.split("|")[0]
        key = self.keys[kind, name]
        if self.owner[key] != person:
            self.owner[key] = None
        return key

    def record(self, person: object, **named: str) -> None:
        """A row that names the person's identities together."""
        nodes = [self.node(kind, name, person) for kind, name in named.items() if name]
        self.pairs |= {(min(pair), max(pair)) for pair in combinations(nodes, 2)}

    def fresh(self) -> int:
        """A number that was never used."""
        return next(self.numbers)

    def decide(self, one: tuple[str, str], other: tuple[str, str], decision: str, day: str = "2024-05-01") -> None:
        """Somebody looked, and said."""
        self.decisions.append((self.keys[one], self.keys[other], decision, day))


def give(project: CompiledProject, world: World) -> Sandbox:
    """The models' tables from the world's records."""
    sandbox = Sandbox(project)
    rows = [(a, b, world.kinds[a], world.kinds[b]) for a, b in sorted(world.pairs)]
    sandbox.give("int_identity_pair", pd.DataFrame(rows, columns=["node_a", "node_b", "kind_a", "kind_b"]))
    partners = pd.DataFrame(sorted(world.partner.items()), columns=["node_key", "partner_code"])
    sandbox.give("int_identity_number", partners)
    sandbox.give(
        "stg_chain__identity_decisions", pd.DataFrame(world.decisions, columns=list(DECISION_TYPES)), DECISION_TYPES
    )
    return sandbox


def resolve(project: CompiledProject, world: World) -> pd.DataFrame:
    """The world's identities with their customers, by key."""
    sandbox = give(project, world)
    for model in MODELS:
        rows = sandbox.build(model)
    rows["person"] = rows["node_key"].map(world.owner)
    _compare_with_scipy(sandbox, rows)
    return rows.set_index("node_key")


def _compare_with_scipy(sandbox: Sandbox, nodes: pd.DataFrame) -> None:
    """Customers are the connected components of the pairs that link, each called by its smallest identity."""
    tables = {
        model: sandbox.connection.execute(f"select * from {sandbox.project.relations[model]}").df()
        for model in ("int_identity_pair", "int_identity_fleet", "int_identity_decision", "int_identity_side")
    }
    hubs = set(nodes.loc[nodes["is_hub"], "node_key"])
    fleet = set(zip(tables["int_identity_fleet"]["node_a"], tables["int_identity_fleet"]["node_b"], strict=True))
    sides = dict(tables["int_identity_side"].dropna().itertuples(index=False))
    pairs = zip(tables["int_identity_pair"]["node_a"], tables["int_identity_pair"]["node_b"], strict=True)
    linking = {pair for pair in pairs if not hubs & set(pair) and pair not in fleet}
    said = tables["int_identity_decision"].query("is_same")
    linking |= set(zip(said["node_a"], said["node_b"], strict=True))
    linking = {(a, b) for a, b in linking if sides.get(a) == sides.get(b)}
    keys = np.sort(nodes["node_key"].to_numpy())
    place = {key: number for number, key in enumerate(keys)}
    ends = np.array([(place[a], place[b]) for a, b in sorted(linking)]).reshape(-1, 2)
    graph = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(len(keys), len(keys)))
    _, label = connected_components(graph, directed=False)
    smallest = pd.Series(keys).groupby(label).transform("min").to_numpy()
    wanted = pd.Series(smallest, index=keys)
    named = nodes[nodes["customer_key"].notna()].set_index("node_key")
    assert (named["customer_key"].astype("int64") == wanted[named.index]).all()
    nobody = nodes[nodes["customer_key"].isna()]
    assert (nobody["is_hub"] & (nobody["node_kind"] != "customer")).all()


def customers_of(nodes: pd.DataFrame, person: object) -> set[float]:
    """The customers that a person's own identities were taken for."""
    return set(nodes.loc[nodes["person"] == person, "customer_key"].dropna())


def persons_of(nodes: pd.DataFrame) -> pd.Series:
    """How many people each customer was made of."""
    known = nodes[nodes["person"].notna() & nodes["customer_key"].notna()]
    return known.groupby("customer_key")["person"].nunique()


# ---------------------------------------------------------------- kinds of people


def household(world: World, cards: int, at_each: int = 1) -> object:
    """One e-mail address, and cards at many shops; no telephone."""
    name = f"household{world.fresh()}"
    for shop in range(cards):
        for card in range(at_each):
            world.record(name, customer=f"S{shop}|{name}-{card}", email=f"{name}@x")
    return name


def person(world: World, dealers: int = 1) -> object:
    """A car, a telephone, an address that changes once; a number at one or more dealers, and a card."""
    name = f"person{world.fresh()}"
    for number in range(dealers):
        address = f"{name}{'new' if number else ''}@x"
        world.record(name, customer=f"D{number}|{name}", email=address, phone=f"tel {name}")
    world.record(name, customer=f"D0|{name}", unit=f"car {name}")
    world.record(name, unit=f"car {name}", email=f"{name}.work@x")
    world.record(name, customer=f"S0|{name}", email=f"{name}@x")
    return name


def couple(world: World) -> list[object]:
    """Two numbers of one dealer at one address, a car each."""
    number = world.fresh()
    names: list[object] = [f"couple{number}{half}" for half in "ab"]
    for name in names:
        world.record(name, customer=f"D0|{name}", email=f"couple{number}@x")
        world.record(name, customer=f"D0|{name}", unit=f"car {name}")
    return names


def desk(world: World, customers: int) -> list[object]:
    """Customers of one dealer under the dealer's own address, a car each."""
    number = world.fresh()
    names: list[object] = [f"desk{number}-{one}" for one in range(customers)]
    for name in names:
        world.record(name, customer=f"D{number}|{name}", email=f"info{number}@x")
        world.record(name, customer=f"D{number}|{name}", unit=f"car {name}")
    return names


def recycled(world: World) -> list[object]:
    """A telephone number that was given to somebody else years later."""
    number = world.fresh()
    names: list[object] = [f"recycled{number}{half}" for half in "ab"]
    for name in names:
        world.record(name, customer=f"D1|{name}", phone=f"recycled {number}", email=f"{name}@x")
    return names


def chain(world: World, people: int, dealers: int) -> list[object]:
    """Strangers, each of whom shares an address with the next, in turn an e-mail and a telephone."""
    number = world.fresh()
    names: list[object] = [f"chain{number}-{one}" for one in range(people)]
    for one, name in enumerate(names):
        email, phone = f"chain{number}-{(one + 1) // 2}@x", f"chain{number}-{one // 2}"
        world.record(name, customer=f"D{one % dealers}|{name}", email=email, phone=phone)
        world.record(name, customer=f"D{one % dealers}|{name}", unit=f"car {name}")
    return names


def callers(world: World, people: int) -> list[object]:
    """A chain of people whom no list knows: an e-mail address and two telephones, one shared with the next."""
    number = world.fresh()
    names: list[object] = [f"callers{number}-{one}" for one in range(people)]
    for one, name in enumerate(names):
        for phone in (one, one + 1):
            world.record(name, email=f"{name}@x", phone=f"callers{number} {phone}")
    return names


def fleet(world: World, cars: int, driven: int) -> list[object]:
    """A leasing company with its cars; the drivers answer at addresses of their own."""
    company = f"fleet{world.fresh()}"
    names: list[object] = [company]
    for car in range(cars):
        world.record(company, customer=f"D0|{company}", email=f"{company}@x")
        driver = f"{company} driver{car}"
        world.record(driver if car < driven else company, unit=f"car {driver}")
        world.record(company, customer=f"D0|{company}", unit=f"car {driver}")
        if car < driven:
            world.owner[world.keys["unit", f"car {driver}"]] = driver
            world.pairs.add(_pair(world, ("unit", f"car {driver}"), ("email", f"{driver}@x"), driver))
            names.append(driver)
        else:
            world.owner[world.keys["unit", f"car {driver}"]] = company
    return names


def _pair(world: World, one: tuple[str, str], other: tuple[str, str], person: object) -> tuple[int, int]:
    keys = world.node(*one, person), world.node(*other, person)
    return min(keys), max(keys)


@pytest.fixture
def world() -> World:
    return World(np.random.default_rng(SEED))


# ---------------------------------------------------------------- one kind at a time


@pytest.mark.parametrize(("cards", "at_each"), [(2, 1), (6, 1), (7, 1), (10, 1), (40, 1), (10, 2)])
def test_a_household_with_cards_at_many_shops_is_one_customer(
    project: CompiledProject, world: World, cards: int, at_each: int
) -> None:
    name = household(world, cards, at_each)
    assert len(customers_of(resolve(project, world), name)) == 1


@pytest.mark.parametrize("dealers", [1, 2, 3, 9])
def test_one_person_at_several_dealers_is_one_customer(project: CompiledProject, world: World, dealers: int) -> None:
    name = person(world, dealers)
    assert len(customers_of(resolve(project, world), name)) == 1


@pytest.mark.parametrize(
    "people",
    [
        couple,
        recycled,
        lambda world: desk(world, 3),
        lambda world: desk(world, 300),
        lambda world: chain(world, 40, 1),
        lambda world: chain(world, 40, 40),
        lambda world: callers(world, 40),
    ],
    ids=["couple", "recycled", "desk of 3", "desk of 300", "chain", "chain over dealers", "callers"],
)
def test_strangers_are_nobodys_customers_together(
    project: CompiledProject, world: World, people: Callable[[World], list[object]]
) -> None:
    names = people(world)
    nodes = resolve(project, world)
    assert persons_of(nodes).max() == 1
    # and each stays who they are
    assert {len(customers_of(nodes, name)) for name in names} == {1}


@pytest.mark.parametrize("cars", [3, 5, 8, 60])
def test_a_driver_is_neither_the_company_nor_another_driver(project: CompiledProject, world: World, cars: int) -> None:
    names = fleet(world, cars, driven=cars)
    nodes = resolve(project, world)
    assert persons_of(nodes).max() == 1
    assert {len(customers_of(nodes, name)) for name in names} == {1}


def test_cars_that_nobody_else_answers_for_are_the_companys(project: CompiledProject, world: World) -> None:
    names = fleet(world, 30, driven=4)
    nodes = resolve(project, world)
    assert len(customers_of(nodes, names[0])) == 1
    assert persons_of(nodes).max() == 1


def test_a_household_of_two_cars_is_no_fleet(project: CompiledProject, world: World) -> None:
    names = fleet(world, 2, driven=2)
    assert len(set().union(*(customers_of(resolve(project, world), name) for name in names))) == 1


def test_a_second_number_without_anything_of_its_own_is_no_second_person(
    project: CompiledProject, world: World
) -> None:
    world.record("p", customer="D0|1", email="p@x", phone="1", unit="car")
    world.record("p", customer="D0|2", email="p@x")
    world.record("q", customer="D0|3", email="q@x", phone="2", unit="car q")
    # two numbers that agree in both addresses are one person's, though each has a car
    world.record("q", customer="D0|4", email="q@x", phone="2", unit="car q2")
    nodes = resolve(project, world)
    assert [len(customers_of(nodes, name)) for name in "pq"] == [1, 1]


@pytest.mark.parametrize("numbers", [7, 300])
def test_an_address_typed_in_for_want_of_one_is_nobodys(project: CompiledProject, world: World, numbers: int) -> None:
    """A till's address under more cards of one shop than one person has, none of which has anything of its own."""
    for card in range(numbers):
        world.record(f"card{card}", customer=f"S0|{card}", email="till@x")
    nodes = resolve(project, world)
    assert nodes.loc[world.keys["email", "till@x"], "cut_reason"] == "many_numbers"
    assert nodes["customer_key"].nunique() == numbers


def test_an_address_that_answers_for_cars_of_many_owners_is_nobodys(project: CompiledProject, world: World) -> None:
    """A garage's telephone, which stands beside every car that it looks after."""
    for car in range(7):
        world.record(f"owner{car}", customer=f"D{car}|owner", unit=f"car {car}")
        world.record(f"owner{car}", unit=f"car {car}", phone="garage")
    nodes = resolve(project, world)
    assert nodes.loc[world.keys["phone", "garage"], "cut_reason"] == "many_owners"
    assert nodes["customer_key"].nunique() == 7


@pytest.mark.parametrize("shared", ["customer", "unit", "phone"])
def test_what_has_more_addresses_than_one_person_is_a_desk(project: CompiledProject, world: World, shared: str) -> None:
    names = {"customer": "D0|desk", "unit": "demonstrator", "phone": "desk"}
    for caller in range(7):
        world.record(f"caller{caller}", **{shared: names[shared], "email": f"caller{caller}@x"})
    nodes = resolve(project, world)
    assert nodes.loc[world.keys[shared, names[shared]], "cut_reason"] == "many_addresses"
    assert nodes.loc[nodes["node_kind"] == "email", "customer_key"].nunique() == 7


# ---------------------------------------------------------------- all together


def test_in_a_crowd_of_all_kinds_everybody_is_who_they_are(project: CompiledProject, world: World) -> None:
    rng = np.random.default_rng(SEED + 1)
    single = [household(world, int(rng.integers(2, 15))) for _ in range(60)]
    single += [person(world, int(rng.integers(1, 4))) for _ in range(300)]
    several = [one for _ in range(60) for one in couple(world) + recycled(world)]
    several += [one for cars in (3, 5, 8, 20) for one in fleet(world, cars, cars)]
    several += [one for size in (2, 7, 200) for one in desk(world, size)]
    several += chain(world, 40, 1) + chain(world, 25, 25) + callers(world, 12)
    nodes = resolve(project, world)
    assert persons_of(nodes).max() == 1
    whole = [len(customers_of(nodes, name)) for name in single + several]
    assert set(whole) == {1}


def test_components_are_scipys_on_random_graphs(project: CompiledProject) -> None:
    rng = np.random.default_rng(SEED + 2)
    for edges in (150, 300, 600):
        world = World(rng)
        kinds = [("customer", "D{}|{}"), ("email", "{1}@x"), ("phone", "{1}"), ("unit", "{1}")]
        for _ in range(edges):
            (kind, name), (other, other_name) = (kinds[i] for i in rng.choice(4, 2, replace=False))
            first, second = (int(number) for number in rng.integers(120, size=2))
            world.record(None, **{kind: name.format(first % 5, first), other: other_name.format(second % 5, second)})
        numbers = [key for key in world.keys if key[0] == "customer"]
        for _ in range(6):
            one, other_number = rng.choice(len(numbers), 2, replace=False)
            world.decide(numbers[one], numbers[other_number], str(rng.choice(["same", "not_same"])))
        nodes = resolve(project, world)
        assert nodes["is_hub"].any() or edges < 600
        for one, other_key, decision, _ in world.decisions:
            if decision == "not_same":
                assert nodes.loc[one, "customer_key"] != nodes.loc[other_key, "customer_key"]


def test_the_order_of_rows_does_not_matter(project: CompiledProject, world: World) -> None:
    chain(world, 20, 20)
    fleet(world, 5, 5)
    numbers = [("customer", f"D0|{name}") for name in couple(world)]
    world.decide(*numbers, "not_same")
    sandbox = give(project, world)
    filled = [model for model in MODELS if model not in ("int_identity_crowd", "int_identity_side")]
    for model in MODELS:
        sandbox.build(model)
    sandbox.assert_order_does_not_matter([model for model in filled if len(sandbox.build(model))])


# ---------------------------------------------------------------- decisions


def test_said_to_be_the_same_is_the_same(project: CompiledProject, world: World) -> None:
    """Whatever was cut between them, and though they share nothing."""
    one, other = couple(world)
    far, away = person(world), person(world)
    world.decide(("customer", f"D0|{one}"), ("customer", f"D0|{other}"), "same")
    world.decide(("customer", f"D0|{far}"), ("customer", f"S0|{away}"), "same")
    world.node("customer", "D9|never met", "nobody met")
    world.decide(("customer", f"D0|{far}"), ("customer", "D9|never met"), "same")
    nodes = resolve(project, world)
    assert len(customers_of(nodes, one) | customers_of(nodes, other)) == 1
    assert len(customers_of(nodes, far) | customers_of(nodes, away) | customers_of(nodes, "nobody met")) == 1


def test_said_not_to_be_the_same_stay_apart_whatever_joins_them(project: CompiledProject, world: World) -> None:
    """A card goes with the number that it is nearer to; what is as near to both is nobody's."""
    world.record("a", customer="D0|a", email="shared@x")
    world.record("b", customer="D1|b", email="shared@x")
    world.record("a", customer="D0|a", phone="a")
    world.record("a", customer="S0|a", phone="a")
    world.record("b", customer="D1|b", unit="car b")
    world.record("b", unit="car b", phone="b")
    world.decide(("customer", "D0|a"), ("customer", "D1|b"), "same", "2024-01-01")
    world.decide(("customer", "D1|b"), ("customer", "D0|a"), "not_same", "2024-02-01")
    nodes = resolve(project, world)
    assert [len(customers_of(nodes, name)) for name in "ab"] == [1, 1]
    assert customers_of(nodes, "a") != customers_of(nodes, "b")
    assert nodes.loc[world.keys["email", "shared@x"], "cut_reason"] == "not_same"
    # a later look joins them again
    world.decide(("customer", "D1|b"), ("customer", "D0|a"), "same", "2024-03-01")
    nodes = resolve(project, world)
    assert customers_of(nodes, "a") == customers_of(nodes, "b")


def warned(sandbox: Sandbox) -> dict[str, tuple[int, int]]:
    """The warnings of identities, with the identities they are about and all there are."""
    sandbox.build("int_identity_size")
    rows = sandbox.build("int_identity_warning")
    return {row.warning_code: (row.rows_affected, row.rows_total) for row in rows.itertuples()}


def test_decisions_take_no_chain_apart(project: CompiledProject, world: World) -> None:
    """One that two are the same, one that two are not who never met: no cluster is looked at again for them."""
    one, other = couple(world)
    far, away = person(world), person(world)
    world.decide(("customer", f"D0|{one}"), ("customer", f"D0|{other}"), "same")
    world.decide(("customer", f"D0|{far}"), ("customer", f"D0|{away}"), "not_same")
    assert resolve(project, world)["cut_cluster_key"].isna().all()
    # where they met, the cluster is parted, and still it is no chain of strangers that is warned of
    world.record(None, customer=f"D0|{far}", phone="shared")
    world.record(None, customer=f"S0|{away}", phone="shared")
    sandbox = give(project, world)
    for model in MODELS:
        nodes = sandbox.build(model)
    assert nodes["cut_cluster_key"].nunique() == 1
    assert warned(sandbox) == {}


def test_a_chain_that_is_taken_apart_is_warned_of(project: CompiledProject, world: World) -> None:
    chain(world, 40, 40)
    person(world)
    sandbox = give(project, world)
    for model in MODELS:
        nodes = sandbox.build(model)
    of_chain = int(nodes["cut_cluster_key"].notna().sum())
    assert warned(sandbox) == {"identity_cluster_apart": (of_chain, len(nodes))}


def test_the_largest_that_no_rule_takes_apart_is_warned_of(project: CompiledProject, world: World) -> None:
    """Two numbers with a telephone and an e-mail address in common, and seven addresses together."""
    for shop in range(2):
        world.record("large", customer=f"S{shop}|large", phone="large")
        for address in range(4):
            world.record("large", customer=f"S{shop}|large", email=f"large{3 * shop + address}@x")
    person(world)
    sandbox = give(project, world)
    for model in MODELS:
        nodes = sandbox.build(model)
    (key,) = nodes.loc[nodes["node_key"].map(world.owner) == "large", "customer_key"].unique()
    largest = int((nodes["customer_key"] == key).sum())
    assert warned(sandbox) == {"identity_cluster_large": (largest, len(nodes))}


# ---------------------------------------------------------------- size


def test_large_hubs_are_no_pairs_of_pairs(project: CompiledProject, world: World) -> None:
    """A till's address with 20,000 customers, and a fleet of 20,000 cars: work grows with the rows alone."""
    size = 20_000
    desk(world, size)
    fleet(world, size, driven=size)
    nodes = resolve(project, world)
    assert persons_of(nodes).max() == 1
