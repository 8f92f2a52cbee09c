"""A file that fits no data set's path: what is wrong with its name, and which path it was likely meant for."""

import difflib
import re

from nps_chain.contracts.landing import PARTNER_CODE, PARTNER_FOLDER, Contract, Dataset

# Below this likeness of names nobody can say what a file was meant to be.
LIKENESS = 0.6
FORMATS = {"csv": "CSV", "parquet": "Parquet", "ndjson": "one JSON object a line"}
WORKBOOKS = ("xlsx", "xlsm", "xlsb", "xls", "ods", "numbers")
PACKED = ("gz", "zip", "zst", "bz2", "xz", "7z", "rar", "tar")
LOCK = "~$"
WORD = re.compile("[^0-9*. _()-]+")
# `receipts_amsterdam` begins with the name of receipts
PREFIXED = 0.95


def unknown_file(relative: str, contract: Contract) -> str:
    """One sentence on a file that is not read."""
    sentence = f"{relative} matches no data set's path and is not read"
    name = relative.rpartition("/")[2]
    if name.startswith(LOCK):
        return f"{sentence}: it is the lock file of a document that is open in Office."
    dataset = _closest(relative, contract)
    extension = name.rpartition(".")[2].casefold() if "." in name else ""
    cause = _cause(relative, extension, dataset)
    if dataset is None:
        return f"{sentence}{f': {cause}' if cause else ''}."
    return f"{sentence}: {cause or 'its name differs'}; expected is {_path_for(relative, dataset)}."


def _closest(relative: str, contract: Contract) -> Dataset | None:
    """The data set whose first folder and name are most like the file's."""
    own = _gist(relative)
    likeness = {dataset.name: _likeness(own, _gist(dataset.path)) for dataset in contract.datasets}
    best = max(contract.datasets, key=lambda dataset: likeness[dataset.name])
    return best if likeness[best.name] >= LIKENESS else None


def _gist(path: str) -> tuple[str, str]:
    """The first folder, and the words of the name without its endings, numbers and stars."""
    folders, _, name = path.casefold().rpartition("/")
    return folders.partition("/")[0], "_".join(WORD.findall(name.partition(".")[0]))


def _likeness(own: tuple[str, str], other: tuple[str, str]) -> float:
    """How alike two are; the name weighs most, since a file may lie in the wrong folder."""
    names = difflib.SequenceMatcher(None, own[1], other[1]).ratio()
    if own[1].startswith(f"{other[1]}_"):
        names = max(names, PREFIXED)
    folders = difflib.SequenceMatcher(None, own[0], other[0]).ratio()
    return names * (3 + folders) / 4


def _cause(relative: str, extension: str, dataset: Dataset | None) -> str:
    wanted = dataset.format if dataset else ""
    if extension in WORKBOOKS:
        return f"it is a workbook, to be saved as {FORMATS.get(wanted, 'CSV')}"
    if extension in PACKED:
        return "it is compressed, to be unpacked first"
    if dataset is None:
        return ""
    parts, wanted_parts = relative.split("/"), dataset.path.split("/")
    if len(parts) > len(wanted_parts):
        return "it lies in a folder too deep"
    if len(parts) < len(wanted_parts):
        return "it does not lie in the folder of a partner"
    if parts[0].casefold() != wanted_parts[0]:
        return f"it lies in the folder {parts[0]}"
    if extension != wanted:
        return f"its name ends in .{extension}" if extension else f"its name does not end in .{wanted}"
    return ""


def _path_for(relative: str, dataset: Dataset) -> str:
    """The data set's path, in the file's own partner folder where it has one."""
    parts = relative.split("/")
    is_partner = len(parts) > 2 and PARTNER_CODE.fullmatch(parts[1])
    return dataset.path.replace(PARTNER_FOLDER, parts[1]) if is_partner else dataset.path
