"""Files' numbers: short enough for doubles, apart, and the same whatever else was loaded."""

import random
from itertools import pairwise

import pytest
from conftest import Landing

from nps_chain import raw_folder
from nps_chain.intake import files as landing_files
from nps_chain.intake.file_ids import file_ids, path_hash, room

LARGEST_EXACT = 2**53


def crowded(path: str, attempt: int) -> int:
    """A hash so short that most files meet."""
    return path_hash(path, attempt) % 20_000


def are_apart(ids: dict[str, int], rooms: dict[str, int]) -> bool:
    ranges = sorted((first, first + rooms[path]) for path, first in ids.items())
    return all(last < following for (_, last), (following, _) in pairwise(ranges))


@pytest.mark.parametrize("seed", range(20))
def test_ranges_never_meet_and_follow_from_the_folder_alone(seed: int) -> None:
    chance = random.Random(seed)
    rooms = {f"dealer/D{number}/orders.csv": chance.randint(0, 30) for number in range(200)}
    ids = file_ids(rooms, crowded)
    assert are_apart(ids, rooms)
    assert any(ids[path] != crowded(path, 0) for path in rooms)
    shuffled = list(rooms.items())
    chance.shuffle(shuffled)
    assert file_ids(dict(shuffled), crowded) == ids
    # who comes first keeps its number; files behind it in the alphabet change nothing
    ahead = dict(sorted(rooms.items())[:100])
    assert file_ids(ahead, crowded) == {path: ids[path] for path in ahead}


def test_a_file_that_meets_no_other_has_the_hash_of_its_path() -> None:
    rooms = {f"shop/S{number}/receipts.csv": 10_000_000 for number in range(10_000)}
    ids = file_ids(rooms)
    assert are_apart(ids, rooms)
    moved = [path for path in rooms if ids[path] != path_hash(path)]
    # expected: 10,000 files * 10^11 lines / 2^52 = 0.2
    assert len(moved) <= 3
    assert max(ids.values()) + max(rooms.values()) < LARGEST_EXACT
    assert all(int(float(first)) == first for first in ids.values())


def test_a_file_has_room_for_its_lines() -> None:
    assert room(0, "csv") >= 1
    # as many lines as bytes, and the heading
    assert room(100, "csv") > 101
    assert room(100, "parquet") > room(100, "csv")
    assert room(100, None) == 0


def test_lines_that_would_meet_are_told_apart_by_loads_of_changes_too(
    landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that comes first in the alphabet takes the place; the other is read again under another number."""
    heading = "loyalty_no,name,email,phone,segment,member_since\n"

    def rows(*numbers: int) -> str:
        return heading + "".join(f"{number},,,,private,\n" for number in numbers)

    def hashed(path: str, attempt: int = 0) -> int:
        return 1000 + attempt * 100_000 if "customers" in path else path_hash(path, attempt)

    def ids() -> dict[str, int]:
        return {file.file_path: file.file_id for file in raw_folder.read_manifest(landing.raw)}

    def keys() -> list[tuple[int, ...]]:
        return landing.rows("shop__customers", "file_id + line_number, loyalty_hash")

    monkeypatch.setattr(landing_files, "file_ids", lambda rooms: file_ids(rooms, hashed))
    landing.write("shop/S2/customers.csv", rows(1, 2, 3))
    landing.intake()
    assert ids()["shop/S2/customers.csv"] == 1000
    landing.write("shop/S3/customers.csv", rows(4, 5))
    summary = landing.intake()
    assert ids()["shop/S2/customers.csv"] == 1000 and ids()["shop/S3/customers.csv"] == 101_000
    assert summary.load.changed_rows["shop__customers"] == 2
    landing.write("shop/S1/customers.csv", rows(6))
    summary = landing.intake()
    assert [ids()[f"shop/S{shop}/customers.csv"] for shop in (1, 2, 3)] == [1000, 101_000, 201_000]
    # the one that came, and the two files whose numbers changed: their rows went and came
    assert summary.load.changed_rows["shop__customers"] == 1 + 2 * 3 + 2 * 2
    by_changes = sorted(keys())
    assert len({key for key, _ in by_changes}) == 6
    landing.intake(anew=True)
    assert sorted(keys()) == by_changes
