"""The files of a landing folder: which there are, what they belong to, and what their bytes say."""

import codecs
import hashlib
import os
import re
import unicodedata
from dataclasses import dataclass, replace
from pathlib import Path

from nps_chain.contracts.landing import PARTNER_CODE, Contract, Dataset
from nps_chain.errors import UserError
from nps_chain.intake.expected import unknown_file
from nps_chain.intake.file_ids import file_ids, room

CHUNK = 1 << 20
# Enough of a file's end to see how many blank lines close it.
TAIL = 4096
UTF8_BOM = codecs.BOM_UTF8
UTF16_BOMS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# What files begin with that are no text, whatever their name says: gzip, zip, Zstandard, Excel before 2007.
PACKED = {
    b"\x1f\x8b": "it is compressed; unpack it first",
    b"PK\x03\x04": "it is a zip archive or an Excel workbook; unpack it, or save it as CSV",
    b"\x28\xb5\x2f\xfd": "it is compressed; unpack it first",
    b"\xd0\xcf\x11\xe0": "it is an Excel workbook; save it as CSV",
}
# In UTF-16 without a byte order mark at least this share of every other byte is zero, and hardly any of the rest.
SAMPLE = 4096
WIDE_SHARE = 0.6
# What a browser or a file manager adds to the name of a file that is there already: ` (1)`, ` - Copy`, `_copy 2`.
COPY_MARK = re.compile(r"[ _-]*\(([0-9]{1,4})\)$|[ _-]+(?:copy|copie|copia|kopie|kopia)[ _-]*([0-9]{0,4})$")
# Characters that make a terminal show a name otherwise than it is: marks that turn the direction of writing.
TURNING = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
# Bytes that Windows-1252 gives no character.
CP1252_UNDEFINED = bytes((0x81, 0x8D, 0x8F, 0x90, 0x9D))


@dataclass(frozen=True)
class LandingFile:
    """One file. `problem` says in a sentence why it cannot be read; without a data set it is only listed.

    `file_id` is a hash of the path (file_ids.py), so that a row keeps its key whatever other files come and go;
    `number` is the file's place in the order of delivery.
    """

    file_id: int
    number: int
    path: Path
    relative: str
    dataset: Dataset | None
    partner_code: str | None
    problem: str | None = None


@dataclass(frozen=True)
class Scan:
    """What a file's bytes say before anybody parses them."""

    size: int
    content_hash: str
    has_utf8_bom: bool = False
    # the codec of a file of two bytes a character, with a byte order mark or without
    utf16: str | None = None
    # why it is no text, by the bytes that it begins with
    packed: str | None = None
    has_nul: bool = False
    is_ascii: bool = True
    is_utf8: bool = True
    is_cp1252: bool = True
    newlines: int = 0
    carriage_returns: int = 0
    crlfs: int = 0
    delimiters: int = 0
    closing_blank_lines: int = 0
    ends_in_newline: bool = False

    @property
    def lines(self) -> int:
        """Physical lines, without the blank ones that close the file."""
        return self.newlines + (0 if self.ends_in_newline or not self.size else 1) - self.closing_blank_lines

    @property
    def has_uniform_newlines(self) -> bool:
        """Whether every line ends in LF or every line ends in CRLF."""
        return self.carriage_returns == 0 or self.carriage_returns == self.crlfs == self.newlines

    def is_text(self, encoding: str) -> bool:
        """Whether all bytes are characters of the encoding and none is NUL."""
        return not self.has_nul and (self.is_utf8 if self.decoder(encoding) == "utf-8" else self.is_cp1252)

    def decoder(self, encoding: str) -> str:
        """The codec to read the file with.

        A byte order mark overrules the contract, and so do bytes beyond ASCII that are UTF-8 throughout: in
        Windows-1252 they would be gibberish such as `Ã©`.
        """
        is_utf8 = encoding == "utf-8" or self.has_utf8_bom or (self.is_utf8 and not self.is_ascii)
        return "utf-8" if is_utf8 else "cp1252"


