"""Kinds that are about a value: numbers, dates, moments, scores, words and names."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from bad_input.case import (
    CUSTOMERS,
    DEALER_SURVEY,
    OWNERSHIP,
    PARTNERS,
    RECEIPTS,
    SHIPMENTS,
    SHOP_SURVEY,
    Case,
    File,
    Outcome,
    hashed,
    lines,
    receipt,
    record,
    shop_receipts,
)

FIRST_ROW = 2


def _numbers(kind: str, good: dict[str, str], bad: Sequence[str]) -> Case:
    """Amounts on receipts: the good ones with their value, then the bad ones."""
    rows = [receipt(f"R{place}", text) for place, text in enumerate([*good, *bad])]
    staged = [(line, Decimal(value)) for line, value in enumerate(good.values(), start=FIRST_ROW)]
    after = FIRST_ROW + len(good)
    faults = [(line, "invalid_number", "revenue") for line, _ in enumerate(bad, start=after)]
    return shop_receipts(kind, lines(RECEIPTS, *rows), staged, faults, columns="revenue")


def _blanks(kind: str, words: Sequence[str]) -> Case:
    """Amounts that say nothing: missing where they must be given, unknown where they need not."""
    costs = [receipt(f"C{place}", cost=text) for place, text in enumerate(words)]
    rows = [receipt(f"R{place}", text) for place, text in enumerate(words)]
    staged = [(line, None) for line, _ in enumerate(words, start=FIRST_ROW)]
    faults = [(line, "missing_required", "revenue") for line, _ in enumerate(words, start=FIRST_ROW + len(words))]
    return shop_receipts(kind, lines(RECEIPTS, *costs, *rows), staged, faults, columns="cost")


NUMBERS = (
    _numbers("thousands-separators", {}, ["1,234.50", "1.234,50", "1 234.50", "1'234.50", "1\u00a0234.50", "12,50"]),
    _numbers("currency-signs", {}, ["€10.00", "10.00 EUR", "$5", "10.00-", "(10.00)", "10%"]),
    _numbers("words-for-numbers", {}, ["Infinity", "-inf", "true", "ten"]),
    _blanks("words-for-no-value", ["NaN", "NULL", "None", "n/a", "#REF!", ".", "-"]),
    _numbers("digits-of-other-scripts", {}, ["\uff11\uff12", "٣", "१०", "²", "½", "1\uff10"]),
    _numbers("numbers-for-programmers", {}, ["0x10", "1_000", "0b1", "1f", "1L", "--1", "1.2.3", "1..2"]),
    _numbers("numbers-too-large", {}, ["10000000000000000", "9" * 40, "1" + "0" * 400]),
    _numbers("large-numbers", {"92233720.37": "92233720.37", "100000000.00": "100000000.00"}, []),
    shop_receipts(
        "numbers-beyond-reason",
        lines(
            RECEIPTS, receipt("R1", "1000000000000.00"), receipt("R2", "1000000000000.01"), receipt("R3", cost="9" * 16)
        ),
        ((2, "R1"),),
        ((3, "out_of_range", "revenue"), (4, "out_of_range", "cost")),
    ),
    _numbers("leading-zeros-and-signs", {"007.50": "7.50", "+7.5": "7.50", ".5": "0.50", "5.": "5.00", "-0": "0"}, []),
    _numbers("blanks-around-numbers", {" 7.50 ": "7.50", "\u00a07.50\u00a0": "7.50", "\t7.50": "7.50"}, ["7 .50"]),
    # a point is a decimal point, also before three digits; half a cent goes up
    _numbers("more-than-cents", {"1.234": "1.23", "10.005": "10.01", "0.30000000000000004": "0.30"}, []),
    _numbers("scientific-notation", {}, ["1e3", "1.5E+2", "1E-3"]),
    shop_receipts(
        "negative-amounts",
        lines(
            RECEIPTS,
            receipt("R1", "-10.00"),
            receipt("R2", "-10.00", kind="return", cost="-6.00"),
            receipt("R3", "10.00", kind="return", cost="-6.00"),
            receipt("R4", "10.00", cost="-0.01"),
            receipt("R5", "0.00", cost="0"),
        ),
        ((3, "R2", Decimal("-10.00")), (6, "R5", Decimal("0.00"))),
        ((2, "out_of_range", "revenue"), (4, "out_of_range", "revenue"), (5, "out_of_range", "cost")),
        columns="receipt_no, revenue",
    ),
    shop_receipts(
        "unknown-currencies",
        lines(
            RECEIPTS,
            *(receipt(f"R{place}", currency=code) for place, code in enumerate(["XXX", "eur", "€", "", "USD"])),
        ),
        (),
        (
            (2, "unknown_currency", "currency"),
            (3, "unknown_currency", "currency"),
            (4, "unknown_currency", "currency"),
            (5, "missing_required", "currency"),
            (6, "no_exchange_rate", "currency"),
        ),
    ),
    shop_receipts(
        "foreign-currency",
        lines(RECEIPTS, receipt("R1", "10.00", "2024-05-31", currency="USD")),
        ((2, Decimal("10.00"), Decimal("9.10")),),
        columns="revenue, revenue_eur",
    ),
    Case(
        "dutch-decimals",
        (
            File(
                "importer/I-dutch-decimals/verzendingen.csv",
                lines(
                    SHIPMENTS,
                    *(
                        f"Z{place};VIN{place};D-dutch-decimals;03-06-2024;{amount};EUR"
                        for place, amount in enumerate(["1234,56", "1.234,56", "1.234", "1234.56", "12.34,5", "1,2,3"])
                    ),
                ),
                Outcome(
                    "importer__shipments",
                    "amount",
                    ((2, Decimal("1234.56")), (3, Decimal("1234.56")), (4, Decimal("1234.00"))),
                    tuple((line, "invalid_number", "amount") for line in (5, 6, 7)),
                ),
            ),
        ),
        partners=(
            "I-dutch-decimals,importer,automotive,NL,Importer,,,2020-01-01,",
            "D-dutch-decimals,dealer,automotive,NL,Dealer,,,2020-01-01,",
        ),
    ),
)

BAD_DATES = [
    "2024-02-31",
    "2023-02-29",
    "2024-13-01",
    "2024-00-10",
    "2024-6-3",
    "03-06-2024",
    "03/06/2024",
    "2024/06/03",
    "20240603",
    "45446",
    "2024-06-03T00:00:00Z",
    "2024-06-03 24:00:00",
    "June 3",
    "today",
    "infinity",
    "\uff12\uff10\uff12\uff14-06-03",
    "2024\u201106\u201103",
]
# which a database writes for none
ZERO_DAYS = ["0000-00-00", "0000-00-00 00:00:00"]

DATES = (
    shop_receipts(
        "dates-that-are-none",
        lines(RECEIPTS, *(receipt(f"R{place}", day=day) for place, day in enumerate(BAD_DATES + ZERO_DAYS))),
        (),
        [
            (line, "invalid_date" if day in BAD_DATES else "missing_required", "purchased_on")
            for line, day in enumerate(BAD_DATES + ZERO_DAYS, start=FIRST_ROW)
        ],
    ),
    shop_receipts(
        "dates-out-of-range",
        lines(
            RECEIPTS,
            *(
                receipt(f"R{place}", day=day)
                for place, day in enumerate(
                    ["1900-01-01", "2999-12-31", "1989-12-31", "2101-01-01", "0024-06-03", "9999-12-31"]
                )
            ),
        ),
        (),
        [(line, "date_out_of_range", "purchased_on") for line in range(2, 8)],
    ),
    shop_receipts(
        "dates-at-the-edge",
        lines(
            RECEIPTS,
            receipt("R1", day="1990-01-01"),
            receipt("R2", day="2024-02-29"),
            receipt("R3", day="2024-06-03 00:00:00"),
            receipt("R4", day="2100-12-31"),
            receipt("R5", day="2024-06-03T10:00:00.000"),
        ),
        (
            (2, date(1990, 1, 1)),
            (3, date(2024, 2, 29)),
            (4, date(2024, 6, 3)),
            (5, date(2100, 12, 31)),
            (6, date(2024, 6, 3)),
        ),
        ((5, "date_after_as_of", None, "late"),),
        columns="purchased_on",
    ),
    Case(
        "dutch-dates",
        (
            File(
                "importer/I-dutch-dates/eigenaarsonderzoek.csv",
                lines(
                    OWNERSHIP,
                    "1;03-06-2024;e-mail;04-06-2024;9;J",
                    "2;31-02-2024;e-mail;;;",
                    "3;2024-06-03;e-mail;;;",
                    "4;3-6-2024;e-mail;;;",
                    "5;06-13-2024;e-mail;;;",
                    "6;03-06-24;e-mail;;;",
                    "7;03-06-2024;e-mail;31-06-2024;9;",
                    "8;01-01-1900;e-mail;;;",
                ),
                Outcome(
                    "importer__ownership_survey",
                    "sent_on, answered_on, score",
                    ((2, date(2024, 6, 3), date(2024, 6, 4), 9), (8, date(2024, 6, 3), None, None)),
                    (
                        *((line, "invalid_date", "sent_on") for line in (3, 4, 5, 6, 7)),
                        (8, "invalid_date", "answered_on", "answer"),
                        (9, "date_out_of_range", "sent_on"),
                    ),
                ),
            ),
        ),
    ),
    Case(
        "months",
        (
            File(
                "chain/exchange_rates_months.csv",
                lines(
                    "month,currency,eur_per_unit",
                    "2024-13,JPY,1",
                    "2024-6,JPY,1",
                    "06-2024,JPY,1",
                    "2024-06-01,JPY,1",
                    "1900-06,JPY,1",
                    "2024-06,JPY,0",
                    "2024-06,JPY,0.0061",
                ),
                Outcome(
                    "chain__exchange_rates",
                    "month, eur_per_unit",
                    ((8, date(2024, 6, 1), Decimal("0.0061")),),
                    (
                        *((line, "invalid_date", "month") for line in (2, 3, 4, 5)),
                        (6, "date_out_of_range", "month"),
                        (7, "out_of_range", "eur_per_unit"),
                    ),
                ),
            ),
        ),
    ),
)


def _moments(kind: str, good: dict[str, datetime], bad: Sequence[str]) -> Case:
    """Moments of answers at a Dutch shop."""
    rows = [f"A{place},{text},,,,,9," for place, text in enumerate([*good, *bad])]
    staged = tuple((line, moment) for line, moment in enumerate(good.values(), start=FIRST_ROW))
    after = FIRST_ROW + len(good)
    faults = tuple((line, "invalid_timestamp", "answered_at") for line, _ in enumerate(bad, start=after))
    outcome = Outcome("shop__survey", "answered_at", staged, faults)
    file = File(f"shop/S-{kind}/survey.csv", lines(SHOP_SURVEY, *rows), outcome)
    return Case(kind, (file,))


MOMENTS = (
    _moments(
        "time-zones",
        {
            "2024-06-03T10:00:00": datetime(2024, 6, 3, 8),
            "2024-12-03T10:00:00": datetime(2024, 12, 3, 9),
            "2024-06-03 10:00": datetime(2024, 6, 3, 8),
            "2024-06-03T10:00:00Z": datetime(2024, 6, 3, 10),
            "2024-06-03T10:00Z": datetime(2024, 6, 3, 10),
            "2024-06-03T10:00:00+05:30": datetime(2024, 6, 3, 4, 30),
            "2024-06-03T10:00:00-0800": datetime(2024, 6, 3, 18),
            "2024-06-03T10:00:00.123456+02": datetime(2024, 6, 3, 8, 0, 0, 123456),
            "2024-06-03T23:59:59.9999999": datetime(2024, 6, 3, 21, 59, 59, 999999),
        },
        [],
    ),
    # 02:30 comes twice: the first time is meant, in summer time
    _moments("hour-that-comes-twice", {"2024-10-27T02:30:00": datetime(2024, 10, 27, 0, 30)}, []),
    _moments("hour-twice-with-offset", {"2024-10-27T02:30:00+02:00": datetime(2024, 10, 27, 0, 30)}, []),
    # 02:30 does not come: what a clock says that nobody put forward
    _moments("hour-that-is-skipped", {"2024-03-31T02:30:00": datetime(2024, 3, 31, 1, 30)}, []),
    _moments(
        "moments-that-are-none",
        {},
        [
            "2024-06-03",
            "2024-02-31T10:00:00",
            "2024-06-03T25:00:00",
            "2024-06-03T10:61:00",
            "2024-06-03T10:00:61",
            "03-06-2024 10:00",
            "1717408800",
            "2024-06-03T10:00:00 PM",
            "2024-06-03 10.00",
            "2024-06-03T10:00:00Zulu",
            "2024-06-03Z10:00:00",
            "now",
        ],
    ),
    _moments(
        "offsets-that-are-none",
        {},
        ["2024-06-03T10:00:00+25:00", "2024-06-03T10:00:00-99", "2024-06-03T10:00:00+02:99"],
    ),
    _moments("hour-24", {}, ["2024-06-03T24:00:00", "2024-06-03T24:00:00Z"]),
    Case(
        "moments-out-of-range",
        (
            File(
                "shop/S-moments-out-of-range/survey.csv",
                lines(SHOP_SURVEY, "A1,1900-01-01T10:00:00,,,,,9,", "A2,2999-01-01T10:00:00Z,,,,,9,"),
                Outcome(
                    "shop__survey",
                    "answer_no",
                    (),
                    ((2, "date_out_of_range", "answered_at"), (3, "date_out_of_range", "answered_at")),
                ),
            ),
        ),
    ),
)

BAD_SCORES = [
    "11",
    "-1",
    "7.5",
    "9.5",
    "100",
    "nine",
    "★★★★",
    "4/5",
    "9/10",
    "\uff19",
    "Ⅸ",
    "9️⃣",
    "+9",
    "09",
    "8-9",
    "1e1",
    "true",
    "=9",
]
NO_SCORES = ["", "n/a", "Weet niet", "-", "NaN", "None"]

SCORES = (
    Case(
        "scores-that-are-none",
        (
            File(
                "shop/S-scores-that-are-none/survey.csv",
                lines(
                    SHOP_SURVEY,
                    *(
                        record(f"A{place}", "2024-06-03T10:00:00", "", "", "", "", score, "")
                        for place, score in enumerate(
                            ["0", "10", " 9 ", "\u00a08\u00a0", "7.0", *BAD_SCORES, *NO_SCORES]
                        )
                    ),
                ),
                Outcome(
                    "shop__survey",
                    "score",
                    ((2, 0), (3, 10), (4, 9), (5, 8), (6, 7)),
                    (
                        *((line, "invalid_score", "score") for line, _ in enumerate(BAD_SCORES, start=7)),
                        *((line, "no_answer", "score") for line, _ in enumerate(NO_SCORES, start=7 + len(BAD_SCORES))),
                    ),
                ),
            ),
        ),
    ),
    Case(
        "answers-lost-alone",
        (
            File(
                "dealer/D-answers-lost-alone/post_sale_survey.csv",
                lines(
                    DEALER_SURVEY,
                    "I1,O1,,2024-06-03T10:00:00,email,2024-06-04T10:00:00,11,",
                    "I2,O2,,2024-06-03T10:00:00,email,2024-06-04T10:00:00,7.5,",
                    "I3,O3,,2024-06-03T10:00:00,email,2024-06-04T10:00:00,★★★★★,",
                    "I4,O4,,2024-06-03T10:00:00,email,2024-06-04T10:00:00,n/a,",
                    "I5,O5,,2024-06-03T10:00:00,email,2024-06-04T10:00:00,,",
                    "I6,O6,,2024-06-03T10:00:00,email,,9,",
                    "I7,O7,,2024-06-03T10:00:00,email,2024-02-31T10:00:00,9,",
                    "I8,O8,,2024-06-03T10:00:00,email,2024-06-02T10:00:00,9,",
                    "I9,O9,,2024-06-03T10:00:00,email,,,",
                    "I10,O10,,2024-06-03T10:00:00,email,2024-06-04T10:00:00,9,",
                    "I11,O11,,2024-06-03T10:00:00,pigeon,2024-06-04T10:00:00,9,",
                ),
                Outcome(
                    "dealer__post_sale_survey",
                    "invitation_no, answer_status, score",
                    (
                        *((line, f"I{line - 1}", "invalid", None) for line in range(2, 10)),
                        (10, "I9", "not_answered", None),
                        (11, "I10", "answered", 9),
                    ),
                    (
                        *((line, "invalid_score", "score", "answer") for line in (2, 3, 4)),
                        *((line, "no_answer", "score", "answer") for line in (5, 6)),
                        (7, "missing_required", "answered_at", "answer"),
                        (8, "invalid_timestamp", "answered_at", "answer"),
                        (9, "answer_before_invitation", "answered_at", "answer"),
                        (12, "value_not_allowed", "survey_mode"),
                    ),
                ),
            ),
        ),
    ),
)

HEBREW = "שלום סוכנות"
ARABIC = "وكالة السيارات"

WORDS = (
    Case(
        "words-not-allowed",
        (
            File(
                "dealer/D-words-not-allowed/customers.csv",
                lines(CUSTOMERS, "1,,,,Private,", "2,,,,zakelijk,", "3,,,, business ,", "4,,,,private,"),
                Outcome(
                    "dealer__customers",
                    "customer_hash, segment",
                    (
                        (4, hashed("customer", "D-words-not-allowed", "3"), "business"),
                        (5, hashed("customer", "D-words-not-allowed", "4"), "private"),
                    ),
                    ((2, "value_not_allowed", "segment"), (3, "value_not_allowed", "segment")),
                ),
            ),
        ),
    ),
    Case(
        "leading-zeros-in-numbers-of-people",
        (
            File(
                "dealer/D-leading-zeros-in-numbers-of-people/customers.csv",
                lines(CUSTOMERS, "007,,,,,", "7,,,,,", '" 7",,,,private,', '"\u00a0",,,,,'),
                Outcome(
                    "dealer__customers",
                    "customer_hash",
                    (
                        (2, hashed("customer", "D-leading-zeros-in-numbers-of-people", "007")),
                        (4, hashed("customer", "D-leading-zeros-in-numbers-of-people", "7")),
                    ),
                    ((3, "superseded_row", None), (5, "missing_required", "customer_hash")),
                ),
            ),
        ),
    ),
    Case(
        "addresses-that-are-none",
        (
            File(
                "dealer/D-addresses-that-are-none/customers.csv",
                lines(
                    CUSTOMERS,
                    "1,,nobody,12,,",
                    "2,,a@b,0000000000,,",
                    '3,,"a b@b.nl,c@d.nl",unknown,,',
                    "4,,X@Y.nl,+31 (0)6 12345678,,",
                ),
                Outcome(
                    "dealer__customers",
                    "email_hash, phone_hash",
                    (
                        (2, None, None),
                        (3, None, None),
                        (4, None, None),
                        (5, hashed("email", "x@y.nl"), hashed("phone", "+31612345678")),
                    ),
                ),
            ),
        ),
    ),
    Case(
        "emoji-and-right-to-left-names",
        (
            File(
                "chain/partners_names.csv",
                lines(
                    PARTNERS,
                    "N-1,dealer,automotive,NL,\U0001f697 Auto \U0001f468\u200d\U0001f469\u200d\U0001f467,,,2020-01-01,",
                    f"N-2,dealer,automotive,NL,{HEBREW},,{ARABIC},2020-01-01,",
                    "N-3,dealer,automotive,NL,e\u0301cole Ǆ ﬁ,,,2020-01-01,",
                    "N-4,dealer,automotive,NL,\u200b,,,2020-01-01,",
                    'N-5,dealer,automotive,NL,"Two\nlines",,,2020-01-01,',
                ),
                Outcome(
                    "chain__partners",
                    "partner_name, owner_name",
                    (
                        (2, "\U0001f697 Auto \U0001f468\u200d\U0001f469\u200d\U0001f467", None),
                        (3, HEBREW, ARABIC),
                        (4, "e\u0301cole Ǆ ﬁ", None),
                        (6, "Two\nlines", None),
                    ),
                    # a sign that nobody sees is no name
                    ((5, "missing_required", "partner_name"),),
                ),
            ),
        ),
    ),
)

CASES = (*NUMBERS, *DATES, *MOMENTS, *SCORES, *WORDS)
