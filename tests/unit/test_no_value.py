"""Words that say "no value" are none, and numbers that a spreadsheet shortened name nobody, in every format."""

import hashlib
import json

import pytest
from conftest import KEY
from contract_parts import whole

from nps_chain.contracts.landing import MANGLED_HASH, MANGLED_TEXT, seed_codes, seed_rows
from nps_chain.contracts.no_value import no_value

WORDS = (*no_value().anywhere, *no_value().written)
RECEIPTS = "receipt_no,receipt_kind,purchased_on,loyalty_no,product_code,revenue,cost,currency\n"
ORDERS = "order_no,customer_no,serial_number,order_kind,delivered_on,revenue,cost,currency\n"
MANGLED = ("1.23457E+11", "1,23457E+11", "1.23457e+11", "1.2E11", "1E+11", "3.36023E+10")


def hashed(kind, *parts):
    """The documented hash, computed without the project's code."""
    return int(hashlib.sha256("|".join([KEY, kind, *parts]).encode()).hexdigest()[:15], 16)


def quoted(text):
    """A field of CSV."""
    return '"' + text.replace('"', '""') + '"'


# ---------------------------------------------------------------- the list


def test_no_word_of_the_list_is_a_word_that_a_tier_may_write():
    anywhere = set(no_value().anywhere)
    for dataset in whole().datasets:
        for column in dataset.stored_columns:
            assert not anywhere & {word.lower() for word in column.allowed}, (dataset.name, column.name)
    for seed, code in (("countries", "country_code"), ("industries", "industry_code")):
        assert not anywhere & {row[code].lower() for row in seed_rows(seed)}
    assert not anywhere & {code.lower() for seed in ("links", "surveys") for code in seed_codes(seed)}


def test_the_list_is_in_lower_case_and_without_repeats():
    for name in ("anywhere", "written", "totals", "email_names", "email_hosts", "months", "numbers"):
        words = getattr(no_value(), name)
        assert [word for word in words if word != word.lower()] == []
        assert len(set(words)) == len(words), name


# ---------------------------------------------------------------- words, in CSV, JSON and Parquet


def test_words_for_no_value_in_csv(landing):
    written = [form for word in WORDS for form in (word, word.upper(), f" {word.title()} ")]
    rows = [
        f"R{place},sale,2024-01-01,{quoted(one)},{quoted(one)},1.00,{quoted(one)},EUR\n"
        for place, one in enumerate(written)
    ]
    landing.write("shop/S1/receipts.csv", RECEIPTS + "".join(rows))
    landing.intake()
    found = landing.rows("shop__receipts", "loyalty_hash, product_code, cost")
    assert [(text, row) for text, row in zip(written, found, strict=True) if row != (None, None, None)] == []


def test_words_for_no_value_in_json(landing):
    caller = ("email", "phone", "serial_number", "loyalty_no")
    objects = [
        {"contact_id": f"C{place}", "agent": one, "cost": one, "transfers": one, "closed_at": one, "resolved": one}
        | {"caller": {"shop_code": "S1"} | dict.fromkeys(caller, one)}
        for place, one in enumerate(WORDS)
    ]
    lines = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in objects)
    landing.write("contact_centre/C1/contacts.ndjson", lines)
    landing.intake()
    columns = "agent_hash, cost, transfers, closed_at, resolved, email_hash, phone_hash, serial_hash, loyalty_hash"
    found = landing.rows("contact_centre__contacts", columns)
    assert [text for text, row in zip(WORDS, found, strict=True) if any(value is not None for value in row)] == []


def test_words_for_no_value_in_parquet(landing):
    values = ", ".join("('" + word.replace("'", "''") + "')" for word in WORDS)
    landing.write_parquet(
        "manufacturer/M1/survey_invitations.parquet",
        f"select word as invitation_id, 'NL' as country, word as sent_at, word as email, word as phone, "
        f"word as serial_number, word as survey_mode from (values {values}) as words (word)",
    )
    landing.intake()
    columns = "invitation_id, sent_at, email_hash, phone_hash, serial_hash"
    assert landing.rows("manufacturer__survey_invitations", columns) == [(None,) * 5] * len(WORDS)


