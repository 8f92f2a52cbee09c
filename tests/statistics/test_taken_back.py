"""Which purchases lines below 0 take back, against a stack; and whose deliveries have ended, against a list of days."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from study.sql_harness import Sandbox

FIRST = date(2024, 1, 1)
REVERSAL_DAYS = 100
DATASETS = {
    "stg_dealer__sales_orders": ("order_no", "customer_hash", "delivered_on"),
    "stg_dealer__service_orders": ("order_no", "customer_hash", "completed_on"),
    "stg_shop__receipts": ("receipt_no", "loyalty_hash", "purchased_on"),
}
TYPES = {
    **dict.fromkeys(("customer_hash", "loyalty_hash"), "bigint"),
    **dict.fromkeys(("reverses", "status"), "varchar"),
    **dict.fromkeys(("delivered_on", "completed_on", "purchased_on"), "date"),
    **dict.fromkeys(("revenue", "revenue_eur", "margin_eur"), "decimal(18, 2)"),
}


def random_lines(random: np.random.Generator, size: int, first_key: int) -> pd.DataFrame:
    """Lines of a few customers of two partners, with few amounts, so that many are equal."""
    revenue = random.choice([-20, -10, 0, 10, 20], size, p=[0.15, 0.2, 0.05, 0.4, 0.2])
    number = np.arange(first_key, first_key + size)
    is_named = (revenue < 0) & (random.random(size) < 0.3)
    return pd.DataFrame(
        {
            "row_key": random.permutation(number),
            "partner_code": random.choice(["A", "B"], size),
            "no": number.astype(str),
            "customer": pd.array(random.integers(1, 6, size), dtype="Int64"),
            "day": [FIRST + timedelta(days=int(days)) for days in random.integers(0, 400, size)],
            "currency": random.choice(["EUR", "SEK"], size, p=[0.8, 0.2]),
            "revenue": revenue,
            "revenue_eur": revenue * 2 + 1,
            "margin_eur": revenue * 3 + 2,
            "reverses": np.where(is_named, random.integers(first_key, first_key + size, size).astype(str), None),
            "status": random.choice([None, "completed", "cancelled"], size, p=[0.6, 0.3, 0.1]),
        }
    )


def expected_standing(lines: pd.DataFrame) -> dict[int, tuple[str, int | None]]:
    """Line by line, with a stack per partner, customer, currency and amount."""
    found: dict[int, tuple[str, int | None]] = {}
    rows = lines.to_dict("records")
    found |= {row["row_key"]: ("cancelled", None) for row in rows if row["status"] == "cancelled"}
    rows = [row for row in rows if row["status"] != "cancelled"]
    bought = {(row["partner_code"], row["no"], row["currency"]): row for row in rows if row["revenue"] > 0}
    taken: dict[int, float] = {}
    for row in rows:
        purchase = bought.get((row["partner_code"], row["reverses"], row["currency"]))
        if purchase:
            found[row["row_key"]] = ("takes_back", purchase["row_key"])
            taken[purchase["row_key"]] = taken.get(purchase["row_key"], 0) - row["revenue"]
    for row in rows:
        if row["row_key"] in taken and taken[row["row_key"]] >= row["revenue"]:
            found[row["row_key"]] = ("taken_back", None)
    stacks: dict[tuple, list[dict]] = {}
    left = [row for row in rows if row["row_key"] not in found and row["row_key"] not in taken and row["revenue"]]
    for row in sorted(left, key=lambda row: (row["day"], -row["revenue"], row["row_key"])):
        key = (row["partner_code"], row["customer"], row["currency"], abs(row["revenue"]))
        stack = stacks.setdefault(key, [])
        if row["revenue"] > 0:
            stack.append(row)
        elif stack:
            purchase = stack.pop()
            if (row["day"] - purchase["day"]).days <= REVERSAL_DAYS:
                found[row["row_key"]] = ("takes_back", purchase["row_key"])
                found[purchase["row_key"]] = ("taken_back", None)
    return found


@pytest.mark.parametrize("seed", range(6))
def test_a_line_takes_back_the_last_purchase_of_its_amount(sandbox: Sandbox, seed: int) -> None:
    random = np.random.default_rng(seed)
    expected = {}
    amounts = {}
    for place, (model, (number, customer, day)) in enumerate(DATASETS.items()):
        lines = random_lines(random, 300, 1000 * place)
        expected |= expected_standing(lines)
        amounts |= lines.set_index("row_key")[["revenue", "revenue_eur", "margin_eur"]].to_dict("index")
        named = lines.rename(columns={"no": number, "customer": customer, "day": day})
        sandbox.give(model, named, {name: kind for name, kind in TYPES.items() if name in named})
    got = sandbox.build("int_taken_back")
    found = {
        row.row_key: (row.standing, None if pd.isna(row.purchase_key) else int(row.purchase_key))
        for row in got.itertuples()
    }
    assert len(found) == len(got)
    assert found == expected
    assert {standing for standing, _ in found.values()} == {"cancelled", "taken_back", "takes_back"}
    for row in got[got["standing"] == "takes_back"].itertuples():
        purchase = amounts[row.purchase_key]
        if amounts[row.row_key]["revenue"] == -purchase["revenue"]:
            assert (row.revenue_eur, row.margin_eur) == (-purchase["revenue_eur"], -purchase["margin_eur"])
        else:
            assert pd.isna(row.revenue_eur)


@pytest.mark.parametrize(
    ("days", "is_ended"),
    [
        # every day, and then five weeks or a day more
        (range(0, 366), False),
        (range(0, 331), False),
        (range(0, 330), True),
        # an order a month: four months are no surprise, half a year is
        (range(0, 250, 30), False),
        (range(0, 190, 30), True),
        # was closed as long before
        ([*range(0, 30), *range(200, 230)], False),
        ([*range(0, 30), *range(100, 130)], True),
        # one day
        ([200], False),
        ([100], True),
    ],
)
def test_whose_deliveries_have_ended(sandbox: Sandbox, days: list[int], is_ended: bool) -> None:
    """As of the 366th day; a day ahead of it shows nothing."""
    there = [FIRST + timedelta(days=day) for day in [*days, 400]]
    rows = pd.DataFrame({"partner_code": "A", "happened_on": there, "orders": 1})
    sandbox.give("int_partner_day", rows, {"happened_on": "date"})
    as_of = FIRST + timedelta(days=365)
    sandbox.give("int_period", pd.DataFrame({"as_of_on": [as_of]}), {"as_of_on": "date"})
    (row,) = sandbox.build("int_partner_delivery").to_dict("records")
    assert row["last_on"].date() == there[-2]
    assert row["quiet_days"] == 365 - max(days)
    assert (None if pd.isna(row["ended_on"]) else row["ended_on"].date()) == (there[-2] if is_ended else None)
