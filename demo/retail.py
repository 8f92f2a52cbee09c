"""The retail tiers' files of one block: shops and the manufacturer."""

import numpy as np
import pyarrow as pa

from demo import people as person_data
from demo import relationship, render
from demo.behaviour import Experiences, scores
from demo.block import (
    COMMENTS,
    Accounts,
    Block,
    by_partner_and_year,
    modes,
    open_accounts,
    sequence,
    taken,
    write_acquisition,
    write_customers,
    write_follow_ups,
    write_items,
)
from demo.plan import DAYS, LOWEST_PASSIVE, MANUFACTURER

PRODUCTS = ["R-ONE", "R-TWO", "R-PRO", "R-BUDS", "R-WATCH", "R-HOME"]
PRICES = np.array([24_900, 39_900, 69_900, 8_900, 19_900, 12_900])
PRODUCT_SHARE, RETURN_SHARE, ANONYMOUS_SHARE, FREE_SHARE, COST_UNKNOWN_SHARE = 0.30, 0.04, 0.18, 0.005, 0.03
CLAIM_SHARE = 0.05
LOYALTY_WIDTH = 7
YEARLY_FILES = 6


def serial(block: Block, person: np.ndarray) -> pa.Array:
    """A 15-digit device number; each person registered one device."""
    return render.join(f"35{block.chain.number}", render.number(block.people.first_id + person, 12))


def write(block: Block, visits: Experiences, brand: Experiences) -> Accounts:
    """Write all files of the block but the contact centre's; return the accounts."""
    accounts = open_accounts(block.people)
    write_customers(
        block,
        accounts,
        "shop__customers",
        "loyalty_no,name,email,phone,segment,member_since\n",
        LOYALTY_WIDTH,
        (0.07, 0.25),
    )
    write_acquisition(block, accounts, LOYALTY_WIDTH)
    product = np.where(
        block.rng.random(len(visits)) < PRODUCT_SHARE, block.rng.integers(0, len(PRODUCTS), len(visits)), -1
    )
    _write_receipts(block, accounts, visits, product)
    _write_survey(block, accounts, visits)
    _write_products(block, visits, product)
    relationship.write_invitations(block, brand, serial(block, brand.person), MANUFACTURER["retail"])
    return accounts


def _write_receipts(block: Block, accounts: Accounts, visits: Experiences, product: np.ndarray) -> None:
    """Write receipts of card holders, their returns, and sales to nobody known."""
    rng, people, network = block.rng, block.people, block.network
    level = block.chain.price_level
    revenue = (rng.gamma(1.5, 2_600, len(visits)) * level).astype(np.int64) + 300
    revenue = np.where(product >= 0, revenue + (PRICES[product] * level).astype(np.int64), revenue)
    revenue[rng.random(len(visits)) < FREE_SHARE] = 0
    cost = (revenue * rng.normal(0.62, 0.04, len(visits)).clip(0.4, 0.85)).astype(np.int64)
    back = np.flatnonzero((rng.random(len(visits)) < RETURN_SHARE) & (visits.day < DAYS - 25) & (revenue > 0))
    nobody = rng.integers(0, max(len(visits), 1), round(ANONYMOUS_SHARE * len(visits)))
    source = np.r_[np.arange(len(visits)), back, nobody]
    kind = np.repeat([0, 1, 2], [len(visits), len(back), len(nobody)])
    day = visits.day[source] + np.where(kind == 1, rng.integers(2, 21, len(source)), 0)
    partner, person = visits.partner[source], visits.person[source]
    sign = np.where(kind == 1, -1, 1)
    order = np.lexsort((source, kind, day, partner))
    number = np.empty(len(order), np.int64)
    number[order] = sequence(partner[order])
    visits.detail["number"] = number[: len(visits)]
    columns = [
        render.join("R", render.number(number, 7)),
        render.take(["sale", "return", "sale"], kind),
        render.iso_date(day),
        render.blank(render.number(accounts.number_at(people, person, partner), LOYALTY_WIDTH), kind != 2),
        render.take(PRODUCTS, product[source]),
        render.money(revenue[source] * sign),
        render.blank(render.money(cost[source] * sign), rng.random(len(source)) > COST_UNKNOWN_SHARE),
        render.same(block.chain.currency, len(source)),
    ]
    paths, piece = by_partner_and_year(network, "receipts", partner[order], day[order], YEARLY_FILES)
    lines = render.csv_lines(columns).take(pa.array(order))
    block.writer.pieces(
        "shop__receipts",
        paths,
        piece,
        lines,
        "receipt_no,receipt_kind,purchased_on,loyalty_no,product_code,revenue,cost,currency\n",
    )


