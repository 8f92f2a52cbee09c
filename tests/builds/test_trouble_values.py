"""No value in disguise, numbers from spreadsheets, and one identity in many spellings: whole builds of such inputs.

Single values are tested where they are read: tests/unit/test_no_value.py and test_spellings.py.
"""

import hashlib
from collections import Counter

import pytest
from landing_builder import TEST_KEY


def hashed(kind, *parts):
    """The documented hash, computed without the project's code."""
    return int(hashlib.sha256("|".join([TEST_KEY, kind, *parts]).encode()).hexdigest()[:15], 16)


@pytest.fixture(scope="module")
def db(troubled):
    with troubled.warehouse.open() as connection:
        yield connection


@pytest.fixture(scope="module")
def customer_of(db):
    """The customer of a dealer's or shop's number."""
    own = "select customer_hash from work.base.base_dealer__customers where reject_reason is null"
    own += " union select loyalty_hash from work.base.base_shop__customers where reject_reason is null"
    # who shares nothing with anybody is no node
    found = {number: number for (number,) in db.execute(own).fetchall()}
    found |= dict(db.execute("select node_key, customer_key from work.intermediate.int_customer_node").fetchall())
    return lambda partner, number: found.get(hashed("customer", partner, number))


def contacts(db, partner):
    """Contact number to customer."""
    query = (
        "select contact_no, customer_key from fct_contact inner join dim_partner using (partner_key) "
        "where partner_code = ?"
    )
    return dict(db.execute(query, [partner]).fetchall())


def events(db, fact, partner, column):
    """Column and customer of a partner's rows."""
    query = (
        f"select {column}, customer_key from {fact} inner join dim_partner using (partner_key) "
        f"where partner_code = '{partner}' order by 1"
    )
    return db.execute(query).fetchall()


def reasons(db, *paths):
    """How many rows of the files were rejected, by reason and column."""
    query = "select reason_code, column_name from mart_quarantine where file_path in (select unnest(?))"
    return Counter(db.execute(query, [list(paths)]).fetchall())


def are_people(customers, partner):
    """The customers of these people are theirs alone: no two share one, and nobody of another partner has it."""
    assert None not in customers
    assert len(set(customers)) == len(customers), partner


# ---------------------------------------------------------------- numbers from spreadsheets


def test_shortened_numbers_name_nobody(db, customer_of):
    found = reasons(db, "dealer/EXP-FR/customers.csv", "dealer/EXP-FR/sales_orders.csv")
    assert found == {("spreadsheet_number", "customer_hash"): 16}
    answers = events(db, "fct_nps_response", "EXP-FR", "score")
    assert [customer for _, customer in answers] == [None] * 12
    assert events(db, "fct_retention", "EXP-FR", "1") == []


def test_shortened_phones_are_blank(db, customer_of):
    are_people([customer_of("EXP-SH", f"L{number}") for number in range(6)], "EXP-SH")


def test_point_zero_is_whole(db):
    assert reasons(db, "contact_centre/PD-CC/surveys.ndjson", "dealer/PD-NL/post_sale_survey.csv") == {}
    assert reasons(db, "contact_centre/PD-CC/contacts.ndjson") == {}
    assert [score for score, _ in events(db, "fct_nps_response", "PD-CC", "score")] == [9] * 4
    assert [score for score, _ in events(db, "fct_nps_response", "PD-NL", "score")] == [9, 10]


def test_amounts_and_scores_are_as_strict_as_before(db):
    receipts = events(db, "fct_transaction", "AM-GB", "revenue_eur")
    assert [float(revenue) for revenue, _ in receipts if revenue is not None] == sorted(
        [1234.5, -50.0, 50.0, 50.01, 50.0]
    )
    assert [score for score, _ in events(db, "fct_nps_response", "SC-FR", "score")] == [9, 10]
    assert reasons(db, "shop/SC-FR/survey.csv") == {("invalid_score", "score"): 11}
    # whose dealer is nobody; 1.234 is a thousand and more where the comma divides
    shipments = "select cast(amount as double) from work.base.base_importer__shipments where partner_code = 'AM-IM'"
    found = [amount for (amount,) in db.execute(f"{shipments} order by line_number").fetchall()]
    assert found == [None, 1234, 1234567, None, None, None, 1234.57]
    assert reasons(db, "importer/AM-IM/verzendingen.csv")["invalid_number", "amount"] == 4


# ---------------------------------------------------------------- spellings


def test_phones_in_their_spellings(db, customer_of):
    found = contacts(db, "PH-CC") | contacts(db, "PH-CN")
    right = {f"i{n}": customer_of("PH-IT", str(n)) for n in (1, 2)}
    right |= {f"n{n}": customer_of("PH-NL", str(n)) for n in range(1, 6)}
    assert found == right
    are_people(list(right.values()), "PH")


def test_addresses_in_their_spellings(db, customer_of):
    anna = customer_of("EM-CH", "1")
    assert anna is not None
    assert contacts(db, "EM-CC") == {f"m{n:02d}": anna for n in range(1, 13)}


def test_five_people_are_erased_in_any_spelling(db, troubled):
    query = (
        "select file_path, rows_erased, rows_accepted from mart_pipeline_health where file_path like 'dealer/ER-IT/%'"
    )
    assert sorted(db.execute(query).fetchall()) == [
        ("dealer/ER-IT/customers.csv", 5, 0),
        ("dealer/ER-IT/sales_orders.csv", 5, 0),
    ]


