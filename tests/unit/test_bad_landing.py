"""Landing folders that are no good as a whole, or whose files may not be read."""

import os
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from conftest import KEY

from nps_chain.errors import UserError
from nps_chain.intake import intake
from nps_chain.raw_folder import dataset_sql

REQUIRED_OF_PARTNERS = "partner_code, link, industry, partner_name, valid_from"


def _run_intake(landing: Path, folder: Path) -> intake.Summary:
    return intake.run(landing, folder / "raw", KEY)


def _lay_partners(landing: Path, content: bytes = b"") -> Path:
    landing.mkdir(parents=True, exist_ok=True)
    row = b"partner_code,link,industry,country,partner_name,valid_from\nM1,manufacturer,automotive,,Maker,2020-01-01\n"
    path = landing / "chain" / "partners.csv"
    path.parent.mkdir()
    path.write_bytes(content or row)
    return path


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "chain/partners*.csv is required and there is no such file."),
        (b"", "chain/partners.csv was not read: it is empty."),
        (
            b"\0" * 100,
            f"chain/partners.csv was not read: its header lacks the required columns {REQUIRED_OF_PARTNERS}.",
        ),
        (
            "partner_code\n".encode("utf-16") + b"\xd8",
            "chain/partners.csv was not read: it is UTF-16 and damaged; save it as UTF-8.",
        ),
    ],
    ids=["none", "empty", "zeros", "utf-16"],
)
def test_without_partners_there_is_one_sentence(tmp_path: Path, content: bytes | None, said: str) -> None:
    landing = tmp_path / "landing"
    landing.mkdir()
    if content is not None:
        _lay_partners(landing).write_bytes(content)
    assert _run_intake(landing, tmp_path).unmet == [said]


def test_landing_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "landing").write_text("x")
    with pytest.raises(UserError, match="is not a folder"):
        _run_intake(tmp_path / "landing", tmp_path)


def test_landing_folder_under_a_name_with_a_value(tmp_path: Path) -> None:
    """A folder called country=XX says nothing about the rows below it."""
    landing = tmp_path / "country=XX" / "landing"
    _lay_partners(landing)
    target = landing / "manufacturer" / "M1" / "warranty_claims.parquet"
    target.parent.mkdir(parents=True)
    claim = (
        "select 'W1' as claim_id, 'NL' as country, 'V1' as serial_number, '2024-06-03' as claimed_on, 5 as amount, "
        "'EUR' as currency"
    )
    duckdb.execute(f"copy ({claim}) to '{target}' (format parquet)")
    _run_intake(landing, tmp_path)
    found = duckdb.execute(f"select country from {dataset_sql(tmp_path / 'raw', 'manufacturer__warranty_claims')}")
    assert found.fetchall() == [("NL",)]


def test_warehouse_under_a_name_with_a_value(tmp_path: Path) -> None:
    _lay_partners(tmp_path / "landing")
    folder = tmp_path / "partner_name=XX"
    _run_intake(tmp_path / "landing", folder)
    found = duckdb.execute(f"select partner_name from {dataset_sql(folder / 'raw', 'chain__partners')}")
    assert found.fetchall() == [("Maker",)]


def _forbid(monkeypatch: pytest.MonkeyPatch, owner: object, name: str, forbidden: Path) -> None:
    """Make a function fail on one path as it does without the right to read; root may read everything."""
    original: Callable[..., object] = getattr(owner, name)

    def guarded(path: object, *arguments: object, **options: object) -> object:
        if Path(str(path)) == forbidden:
            raise PermissionError(13, "Permission denied", str(path))
        return original(path, *arguments, **options)

    monkeypatch.setattr(owner, name, guarded)


def test_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    landing = tmp_path / "landing"
    _lay_partners(landing)
    closed = landing / "chain" / "partners_closed.csv"
    closed.write_text("partner_code\n")
    closed.chmod(0)
    _forbid(monkeypatch, Path, "open", closed)
    summary = _run_intake(landing, tmp_path)
    assert [(file.status, file.message) for file in summary.files] == [
        ("loaded", None),
        ("failed", "chain/partners_closed.csv was not read: Permission denied."),
    ]


def test_folder_that_may_not_be_entered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies in it is not passed over in silence."""
    landing = tmp_path / "landing"
    _lay_partners(landing)
    closed = landing / "dealer" / "D1"
    closed.mkdir(parents=True)
    (closed / "customers.csv").write_text("customer_no\n1\n")
    closed.chmod(0)
    _forbid(monkeypatch, os, "scandir", closed)
    summary = _run_intake(landing, tmp_path)
    closed.chmod(0o700)
    assert [(file.status, file.message) for file in summary.files] == [
        ("loaded", None),
        ("unknown", "dealer/D1 was not read: the folder cannot be opened."),
    ]