def test_words_for_no_value_in_columns_of_codes(landing):
    words = no_value().anywhere
    rows = [f"{place},{quoted(one)}\n" for place, one in enumerate(words)]
    landing.write("dealer/D1/customers.csv", "customer_no,segment\n" + "".join(rows))
    callers = [
        {"contact_id": str(place), "currency": one, "caller": {"shop_code": one}} for place, one in enumerate(words)
    ]
    lines = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in callers)
    landing.write("contact_centre/C1/contacts.ndjson", lines)
    landing.intake()
    assert landing.rows("dealer__customers", "segment") == [(None,)] * len(words)
    assert landing.rows("contact_centre__contacts", "currency, shop_code") == [(None, None)] * len(words)


@pytest.mark.parametrize("day", ["NULL", "0000-00-00", "0000-00-00 00:00:00", "#N/A", "-"])
def test_a_day_that_is_none(landing, day):
    landing.write("dealer/D1/customers.csv", f"customer_no,customer_since\n1,{day}\n")
    landing.intake()
    assert landing.rows("dealer__customers", "customer_since") == [(None,)]


# ---------------------------------------------------------------- what must not be taken for a blank


def test_words_of_lists_and_codes_stay(landing):
    landing.write(
        "chain/acquisition_reasons.csv", "partner_code,customer_no,acquired_on,reason\nD1,7,2024-01-01,unknown\n"
    )
    landing.write("chain/erasure_requests.csv", "request_id,requested_on,country,email\n1,2024-01-01,NA,a@b.nl\n")
    landing.write(
        "chain/partners_2.csv",
        "partner_code,link,industry,country,partner_name,parent_partner_code,valid_from\n"
        "TEST,dealer,automotive,NL,None,NA,2020-01-01\n",
    )
    landing.write("contact_centre/C1/contacts.ndjson", '{"contact_id": "1", "country": "NA", "reason": "unknown"}\n')
    landing.intake()
    assert landing.rows("chain__acquisition_reasons", "reason") == [("unknown",)]
    assert landing.rows("chain__erasure_requests", "country") == [("NA",)]
    assert landing.rows("chain__partners", "partner_code, partner_name, parent_partner_code")[-1] == (
        "TEST",
        "None",
        "NA",
    )
    assert landing.rows("contact_centre__contacts", "country, reason") == [("NA", "unknown")]


def test_scores_keep_the_words_of_an_answer(landing):
    words = [row["word"] for row in seed_rows("no_answer_words")]
    rows = [f"A{place},2024-01-01T10:00,{quoted(word)}\n" for place, word in enumerate([*words, "NULL", "#N/A", "7.5"])]
    landing.write("shop/S1/survey.csv", "answer_no,answered_at,score\n" + "".join(rows))
    landing.intake()
    scores = [score for (score,) in landing.rows("shop__survey", "score")]
    assert scores == [*words, None, None, "7.5"]


# ---------------------------------------------------------------- numbers that are typed to fill a field


@pytest.mark.parametrize("number", ["0", "0000000", "00", "123456789", "9999999", "1234567890", "XXXXXXXXX"])
def test_cards_and_serial_numbers_that_are_nobodys(landing, number):
    landing.write("shop/S1/customers.csv", f"loyalty_no\n{number}\n12\n")
    landing.write(
        "contact_centre/C1/contacts.ndjson", f'{{"contact_id": "1", "caller": {{"serial_number": "{number}"}}}}\n'
    )
    landing.intake()
    assert landing.rows("shop__customers", "loyalty_hash") == [(None,), (hashed("customer", "S1", "12"),)]
    assert landing.rows("contact_centre__contacts", "serial_hash") == [(None,)]