def list_landing(landing: Path, contract: Contract) -> list[LandingFile]:
    """All files under the folder in the order of delivery."""
    if not landing.is_dir():
        raise UserError(f"The landing folder {landing} does not exist or is not a folder.")
    root = landing.resolve()
    found = sorted(_walk(root), key=lambda path: delivery_order(path.relative_to(root).as_posix()))
    files = [_describe(root, path, number, contract) for number, path in enumerate(found, start=1)]
    paths = [file.path.relative_to(root).as_posix() for file in files]
    ids = file_ids({path: _room(file) for path, file in zip(paths, files, strict=True)})
    return [replace(file, file_id=ids[path]) for path, file in zip(paths, files, strict=True)]


def _room(file: LandingFile) -> int:
    return 0 if file.dataset is None else room(size_of(file.path), file.dataset.format)


def _walk(root: Path) -> list[Path]:
    """Files, and folders that are not entered: links, hidden ones, and those that cannot be opened."""
    found: list[Path] = []
    closed_folders: list[OSError] = []
    for folder, folders, names in os.walk(root, onerror=closed_folders.append):
        here = Path(folder)
        closed = [name for name in folders if name.startswith(".") or (here / name).is_symlink()]
        folders[:] = [name for name in folders if name not in closed]
        found += [here / name for name in [*names, *closed]]
    closed_paths = [Path(error.filename) for error in closed_folders]
    if root in closed_paths:
        raise UserError(f"The landing folder {root} cannot be opened.")
    return found + closed_paths


def delivery_order(relative: str) -> tuple[object, ...]:
    """What to sort paths by, so that a later delivery comes later.

    Numbers count by their value (`_9` before `_10`), upper and lower case are one, and a copy (`x (1).csv`,
    `x - Copy.csv`) comes right after what it is a copy of.
    """
    *folders, name = relative.split("/")
    stem, dot, extension = name.casefold().rpartition(".")
    if not dot:
        stem, extension = extension, ""
    copies: list[int] = []
    while mark := COPY_MARK.search(stem):
        stem = stem[: mark.start()]
        in_brackets, behind_word = mark.groups()
        # a copy is the first one unless it has a number
        copies = [*([int(in_brackets)] if in_brackets else [1, int(behind_word or 0)]), *copies]
    return tuple(map(_natural, folders)), _natural(stem), tuple(copies), _natural(extension), relative


def _natural(text: str) -> tuple[str | int, ...]:
    """The text cut at its numbers, which come as numbers: every other piece, so that two texts can be compared."""
    pieces = re.split("([0-9]+)", text.casefold())
    return tuple(int(piece) if place % 2 else piece for place, piece in enumerate(pieces))


def _describe(root: Path, path: Path, number: int, contract: Contract) -> LandingFile:
    relative = path.relative_to(root).as_posix()
    shown = printable(relative)
    for dataset in contract.datasets:
        match = dataset.pattern.fullmatch(relative)
        if match:
            partner_code = match.groupdict().get("partner_code")
            problem = _problem(root, path, relative, partner_code)
            return LandingFile(0, number, path, shown, dataset, partner_code, problem)
    reason = _problem(root, path, relative, None) or unknown_file(relative, contract)
    return LandingFile(0, number, path, shown, None, None, reason)


def _problem(root: Path, path: Path, relative: str, partner_code: str | None) -> str | None:
    shown = printable(relative)
    if shown != relative:
        return f"{shown} is refused: its name holds a control character or is not text."
    if "\\" in relative:
        return f"{shown} is refused: its name holds a backslash."
    if any(part.startswith(".") for part in relative.split("/")):
        return f"{shown} is hidden and is not read."
    if path.is_symlink():
        return _link_problem(root, path, shown)
    if path.is_dir():
        return f"{shown} was not read: the folder cannot be opened."
    if not path.is_file():
        return f"{shown} is refused: it is not an ordinary file."
    if partner_code is not None and not PARTNER_CODE.fullmatch(partner_code):
        return f"{shown} is refused: a folder named after a partner has only letters, digits, - and _."
    return None


def _link_problem(root: Path, path: Path, shown: str) -> str | None:
    target = path.resolve()
    if not target.is_relative_to(root):
        return f"{shown} is refused: it is a link that leaves the landing folder."
    if not target.is_file():
        return f"{shown} is refused: it is a link to something that is not a file."
    return None


