"""Files as people send them: their order of delivery, headings that are not on line 1, and names that fit no path."""

import csv
import io
import json
import random

import pytest

from nps_chain.intake.files import delivery_order

SURVEY = "answer_no,answered_at,receipt_no,loyalty_no,email,survey_mode,score\n"
ANSWERS = "1,2024-05-01 10:00:00,,,,web,9\n2,2024-05-02 10:00:00,,,,web,3\n"
SHIPMENTS = "zendingnummer;chassisnummer;dealernummer;verzenddatum;factuurbedrag;valuta\n"
SHIPPED = "Z1;V1;D1;01-06-2024;18000,00;EUR\nZ2;V2;D1;02-06-2024;17000,50;EUR\n"
ORDERS = "order_no,customer_no,serial_number,completed_on,payer,revenue,cost,currency\n"
BOTH = [("1", "9"), ("2", "3")]


# ---------------------------------------------------------------- the order of delivery


@pytest.mark.parametrize(
    "names",
    [
        ["x.csv", "x (1).csv", "x (2).csv", "x (10).csv"],
        ["x.csv", "x - Copy.csv", "x - Copy (2).csv"],
        ["x.csv", "x_copy.csv", "x_copy 2.csv", "x_copy 10.csv"],
        ["x.csv", "x - kopie.csv", "x (2).csv"],
        ["x_9.csv", "x_10.csv", "x_100.csv"],
        ["x_2024-9.csv", "x_2024-10.csv", "x_2025-1.csv"],
        ["x_2024-06.csv", "x_2024-06 (1).csv", "x_2024-07.csv"],
        ["x_20240630.csv", "x_20240701.csv"],
        ["X_1.CSV", "x_2.csv", "X_10.csv"],
        ["x.csv", "x-1.csv", "x-2.csv"],
        ["batch9/x.csv", "batch10/x.csv"],
        ["a/x.csv", "a/x (1).csv", "b/x.csv"],
        ["x_07.csv", "x_8.csv", "x_09.csv"],
    ],
    ids=" ".join,
)
def test_later_deliveries_come_later(names):
    shuffled = list(names)
    random.Random(1).shuffle(shuffled)
    assert sorted(shuffled, key=delivery_order) == names


def test_no_two_paths_are_delivered_at_the_same_time():
    """Names that differ in case, or in zeros before a number, still have an order, the same every time."""
    names = ["x_1.csv", "x_01.csv", "X_1.csv", "x_1.CSV", "x_1", "x (1)", "x(1)", "é.csv", "1", "", "x_copy", "x copy"]
    assert len({delivery_order(name) for name in names}) == len(names)


def test_numbers_of_files_follow_the_order_of_delivery(landing):
    for name in ("survey (10)", "survey_10", "survey", "survey (9)", "survey_9"):
        landing.write(f"shop/S1/{name}.csv", SURVEY + ANSWERS)
    landing.intake()
    files = sorted(landing.manifest().values(), key=lambda file: file["file_number"])
    names = [file["file_path"].removeprefix("shop/S1/") for file in files]
    assert names[1:] == ["survey.csv", "survey (9).csv", "survey (10).csv", "survey_9.csv", "survey_10.csv"]


def test_a_load_of_changes_numbers_files_as_a_load_of_everything(landing, make_landing):
    landing.write("shop/S1/survey_10.csv", SURVEY + ANSWERS)
    landing.intake()
    landing.write("shop/S1/survey_9.csv", SURVEY + "1,2024-05-01 10:00:00,,,,web,1\n")
    summary = landing.intake()
    assert summary.kept == 2
    changed = {path: file["file_number"] for path, file in landing.manifest().items()}
    landing.intake(anew=True)
    assert changed == {path: file["file_number"] for path, file in landing.manifest().items()}
    assert changed["shop/S1/survey_9.csv"] < changed["shop/S1/survey_10.csv"]