def test_a_customer_0_is_one_and_an_order_0_too(landing):
    landing.write(
        "dealer/D1/sales_orders.csv", ORDERS + "0,0,V1,new,2024-01-01,1,1,EUR\n0000000,00,V2,new,2024-01-01,1,1,EUR\n"
    )
    landing.intake()
    found = landing.rows("dealer__sales_orders", "order_no, customer_hash")
    assert found == [("0", hashed("customer", "D1", "0")), ("0000000", None)]


TOTALS = ("Total", "TOTAL", "Grand Total: 2 customers", "Totaal", "Summe:", "Gesamt", "Total = 12", "Subtotal", "#N/A")


def test_lines_of_totals_are_no_customers(landing):
    rows = "".join(f"{quoted(one)},\n" for one in TOTALS)
    landing.write("dealer/D1/customers.csv", "customer_no,email\n1,a@b.nl\n" + rows + "TOTAL-7,\nTotalis,\n")
    landing.intake()
    kept = [hashed("customer", "D1", one) for one in ("1", "TOTAL-7", "Totalis")]
    found = [value for (value,) in landing.rows("dealer__customers", "customer_hash")]
    assert found == [kept[0], *[None] * len(TOTALS), *kept[1:]]


# ---------------------------------------------------------------- numbers from spreadsheets


def test_numbers_that_a_spreadsheet_shortened_name_nobody(landing):
    rows = [f"{quoted(one)},{quoted(one)},{quoted(one)},new,2024-01-01,1,1,EUR\n" for one in MANGLED]
    landing.write("dealer/D1/sales_orders.csv", ORDERS + "".join(rows))
    rows = [f"A{place},2024-01-01T10:00,{quoted(one)},{quoted(one)},9\n" for place, one in enumerate(MANGLED)]
    landing.write("shop/S1/survey.csv", "answer_no,answered_at,receipt_no,loyalty_no,score\n" + "".join(rows))
    landing.intake()
    marked = (MANGLED_TEXT, MANGLED_HASH, MANGLED_HASH)
    assert landing.rows("dealer__sales_orders", "order_no, customer_hash, serial_hash") == [marked] * len(MANGLED)
    # an answer keeps its score, and its receipt is unknown
    assert landing.rows("shop__survey", "receipt_no, loyalty_hash, score") == [(None, None, "9")] * len(MANGLED)


def test_numbers_that_only_look_shortened(landing):
    kept = ["1E5", "12E11", "E+11", "1.23E+11A", "R1.2", "2024.10", "E-1"]
    rows = "".join(f"{one},1,V,new,2024-01-01,1,1,EUR\n" for one in kept)
    landing.write("dealer/D1/sales_orders.csv", ORDERS + rows)
    landing.intake()
    assert [number for (number,) in landing.rows("dealer__sales_orders", "order_no")] == kept


def test_whole_numbers_with_point_zero(landing):
    landing.write(
        "contact_centre/C1/surveys.ndjson",
        '{"survey_id": 7.0, "contact_id": "8.0", "nps": 9.0, "ces": 5.0, "csat": "4.0"}\n'
        '{"survey_id": "a", "contact_id": "b", "nps": 7.5, "ces": 4.5, "csat": 5}\n',
    )
    landing.write(
        "dealer/D1/post_sale_survey.csv",
        "invitation_no,order_no,customer_no,sent_at,score\n1.0,7.0,12.0,x,10.0\n2,7.5,12.5,x,9.5\n",
    )
    landing.write(
        "importer/I1/eigenaarsonderzoek.csv",
        "uitnodigingsnummer;verzonden_op;cijfer\n1;01-01-2024;9,0\n2;01-01-2024;9.0\n3;01-01-2024;8,5\n",
    )
    landing.write("shop/S1/survey.csv", "answer_no,answered_at,score\n1,x,9.0\n2,x,8,0\n".replace("8,0", '"8,0"'))
    landing.write_parquet(
        "manufacturer/M1/survey_answers.parquet",
        "select '1' as invitation_id, 'x' as answered_at, '9.0' as recommend_score union all select '2', 'x', '6.5'",
    )
    landing.intake()
    columns = "survey_id, contact_id, score, ces, csat"
    assert landing.rows("contact_centre__surveys", columns) == [
        ("7", "8", "9", "5", "4"),
        ("a", "b", "7.5", "4.5", "5"),
    ]
    assert landing.rows("dealer__post_sale_survey", "invitation_no, order_no, customer_hash, score") == [
        ("1", "7", hashed("customer", "D1", "12"), "10"),
        ("2", "7.5", hashed("customer", "D1", "12.5"), "9.5"),
    ]
    assert landing.rows("importer__ownership_survey", "score") == [("9",), ("9",), ("8,5",)]
    assert landing.rows("shop__survey", "score") == [("9",), ("8,0",)]
    assert landing.rows("manufacturer__survey_answers", "score") == [("9",), ("6.5",)]


