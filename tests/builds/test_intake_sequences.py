"""After any sequence of loads the raw folder is what the same landing folder gives when it is read anew."""

import random
from collections import Counter
from collections.abc import Callable

import pytest
from conftest import Landing
from contract_parts import contract_of
from raw_folders import RECEIPTS, changes, content, customers, read_anew, rows

from nps_chain.intake import intake, parts


def edit(landing: Landing, chance: random.Random) -> None:
    """Do something to the folder that a tier might do."""
    file = landing.root / chance.choice(
        [f"{place}_{number}.csv" for place in ("dealer/D1/customers", "dealer/D2/customers") for number in range(4)]
        + [f"shop/S1/receipts_{number}.csv" for number in range(3)]
    )
    is_customers = "customers" in file.name
    what = chance.choice(["write", "append", "remove", "spoil", "copy", "same"])
    numbers = [chance.randrange(8) for _ in range(chance.randrange(4))]
    receipts = RECEIPTS + "".join(f"{n},{n},2024-01-01T10:00:00,sale\n" for n in numbers)
    text = customers(*numbers) if is_customers else receipts
    if what == "append" and file.is_file():
        text = file.read_text(errors="replace") + text.split("\n", 1)[1]
    if what == "spoil":
        text += "ragged\n" + 'an "open quote\n'
    if what == "remove":
        file.unlink(missing_ok=True)
    elif what != "same" or not file.is_file():
        landing.write(str(file.relative_to(landing.root)), text)


@pytest.mark.parametrize("seed", range(4))
def test_any_sequence_of_loads_gives_the_folder_read_anew(
    make_landing: Callable[[str], Landing], monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance = random.Random(seed)
    landing = make_landing(str(seed))
    # so that the parts are brought together now and then
    monkeypatch.setattr(parts, "MAX_PARTS", 3)
    before = {name: Counter() for name in ("dealer__customers", "shop__receipts")}
    # and one that has no file
    monkeypatch.setattr(intake, "load_contract", lambda: contract_of(*before, "dealer__sales_orders"))
    for step in range(8):
        for _ in range(chance.randrange(1, 4)):
            edit(landing, chance)
        landing.intake()
        assert content(landing) == read_anew(landing)
        for name, old in before.items():
            new = rows(landing, name)
            if step:
                assert changes(landing, name) == (old - new) + (new - old)
            before[name] = new
