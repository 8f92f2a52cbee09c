"""What of the last intake's raw folder can be taken over."""

import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path

from nps_chain.contracts.landing import CONTRACT_PATH, Dataset
from nps_chain.contracts.no_value import NO_VALUE_PATH
from nps_chain.intake.files import LandingFile, scan, size_of
from nps_chain.people.identity import COUNTRIES_PATH
from nps_chain.people.phones import LIBRARY
from nps_chain.raw_folder import LOADED, FileResult, Load, dataset_folder, read_load, read_manifest
from nps_chain.settings import ROOT

# The code that decides which rows are made of a file.
CODE = ("contracts/documents.py", "contracts/landing.py", "intake", "people", "raw_folder.py", "sql_quoting.py")


def fingerprint(key: str) -> str:
    """What decides, beside a file's own bytes, which rows are made of it: the key, the contract and the code."""
    digest = hashlib.sha256(f"fingerprint|{LIBRARY}|{key}".encode())
    places = [ROOT / "nps_chain" / name for name in CODE]
    sources = [path for place in places for path in (sorted(place.rglob("*.py")) if place.is_dir() else [place])]
    for path in (*sources, CONTRACT_PATH, COUNTRIES_PATH, NO_VALUE_PATH):
        digest.update(path.read_bytes())
    return digest.hexdigest()


@dataclass(frozen=True)
class Previous:
    """The last intake's raw folder, so far as it can be taken over; without a folder nothing can."""

    raw: Path | None = None
    load: Load | None = None
    files: dict[str, FileResult] = field(default_factory=dict)

    @classmethod
    def of(cls, raw: Path, fingerprint: str) -> "Previous":
        """The folder, if it was made in the way in which a new one would be."""
        load = read_load(raw)
        if load is None or load.fingerprint != fingerprint:
            return cls()
        return cls(raw, load, {file.file_path: file for file in read_manifest(raw) if file.status == LOADED})

    def unchanged(self, file: LandingFile, calling_code: str | None) -> FileResult | None:
        """What the last intake made of the file, if the file and all that its rows depend on are as they were."""
        known = self.files.get(file.relative)
        if known is None or file.problem or file.dataset is None or known.dataset != file.dataset.name:
            return None
        # another number: the ranges of two files would have met
        if known.file_id != file.file_id or known.calling_code != calling_code or known.bytes != size_of(file.path):
            return None
        try:
            same = scan(file.path, text=False).content_hash == known.content_hash
        except OSError:
            return None
        return replace(known, file_number=file.number) if same else None

    def of_dataset(self, dataset: Dataset) -> list[FileResult]:
        """The files of a data set that were loaded."""
        return [file for file in self.files.values() if file.dataset == dataset.name]

    def parts_of(self, files: list[FileResult]) -> list[Path]:
        """The parts that hold the rows of these files."""
        raw = self.raw
        return sorted({dataset_folder(raw, str(file.dataset)) / str(file.part) for file in files}) if raw else []