# 1-24, 01/24, 24-1 and their like, as spreadsheets of several languages write them back
DATES = (
    "Jan-24",
    "24-Jan",
    "1-Mar",
    "jan-24",
    "24-mrt",
    "Mrz 24",
    "24. Dez",
    "mai-03",
    "févr-24",
    "'Oct-31",
    '="Sep-02"',
)
CODES = ("JAN-24", "1-24", "Jan24", "J-24", "Jan-2024", "Jann-24", "Jan-X", "SEPT-1", "Dec-124", "A Jan-24")


def test_numbers_that_a_spreadsheet_took_for_dates_name_nobody_in_csv(landing):
    texts = (*DATES, *CODES)
    rows = [f"{quoted(one)},{quoted(one)},V{place},new,2024-01-01,1,1,EUR\n" for place, one in enumerate(texts)]
    landing.write("dealer/D1/sales_orders.csv", ORDERS + "".join(rows))
    rows = [f"A{place},2024-01-01T10:00,{quoted(one)},{quoted(one)},9\n" for place, one in enumerate(texts)]
    landing.write("shop/S1/survey.csv", "answer_no,answered_at,receipt_no,loyalty_no,score\n" + "".join(rows))
    landing.intake()
    kept = [(one, hashed("customer", "D1", one)) for one in CODES]
    orders = landing.rows("dealer__sales_orders", "order_no, customer_hash")
    assert orders == [(MANGLED_TEXT, MANGLED_HASH)] * len(DATES) + kept
    kept = [(one, hashed("customer", "S1", one), "9") for one in CODES]
    assert landing.rows("shop__survey", "receipt_no, loyalty_hash, score") == [(None, None, "9")] * len(DATES) + kept


def test_numbers_that_a_spreadsheet_took_for_dates_name_nobody_in_json(landing):
    objects = [
        {"contact_id": one, "caller": {"shop_code": "S1", "loyalty_no": one, "serial_number": one}}
        for one in (*DATES[:6], "JAN-24")
    ]
    landing.write("contact_centre/C1/contacts.ndjson", "".join(json.dumps(one) + "\n" for one in objects))
    landing.intake()
    found = landing.rows("contact_centre__contacts", "contact_id, loyalty_hash, serial_hash")
    assert found[:-1] == [(MANGLED_TEXT, None, None)] * 6
    assert found[-1][:2] == ("JAN-24", hashed("customer", "S1", "JAN-24"))


def test_numbers_that_a_spreadsheet_took_for_dates_name_nobody_in_parquet(landing):
    values = ", ".join(f"('{one}')" for one in (*DATES[:6], "JAN-24"))
    landing.write_parquet(
        "manufacturer/M1/products.parquet",
        f"select code as product_code, code as product_name from (values {values}) as t (code)",
    )
    landing.intake()
    # a name is no number
    assert landing.rows("manufacturer__products", "product_code, product_name") == [
        *[(MANGLED_TEXT, one) for one in DATES[:6]],
        ("JAN-24", "JAN-24"),
    ]


def test_a_month_that_a_spreadsheet_wrote_anew_stays_as_it_is_to_be_refused(landing):
    landing.write("chain/exchange_rates.csv", "month,currency,eur_per_unit\nJan-24,GBP,1.15\n")
    landing.intake()
    assert landing.rows("chain__exchange_rates", "month, currency") == [("Jan-24", "GBP")]
