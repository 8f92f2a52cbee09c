"""The automotive tiers' files of one block: dealers, importers and the manufacturer."""

import numpy as np
import pyarrow as pa

from demo import people as person_data
from demo import relationship, render
from demo.behaviour import NEVER, Experiences, scores
from demo.block import (
    COMMENTS,
    Accounts,
    Block,
    by_partner_and_year,
    modes,
    open_accounts,
    response_days,
    sequence,
    taken,
    write_acquisition,
    write_customers,
    write_follow_ups,
    write_items,
)
from demo.network import IMPORTERS
from demo.people import NEW, USED
from demo.plan import DAYS, LOWEST_PASSIVE, MANUFACTURER

PRODUCTS = ["V100", "V200", "V300", "V400", "E150", "E350"]
LIST_PRICES = np.array([17_900, 22_500, 28_900, 36_500, 27_500, 41_000]) * 100
REPLACED_AT_VISIT = 0.05
CUSTOMER_WIDTH = 6
SERVICE, SALE_NEW, SALE_USED, WARRANTY = 0, 1, 2, 3
WARRANTY_RATE = 0.10
YEARLY_FILES = 10
OWNERSHIP_HEADER = (
    "uitnodigingsnummer;chassisnummer;e_mail;telefoon;verzonden_op;kanaal;"
    "beantwoord_op;cijfer;nog_eigenaar;toelichting\r\n"
)
SURVEY_HEADER = "invitation_no,order_no,customer_no,sent_at,survey_mode,answered_at,score,comment\n"


class Units:
    """Cars: a person's first, the one that replaced it, and the first sold on to somebody else.

    Car 2 i was made for person i, car 2 i + 1 to replace it.
    """

    def __init__(self, block: Block, visits: Experiences, replaced: np.ndarray) -> None:
        people, rng = block.people, block.rng
        n = len(people)
        self.first = 2 * np.arange(n)
        self.replaced_on = np.full(n, NEVER)
        at = np.flatnonzero(replaced)[::-1]
        self.replaced_on[visits.person[at]] = visits.day[at]
        self.built = np.empty(2 * n, np.int64)
        age = rng.integers(25, 120, n)
        self.built[0::2] = np.where(
            people.beginning == USED, people.first_day - rng.integers(700, 2_500, n), people.first_day - age
        )
        self.built[1::2] = np.where(self.replaced_on < NEVER, self.replaced_on - age, NEVER)
        self.product = rng.integers(0, len(PRODUCTS), 2 * n)
        self._sell_on(block)

    def _sell_on(self, block: Block) -> None:
        """Give traded-in cars to those who start with a used one, in order of time."""
        people = block.people
        sellers = np.flatnonzero((self.replaced_on < NEVER) & (people.beginning != USED))
        sellers = sellers[np.argsort(self.replaced_on[sellers], kind="stable")]
        buyers = np.flatnonzero(people.beginning == USED)
        buyers = buyers[np.argsort(people.first_day[buyers], kind="stable")]
        next_buyer = 0
        for seller in sellers:
            while next_buyer < len(buyers) and people.first_day[buyers[next_buyer]] <= self.replaced_on[seller] + 5:
                next_buyer += 1
            if next_buyer == len(buyers):
                break
            self.first[buyers[next_buyer]] = 2 * seller
            next_buyer += 1

    def of(self, person: np.ndarray, day: np.ndarray) -> np.ndarray:
        """The car of each person on a day."""
        return np.where(day >= self.replaced_on[person], 2 * person + 1, self.first[person])

    def exist(self) -> np.ndarray:
        """Cars that somebody has."""
        own = np.zeros(len(self.built), bool)
        own[self.first] = True
        own[1::2] = self.replaced_on < NEVER
        return np.flatnonzero(own)


def serial(block: Block, unit: np.ndarray) -> pa.Array:
    """A 17-character vehicle number."""
    return render.join(f"VDM{block.chain.country}", render.number(unit + 2 * block.people.first_id, 12))