def printable(name: str) -> str:
    """The name with control and undecodable characters written out, so that it can be shown and stored."""
    return "".join(f"\\u{ord(character):04x}" if _is_unseen(character) else character for character in name)


def _is_unseen(character: str) -> bool:
    is_turning = unicodedata.bidirectional(character) in TURNING
    return is_turning or unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")


def scan(path: Path, text: bool, delimiter: str = ",") -> Scan:
    """Read a file once in chunks; a binary format only needs its size and hash."""
    digest = hashlib.sha256()
    counter = _TextCounter(delimiter) if text else None
    size = 0
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            size += len(chunk)
            digest.update(chunk)
            if counter:
                counter.add(chunk)
    if counter is None:
        return Scan(size=size, content_hash=digest.hexdigest())
    return counter.result(size, digest.hexdigest())


def size_of(path: Path) -> int:
    """Bytes of the file; 0 if it has gone since it was listed."""
    try:
        return path.lstat().st_size
    except OSError:
        return 0


def _utf16_codec(sample: bytes) -> str | None:
    """The codec of a text of two bytes a character; None for any other."""
    if sample.startswith(UTF16_BOMS):
        return "utf-16"
    first, second = sample[0::2], sample[1::2]
    for codec, zeros, others in (("utf-16-le", second, first), ("utf-16-be", first, second)):
        if zeros and zeros.count(0) >= WIDE_SHARE * len(zeros) and others.count(0) < (1 - WIDE_SHARE) * len(others):
            return codec
    return None


class _TextCounter:
    """Counts, over chunks, what decides how a text file can be read."""

    def __init__(self, delimiter: str) -> None:
        self.delimiter = delimiter.encode()
        self.delimiters = 0
        self.head = b""
        self.utf16: str | None = None
        self.tail = b""
        self.newlines = self.carriage_returns = self.crlfs = 0
        self.has_nul = False
        self.is_ascii = self.is_utf8 = self.is_cp1252 = True
        self.decoder = codecs.getincrementaldecoder("utf-8")()

    def add(self, chunk: bytes) -> None:
        """Take in the next chunk."""
        if not self.head:
            self.head = chunk[:4]
            self.utf16 = _utf16_codec(chunk[:SAMPLE])
        if self.tail.endswith(b"\r") and chunk.startswith(b"\n"):
            self.crlfs += 1
        self.newlines += chunk.count(b"\n")
        self.delimiters += chunk.count(self.delimiter)
        if b"\r" in chunk:
            self.carriage_returns += chunk.count(b"\r")
            self.crlfs += chunk.count(b"\r\n")
        self.has_nul = self.has_nul or b"\0" in chunk
        self.tail = (self.tail + chunk)[-TAIL:]
        self._decode(chunk)

    def _decode(self, chunk: bytes) -> None:
        if not chunk.isascii():
            self.is_ascii = False
            self.is_cp1252 = self.is_cp1252 and not any(byte in chunk for byte in CP1252_UNDEFINED)
        if self.is_utf8 and not self.is_ascii:
            try:
                self.decoder.decode(chunk)
            except UnicodeDecodeError:
                self.is_utf8 = False

    def result(self, size: int, content_hash: str) -> Scan:
        """The finished scan."""
        try:
            self.decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            self.is_utf8 = False
        closing = self.tail[len(self.tail.rstrip(b"\r\n")) :].count(b"\n")
        return Scan(
            size=size,
            content_hash=content_hash,
            has_utf8_bom=self.head.startswith(UTF8_BOM),
            utf16=self.utf16,
            packed=next((said for magic, said in PACKED.items() if self.head.startswith(magic)), None),
            has_nul=self.has_nul,
            is_ascii=self.is_ascii,
            is_utf8=self.is_utf8,
            is_cp1252=self.is_cp1252,
            newlines=self.newlines,
            carriage_returns=self.carriage_returns,
            crlfs=self.crlfs,
            delimiters=self.delimiters,
            closing_blank_lines=max(0, closing - 1),
            ends_in_newline=self.tail.endswith(b"\n"),
        )
