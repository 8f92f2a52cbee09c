"""What is said of a request to be erased that met nobody: what was tried, and nothing of whom it names."""

import pytest

from nps_chain.people.erasure import _sentence

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