def write(
    block: Block, visits: Experiences, ownership: Experiences, brand: Experiences, leaving: np.ndarray
) -> tuple[Accounts, Units]:
    """Write all files of the block but the contact centre's; return the accounts and the cars."""
    accounts = open_accounts(block.people)
    write_customers(
        block,
        accounts,
        "dealer__customers",
        "customer_no,name,email,phone,segment,customer_since\n",
        CUSTOMER_WIDTH,
        (0.12, 0.16),
    )
    write_acquisition(block, accounts, CUSTOMER_WIDTH)
    kind, replaced = _kinds(block, visits)
    units = Units(block, visits, replaced)
    _write_dealers(block, accounts, units, visits, kind, leaving)
    _write_ownership(block, units, ownership)
    _write_built(block, units)
    relationship.write_invitations(
        block, brand, serial(block, units.of(brand.person, brand.day)), MANUFACTURER["automotive"]
    )
    return accounts, units


def _kinds(block: Block, visits: Experiences) -> tuple[np.ndarray, np.ndarray]:
    """What each visit is; a first replacement of the car per person at most."""
    beginning = block.people.beginning[visits.person]
    first = visits.detail["order"] == 0
    kind = np.where(first & (beginning == NEW), SALE_NEW, np.where(first & (beginning == USED), SALE_USED, SERVICE))
    wanted = (kind == SERVICE) & (block.rng.random(len(visits)) < REPLACED_AT_VISIT) & (visits.day > 60)
    at = np.flatnonzero(wanted)
    _, earliest = np.unique(visits.person[at], return_index=True)
    replaced = np.zeros(len(visits), bool)
    replaced[at[earliest]] = True
    return np.where(replaced, SALE_NEW, kind), replaced


def _write_dealers(
    block: Block, accounts: Accounts, units: Units, visits: Experiences, kind: np.ndarray, leaving: np.ndarray
) -> None:
    visits.detail["kind"] = kind
    visits.detail["unit"] = units.of(visits.person, visits.day)
    sales = taken(visits, kind != SERVICE)
    services = taken(visits, kind == SERVICE)
    _write_sales(block, accounts, units, sales)
    warranty = _warranty_visits(block, units, leaving)
    _write_services(block, accounts, services, warranty)
    _write_survey(block, accounts, sales, "post_sale", "S")
    _write_survey(block, accounts, services, "post_service", "W")
    _write_claims(block, warranty)
    _write_shipments(block, units, sales)


def _warranty_visits(block: Block, units: Units, leaving: np.ndarray) -> Experiences:
    """Repairs that the manufacturer pays; they are touchpoints, but no retention."""
    people, rng = block.people, block.rng
    opening = np.maximum(people.first_day, 0) + 30
    person = np.repeat(np.arange(len(people)), rng.poisson(WARRANTY_RATE * np.maximum(DAYS - opening, 0) / 365))
    day = opening[person] + (rng.random(len(person)) * (DAYS - opening[person])).astype(np.int64)
    inside = (day < DAYS) & (day <= leaving[person])
    person, day = person[inside], day[inside]
    none = np.zeros(len(person), bool)
    events = Experiences(
        "dealer",
        person,
        day,
        people.home[person],
        none.astype(np.int64),
        none,
        none,
        none,
        {"unit": units.of(person, day)},
    )
    return taken(events, ~none)


def _write_sales(block: Block, accounts: Accounts, units: Units, sales: Experiences) -> None:
    people, rng, network = block.people, block.rng, block.network
    n = len(sales)
    used = sales.detail["kind"] == SALE_USED
    age_factor = np.where(used, 0.5, 1.0) * rng.normal(1, 0.06, n).clip(0.8, 1.2)
    revenue = (LIST_PRICES[units.product[sales.detail["unit"]]] * age_factor * block.chain.price_level).astype(np.int64)
    cost = (revenue * (1 - np.where(used, 0.07, 0.035) * rng.normal(1, 0.1, n))).astype(np.int64)
    sales.detail["number"] = sequence(sales.partner)
    columns = [
        render.join("S", render.number(sales.detail["number"], 6)),
        _account(accounts, people, sales),
        serial(block, sales.detail["unit"]),
        render.take(["new", "used"], used.astype(np.int64)),
        render.iso_date(sales.day),
        render.money(revenue),
        render.money(cost),
        render.same(block.chain.currency, n),
    ]
    paths = [f"dealer/{code}/sales_orders.csv" for code in network.codes]
    block.writer.pieces(
        "dealer__sales_orders",
        paths,
        sales.partner,
        render.csv_lines(columns),
        "order_no,customer_no,serial_number,order_kind,delivered_on,revenue,cost,currency\n",
    )


