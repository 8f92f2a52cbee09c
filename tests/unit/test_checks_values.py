"""Which values of a landing file the checks show: none that could name a person."""

from pathlib import Path

import pytest

from nps_chain.checks import values
from nps_chain.checks.limits import LIMITS_PATH, load_limits
from nps_chain.errors import UserError

EMAIL = "jan.jansen@example.com"
PHONE = "0612345678"


@pytest.mark.parametrize(
    "value", ["11", "7.5", "2025-02-31", "31/12/2025", "2025-01-01T25:00:00", "-12,50", "n/a", "XX"]
)
def test_harmless_values_are_shown(value: str) -> None:
    assert values.shown([value]) == f"such as {value!r}"


@pytest.mark.parametrize(
    "value",
    [
        EMAIL,
        PHONE,
        "+31 6 1234 5678",
        "06-12345678",
        "Jansen",
        "J. de Vries",
        "WVWZZZ1JZXW000001",
        "1234567",
        "12345-6",
    ],
)
def test_values_that_could_name_a_person_are_not_shown(value: str) -> None:
    assert values.shown([value]) == values.NOT_SHOWN


def test_at_most_five_values_are_shown() -> None:
    assert values.shown(str(number) for number in range(11, 30)) == "such as '11', '12', '13', '14', '15'"


def test_limits_that_cannot_be_read_are_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "expectations.yml"
    path.write_text("raw: {}\n", encoding="utf-8")
    with pytest.raises(UserError, match="a part is missing or misspelt"):
        load_limits(path)
    path.write_text(LIMITS_PATH.read_text(encoding="utf-8").replace("windows: 4", "windows: four"), encoding="utf-8")
    with pytest.raises(UserError, match="windows of volume of raw is 'four', which should be a valid integer"):
        load_limits(path)
