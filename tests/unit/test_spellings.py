"""One identity in many spellings is one: phones by Google's library, addresses and numbers as programs wrap them."""

import hashlib
import random
import unicodedata

import duckdb
import phonenumbers
import pytest
from conftest import KEY
from phonenumbers import NumberParseException, PhoneMetadata, PhoneNumberFormat, PhoneNumberType

from nps_chain.people import identity, phones

CUSTOMERS = "customer_no,name,email,phone,segment,customer_since\n"
NUMBERS_PER_COUNTRY = 600
# how a national number and its calling code are written
STYLES = (
    *("+{c}{n}", "00{c}{n}", "{c}{n}", "+{c} {n}", "+{c}-{n}", "+{c} (0){n}", "+{c} 0{n}", "0{n}", "{n}"),
    *("0{a}-{b}", "({a}) {b}", "(0{a}) {b}", "0{a} / {b}", "+{c}.{a}.{b}", "00 {c} {a} {b}", "{c}0{n}", "tel:+{c}{n}"),
    *("'+{c}{n}", "+{c}{n} ext. 12", "+{c}\u00a0{n}", "+{c}\u2013{a}\u2013{b}", "{c}{n}.0"),
)


def hashed(kind, *parts):
    """The documented hash, computed without the project's code."""
    return int(hashlib.sha256("|".join([KEY, kind, *parts]).encode()).hexdigest()[:15], 16)


def write_customers(landing, column, values):
    """A customer each; quoted, since a spelling may hold anything."""
    quoted = ['"' + value.replace('"', '""') + '"' for value in values]
    rows = [f"{number},{value}\n" for number, value in enumerate(quoted, start=1)]
    landing.write("dealer/D1/customers.csv", f"customer_no,{column}\n" + "".join(rows))
    landing.intake()
    return [found for (found,) in landing.rows("dealer__customers", f"{column}_hash")]


# ---------------------------------------------------------------- phones


def some_numbers(rng):
    """Real and impossible numbers of every country, each in one of the ways in which people write them."""
    for country, code in identity.calling_codes().items():
        lengths = PhoneMetadata.metadata_for_region(country).general_desc.possible_length
        kinds = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE)
        examples = [phonenumbers.example_number_for_type(country, kind) for kind in kinds]
        for turn in range(NUMBERS_PER_COUNTRY):
            national = "".join(rng.choices("0123456789", k=rng.choice(lengths)))
            if turn % 2 and (example := rng.choice(examples)):
                head = phonenumbers.national_significant_number(example)
                national = head[:3] + "".join(rng.choices("0123456789", k=len(head) - 3))
            cut = rng.randint(1, 4)
            yield rng.choice(STYLES).format(c=code, n=national, a=national[:cut], b=national[cut:]), country


def by_the_library(text, country):
    """What the library alone makes of it; 00 is dialled abroad from everywhere, and a spreadsheet's .0 is no digit."""
    digits = "".join(sign for sign in text if sign.isdigit())
    text = text.removesuffix(".0").lstrip("'")
    if digits.startswith("00") and "+" not in text:
        text = "+" + "".join(sign for sign in text if sign.isdigit())[2:]
    try:
        number = phonenumbers.parse(text, country)
    except NumberParseException:
        return None
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def test_phones_are_read_as_the_library_reads_them():
    pairs = list(some_numbers(random.Random(20240601)))
    codes = identity.calling_codes()
    phones.international.cache_clear()
    with duckdb.connect() as connection:
        identity.create_macros(connection)
        connection.execute("create table written (place integer, x varchar, code varchar)")
        rows = [(place, text, codes[country]) for place, (text, country) in enumerate(pairs)]
        connection.executemany("insert into written values (?, ?, ?)", rows)
        found = connection.execute(
            "select dialled(spelled_phone(x, digits, dialled_abroad(x, digits), code)) "
            "from (select *, phone_digits(x) as digits from written) order by place"
        ).fetchall()
    wrong = []
    for (text, country), (value,) in zip(pairs, found, strict=True):
        right = by_the_library(text, country)
        if value is None and (right is None or is_nobodys(text, right)):
            continue
        if value != right:
            wrong.append((text, country, value, right))
    assert wrong == []
    assert sum(value is not None for (value,) in found) > len(found) * 0.9
    # most were read without the library
    assert phones.international.cache_info().misses < len(found) * 0.6


