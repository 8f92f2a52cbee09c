"""Kinds that are about the file itself: its bytes, lines, header, name and place."""

import gzip
import io
import os
import zipfile
from decimal import Decimal
from pathlib import Path

from bad_input.case import (
    CUSTOMERS,
    FAILED,
    NETWORK,
    RECEIPTS,
    SHOP_SURVEY,
    UNKNOWN,
    Case,
    File,
    Outcome,
    lines,
    receipt,
    refused_receipts,
    shop_receipts,
)

GOOD = lines(RECEIPTS, receipt("R1"), receipt("R2"))
GOOD_ROWS = ((2, "R1"), (3, "R2"))
ALL_REQUIRED = "receipt_no, receipt_kind, purchased_on, revenue, currency"
LACKS_ALL = f"its header lacks the required columns {ALL_REQUIRED}"
LONG_COMMENT = "wordt vervolgd, " * 65_536
VERY_LONG = "x" * 5_000_000


def _network(
    kind: str, content: bytes | str, staged: tuple = (), quarantined: tuple = (), message: str | None = None
) -> Case:
    outcome = Outcome("importer__dealer_network", "dealer_name", staged, quarantined, message=message)
    dealer = f"D-{kind},dealer,automotive,NL,A dealer,,,2020-01-01,"
    importer = f"I-{kind},importer,automotive,NL,An importer,,,2020-01-01,"
    path = f"importer/I-{kind}/dealernetwerk.csv"
    return Case(kind, (File(path, content, outcome),), partners=(dealer, importer))


def _zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return buffer.getvalue()


ENCODINGS = (
    shop_receipts("utf-16", GOOD.encode("utf-16"), GOOD_ROWS, message="It was read as UTF-16."),
    shop_receipts("utf-16-without-bom", GOOD.encode("utf-16-le"), GOOD_ROWS, message="It was read as UTF-16."),
    shop_receipts("utf-16-of-great-bytes", GOOD.encode("utf-16-be"), GOOD_ROWS, message="It was read as UTF-16."),
    shop_receipts("byte-order-mark", "\ufeff" + GOOD, GOOD_ROWS),
    shop_receipts(
        "two-files-in-one",
        "\ufeff" + lines(RECEIPTS, receipt("R1")) + "\ufeff" + lines(RECEIPTS, receipt("R2")),
        ((2, "R1"), (4, "R2")),
        ((3, "value_not_allowed", "receipt_kind"),),
    ),
    shop_receipts(
        "windows-1252-in-utf-8",
        lines(RECEIPTS, receipt("R1"), receipt("Ré"), receipt("R3")).encode("cp1252"),
        ((2, "R1"), (4, "R3")),
        ((3, "bad_encoding", None),),
    ),
    shop_receipts(
        "mixed-encodings",
        lines(RECEIPTS, receipt("Ré")).encode() + receipt("Rü").encode("cp1252") + b"\n" + receipt("R€").encode(),
        ((2, "Ré"), (4, "R€")),
        ((3, "bad_encoding", None),),
    ),
    shop_receipts(
        "nul-bytes",
        lines(RECEIPTS, receipt("R1"), receipt("R\0"), receipt("R3")),
        ((2, "R1"), (4, "R3")),
        ((3, "nul_byte", None),),
    ),
    refused_receipts(
        "nul-in-the-header",
        GOOD.replace("receipt_no", "receipt\0no"),
        "its header lacks the required column receipt_no",
    ),
    _network(
        "utf-8-in-windows-1252",
        lines(NETWORK, "01-01-2024;D-utf-8-in-windows-1252;Café Zürich;;;actief"),
        ((2, "Café Zürich"),),
    ),
    _network(
        "windows-1252",
        lines(NETWORK, "01-01-2024;D-windows-1252;Café “Zürich” €;;;actief").encode("cp1252"),
        ((2, "Café “Zürich” €"),),
    ),
    _network(
        "no-windows-1252-either",
        lines(NETWORK, "01-01-2024;D-no-windows-1252-either;A\x00;;;").encode().replace(b"\0", b"\x81"),
        (),
        ((2, "bad_encoding", None),),
    ),
)