def test_one_identity_in_four_files(db, customer_of):
    people = {number: customer_of("VA-NL", text) for number, text in (("1", "000001"), ("2", "000002"), ("3", "3"))}
    are_people(list(people.values()), "VA-NL")
    found = contacts(db, "VA-CC")
    assert {number: found[number] for number in found if number[0] in people} == {
        number: people[number[0]] for number in ("1a", "1b", "1c", "2a", "2b", "2c", "3a", "3b")
    }
    # a caller of whom nothing is known
    assert {found["none1"], found["none2"]} == {None}
    invitations = dict(events(db, "fct_survey_invitation", "VA-IM", "invitation_no"))
    assert invitations == {"1": people["1"], "2": people["2"], "3": people["3"], "4": people["2"]}
    assert [score for score, _ in events(db, "fct_nps_response", "VA-IM", "score")] == [9, 9]
    assert reasons(db, "importer/VA-IM/eigenaarsonderzoek.csv") == {("invalid_score", "score"): 1}
    assert reasons(db, "dealer/VA-NL/customers.csv") == {}
    assert reasons(db, "dealer/VA-NL/sales_orders.csv") == {("missing_required", "serial_hash"): 1}


# ---------------------------------------------------------------- no value in disguise


def test_placeholders_are_nobodys(db, customer_of):
    customers = [customer_of("PL-PL", f"{kind}{number}") for kind in "pqi" for number in range(1, 6)]
    are_people(customers, "PL-PL")


def test_null_as_text(db, customer_of):
    receipts = events(db, "fct_transaction", "NU-GB", "revenue_eur")
    assert len(receipts) == 22
    assert {customer for _, customer in receipts} == {None}
    assert [customer for _, customer in events(db, "fct_nps_response", "NU-GB", "score")] == [None] * 8
    assert events(db, "fct_retention", "NU-GB", "1") == []
    assert reasons(db, "dealer/NU-FR/customers.csv") == {}
    are_people([customer_of("NU-FR", str(number)) for number in range(8)], "NU-FR")
    assert reasons(db, "dealer/NU-FR/sales_orders.csv") == {("missing_required", "serial_hash"): 8}
    assert set(contacts(db, "NU-CC").values()) == {None}


def test_lines_of_totals_are_no_customers(db, customer_of):
    assert reasons(db, "dealer/H-TOT/customers.csv") == {("missing_required", "customer_hash"): 2}
    are_people([customer_of("H-TOT", number) for number in "12"], "H-TOT")
    assert customer_of("H-TOT", "Total") is None


def test_a_till_without_cards(db, customer_of):
    card = customer_of("VA-SH", "000123")
    receipts = events(db, "fct_transaction", "VA-SH", "transaction_on")
    assert [customer for _, customer in receipts] == [None] * 6 + [card] * 2
    assert card is not None
    assert reasons(db, "shop/VA-SH/receipts.csv") == {
        ("spreadsheet_number", "receipt_no"): 2,
        ("missing_required", "receipt_no"): 2,
    }
    assert events(db, "fct_nps_response", "VA-SH", "score") == [(3, None), (9, card), (10, None)]
    assert reasons(db, "shop/VA-SH/survey.csv") == {("no_answer", "score"): 1}


def test_numbers_that_a_spreadsheet_took_for_dates(db, customer_of):
    """In CSV, JSON and Parquet."""
    receipts = events(db, "fct_transaction", "VD-SH", "transaction_on")
    cards = [hashed("customer", "VD-SH", card) for card in ("1-24", "JAN-24")]
    assert [customer is None for _, customer in receipts] == [True, True, True, False, False, True]
    assert len({customer for _, customer in receipts if customer is not None}) == len(cards)
    assert reasons(db, "shop/VD-SH/receipts.csv") == {("invalid_date", "purchased_on"): 1}
    assert [customer is None for _, customer in events(db, "fct_nps_response", "VD-SH", "response_on")] == [
        *(True, True, False)
    ]
    assert reasons(db, "dealer/VD-NL/sales_orders.csv") == {("spreadsheet_number", "order_no"): 3}
    assert reasons(db, "contact_centre/VD-CC/contacts.ndjson") == {("spreadsheet_number", "contact_id"): 2}
    calls = contacts(db, "VD-CC")
    assert calls["w1"] is None
    assert calls["w2"] != calls["W-JAN-24"]
    assert reasons(db, "manufacturer/VD-MF/products.parquet") == {("spreadsheet_number", "product_code"): 2}
    codes = "from work.staging.stg_manufacturer__products select product_code where partner_code = 'VD-MF' order by 1"
    assert db.execute(codes).fetchall() == [("MAR-24",), ("x-1",)]


def test_a_serial_number_of_many_is_no_unit(db, customer_of):
    """And of a car that was sold twice the second buyer is the owner."""
    are_people([customer_of("VB-DE", f"u{number}") for number in range(1, 11)], "VB-DE")
    calls = contacts(db, "VB-CC")
    assert calls == {"v1": None, "v2": customer_of("VB-DE", "u10")}
    # nobody's follow-up ends since another one bought something of that name
    ends = {reason for reason, _ in events(db, "fct_retention", "VB-DE", "censoring_reason")}
    assert ends == {"as_of"}