def _write_survey(block: Block, accounts: Accounts, visits: Experiences) -> None:
    """Write the shop survey: answers only, named by card, address or receipt."""
    rng, people, network = block.rng, block.people, block.network
    answers = taken(visits, visits.answered & (visits.day < DAYS - 3))
    n = len(answers)
    answered_on = answers.day + rng.integers(0, 3, n)
    known = rng.random((n, 3))
    number = render.join("A", render.number(sequence(answers.partner), 6))
    loyalty = render.number(accounts.number_at(people, answers.person, answers.partner), LOYALTY_WIDTH)
    score = scores(answers, network, rng)
    columns = [
        number,
        render.clock(answered_on, rng.integers(18 * 3600, 23 * 3600, n)),
        render.blank(render.join("R", render.number(answers.detail["number"], 7)), known[:, 0] < 0.75),
        render.blank(loyalty, known[:, 1] < 0.7),
        render.blank(person_data.email(people, answers.person, answers.day, rng, 0.0), known[:, 2] < 0.4),
        modes(n, rng),
        render.number(score),
        render.take(COMMENTS, rng.integers(0, len(COMMENTS), n)),
    ]
    paths = [f"shop/{code}/survey.csv" for code in network.codes]
    block.writer.pieces(
        "shop__survey",
        paths,
        answers.partner,
        render.csv_lines(columns),
        "answer_no,answered_at,receipt_no,loyalty_no,email,survey_mode,score,comment\n",
    )
    codes = render.take(network.codes, answers.partner)
    write_follow_ups(block, "shop_visit", codes, number, answered_on, score < LOWEST_PASSIVE)
    write_items(block, "shop_visit", codes, number, answers.detail["mood"], np.ones(n, bool))


def _write_products(block: Block, visits: Experiences, product: np.ndarray) -> None:
    """Write devices registered by their buyers, and warranty claims on some of them."""
    rng, people = block.rng, block.people
    bought = np.flatnonzero(product >= 0)
    _, first = np.unique(visits.person[bought], return_index=True)
    purchase = visits.keep(bought[first])
    device = np.full(len(people), -1)
    device[purchase.person] = product[bought[first]]
    built = np.maximum(people.first_day, 0) - rng.integers(40, 300, len(people))
    device = np.where(device < 0, rng.integers(0, len(PRODUCTS), len(people)), device)
    block.writer.parquet(
        "manufacturer__units_built",
        f"manufacturer/{MANUFACTURER['retail']}/units_built_{block.chain.country.lower()}{block.part}.parquet",
        {
            "serial_number": serial(block, np.arange(len(people))),
            "product_code": render.take(PRODUCTS, device),
            "built_on": render.dates(built),
            "importer_code": pa.nulls(len(people), pa.string()),
        },
    )
    claimed = purchase.keep((rng.random(len(purchase)) < CLAIM_SHARE) & (purchase.day < DAYS - 60))
    claimed.day = claimed.day + rng.integers(5, 55, len(claimed))
    amount = (rng.gamma(2, 3_000, len(claimed)) * block.chain.price_level).astype(np.int64)
    relationship.write_claims(block, claimed, serial(block, claimed.person), amount, MANUFACTURER["retail"])