HEADERS = (
    refused_receipts("empty-file", b"", "it is empty"),
    shop_receipts("header-only", lines(RECEIPTS)),
    refused_receipts("blank-lines-only", "\n \n\n", "it has no readable header"),
    refused_receipts("no-header", lines(receipt("R1"), receipt("R2")), LACKS_ALL),
    shop_receipts(
        "semicolons-for-commas",
        GOOD.replace(",", ";"),
        GOOD_ROWS,
        message="Its fields are separated by a semicolon, where a comma is expected.",
    ),
    shop_receipts(
        "tabs-for-commas",
        GOOD.replace(",", "\t"),
        GOOD_ROWS,
        message="Its fields are separated by a tab, where a comma is expected.",
    ),
    _network(
        "commas-for-semicolons",
        lines(NETWORK, "01-01-2024;D-commas-for-semicolons;Dealer;;;").replace(";", ","),
        ((2, "Dealer"),),
        message="Its fields are separated by a comma, where a semicolon is expected.",
    ),
    shop_receipts(
        "extra-columns",
        lines(f"Till,{RECEIPTS},=cmd()", f"7,{receipt('R1')},x"),
        ((2, "R1"),),
        message="Columns that are not in the contract were ignored: Till, =cmd().",
    ),
    shop_receipts(
        "missing-optional-column",
        lines("receipt_no,receipt_kind,purchased_on,revenue,currency", "R1,sale,2024-06-03,5,EUR"),
        ((2, "R1", None),),
        columns="receipt_no, cost",
    ),
    refused_receipts(
        "missing-required-column", GOOD.replace(",currency", ""), "its header lacks the required column currency"
    ),
    refused_receipts(
        "renamed-column", GOOD.replace("revenue", "omzet"), "its header lacks the required column revenue"
    ),
    shop_receipts(
        "reordered-columns",
        lines("currency,cost,revenue,purchased_on,receipt_kind,receipt_no", "EUR,6.00,10.00,2024-06-03,sale,R1"),
        ((2, "R1", Decimal("10.00"), Decimal("6.00")),),
        columns="receipt_no, revenue, cost",
    ),
    shop_receipts("header-in-capitals-with-blanks", GOOD.replace(RECEIPTS, f" {RECEIPTS.upper()} "), GOOD_ROWS),
    shop_receipts("quoted-header", GOOD.replace(RECEIPTS, '"' + RECEIPTS.replace(",", '","') + '"'), GOOD_ROWS),
    refused_receipts(
        "header-twice", GOOD.replace("loyalty_no", "revenue"), "its header names the column revenue twice"
    ),
    refused_receipts(
        "header-twice-in-other-case", GOOD.replace("loyalty_no", "Revenue"), "its header names the column revenue twice"
    ),
    shop_receipts("header-with-nameless-columns", lines(RECEIPTS + ",,", receipt("R1") + ",,"), ((2, "R1"),)),
)