def test_the_country_of_a_partner_is_that_of_the_last_delivery(landing):
    head = "partner_code,link,industry,country,partner_name,valid_from\n"
    for number in range(1, 13):
        country = "BE" if number == 12 else "DE"
        landing.write(f"chain/partners_{number}.csv", head + f"D7,dealer,automotive,{country},Dealer,2020-01-01\n")
    landing.write("dealer/D7/customers.csv", "customer_no,phone\n1,0470 12 34 56\n")
    landing.intake()
    assert landing.manifest()["dealer/D7/customers.csv"]["calling_code"] == "32"


# ---------------------------------------------------------------- headings


def _report(landing, content, path="shop/S1/survey.csv"):
    landing.write(path, content)
    landing.intake()
    return landing.manifest()[path]


TITLE = "Shop survey report\nPeriod: 2024-05\n\n"
WIDE = SURVEY.replace(",", "\t") + ANSWERS.replace(",", "\t")
HEADED = {
    "title above": (
        TITLE + SURVEY + ANSWERS,
        [5, 6],
        "The header was found on line 4; what stands above it was not read.",
    ),
    "title with the delimiter": (
        "Report,Shop 1\nFrom,2024-05-01\n" + SURVEY + ANSWERS,
        [4, 5],
        "The header was found on line 3; what stands above it was not read.",
    ),
    "blank lines above": (
        "\n\n" + SURVEY + ANSWERS,
        [4, 5],
        "The header was found on line 3; what stands above it was not read.",
    ),
    "sep=,": ("sep=,\n" + SURVEY + ANSWERS, [3, 4], None),
    "sep=; with a mark": (
        ("\ufeffsep=;\r\n" + (SURVEY + ANSWERS).replace(",", ";").replace("\n", "\r\n")),
        [3, 4],
        "Its fields are separated by a semicolon, where a comma is expected.",
    ),
    "sep=^": (
        "sep=^\n" + (SURVEY + ANSWERS).replace(",", "^"),
        [3, 4],
        "Its fields are separated by `^`, where a comma is expected.",
    ),
    "semicolons": (
        (SURVEY + ANSWERS).replace(",", ";"),
        [2, 3],
        "Its fields are separated by a semicolon, where a comma is expected.",
    ),
    "tabs": (WIDE, [2, 3], "Its fields are separated by a tab, where a comma is expected."),
    "bars": (
        (SURVEY + ANSWERS).replace(",", "|"),
        [2, 3],
        "Its fields are separated by a vertical bar, where a comma is expected.",
    ),
    "Excel's Unicode text": (
        WIDE.encode("utf-16"),
        [2, 3],
        "It was read as UTF-16. Its fields are separated by a tab, where a comma is expected.",
    ),
    "UTF-16, no mark": ((SURVEY + ANSWERS).encode("utf-16-le"), [2, 3], "It was read as UTF-16."),
    "UTF-16, great bytes first": ((SURVEY + ANSWERS).encode("utf-16-be"), [2, 3], "It was read as UTF-16."),
    "UTF-16, CRLF": ((SURVEY + ANSWERS).replace("\n", "\r\n").encode("utf-16"), [2, 3], "It was read as UTF-16."),
    "closing commas": (SURVEY + ANSWERS.replace("\n", ",\n"), [2, 3], None),
    "closing commas, and a blank line": (SURVEY + ANSWERS.replace("\n", ",\n") + "\n", [2, 3], None),
}


@pytest.mark.parametrize(("content", "lines", "message"), HEADED.values(), ids=HEADED)
def test_a_heading_is_found_and_lines_keep_their_numbers(landing, content, lines, message):
    file = _report(landing, content)
    assert (file["status"], file["message"], file["rows_read"]) == ("loaded", message, 2)
    assert landing.rows("shop__survey", "line_number, answer_no, score") == [
        (line, *answer) for line, answer in zip(lines, BOTH, strict=True)
    ]
    assert landing.rejects() == []


@pytest.mark.parametrize("above", ["sep=;\n", "Verzendingen 2024\n\n", '"sep=;"\r\n'])
def test_other_data_sets_have_their_headings_found_too(landing, above):
    landing.write("importer/I1/verzendingen.csv", (above + SHIPMENTS + SHIPPED).encode("cp1252"))
    landing.intake()
    assert landing.rows("importer__shipments", "shipment_no, amount") == [("Z1", "18000,00"), ("Z2", "17000,50")]


