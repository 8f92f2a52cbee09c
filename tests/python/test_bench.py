"""The benchmark's code is run at a small size, so that it can't rot, and its checks are seen to fail."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from bench import limit, ours, with_pandas
from bench.compare import DifferentError, compare
from bench.generate import Plan, generate

KEY = "a-key-for-tests-only"
TRANSACTIONS = 2e4
# nothing is hidden, so that every figure is compared
SHOW_ALL = {"min_responses_shown": 0}


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("bench")
    generate(Plan(TRANSACTIONS, root / "landing"))
    for name, module in {"limit": limit, "pandas": with_pandas}.items():
        (root / name).mkdir()
        module.answer(root / "landing", root / name, KEY)
    (root / "ours").mkdir()
    ours.answer(root / "landing", root / "ours", KEY, SHOW_ALL)
    return root


@pytest.mark.parametrize("competitor", ["limit", "pandas"])
def test_all_give_the_same_answers(answers: Path, competitor: str) -> None:
    assert compare(answers / "ours", answers / competitor) > 10_000


def test_the_data_are_clean_and_the_verdict_is_not_trivial(answers: Path) -> None:
    manifest = pd.read_parquet(answers / "ours/warehouse/raw/_files.parquet")
    rejects = pd.read_parquet(answers / "ours/warehouse/raw/_rejects.parquet")
    verdicts = pd.read_parquet(answers / "ours/weakest_link.parquet")
    assert set(manifest["status"]) <= {"loaded", "missing"}
    assert rejects.empty
    assert verdicts["verdict"].nunique() > 1


@pytest.mark.parametrize(
    ("table", "column", "change"),
    [
        ("nps_by_partner", "detractors", 1),
        ("retention", "retention", 1e-7),
        ("weakest_link", "p_weakest", 1 / 400),
    ],
)
def test_one_figure_that_differs_is_found(
    answers: Path, tmp_path: Path, table: str, column: str, change: float
) -> None:
    other = tmp_path / "other"
    shutil.copytree(answers / "limit", other)
    frame = pd.read_parquet(other / f"{table}.parquet")
    frame.loc[frame[column].first_valid_index(), column] += change
    frame.to_parquet(other / f"{table}.parquet")
    with pytest.raises(DifferentError, match=column):
        compare(answers / "ours", other)


def test_a_row_that_is_missing_is_found(answers: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(answers / "limit", other)
    frame = pd.read_parquet(other / "nps_by_link.parquet")
    frame.iloc[1:].to_parquet(other / "nps_by_link.parquet")
    with pytest.raises(DifferentError, match="in one alone"):
        compare(answers / "ours", other)


def test_the_same_seed_gives_the_same_files(tmp_path: Path) -> None:
    for name in ("one", "two"):
        generate(Plan(2e3, tmp_path / name))
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*") if path.is_file())
    assert files
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes(), file
