"""What is said of a request to be erased that met nobody: what was tried, and nothing of whom it names."""

from pathlib import Path

import duckdb
import pytest

from nps_chain.people import registry
from nps_chain.people.erasure import _outcomes, _sentence
from nps_chain.raw_folder import ERASURE_OUTCOMES

NOT_FOUND = "; no file names it in a spelling that is read as the same."
IS_SHARED = ", but the number is shared by many and names no single person."
REFUSED = "Request X-5 to be erased was refused and not carried out; the quarantine says why."
UNREAD = "met nobody: no e-mail address or phone number in it could be read."
Tried = tuple[str, str | None, bool, bool, bool, bool, bool]


@pytest.mark.parametrize(
    ("tried", "said"),
    [
        (("X-1", "IT", True, False, False, False, False), f"met nobody: tried as e-mail address{NOT_FOUND}"),
        (
            ("X-2", "SE", True, True, False, False, False),
            f"met nobody: tried as e-mail address and as phone number, read as of SE{NOT_FOUND}",
        ),
        (("7", None, False, True, False, False, False), f"met nobody: tried as international phone number{NOT_FOUND}"),
        (
            ("X-3", "SE", False, True, False, True, False),
            f"met nobody: tried as phone number, read as of SE{IS_SHARED}",
        ),
        (("X-4", None, False, False, False, False, False), UNREAD),
    ],
)
def test_what_was_tried_is_said(tried: Tried, said: str) -> None:
    assert _sentence(*tried) == f"Request {tried[0]} to be erased {said}"


def test_one_that_was_refused_is_said() -> None:
    assert _sentence("X-5", None, True, False, False, False, True) == REFUSED


def test_a_number_that_is_an_address_is_not_said() -> None:
    said = _sentence("jan@post.example", None, False, False, False, False, False)
    assert said == f"Request (an address) to be erased {UNREAD}"


def test_one_that_met_somebody_in_an_earlier_build_has_not_met_nobody(tmp_path: Path) -> None:
    """Request 1 met five records before, and two come again; 2 met three, and none comes; 3 never met any."""
    kept = tmp_path / "kept"
    before = "(values (101, 'X-1', 5, null), (102, 'X-2', 3, null), (103, 'X-3', 0, 'said')) as outcomes"
    with duckdb.connect() as connection:
        columns = "(request_digest, request_id, rows_met, sentence)"
        registry.keep(connection, kept, {ERASURE_OUTCOMES: f"from {before} {columns}"})
        connection.execute(
            """
            create table request as
                select
                    100 + number as request_digest, 'X-' || number as request_id, 'NL' as country,
                    [number * 10, null] as identities, true as names_email, false as names_phone,
                    false as is_email_shared, false as is_phone_shared, false as is_refused
                from unnest([1, 2, 3, 4]) as numbers (number);
            create table erased_person as from (values (10, 7), (11, 7), (40, 8)) as persons (node_key, person);
            -- row 900 twice: by two identities of one person
            create table met as from (values (900, 7), (900, 7), (901, 7), (950, 8)) as rows (row_key, person);
            """
        )
        found = connection.execute(_outcomes(connection, kept)).fetchall()
    assert [row[1:3] for row in found] == [("X-1", 5), ("X-2", 3), ("X-3", 0), ("X-4", 1)]
    assert [row[3] is None for row in found] == [True, True, False, True]