def test_the_headings_of_survey_tools_cost_no_answer(landing):
    """Qualtrics writes three heading lines, one of them over two lines, and SurveyMonkey two."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    questions = ["Response ID", "Recorded Date", "Receipt", "Card", "E-mail", "Channel", "On a scale,\nhow likely?"]
    writer.writerow(questions)
    writer.writerow([json.dumps({"ImportId": name}) for name in questions])
    landing.write("shop/S1/survey.csv", SURVEY + buffer.getvalue() + ANSWERS)
    landing.write("shop/S1/survey_2.csv", SURVEY + ",,,,,,Response\n" + ANSWERS)
    landing.intake()
    rows = landing.rows("shop__survey", "file_number, line_number, answer_no, score")
    dated = [row[1:] for row in rows if row[2] in ("1", "2")]
    assert dated == [(5, "1", "9"), (6, "2", "3"), (3, "1", "9"), (4, "2", "3")]
    files = landing.manifest()
    assert [files[f"shop/S1/{name}.csv"]["rows_read"] for name in ("survey", "survey_2")] == [4, 3]


def test_a_comma_that_nobody_quoted_is_not_taken_for_one_that_closes_the_row(landing):
    """`Smith, John` moves all that stands behind it, in every row: nothing of it may be read."""
    head = "customer_no,name,email,phone,segment,customer_since\n"
    file = _report(
        landing,
        head + "1,Smith, John,j@x.example,,private,\n2,Doe, Jane,d@x.example,,business,\n",
        "dealer/D1/customers.csv",
    )
    assert file["rows_read"] == 2
    assert landing.rows("dealer__customers") == []
    assert landing.rejects() == [(2, "ragged_row"), (3, "ragged_row")]


def test_a_row_that_is_ragged_among_closed_ones_is_named_alone(landing):
    file = _report(landing, SURVEY + ANSWERS.replace("\n", ",\n") + "3,2024-05-03 10:00:00,,,,web,8,,\n")
    assert file["rows_read"] == 3
    assert [row[0] for row in landing.rows("shop__survey", "line_number")] == [2, 3]
    assert landing.rejects() == [(4, "ragged_row")]


NAMED = {
    "JSON array": (
        "contact_centre/C1/contacts.ndjson",
        '[\n{"contact_id": 1},\n{"contact_id": 2}\n]\n',
        "it is a JSON array",
    ),
    "JSON array on a line": (
        "contact_centre/C1/surveys.ndjson",
        '[{"survey_id": 1}, {"survey_id": 2}]',
        "it is a JSON array",
    ),
    "JSON over lines": (
        "contact_centre/C1/contacts.ndjson",
        '{\n"contact_id": 1\n}\n',
        "objects run over several lines",
    ),
    "JSON as CSV": ("shop/S1/survey.csv", '{"answer_no": 1}\n', "it looks like JSON"),
    "a web page": ("dealer/D1/customers.csv", "<!DOCTYPE html>\n<html></html>\n", "it looks like HTML or XML"),
    "a workbook": ("shop/S1/survey.csv", b"PK\x03\x04 xl/workbook.xml", "a zip archive or an Excel workbook"),
    "an old workbook": ("shop/S1/survey.csv", b"\xd0\xcf\x11\xe0\xa1\xb1", "it is an Excel workbook"),
    "half a character": ("shop/S1/survey.csv", SURVEY.encode("utf-16") + b"\x31", "UTF-16 and damaged"),
}


@pytest.mark.parametrize(("path", "content", "said"), NAMED.values(), ids=NAMED)
def test_what_is_not_read_is_named(landing, path, content, said):
    file = _report(landing, content, path)
    assert file["status"] == "failed"
    assert file["message"].startswith(f"{path} was not read: ")
    assert said in file["message"]


def test_a_line_that_is_an_array_costs_itself_alone(landing):
    landing.write("contact_centre/C1/contacts.ndjson", '[1]\n{"contact_id": "1"}\n{"contact_id": "2"}\n')
    landing.intake()
    assert landing.rows("contact_centre__contacts", "line_number, contact_id") == [(2, "1"), (3, "2")]
    assert landing.rejects() == [(1, "not_json")]


def test_ndjson_in_utf_16(landing):
    text = '{"contact_id": "é"}\r\nno object\r\n{"contact_id": "2"}\r\n'
    landing.write("contact_centre/C1/contacts.ndjson", text.encode("utf-16"))
    landing.intake()
    assert landing.rows("contact_centre__contacts", "line_number, contact_id") == [(1, "é"), (3, "2")]
    assert landing.rejects() == [(2, "not_json")]


def test_a_utf_16_file_is_taken_over_where_it_has_not_changed(landing):
    landing.write("shop/S1/survey.csv", WIDE.encode("utf-16"))
    landing.intake()
    assert landing.intake().kept == 2


# ---------------------------------------------------------------- names


UNKNOWN = {
    "shop/S1/customers.csv.gz": "it is compressed, to be unpacked first; expected is shop/S1/customers*.csv.",
    "shop/S1/customers.txt": "its name ends in .txt; expected is shop/S1/customers*.csv.",
    "shop/S1/receipts.xlsx": "it is a workbook, to be saved as CSV; expected is shop/S1/receipts*.csv.",
    "shop/S1/recipts_2024.csv": "its name differs; expected is shop/S1/receipts*.csv.",
    "shop/S1/2024/receipts.csv": "it lies in a folder too deep; expected is shop/S1/receipts*.csv.",
    "shop/S1/~$survey.csv": "it is the lock file of a document that is open in Office.",
    "shop/receipts.csv": "it does not lie in the folder of a partner; expected is shop/{partner_code}/receipts*.csv.",
    "shops/S1/receipts.csv": "it lies in the folder shops; expected is shop/S1/receipts*.csv.",
    "dealer/D1/sales_order.csv": "its name differs; expected is dealer/D1/sales_orders*.csv.",
    "dealer/D1/post_sales_survey_2024.csv": "its name differs; expected is dealer/D1/post_sale_survey*.csv.",
    "importer/I1/verzending.csv": "its name differs; expected is importer/I1/verzendingen*.csv.",
    "manufacturer/M1/products.csv": "its name ends in .csv; expected is manufacturer/M1/products*.parquet.",
    "contact_centre/C1/contacts.json": "its name ends in .json; expected is contact_centre/C1/contacts*.ndjson.",
    "chain/partner.csv": "its name differs; expected is chain/partners*.csv.",
    "partners.csv": "it does not lie in the folder of a partner; expected is chain/partners*.csv.",
}


@pytest.mark.parametrize(("path", "said"), UNKNOWN.items(), ids=UNKNOWN)
def test_a_file_that_fits_no_path_is_told_which_one_is_expected(landing, path, said):
    landing.write(path, "x")
    landing.intake()
    assert landing.manifest()[path]["message"] == f"{path} matches no data set's path and is not read: {said}"


def test_a_file_like_none_is_not_told_what_to_be(landing):
    landing.write("readme.md", "x")
    landing.intake()
    assert landing.manifest()["readme.md"]["message"] == "readme.md matches no data set's path and is not read."


def test_names_in_capitals_are_read(landing):
    landing.write("shop/S1/Survey_2024.CSV", SURVEY + ANSWERS)
    landing.write("Contact_Centre/C1/CONTACTS.NDJSON", '{"contact_id": "1"}\n')
    landing.intake()
    assert landing.rows("shop__survey", "partner_code, answer_no, score") == [("S1", *answer) for answer in BOTH]
    assert landing.rows("contact_centre__contacts", "partner_code, contact_id") == [("C1", "1")]


# ---------------------------------------------------------------- the month first


def _shipments(days):
    rows = "".join(f"Z{number};V{number};D1;{day};18000,00;EUR\n" for number, day in enumerate(days))
    return SHIPMENTS + rows


MONTH_FIRST = {
    "all": ["01-03-2024", "01-20-2024", "02-09-2024"],
    "with a time": ["01-03-2024 00:00", "01-20-2024 00:00:00"],
    "one typing error": ["01-03-2024", "12-31-2024", "06-30-2024", "30-06-2024"],
}


@pytest.mark.parametrize("days", MONTH_FIRST.values(), ids=MONTH_FIRST)
def test_no_date_of_a_month_first_file_is_taken(landing, days):
    file = _report(landing, _shipments(days), "importer/I1/verzendingen.csv")
    assert (file["status"], file["rows_read"]) == ("loaded", len(days))
    assert landing.rows("importer__shipments") == []
    assert landing.rejects() == [(line, "month_first:shipped_on") for line in range(2, len(days) + 2)]
    assert "Dates in verzenddatum stand with the month first" in file["message"]


DAY_FIRST = {
    "all": ["03-01-2024", "20-01-2024", "09-02-2024"],
    "either way": ["03-01-2024", "09-02-2024"],
    "one typing error": ["20-01-2024", "21-01-2024", "01-22-2024"],
    "one typing error among dates of the first days": ["01-06-2024", "02-06-2024", "03-06-2024", "06-13-2024"],
    "as many of each": ["20-01-2024", "01-22-2024", "03-03-2024"],
    "no dates": ["", "2024-01-20", "20 januari", "99-99-2024"],
}


@pytest.mark.parametrize("days", DAY_FIRST.values(), ids=DAY_FIRST)
def test_a_day_first_file_keeps_its_rows(landing, days):
    file = _report(landing, _shipments(days), "importer/I1/verzendingen.csv")
    assert file["message"] is None
    assert landing.rows("importer__shipments", "shipped_on") == [(day or None,) for day in days]
    assert landing.rejects() == []


def test_files_and_columns_are_judged_each_for_itself(landing):
    survey = "uitnodigingsnummer;verzonden_op;beantwoord_op;cijfer\n"
    landing.write("importer/I1/eigenaarsonderzoek_1.csv", survey + "E1;20-06-2024;06-21-2024;9\nE2;20-06-2024;;\n")
    landing.write("importer/I1/eigenaarsonderzoek_2.csv", survey + "E3;20-06-2024;21-06-2024;9\n")
    landing.write(
        "importer/I2/dealernetwerk.csv", "peildatum;dealernummer;dealernaam\n06-30-2024;D1;A\n07-01-2024;D1;A\n"
    )
    landing.intake()
    assert landing.rows("importer__ownership_survey", "invitation_no, answered_on") == [
        ("E2", None),
        ("E3", "21-06-2024"),
    ]
    assert landing.rows("importer__dealer_network") == []
    assert sorted(landing.rejects()) == [
        (2, "month_first:answered_on"),
        *[(n, "month_first:snapshot_on") for n in (2, 3)],
    ]


def test_a_load_of_changes_judges_files_as_a_load_of_everything(landing):
    """A row more can turn a file's dates round: the others go, though their lines have not changed."""
    path = "importer/I1/verzendingen.csv"
    landing.write(path, _shipments(["03-01-2024", "09-02-2024"]))
    landing.intake()
    landing.write(path, _shipments(["03-01-2024", "09-02-2024", "01-31-2024"]))
    summary = landing.intake()
    assert summary.load.changed_rows["importer__shipments"] == 2
    assert landing.rows("importer__shipments") == []
    changed = landing.rejects()
    landing.intake(anew=True)
    assert landing.rejects() == changed == [(line, "month_first:shipped_on") for line in (2, 3, 4)]


def test_a_day_in_parquet_is_not_moved_by_a_time_zone(landing):
    """Midnight in Amsterdam is the evening before in UTC: which day is meant, nobody can say."""
    moment = "timestamptz '{}' as launched_on"
    query = "select '{}' as product_code, 'n' as product_name, " + moment
    days = {"a": "2024-06-30 22:00:00+00", "b": "2024-07-01 00:00:00+00"}
    landing.write_parquet(
        "manufacturer/M1/products.parquet", " union all ".join(query.format(*item) for item in days.items())
    )
    landing.intake()
    assert landing.rows("manufacturer__products", "product_code, launched_on") == [
        ("a", "2024-06-30T22:00:00Z"),
        ("b", "2024-07-01"),
    ]