LINES = (
    shop_receipts("good", GOOD, GOOD_ROWS),
    shop_receipts("cut-off-in-a-row", GOOD + "R3,sale,2024-06", GOOD_ROWS, ((4, "ragged_row", None),)),
    shop_receipts("cut-off-in-a-quote", GOOD + 'R3,sale,2024-06-03,"L', GOOD_ROWS, ((4, "unterminated_quote", None),)),
    shop_receipts("no-line-end-at-the-end", GOOD.rstrip("\n"), GOOD_ROWS),
    shop_receipts("crlf", GOOD.replace("\n", "\r\n"), GOOD_ROWS),
    shop_receipts("mixed-line-ends", GOOD.replace("\n", "\r\n", 1), GOOD_ROWS),
    refused_receipts(
        "bare-carriage-returns",
        GOOD.replace("\n", "\r"),
        "its lines end in a bare carriage return; save it with LF or CRLF line ends",
    ),
    shop_receipts(
        "blank-lines-between",
        lines(RECEIPTS, "", receipt("R1"), "   ", "\t", receipt("R2"), "", ""),
        ((3, "R1"), (6, "R2")),
    ),
    shop_receipts(
        "rows-of-delimiters-and-blanks",
        lines(RECEIPTS, ",,,,,,,", receipt("R2"), " , , , , , , , "),
        ((3, "R2"),),
        ((2, "missing_required", "receipt_no"), (4, "missing_required", "receipt_no")),
    ),
    shop_receipts(
        "ragged-rows",
        lines(RECEIPTS, receipt("R1") + ",", receipt("R2"), "R3,sale", receipt("R4") + ",x,y"),
        ((3, "R2"),),
        ((2, "ragged_row", None), (4, "ragged_row", None), (5, "ragged_row", None)),
    ),
    # the fields too many are blank: some readers drop them, and take what a delimiter has moved for good
    shop_receipts(
        "rows-with-blank-fields-too-many",
        lines(RECEIPTS, receipt("R1") + ",", receipt("R2"), receipt("R3") + ",,,", ",,,,,,,,"),
        ((3, "R2"),),
        ((2, "ragged_row", None), (4, "ragged_row", None), (5, "ragged_row", None)),
    ),
    Case(
        "delimiter-that-nobody-quoted",
        (
            File(
                "dealer/D-delimiter-that-nobody-quoted/customers.csv",
                lines(CUSTOMERS, "1,Jansen, Piet,,,private,", '2,"Smit, Jan",,,private,', "3,Bakker,,,,"),
                Outcome(
                    "dealer__customers",
                    "segment",
                    ((3, "private"), (4, None)),
                    ((2, "ragged_row", None),),
                ),
            ),
        ),
    ),
    shop_receipts(
        "quoted-newlines",
        lines(RECEIPTS, '"R\n1"' + receipt(""), receipt("R2")),
        ((2, "R\n1"), (4, "R2")),
    ),
    shop_receipts(
        "quoted-delimiters-and-quotes", lines(RECEIPTS, receipt('R,"1"'), receipt('"')), ((2, 'R,"1"'), (3, '"'))
    ),
    shop_receipts(
        "quote-never-closed",
        lines(RECEIPTS, '"R1,sale,2024-06-03,,,10.00,6.00,EUR', receipt("R2"), receipt('"R3"')),
        ((3, "R2"), (4, "R3")),
        ((2, "unterminated_quote", None),),
    ),
    shop_receipts(
        "quote-within-a-field",
        lines(RECEIPTS, '5" nail,sale,2024-06-03,,,10.00,6.00,EUR', receipt("R2")),
        ((2, '5" nail'), (3, "R2")),
    ),
    Case(
        "comment-of-1-mb",
        (
            File(
                "shop/S-comment-of-1-mb/survey.csv",
                lines(
                    SHOP_SURVEY,
                    f'A1,2024-06-03T10:00:00,R1,,,email,9,"{LONG_COMMENT}"',
                    "A2,2024-06-03T10:00:00,R1,,,email,8,short",
                ),
                Outcome("shop__survey", "answer_no, score", ((2, "A1", 9), (3, "A2", 8))),
            ),
        ),
    ),
    shop_receipts(
        "very-long-line",
        lines(RECEIPTS, receipt("R1"), VERY_LONG, receipt("R3")),
        ((2, "R1"), (4, "R3")),
        ((3, "ragged_row", None),),
    ),
)

CONTENTS = (
    refused_receipts("gzip-content", gzip.compress(GOOD.encode(), mtime=0), "it is compressed; unpack it first"),
    refused_receipts(
        "spreadsheet-content",
        _zipped(),
        "it is a zip archive or an Excel workbook; unpack it, or save it as CSV",
    ),
    refused_receipts(
        "web-page-content",
        "<html>\n<body>Log in</body>\n</html>\n",
        f"{LACKS_ALL} (it looks like HTML or XML)",
    ),
    refused_receipts(
        "json-content",
        '{"receipt_no": "R1", "revenue": 5}\n',
        f"{LACKS_ALL} (it looks like JSON)",
    ),
    refused_receipts("random-bytes", bytes(range(128, 256)) * 4, "it has no readable header"),
)


def _folder(target: Path) -> None:
    target.mkdir()
    (target / "receipts.csv").write_text(GOOD)


def _link_to(goal: str) -> object:
    return lambda target: target.symlink_to(goal)


def _unknown(path: str, reason: str) -> Outcome:
    return Outcome(status=UNKNOWN, message=f"{path} {reason}")


def _shop_file(kind: str, name: str, content: object, outcome: Outcome) -> Case:
    return Case(kind, (File(f"shop/S-{kind}/{name}", content, outcome),))


def _refusal(path: str, reason: str) -> Outcome:
    return Outcome(status=FAILED, message=f"{path} is refused: {reason}.")