def _account(accounts: Accounts, people: person_data.People, events: Experiences) -> pa.Array:
    return render.number(accounts.number_at(people, events.person, events.partner), CUSTOMER_WIDTH)


def _write_services(block: Block, accounts: Accounts, services: Experiences, warranty: Experiences) -> None:
    people, rng, network = block.people, block.rng, block.network
    partner = np.r_[services.partner, warranty.partner]
    person, day = np.r_[services.person, warranty.person], np.r_[services.day, warranty.day]
    paid = np.r_[np.ones(len(services), bool), np.zeros(len(warranty), bool)]
    unit = np.r_[services.detail["unit"], warranty.detail["unit"]]
    order = np.lexsort((paid, person, day, partner))
    number = np.empty(len(order), np.int64)
    number[order] = sequence(partner[order])
    services.detail["number"], warranty.detail["number"] = number[: len(services)], number[len(services) :]
    partner, person, day, paid, unit, number = (a[order] for a in (partner, person, day, paid, unit, number))
    revenue = (rng.gamma(4.5, 9_500, len(order)) * block.chain.price_level).astype(np.int64) + 4_900
    cost = (revenue * rng.normal(0.52, 0.05, len(order)).clip(0.3, 0.75)).astype(np.int64)
    columns = [
        render.join("W", render.number(number, 6)),
        render.number(accounts.number_at(people, person, partner), CUSTOMER_WIDTH),
        render.blank(serial(block, unit), rng.random(len(order)) > 0.06),
        render.iso_date(day),
        render.take(["warranty", "customer"], paid.astype(np.int64)),
        render.money(revenue),
        render.money(cost),
        render.same(block.chain.currency, len(order)),
    ]
    paths, piece = by_partner_and_year(network, "service_orders", partner, day, YEARLY_FILES)
    block.writer.pieces(
        "dealer__service_orders",
        paths,
        piece,
        render.csv_lines(columns),
        "order_no,customer_no,serial_number,completed_on,payer,revenue,cost,currency\n",
    )


def _write_survey(block: Block, accounts: Accounts, events: Experiences, survey: str, letter: str) -> None:
    """Write the post-sale or post-service survey: a row per invitation."""
    rng, network = block.rng, block.network
    asked = events.keep(events.invited)
    n = len(asked)
    sent, answered_on = response_days(asked.day, rng)
    answered = asked.answered & (answered_on < DAYS)
    score = scores(asked, network, rng)
    number = render.join("I", render.number(sequence(asked.partner), 6))
    sent_at, answered_at = rng.integers(8 * 3600, 12 * 3600, n), rng.integers(13 * 3600, 22 * 3600, n)
    columns = [
        number,
        render.join(letter, render.number(asked.detail["number"], 6)),
        render.blank(_account(accounts, block.people, asked), rng.random(n) > 0.04),
        render.clock(sent, sent_at),
        modes(n, rng),
        render.blank(render.clock(answered_on, answered_at, "T"), answered),
        render.blank(render.number(score), answered),
        render.blank(render.take(COMMENTS, rng.integers(0, len(COMMENTS), n)), answered),
    ]
    inside = np.flatnonzero(sent < DAYS)
    paths = [f"dealer/{code}/{survey}_survey.csv" for code in network.codes]
    lines = render.csv_lines(columns).take(pa.array(inside))
    block.writer.pieces(f"dealer__{survey}_survey", paths, asked.partner[inside], lines, SURVEY_HEADER)
    unhappy = answered & (score < LOWEST_PASSIVE)
    codes = render.take(network.codes, asked.partner)
    write_follow_ups(block, survey, codes, number, answered_on, unhappy)
    write_items(block, survey, codes, number, asked.detail["mood"], answered & (sent < DAYS))


def _write_claims(block: Block, warranty: Experiences) -> None:
    n, rng = len(warranty), block.rng
    amount = (rng.gamma(2, 9_000, n) * block.chain.price_level).astype(np.int64)
    relationship.write_claims(
        block, warranty, serial(block, warranty.detail["unit"]), amount, MANUFACTURER["automotive"]
    )