def is_nobodys(text, number):
    """Too short, or typed to fill a field."""
    digits = "".join(sign for sign in text if sign.isdigit())
    return len(digits.removesuffix("0") if text.endswith(".0") else digits) < 7 or len(set(number[-8:])) == 1


@pytest.mark.parametrize(
    "writings",
    [
        ("06-55501234", "+31 06 55501234", "0031655501234", "+31 (0)6 5550 1234", "655501234", "31655501234"),
        ("020-5550136", "+31205550136 ext. 12", "+31 20 555 0136 x12", "tel:+31-20-555-0136", "(020) 555 01 36"),
        ("06-55501238", "'+31655501238", "\u200b+31\u00a06\u00a055501238", '="0655501238"', "31655501238.0"),
        ("06-55501239", "\uff10\uff16 55501239", "06\u201155501239", "06 55501239 (Jan)", "Tel. 06 55501239"),
        ("+39 06 5550 1234", "+390655501234", "0039 06 5550 1234", "+39 (0)6 5550 1234"),
        ("+1 212 555 0136", "+1 (212) 555-0136", "001 212 555 0136"),
    ],
)
def test_spellings_of_one_phone(landing, writings):
    found = write_customers(landing, "phone", writings)
    assert found[0] is not None
    assert set(found) == {found[0]}, dict(zip(writings, found, strict=True))


def test_a_landline_in_italy_keeps_its_nought(landing):
    landing.write(
        "chain/partners_it.csv",
        "partner_code,link,industry,country,partner_name,valid_from\nIT,dealer,automotive,IT,D,2020-01-01\n",
    )
    landing.write("dealer/IT/customers.csv", "customer_no,phone\n1,06 5550 1234\n2,347 555 0199\n3,39 06 5550 1234\n")
    landing.intake()
    numbers = ["+390655501234", "+393475550199", "+390655501234"]
    assert landing.rows("dealer__customers", "phone_hash") == [(hashed("phone", one),) for one in numbers]


NOBODY = (
    "3.36123E+10",
    "+31 123456789",
    "3,36123E+10",
    "123456789",
    "0123456789",
    "06-00000000",
    "+31 600000000",
    "n/a",
    "0000000",
)


@pytest.mark.parametrize("written", [*NOBODY, "unknown", "-", "1111111", "+999 123456789", "06"])
def test_phones_that_are_nobodys(landing, written):
    assert write_customers(landing, "phone", [written]) == [None]


# ---------------------------------------------------------------- e-mail

COMPOSED = "jos\u00e9@ex\u00e4mple.nl"
WRAPPED = (
    "anna@x.example",
    " Anna@X.Example ",
    "mailto:anna@x.example",
    "MAILTO:anna@x.example?subject=Hello",
    "Anna Made-Up <anna@x.example>",
    '"Made-Up, Anna" <anna@x.example>',
    "<anna@x.example>",
    "anna@x.example.",
    "anna@x.example;",
    "anna@x.example,",
    "'anna@x.example'",
    '"anna@x.example"',
    "\u201canna@x.example\u201d",
    "\u00aban\u00adna@x.example\u00bb",
    "anna@x.example\u200b",
    "an\u200bna@x.example",
    "\u00a0anna@x.example\u00a0",
    "\ufeffanna@x.example",
    "anna\uff20x.example",
    "anna\ufe6bx\uff0eexample",
    "anna@x.example, anna@work.example",
    "\u202aanna@x.example\u202c",
)


def test_addresses_as_programs_wrap_them(landing):
    found = write_customers(landing, "email", WRAPPED)
    right = hashed("email", "anna@x.example")
    assert [text for text, value in zip(WRAPPED, found, strict=True) if value != right] == []