GOOD_OUTCOME = Outcome("shop__receipts", "receipt_no", GOOD_ROWS)

NAMES = (
    Case(
        "folder-named-like-a-file",
        (
            File(
                "shop/S-folder-named-like-a-file/receipts.csv/receipts.csv",
                GOOD,
                _unknown(
                    "shop/S-folder-named-like-a-file/receipts.csv/receipts.csv",
                    "matches no data set's path and is not read: it lies in a folder too deep; expected is "
                    "shop/S-folder-named-like-a-file/receipts*.csv.",
                ),
            ),
        ),
    ),
    _shop_file("fifo", "receipts.csv", os.mkfifo, _refusal("shop/S-fifo/receipts.csv", "it is not an ordinary file")),
    _shop_file(
        "link-that-leaves",
        "receipts.csv",
        _link_to("/etc/hostname"),
        _refusal("shop/S-link-that-leaves/receipts.csv", "it is a link that leaves the landing folder"),
    ),
    _shop_file(
        "link-upwards",
        "receipts.csv",
        _link_to("../../../outside.csv"),
        _refusal("shop/S-link-upwards/receipts.csv", "it is a link that leaves the landing folder"),
    ),
    _shop_file("link-within", "receipts.csv", _link_to("../S-good/receipts.csv"), GOOD_OUTCOME),
    _shop_file(
        "link-to-nothing",
        "receipts.csv",
        _link_to("nowhere.csv"),
        _refusal("shop/S-link-to-nothing/receipts.csv", "it is a link to something that is not a file"),
    ),
    Case(
        "link-to-a-folder",
        (
            File(
                "shop/S-link-to-a-folder",
                _link_to("S-good"),
                _unknown("shop/S-link-to-a-folder", "is refused: it is a link to something that is not a file."),
            ),
        ),
        partners=(),
    ),
    _shop_file("dots-in-the-name", "receipts_..%2f..csv", GOOD, GOOD_OUTCOME),
    _shop_file("pattern-in-the-name", "receipts [1]*?{a,b}'\".csv", GOOD, GOOD_OUTCOME),
    _shop_file("key-and-value-in-the-name", "receipts_currency=USD.csv", GOOD, GOOD_OUTCOME),
    _shop_file("sql-in-the-name", "receipts'; drop table rejects; --.csv", GOOD, GOOD_OUTCOME),
    _shop_file("emoji-in-the-name", "receipts_\U0001f600_שלום.csv", GOOD, GOOD_OUTCOME),
    _shop_file(
        "backslash-in-the-name",
        "receipts_..\\..\\x.csv",
        GOOD,
        _refusal("shop/S-backslash-in-the-name/receipts_..\\..\\x.csv", "its name holds a backslash"),
    ),
    _shop_file(
        "newline-in-the-name",
        "receipts_\n.csv",
        GOOD,
        _refusal(
            "shop/S-newline-in-the-name/receipts_\\u000a.csv", "its name holds a control character or is not text"
        ),
    ),
    _shop_file(
        "turned-name",
        "receipts_\u202evsc.exe.csv",
        GOOD,
        _refusal("shop/S-turned-name/receipts_\\u202evsc.exe.csv", "its name holds a control character or is not text"),
    ),
    _shop_file(
        "hidden-file",
        ".receipts.csv",
        GOOD,
        _unknown("shop/S-hidden-file/.receipts.csv", "is hidden and is not read."),
    ),
    _shop_file(
        "extension-in-capitals",
        "receipts.CSV",
        GOOD,
        GOOD_OUTCOME,
    ),
    _shop_file(
        "compressed-name",
        "receipts.csv.gz",
        gzip.compress(GOOD.encode(), mtime=0),
        _unknown(
            "shop/S-compressed-name/receipts.csv.gz",
            "matches no data set's path and is not read: it is compressed, to be unpacked first; expected is "
            "shop/S-compressed-name/receipts*.csv.",
        ),
    ),
    Case(
        "partner-folder-with-a-blank",
        (
            File(
                "shop/S blank/receipts.csv",
                GOOD,
                _refusal(
                    "shop/S blank/receipts.csv", "a folder named after a partner has only letters, digits, - and _"
                ),
            ),
        ),
        partners=(),
    ),
)

CASES = (*LINES, *ENCODINGS, *HEADERS, *CONTENTS, *NAMES)
