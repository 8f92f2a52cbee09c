"""The intake takes over what has not changed, and tells exactly what has: the same as the folder read anew."""

import threading
from typing import Any

import pytest
from conftest import Landing
from raw_folders import changes, content, customers, read_anew, rows

from nps_chain import raw_folder
from nps_chain.errors import UserError
from nps_chain.intake import intake, loader, previous
from nps_chain.raw_folder import FileResult, read_load

PARTNERS = "partner_code,link,industry,country,partner_name,valid_from\n"


def test_large_work_alone_gets_all_threads(landing: Landing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loader, "LARGE_BYTES", 2_000)
    in_turn: list[str] = []
    load = intake.Intake._load

    def watch(self: intake.Intake, work: intake.Work) -> list[FileResult]:
        if threading.current_thread() is threading.main_thread():
            in_turn.append(work.dataset.name)
        return load(self, work)

    monkeypatch.setattr(intake.Intake, "_load", watch)

    def data_sets_in_turn() -> list[str]:
        in_turn.clear()
        landing.intake()
        _partners, *found = in_turn
        assert content(landing) == read_anew(landing)
        return found

    landing.write("dealer/D1/customers.csv", customers(*range(200)))
    landing.write("shop/S1/customers.csv", customers(*range(20)))
    assert data_sets_in_turn() == ["dealer__customers"]
    # what is large did not change
    landing.write("dealer/D2/customers.csv", customers(1))
    assert data_sets_in_turn() == []
    # what is read is small, what its rows are taken from is not
    landing.write("dealer/D1/customers.csv", customers(1, 2))
    assert data_sets_in_turn() == ["dealer__customers"]


def test_an_unchanged_file_is_not_read_again(landing: Landing, monkeypatch: pytest.MonkeyPatch) -> None:
    landing.write("dealer/D1/customers.csv", customers(1, 2))
    landing.intake()
    landing.write("dealer/D1/customers_2.csv", customers(3))
    loaded: list[str] = []
    load = loader.DatasetLoader.load

    def listening(self: loader.DatasetLoader, files: list[Any], codes: dict[str, str]) -> list[FileResult]:
        loaded.extend(file.relative for file in files)
        return load(self, files, codes)

    monkeypatch.setattr(loader.DatasetLoader, "load", listening)
    summary = landing.intake()
    assert loaded == ["dealer/D1/customers_2.csv"]
    assert summary.kept == len(summary.files) - 1
    assert len(landing.rows("dealer__customers")) == 3


def test_changes_are_the_lines_that_went_or_came(landing: Landing) -> None:
    landing.write("dealer/D1/customers.csv", customers(1, 2, 3))
    landing.write("dealer/D1/customers_2.csv", customers(4))
    landing.intake()
    before = rows(landing, "dealer__customers")
    assert not changes(landing, "dealer__customers")
    # a line corrected, a line added, a file withdrawn
    landing.write("dealer/D1/customers.csv", customers(1, 9, 3, 5))
    (landing.root / "dealer/D1/customers_2.csv").unlink()
    landing.intake()
    after = rows(landing, "dealer__customers")
    assert changes(landing, "dealer__customers") == (before - after) + (after - before)
    assert sum(changes(landing, "dealer__customers").values()) == 4
    assert read_load(landing.raw).changed_rows["dealer__customers"] == 4


def test_a_changed_hour_of_the_file_alone_changes_nothing(landing: Landing) -> None:
    file = landing.write("dealer/D1/customers.csv", customers(1))
    landing.intake()
    first = read_load(landing.raw)
    file.write_text(file.read_text())
    landing.intake()
    second = read_load(landing.raw)
    assert (second.load_id, second.base) == (first.load_id, first.load_id)
    assert set(second.changed_rows.values()) == {0}


def test_a_same_sized_correction_is_seen(landing: Landing) -> None:
    landing.write("dealer/D1/customers.csv", customers(1))
    landing.intake()
    landing.write("dealer/D1/customers.csv", customers(2))
    landing.intake()
    assert content(landing) == read_anew(landing)
    assert sum(changes(landing, "dealer__customers").values()) == 2


def test_another_key_reads_all_anew(landing: Landing) -> None:
    landing.write("dealer/D1/customers.csv", customers(1))
    landing.intake()
    summary = intake.run(landing.root, landing.raw, "another-key-for-tests")
    assert (summary.kept, summary.load.base) == (0, None)


def test_a_partner_that_moves_to_another_country_has_its_phones_read_again(landing: Landing) -> None:
    landing.write("chain/partners.csv", PARTNERS + "D1,dealer,automotive,NL,Dealer,2020-01-01\n")
    landing.write("dealer/D1/customers.csv", "customer_no,phone,segment\n1,0612345678,private\n")
    landing.write("dealer/D2/customers.csv", "customer_no,phone,segment\n1,0612345678,private\n")
    landing.intake()
    landing.write("chain/partners.csv", PARTNERS + "D1,dealer,automotive,DE,Dealer,2020-01-01\n")
    summary = landing.intake()
    assert summary.kept == 1
    assert content(landing) == read_anew(landing)


def test_a_file_that_can_no_longer_be_read_takes_its_rows_away(landing: Landing) -> None:
    landing.write("dealer/D1/customers.csv", customers(1, 2))
    landing.intake()
    landing.write("dealer/D1/customers.csv", "")
    landing.intake()
    assert content(landing) == read_anew(landing)
    assert sum(changes(landing, "dealer__customers").values()) == 2


def test_files_whose_keys_would_meet_are_refused() -> None:
    files = [
        FileResult(file_id, number, "dealer__customers", f"{number}.csv", raw_folder.LOADED, last_line=last_line)
        for number, (file_id, last_line) in enumerate([(1000, 10), (500, 499), (1011, 5)])
    ]
    intake._check_keys_are_apart(files)
    with pytest.raises(UserError, match=r"^1\.csv and 0\.csv would give rows of the same key"):
        intake._check_keys_are_apart([files[0], FileResult(500, 1, None, "1.csv", raw_folder.LOADED, last_line=500)])


def test_the_comparison_sees_a_stale_row(landing: Landing, monkeypatch: pytest.MonkeyPatch) -> None:
    landing.write("dealer/D1/customers.csv", customers(1))
    landing.intake()
    landing.write("dealer/D1/customers.csv", customers(2))
    monkeypatch.setattr(previous.Previous, "unchanged", lambda self, file, code: self.files.get(file.relative))
    landing.intake()
    assert content(landing) != read_anew(landing)
