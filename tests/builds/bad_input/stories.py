"""Kinds that show in more than one row or delivery: what came twice, too early, corrected or was taken back."""

from datetime import date
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq

from bad_input.case import (
    CUSTOMERS,
    RECEIPTS,
    SALES,
    Case,
    File,
    Outcome,
    Row,
    hashed,
    lines,
    receipt,
)
from bad_input.records import contact

COLUMNS = "receipt_no, revenue"


def _receipts(path: str, rows: list[str], staged: tuple[Row, ...], quarantined: tuple = ()) -> File:
    return File(path, lines(RECEIPTS, *rows), Outcome("shop__receipts", COLUMNS, staged, quarantined))


def _amount(line: int, number: str, amount: str) -> Row:
    return (line, number, Decimal(amount))


def _unit(target: object) -> None:
    rows = {"serial_number": ["BORN-1", "BORN-2"], "product_code": ["P1", "P9"], "built_on": [date(2024, 6, 3)] * 2}
    pq.write_table(pa.table(rows), target)


def _product(target: object) -> None:
    pq.write_table(pa.table({"product_code": ["P1"], "product_name": ["One"]}), target)


CASES = (
    Case(
        "rows-twice-in-a-file",
        (
            _receipts(
                "shop/S-twice/receipts.csv",
                [receipt("R1"), receipt("R1"), receipt("R1", "10.0"), receipt("R2", "1"), receipt("R2", "2")],
                (_amount(2, "R1", "10.00"), _amount(6, "R2", "2.00")),
                ((3, "duplicate_row", None), (4, "duplicate_row", None), (5, "superseded_row", None)),
            ),
        ),
    ),
    Case(
        "row-corrected-and-corrected-back",
        (
            _receipts(
                "shop/S-back/receipts.csv",
                [receipt("R1", "1"), receipt("R1", "2"), receipt("R1", "1")],
                (_amount(2, "R1", "1.00"),),
                ((3, "superseded_row", None), (4, "duplicate_row", None)),
            ),
        ),
    ),
    Case(
        "file-sent-again-under-another-name",
        (
            _receipts(
                "shop/S-again/receipts_1.csv",
                [receipt("R1"), receipt("R2")],
                (_amount(2, "R1", "10"), _amount(3, "R2", "10")),
            ),
            _receipts(
                "shop/S-again/receipts_2.csv",
                [receipt("R1"), receipt("R2"), receipt("R3")],
                (_amount(4, "R3", "10"),),
                ((2, "duplicate_row", None), (3, "duplicate_row", None)),
            ),
        ),
    ),
    Case(
        "bad-copy-of-a-good-row",
        (
            _receipts(
                "shop/S-copy/receipts.csv",
                [receipt("R1", "1"), receipt("R1", "ten")],
                (_amount(2, "R1", "1"),),
                ((3, "invalid_number", "revenue"),),
            ),
        ),
    ),
    Case(
        "rows-corrected-later",
        (
            _receipts(
                "shop/S-corrected/receipts_1.csv",
                [receipt("R1", "1"), receipt("R2", "2")],
                (_amount(2, "R1", "1"), _amount(3, "R2", "2")),
            ),
        ),
        later=(
            _receipts(
                "shop/S-corrected/receipts_1.csv",
                [receipt("R1", "1"), receipt("R2", "2")],
                (_amount(2, "R1", "1"),),
                ((3, "superseded_row", None),),
            ),
            _receipts("shop/S-corrected/receipts_2.csv", [receipt("R2", "20")], (_amount(2, "R2", "20"),)),
        ),
    ),
    Case(
        "rows-corrected-in-place",
        (
            _receipts(
                "shop/S-in-place/receipts.csv",
                [receipt("R1", "1"), receipt("R2", "x")],
                (_amount(2, "R1", "1"),),
                ((3, "invalid_number", "revenue"),),
            ),
        ),
        later=(
            _receipts(
                "shop/S-in-place/receipts.csv",
                [receipt("R1", "3"), receipt("R2", "4")],
                (_amount(2, "R1", "3"), _amount(3, "R2", "4")),
            ),
        ),
    ),
    Case(
        "rows-withdrawn",
        (
            _receipts(
                "shop/S-withdrawn/receipts.csv",
                [receipt("R1", "1"), receipt("R2", "2"), receipt("R3", "3")],
                (_amount(2, "R1", "1"), _amount(3, "R2", "2"), _amount(4, "R3", "3")),
            ),
        ),
        later=(
            _receipts(
                "shop/S-withdrawn/receipts.csv",
                [receipt("R1", "1"), receipt("R3", "3")],
                (_amount(2, "R1", "1"), _amount(3, "R3", "3")),
            ),
        ),
    ),
    Case(
        "correction-withdrawn",
        (
            _receipts("shop/S-undone/receipts_1.csv", [receipt("R1", "1")], (), ((2, "superseded_row", None),)),
            _receipts("shop/S-undone/receipts_2.csv", [receipt("R1", "2")], (_amount(2, "R1", "2"),)),
        ),
        later=(_receipts("shop/S-undone/receipts_1.csv", [receipt("R1", "1")], (_amount(2, "R1", "1"),)),),
        gone=("shop/S-undone/receipts_2.csv",),
    ),
    Case(
        "late-file-that-sorts-first",
        (_receipts("shop/S-late/receipts_2.csv", [receipt("R1", "2")], (_amount(2, "R1", "2"),)),),
        later=(
            _receipts(
                "shop/S-late/receipts_1.csv",
                [receipt("R1", "1"), receipt("R2", "1")],
                (_amount(3, "R2", "1"),),
                ((2, "superseded_row", None),),
            ),
        ),
    ),
    Case(
        "partner-that-comes-later",
        (_receipts("shop/S-comes/receipts.csv", [receipt("R1", "1")], (), ((2, "unknown_partner", "partner_code"),)),),
        later=(
            _receipts("shop/S-comes/receipts.csv", [receipt("R1", "1")], (_amount(2, "R1", "1"),)),
            File(
                "chain/partners_late.csv",
                "partner_code,link,industry,country,partner_name,valid_from\nS-comes,shop,retail,NL,Late,2020-01-01\n",
                Outcome("chain__partners", "partner_code", ((2, "S-comes"),)),
            ),
        ),
        partners=(),
    ),
    Case(
        "sold-before-it-was-built",
        (
            File(
                "manufacturer/M-birth/products.parquet",
                _product,
                Outcome("manufacturer__products", "product_code", ((1, "P1"),)),
            ),
            File(
                "manufacturer/M-birth/units_built.parquet",
                _unit,
                Outcome(
                    "manufacturer__units_built", "product_code", ((1, "P1"),), ((2, "unknown_product", "product_code"),)
                ),
            ),
            File(
                "dealer/D-birth/sales_orders.csv",
                lines(
                    SALES,
                    "O1,1,born 1,new,2024-06-02,10,5,EUR",
                    "O2,1,BORN-1,new,2024-06-03,10,5,EUR",
                    "O3,1,BORN-2,new,2024-06-02,10,5,EUR",
                ),
                Outcome(
                    "dealer__sales_orders",
                    "order_no, margin_eur",
                    ((3, "O2", Decimal("5.00")), (4, "O3", Decimal("5.00"))),
                    ((2, "transaction_before_built", "delivered_on"),),
                ),
            ),
        ),
    ),
    Case(
        "product-that-nobody-makes",
        (
            File(
                "shop/S-product/receipts.csv",
                lines(RECEIPTS, receipt("R1", product="GONE"), receipt("R2", product="P1")),
                Outcome("shop__receipts", "receipt_no", ((2, "R1"), (3, "R2"))),
            ),
        ),
    ),
    Case(
        "survey-before-or-without-its-contact",
        (
            File(
                "contact_centre/C-story/contacts.ndjson",
                "\n".join(
                    [
                        contact("K1", closed_at="2024-06-03T09:00:00"),
                        contact("K2", closed_at="2024-06-03T11:00:00"),
                        contact("K3", country="XX"),
                        contact("K4", caller={"shop_code": "NOBODY", "loyalty_no": "1"}),
                        contact("K5", channel="pigeon"),
                    ]
                ),
                Outcome(
                    "contact_centre__contacts",
                    "contact_id",
                    # the centre's own country counts, not the one that nobody knows
                    ((2, "K2"), (3, "K3")),
                    (
                        (1, "closed_before_opened", "closed_at"),
                        (4, "unknown_partner", "shop_code"),
                        (5, "value_not_allowed", "channel"),
                    ),
                ),
            ),
            File(
                "contact_centre/C-story/surveys.ndjson",
                "\n".join(
                    [
                        '{"survey_id": 1, "contact_id": "K1", "sent_at": "2024-06-03T12:00"}',
                        '{"survey_id": 2, "contact_id": "K2", "sent_at": "2024-06-03T12:00", '
                        '"answered_at": "2024-06-03T11:59", "nps": 10}',
                        '{"survey_id": 3, "contact_id": "K2", "sent_at": "2024-06-03T12:00", "ces": 8}',
                        '{"survey_id": 4, "contact_id": "K2", "sent_at": "2024-06-03T12:00", '
                        '"answered_at": "2024-06-03T12:00", "nps": 10.0, "csat": 5}',
                        '{"survey_id": 5, "contact_id": "K2", "sent_at": "2024-06-03T12:00", '
                        '"answered_at": "2024-06-03T12:00", "nps": "10"}',
                    ]
                ),
                Outcome(
                    "contact_centre__surveys",
                    "answer_status, score, csat",
                    ((2, "invalid", None, None), (4, "answered", 10, 5), (5, "answered", 10, None)),
                    (
                        (1, "unknown_contact", "contact_id"),
                        (2, "answer_before_invitation", "answered_at", "answer"),
                        (3, "out_of_range", "ces"),
                    ),
                ),
            ),
        ),
    ),
    Case(
        "person-who-asked-to-be-erased",
        (
            File(
                "dealer/D-erased/customers.csv",
                lines(CUSTOMERS, "1,Jan,jan@example.org,,,", "2,Piet,piet@example.org,,,"),
                Outcome("dealer__customers", "customer_hash", ((3, hashed("customer", "D-erased", "2")),), erased=(2,)),
            ),
            File(
                "chain/erasure_requests.csv",
                "request_id,requested_on,country,email,phone\n1,2024-06-30,NL,Jan@Example.org,\n2,2024-02-31,NL,piet@example.org,\n",
                Outcome("chain__erasure_requests", "request_id", ((2, "1"),), ((3, "invalid_date", "requested_on"),)),
            ),
        ),
    ),
)
