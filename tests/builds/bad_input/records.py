"""Kinds that are about JSON lines and Parquet files."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

from bad_input.case import Case, Content, File, Outcome, Row, failed, hashed

DEEP = 100_000


def contact(number: object, **other: object) -> str:
    """A contact that is good, but for what is given."""
    fields = {"contact_id": number, "country": "NL", "channel": "phone", "reason": "question"}
    return json.dumps(fields | {"opened_at": "2024-06-03T10:00:00"} | other, ensure_ascii=False)


def _contacts(
    kind: str,
    content: Content | Sequence[str],
    staged: Sequence[Row] = (),
    quarantined: Sequence[tuple[object, ...]] = (),
    columns: str = "contact_id",
) -> Case:
    text = (
        content if isinstance(content, str | bytes) or callable(content) else "".join(f"{line}\n" for line in content)
    )
    outcome = Outcome("contact_centre__contacts", columns, tuple(staged), tuple(quarantined))
    return Case(kind, (File(f"contact_centre/C-{kind}/contacts.ndjson", text, outcome),))


def _refused_contacts(kind: str, content: str, reason: str) -> Case:
    path = f"contact_centre/C-{kind}/contacts.ndjson"
    return Case(kind, (File(path, content, failed(path, reason)),))


def _not_json(*line_numbers: int) -> tuple[tuple[object, ...], ...]:
    return tuple((line, "not_json", None) for line in line_numbers)


NDJSON = (
    _contacts("json-good", [contact("K1"), contact("K2")], ((1, "K1"), (2, "K2"))),
    _contacts(
        "json-names-twice",
        [
            contact("K1"),
            contact("K2").replace("{", '{"contact_id": "K0", '),
            '{"caller": {"email": "a@b.nl", "email": "c@d.nl"}, "contact_id": "K3"}',
            contact("K4", other={"x": 1}).replace('"x": 1', '"x": 1, "x": 2'),
        ],
        ((1, "K1"), (4, "K4")),
        _not_json(2, 3),
    ),
    _refused_contacts(
        "json-array-on-top",
        f"[{contact('K1')}, {contact('K2')}]\n",
        "it is a JSON array, where one JSON object a line is expected",
    ),
    _refused_contacts(
        "json-array-over-many-lines",
        json.dumps([json.loads(contact("K1")), json.loads(contact("K2"))], indent=1),
        "it is a JSON array, where one JSON object a line is expected",
    ),
    _refused_contacts(
        "json-written-over-many-lines",
        json.dumps(json.loads(contact("K1")), indent=1) + "\n",
        "its JSON objects run over several lines, where one a line is expected",
    ),
    _contacts(
        "json-other-values", ["null", "1", '"text"', "true", "[]", contact("K6")], ((6, "K6"),), _not_json(*range(1, 6))
    ),
    _contacts(
        "json-deep-nesting",
        [contact("K1", deep=0).replace(" 0}", f" {'[' * DEEP}{']' * DEEP}}}"), contact("K2")],
        ((1, "K1"), (2, "K2")),
    ),
    _contacts(
        "json-nested-surprises",
        [
            contact({"id": 1}),
            contact(["K2"]),
            contact("K3", caller=None),
            contact("K4", caller="a@b.nl"),
            contact("K5", caller=["a@b.nl"]),
            contact("K6", caller={"email": {"address": "a@b.nl"}}),
            contact("K7", transfers=[1]),
            contact("K8", opened_at={"day": "2024-06-03"}),
            contact("K9", **{"caller.email": "a@b.nl"}),
            contact("K10", caller={"email": "A@b.nl"}),
        ],
        (
            (1, '{"id":1}', None),
            (2, '["K2"]', None),
            (3, "K3", None),
            (4, "K4", None),
            (5, "K5", None),
            (6, "K6", None),
            (9, "K9", None),
            (10, "K10", hashed("email", "a@b.nl")),
        ),
        ((7, "invalid_number", "transfers"), (8, "invalid_timestamp", "opened_at")),
        columns="contact_id, email_hash",
    ),
    _contacts(
        "json-numbers",
        [
            contact(7, cost=6.5, currency="EUR", transfers=1, resolved=True),
            contact("K2", cost="6.50", currency="EUR", transfers="1", resolved="false"),
            contact(12345678901234567890123),
            contact("K4", cost=float("nan"), currency="EUR"),
            contact("K5", cost=float("inf"), currency="EUR"),
            contact("K6", transfers=1.5),
            contact("K7", transfers=True),
            contact("K8", resolved=1),
            contact("K9", resolved="yes"),
            contact("K10", resolved="True"),
            contact("K11", cost=-1, currency="EUR"),
            contact("K12", cost=5),
            contact("K13", transfers=99999999999),
            contact("K14").replace('"K14"', "007"),
        ],
        (
            (1, "7", Decimal("6.50"), 1, True),
            (2, "K2", Decimal("6.50"), 1, False),
            (3, "12345678901234567890123", None, None, None),
            # NaN is a word for no value
            (4, "K4", None, None, None),
        ),
        (
            (5, "invalid_number", "cost"),
            (6, "invalid_number", "transfers"),
            (7, "invalid_number", "transfers"),
            (8, "value_not_allowed", "resolved"),
            (9, "value_not_allowed", "resolved"),
            (10, "value_not_allowed", "resolved"),
            (11, "out_of_range", "cost"),
            (12, "missing_required", "currency"),
            (13, "invalid_number", "transfers"),
            (14, "not_json", None),
        ),
        columns="contact_id, cost, transfers, resolved",
    ),
    _contacts(
        "json-that-is-nearly-json",
        [
            contact("K1")[:-1],
            contact("K2").replace('"', "'"),
            contact("K3") + contact("K4"),
            contact("K5") + " // said by phone",
            contact("K6").replace('"K6"', '"\\ud800"'),
            contact("K6").replace('"K6"', '"\t"'),
            "K7",
            contact("K8") + "\r",
            "\u00a0" + contact("K9"),
        ],
        ((8, "K8"),),
        _not_json(1, 2, 3, 4, 5, 6, 7, 9),
    ),
    _contacts("json-blank-lines", ["", contact("K2"), "  \t", "\u00a0", contact("K5"), ""], ((2, "K2"), (5, "K5"))),
    _contacts("json-byte-order-mark", "\ufeff" + contact("K1") + "\n" + contact("K2"), ((1, "K1"), (2, "K2"))),
    _contacts(
        "json-bytes-that-are-no-text",
        f"{contact('K1')}\n{contact('Ké')}\n".encode("cp1252") + f"{contact('Ké')}\n{contact('K4')}".encode() + b"\0\n",
        ((1, "K1"), (3, "Ké")),
        ((2, "bad_encoding", None), (4, "nul_byte", None)),
    ),
    _contacts(
        "json-escapes",
        ['{"contact_id": "\\u00e9\\n\\ud83d\\ude00"' + contact("")[17:]],
        ((1, "é\n\U0001f600"),),
    ),
    _contacts(
        "json-names-in-other-case",
        [contact("K1").replace("country", "Country")],
        (),
        ((1, "missing_required", "country"),),
    ),
    _contacts("json-cut-off", contact("K1") + "\n" + contact("K2")[:30], ((1, "K1"),), _not_json(2)),
)


def _parquet(**columns: object) -> Callable[[Path], None]:
    table = pa.table(columns)
    return lambda target: pq.write_table(table, target)


def _products(kind: str, content: Content, outcome: Outcome) -> Case:
    return Case(kind, (File(f"manufacturer/M-{kind}/products.parquet", content, outcome),))


def _broken_products(kind: str, content: Content, reason: str) -> Case:
    return _products(kind, content, failed(f"manufacturer/M-{kind}/products.parquet", reason))


def _loaded(
    columns: str, staged: Sequence[Row], quarantined: Sequence[tuple[object, ...]] = (), message: str | None = None
) -> Outcome:
    return Outcome("manufacturer__products", columns, tuple(staged), tuple(quarantined), message=message)


def _bytes_of(columns: Mapping[str, object]) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(dict(columns)), sink)
    return sink.getvalue().to_pybytes()


TWO_PRODUCTS = {"product_code": ["P1", "P2"], "product_name": ["One", "Two"]}
WHOLE = _bytes_of(TWO_PRODUCTS)
NO_PARQUET = "it is not a Parquet file that can be read"
AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def _names_twice(target: Path) -> None:
    arrays = [pa.array(["P1"]), pa.array(["One"]), pa.array(["Two"])]
    schema = pa.schema([("product_code", pa.string()), ("product_name", pa.string()), ("Product_Name", pa.string())])
    pq.write_table(pa.Table.from_arrays(arrays, schema=schema), target)


PRODUCTS = (
    _products(
        "parquet-numbers-and-dates",
        _parquet(
            product_code=pa.array([1, 2, 3], pa.int64()),
            product_name=pa.array([1.0, 2.5, float("nan")], pa.float64()),
            product_line=pa.array([True, False, None], pa.bool_()),
            launched_on=pa.array([datetime(2024, 6, 3), datetime(2024, 6, 3, 14, 30), None], pa.timestamp("ns")),
        ),
        _loaded(
            "product_code, product_name, product_line, launched_on",
            ((1, "1", "1", "true", date(2024, 6, 3)), (2, "2", "2.5", "false", date(2024, 6, 3))),
            ((3, "missing_required", "product_name"),),
        ),
    ),
    _products(
        "parquet-lists-and-structs",
        _parquet(
            product_code=["P1"],
            product_name=[["a", "b"]],
            product_line=[{"x": 1}],
            launched_on=["2024-06-03"],
        ),
        _loaded("product_name, product_line", ((1, "[a, b]", "{'x': 1}"),)),
    ),
    _products(
        "parquet-other-kinds",
        _parquet(
            product_code=pa.array(["P1", "P2"]).dictionary_encode(),
            product_name=pa.array([b"One", b"Two"], pa.binary()),
            product_line=pa.array([Decimal("1.500"), None], pa.decimal128(38, 3)),
            launched_on=pa.array([date(2024, 6, 3), date(1900, 1, 1)], pa.date32()),
        ),
        _loaded(
            "product_code, product_name, product_line",
            ((1, "P1", "One", "1.500"),),
            ((2, "date_out_of_range", "launched_on"),),
        ),
    ),
    _broken_products("parquet-cut-off", WHOLE[:-20], NO_PARQUET),
    _broken_products("parquet-empty", b"", NO_PARQUET),
    _broken_products("parquet-that-is-csv", b"product_code,product_name\nP1,One\n", NO_PARQUET),
    _broken_products("parquet-magic-only", b"PAR1" + b"\0" * 8 + b"PAR1", NO_PARQUET),
    _broken_products("parquet-damaged-page", WHOLE[:4] + bytes(60) + WHOLE[64:], "its pages are damaged"),
    _broken_products(
        "parquet-missing-column",
        _bytes_of({"product_code": ["P1"]}),
        "its schema lacks the required column product_name",
    ),
    _broken_products("parquet-names-twice", _names_twice, "its schema names the column product_name twice"),
    _products(
        "parquet-without-rows",
        _parquet(product_code=pa.array([], pa.string()), product_name=pa.array([], pa.string())),
        _loaded("product_code", ()),
    ),
    _products(
        "parquet-names-of-the-scan",
        _parquet(file_row_number=[7, 7], file_index=[5, 5], filename=["a", "b"], **TWO_PRODUCTS),
        _loaded(
            "product_code",
            ((1, "P1"), (2, "P2")),
            message="Columns that are not in the contract were ignored: file_row_number, file_index, filename.",
        ),
    ),
    _products(
        "parquet-column-names-with-sql",
        _parquet(**{**TWO_PRODUCTS, 'x" from y; drop table patient; --': [1, 2], "'": [1, 2]}),
        _loaded(
            "product_code",
            ((1, "P1"), (2, "P2")),
            message="Columns that are not in the contract were ignored: x\" from y; drop table patient; --, '.",
        ),
    ),
    Case(
        "parquet-pattern-in-the-name",
        (
            File(
                "manufacturer/M-pattern/products [1]*?.parquet", WHOLE, _loaded("product_code", ((1, "P1"), (2, "P2")))
            ),
        ),
    ),
)

CLAIM = {
    "claim_id": ["W1", "W2", "W3", "W4", "W5", "W6"],
    "country": ["NL"] * 6,
    "serial_number": ["V1"] * 6,
    "claimed_on": ["2024-06-03"] * 6,
    "currency": ["EUR"] * 6,
}
ZONED = [datetime(2024, 6, 3, 10, tzinfo=AMSTERDAM), datetime(2024, 1, 3, 10, tzinfo=UTC), None]

TYPES = (
    Case(
        "parquet-floats-for-amounts",
        (
            File(
                "manufacturer/M-parquet-floats-for-amounts/warranty_claims.parquet",
                _parquet(**CLAIM, amount=[0.1 + 0.2, 12.5, float("inf"), 1e300, -0.01, float("nan")]),
                Outcome(
                    "manufacturer__warranty_claims",
                    "amount",
                    ((1, Decimal("0.30")), (2, Decimal("12.50"))),
                    (
                        (3, "invalid_number", "amount"),
                        (4, "invalid_number", "amount"),
                        (5, "out_of_range", "amount"),
                        (6, "missing_required", "amount"),
                    ),
                ),
            ),
        ),
    ),
    Case(
        "parquet-decimals-for-amounts",
        (
            File(
                "manufacturer/M-parquet-decimals-for-amounts/warranty_claims.parquet",
                _parquet(
                    **CLAIM,
                    amount=pa.array(
                        [Decimal("12.3456789"), Decimal("0"), Decimal("9" * 16), Decimal("9" * 17), None, Decimal("1")],
                        pa.decimal128(38, 10),
                    ),
                ),
                Outcome(
                    "manufacturer__warranty_claims",
                    "amount",
                    ((1, Decimal("12.35")), (2, Decimal("0.00")), (6, Decimal("1.00"))),
                    ((3, "out_of_range", "amount"), (4, "invalid_number", "amount"), (5, "missing_required", "amount")),
                ),
            ),
        ),
    ),
    Case(
        "parquet-zoned-moments-and-float-scores",
        (
            File(
                "manufacturer/M-zoned/survey_invitations.parquet",
                _parquet(
                    invitation_id=[1.0, 2.0, 3.0],
                    country=["NL"] * 3,
                    sent_at=pa.array(ZONED, pa.timestamp("us", tz="Europe/Amsterdam")),
                ),
                Outcome(
                    "manufacturer__survey_invitations",
                    "invitation_id, sent_at",
                    ((1, "1", datetime(2024, 6, 3, 8)), (2, "2", datetime(2024, 1, 3, 10))),
                    ((3, "missing_required", "sent_at"),),
                ),
            ),
            File(
                "manufacturer/M-zoned/survey_answers.parquet",
                _parquet(
                    invitation_id=["1", "2", "3"],
                    answered_at=pa.array([datetime(2024, 6, 4, 10)] * 3, pa.timestamp("ms")),
                    recommend_score=[9.0, 7.5, 8.0],
                ),
                Outcome(
                    "manufacturer__survey_answers",
                    "invitation_id, answered_at, score",
                    ((1, "1", datetime(2024, 6, 4, 8), 9),),
                    ((2, "invalid_score", "score"), (3, "unknown_invitation", "invitation_id")),
                ),
            ),
        ),
    ),
    Case(
        "parquet-times-for-moments",
        (
            File(
                "manufacturer/M-parquet-times-for-moments/survey_invitations.parquet",
                _parquet(
                    invitation_id=["1"],
                    country=["NL"],
                    sent_at=pa.array([timedelta(hours=10)], pa.duration("us")),
                ),
                Outcome(
                    "manufacturer__survey_invitations",
                    "invitation_id",
                    (),
                    ((1, "invalid_timestamp", "sent_at"),),
                ),
            ),
        ),
    ),
)

CASES = (*NDJSON, *PRODUCTS, *TYPES)
