"""Kinds that are about the chain: who is above whom, since when, and who is not known at all."""

from bad_input.case import (
    NETWORK,
    PARTNERS,
    RECEIPTS,
    SALES,
    Case,
    File,
    Outcome,
    lines,
    receipt,
)


def _partners(kind: str, rows: list[str], staged: tuple = (), quarantined: tuple = ()) -> Case:
    outcome = Outcome("chain__partners", "partner_code", staged, quarantined)
    return Case(kind, (File(f"chain/partners_{kind}.csv", lines(PARTNERS, *rows), outcome),), partners=())


CASES = (
    _partners(
        "cycle-in-the-hierarchy",
        [
            "C-1,importer,automotive,NL,One,C-2,,2020-01-01,",
            "C-2,importer,automotive,NL,Two,C-3,,2020-01-01,",
            "C-3,importer,automotive,NL,Three,C-1,,2020-01-01,",
            "C-4,dealer,automotive,NL,Below the cycle,C-1,,2020-01-01,",
            "C-5,importer,automotive,NL,Its own parent,C-5,,2020-01-01,",
            "C-6,importer,automotive,NL,Sound,,,2020-01-01,",
        ],
        ((5, "C-4"), (7, "C-6")),
        tuple((line, "hierarchy_cycle", "parent_partner_code") for line in (2, 3, 4, 6)),
    ),
    _partners(
        "parents-of-other-days",
        [
            "P-1,importer,automotive,NL,One,P-2,,2020-01-01,2020-12-31",
            "P-1,importer,automotive,NL,One,,,2021-01-01,",
            "P-2,importer,automotive,NL,Two,P-1,,2021-01-01,",
        ],
        ((2, "P-1"), (3, "P-1"), (4, "P-2")),
    ),
    _partners(
        "unknown-parent",
        ["U-1,dealer,automotive,NL,Orphan,NOBODY,,2020-01-01,"],
        (),
        ((2, "unknown_partner", "parent_partner_code"),),
    ),
    _partners(
        "overlapping-validity",
        [
            "V-1,dealer,automotive,NL,First,,,2020-01-01,2022-12-31",
            "V-1,dealer,automotive,NL,Second,,,2022-12-31,",
            "V-2,dealer,automotive,NL,Open,,,2020-01-01,",
            "V-2,dealer,automotive,NL,Next,,,2021-01-01,",
            "V-3,dealer,automotive,NL,First,,,2020-01-01,2022-12-30",
            "V-3,dealer,automotive,NL,Second,,,2022-12-31,",
        ],
        ((2, "V-1"), (4, "V-2"), (6, "V-3"), (7, "V-3")),
        ((3, "overlapping_validity", "valid_from"), (5, "overlapping_validity", "valid_from")),
    ),
    _partners(
        "partner-that-ends-before-it-begins",
        ["E-1,dealer,automotive,NL,Backwards,,,2020-01-02,2020-01-01"],
        (),
        ((2, "closed_before_opened", "valid_to"),),
    ),
    _partners(
        "partner-twice",
        [
            "T-1,dealer,automotive,NL,Same,,,2020-01-01,",
            "T-1,dealer,automotive,NL,Same,,,2020-01-01,",
            "T-2,dealer,automotive,NL,Before,,,2020-01-01,",
            "T-2,dealer,automotive,NL,After,,,2020-01-01,",
        ],
        ((2, "T-1"), (5, "T-2")),
        ((3, "duplicate_row", None), (4, "superseded_row", None)),
    ),
    _partners(
        "partners-of-no-tier-industry-or-country",
        [
            "X-1,garage,automotive,NL,A,,,2020-01-01,",
            "X-2,dealer,aviation,NL,A,,,2020-01-01,",
            "X-3,dealer,automotive,XX,A,,,2020-01-01,",
            "X-4,dealer,automotive,nl,A,,,2020-01-01,",
            "X-5,dealer,automotive,NL,,,,2020-01-01,",
            "X 6,dealer,automotive,NL,A,,,2020-01-01,",
            "../X-7,dealer,automotive,NL,A,,,2020-01-01,",
            "X-8,dealer,automotive,NL,A,,,1900-01-01,",
            "X-9,dealer,automotive,NL,A,,,2020-01-01,2999-12-31",
        ],
        (),
        (
            (2, "value_not_allowed", "link"),
            (3, "unknown_industry", "industry"),
            (4, "unknown_country", "country"),
            (5, "unknown_country", "country"),
            (6, "missing_required", "partner_name"),
            (7, "value_not_allowed", "partner_code"),
            (8, "value_not_allowed", "partner_code"),
            (9, "date_out_of_range", "valid_from"),
            (10, "date_out_of_range", "valid_to"),
        ),
    ),
    Case(
        "partner-that-nobody-knows",
        (
            File(
                "shop/NOBODY-2/receipts.csv",
                lines(RECEIPTS, receipt("R1")),
                Outcome("shop__receipts", "receipt_no", (), ((2, "unknown_partner", "partner_code"),)),
            ),
        ),
        partners=(),
    ),
    Case(
        "partner-of-another-tier",
        (
            File(
                "shop/W-1/receipts.csv",
                lines(RECEIPTS, receipt("R1")),
                Outcome("shop__receipts", "receipt_no", (), ((2, "unknown_partner", "partner_code"),)),
            ),
        ),
        partners=("W-1,dealer,automotive,NL,A dealer,,,2020-01-01,",),
    ),
    Case(
        "partner-code-in-other-case",
        (
            File(
                "shop/k-1/receipts.csv",
                lines(RECEIPTS, receipt("R1")),
                Outcome("shop__receipts", "receipt_no", (), ((2, "unknown_partner", "partner_code"),)),
            ),
        ),
        partners=("K-1,shop,retail,NL,A shop,,,2020-01-01,",),
    ),
    Case(
        "shop-without-a-country",
        (
            File(
                "shop/L-1/receipts.csv",
                lines(RECEIPTS, receipt("R1")),
                Outcome("shop__receipts", "receipt_no", (), ((2, "unknown_country", "partner_code"),)),
            ),
        ),
        partners=("L-1,shop,retail,,A shop,,,2020-01-01,",),
    ),
    Case(
        "dealers-that-nobody-knows",
        (
            File(
                "importer/I-dealers/dealernetwerk.csv",
                lines(NETWORK, "01-01-2024;NOBODY-3;A;;;actief", "01-01-2024;D-dealers;B;;;dicht"),
                Outcome(
                    "importer__dealer_network",
                    "dealer_code",
                    (),
                    ((2, "unknown_partner", "dealer_code"), (3, "value_not_allowed", "status")),
                ),
            ),
        ),
        partners=(
            "I-dealers,importer,automotive,NL,Importer,,,2020-01-01,",
            "D-dealers,dealer,automotive,NL,Dealer,,,2020-01-01,",
        ),
    ),
    Case(
        "sale-to-nobody",
        (
            File(
                "dealer/D-sale-to-nobody/sales_orders.csv",
                lines(SALES, "O1,,VIN1,new,2024-06-03,1,1,EUR", "O2,1,- -,new,2024-06-03,1,1,EUR"),
                Outcome(
                    "dealer__sales_orders",
                    "order_no",
                    (),
                    ((2, "missing_required", "customer_hash"), (3, "missing_required", "serial_hash")),
                ),
            ),
        ),
    ),
)