def _write_built(block: Block, units: Units) -> None:
    """Write every car that exists, with the importer it went to."""
    unit = units.exist()
    owner = unit // 2
    importer = block.network.importer_on(block.people.home[owner], units.built[unit] + 20)
    codes = IMPORTERS[block.chain.country]
    block.writer.parquet(
        "manufacturer__units_built",
        f"manufacturer/{MANUFACTURER['automotive']}/units_built_{block.chain.country.lower()}{block.part}.parquet",
        {
            "serial_number": serial(block, unit),
            "product_code": render.take(PRODUCTS, units.product[unit]),
            "built_on": render.dates(units.built[unit]),
            "importer_code": render.take(codes, importer),
        },
    )


def _write_shipments(block: Block, units: Units, sales: Experiences) -> None:
    """Write new cars on their way to the dealers, a file per importer."""
    network, rng = block.network, block.rng
    new = sales.keep(sales.detail["kind"] == SALE_NEW)
    shipped = np.maximum(new.day - rng.integers(3, 20, len(new)), units.built[new.detail["unit"]])
    inside = shipped >= 0
    new, shipped = new.keep(inside), shipped[inside]
    importer = network.importer_on(new.partner, shipped)
    order = np.lexsort((new.person, shipped, importer))
    new, shipped, importer = new.keep(order), shipped[order], importer[order]
    n = len(new)
    amount = (LIST_PRICES[units.product[new.detail["unit"]]] * 0.88 * block.chain.price_level).astype(np.int64)
    columns = [
        render.join(f"Z{block.part.strip('_')}", render.number(sequence(importer), 7)),
        serial(block, new.detail["unit"]),
        render.take(network.codes, new.partner),
        render.dutch_date(shipped),
        render.money(amount, comma=True),
        render.same(block.chain.currency, n),
    ]
    paths = [f"importer/{code}/verzendingen{block.part}.csv" for code in IMPORTERS[block.chain.country]]
    block.writer.pieces(
        "importer__shipments",
        paths,
        importer,
        render.csv_lines(columns, ";", "\r\n"),
        "zendingnummer;chassisnummer;dealernummer;verzenddatum;factuurbedrag;valuta\r\n",
        "cp1252",
    )


def _write_ownership(block: Block, units: Units, ownership: Experiences) -> None:
    """Write the ownership survey: a row per invitation, a file per importer."""
    network, people, rng, codes = block.network, block.people, block.rng, IMPORTERS[block.chain.country]
    asked = ownership.keep(ownership.invited)
    sent, answered_on = response_days(asked.day, rng)
    importer = network.importer_on(asked.partner, asked.day)
    order = np.lexsort((asked.person, asked.day, importer))
    order = order[sent[order] < DAYS]
    asked, sent, answered_on, importer = asked.keep(order), sent[order], answered_on[order], importer[order]
    n = len(asked)
    answered = asked.answered & (answered_on < DAYS)
    score = scores(asked, network, rng)
    # who replaced the car and is asked about the old one soon after says that it is gone
    gone = answered & (asked.day >= units.replaced_on[asked.person])
    unit = np.where(gone, units.first[asked.person], units.of(asked.person, asked.day))
    number = render.join(f"E{block.part.strip('_')}", render.number(sequence(importer), 7))
    columns = [
        number,
        render.blank(serial(block, unit), rng.random(n) > 0.1),
        person_data.email(people, asked.person, asked.day, rng, 0.2),
        person_data.phone(people, asked.person, rng, 0.4),
        render.dutch_date(sent),
        modes(n, rng, ["e-mail", "sms", "telefoon", "web", "papier"]),
        render.blank(render.dutch_date(answered_on), answered),
        render.blank(render.number(score), answered),
        render.take(["J", "N"], np.where(answered, gone.astype(np.int64), -1)),
        render.blank(render.take(COMMENTS, rng.integers(0, len(COMMENTS), n)), answered),
    ]
    paths = [f"importer/{code}/eigenaarsonderzoek{block.part}.csv" for code in codes]
    block.writer.pieces(
        "importer__ownership_survey",
        paths,
        importer,
        render.csv_lines(columns, ";", "\r\n"),
        OWNERSHIP_HEADER,
        "cp1252",
    )
    partner = render.take(codes, importer)
    block.truth.identify("importer__ownership_survey", partner, number, people.ids[asked.person])
    write_follow_ups(block, "ownership", partner, number, answered_on, answered & (score < LOWEST_PASSIVE))