def test_accents_are_one_sign_or_two(landing):
    writings = [unicodedata.normalize(form, COMPOSED) for form in ("NFC", "NFD")]
    assert writings[0] != writings[1]
    assert write_customers(landing, "email", writings) == [hashed("email", COMPOSED)] * 2


def test_google_knows_one_mailbox(landing):
    writings = ["an.na@gmail.com", "Anna+garage@gmail.com", "anna@googlemail.com", "Anna <A.N.N.A@GMAIL.COM>"]
    assert write_customers(landing, "email", writings) == [hashed("email", "anna@gmail.com")] * 4
    others = ["an.na@x.example", "anna+garage@x.example", "anna@notgmail.com"]
    assert write_customers(landing, "email", others) == [hashed("email", one) for one in others]


NOBODYS_MAIL = ("noemail@noemail.com", "NoEmail@x.nl", "a@noemail.nl", "info@garage.example", "Info <info@a.nl>")
NO_ADDRESS = ("a@b", "a b@c.nl", "anna maria@x.nl", "@x.nl", "a@@b.nl", "NULL", "none@none.com", "test@test.com")


@pytest.mark.parametrize("written", [*NOBODYS_MAIL, *NO_ADDRESS])
def test_addresses_that_are_nobodys(landing, written):
    assert write_customers(landing, "email", [written]) == [None]


def test_addresses_that_only_look_like_nobodys(landing):
    kept = [
        "information@x.nl",
        "noemailer@x.nl",
        "jan.test@x.nl",
        "testa@x.nl",
        "o'neil@x.ie",
        "mail@jansen.nl",
        "a@info.nl",
    ]
    assert write_customers(landing, "email", kept) == [hashed("email", one) for one in kept]


# ---------------------------------------------------------------- serial and other numbers


def test_serial_numbers(landing):
    vin = "WVWZZZ1JZXW000001"
    spellings = [vin, vin.lower(), f" {vin} ", "WVWZZZ1JZXWOOOOO1", "WVWZZZIJZXWQ0O0OI", vin[:3] + "-" + vin[3:]]
    spellings += [f'="{vin}"', f"'{vin}", vin[:3] + "\u2013" + vin[3:], vin + "\u200b", vin[:8] + "\u00a0" + vin[8:]]
    others = ["356938035643809", "SOI-Q1", "356938035643809.0", "soiq 1"]
    written = [*spellings, *others]
    lines = "".join(
        f'{{"contact_id": "{n}", "caller": {{"serial_number": "{one.replace(chr(34), chr(92) + chr(34))}"}}}}\n'
        for n, one in enumerate(written)
    )
    landing.write("contact_centre/C1/contacts.ndjson", lines)
    landing.intake()
    found = [value for (value,) in landing.rows("contact_centre__contacts", "serial_hash")]
    assert [text for text, value in zip(written, found, strict=False) if value != hashed("serial", vin)] == others
    imei, short = hashed("serial", "356938035643809"), hashed("serial", "SOIQ1")
    assert found[len(spellings) :] == [imei, short, imei, short]


def test_numbers_keep_their_noughts_and_lose_their_wrapping(landing):
    spellings = ['"=""000123"""', '="000123"', "'000123", "\u200b000123", "\u201c000123\u201d", "000123.0", " 000123 "]
    rows = [f"R{number},{text},sale,2024-01-01,1.00,EUR\n" for number, text in enumerate(spellings)]
    heading = "receipt_no,loyalty_no,receipt_kind,purchased_on,revenue,currency\n"
    landing.write("shop/S1/receipts.csv", heading + "".join(rows))
    landing.intake()
    assert landing.rows("shop__receipts", "loyalty_hash") == [(hashed("customer", "S1", "000123"),)] * len(spellings)


def test_a_composed_customer_number_is_a_decomposed_one(landing):
    writings = [unicodedata.normalize(form, "K\u00e4the-1") for form in ("NFC", "NFD")]
    landing.write("dealer/D1/customers.csv", "customer_no\n" + "\n".join(writings) + "\n")
    landing.intake()
    assert landing.rows("dealer__customers", "customer_hash") == [(hashed("customer", "D1", writings[0]),)] * 2
