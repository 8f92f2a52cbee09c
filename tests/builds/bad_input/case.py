"""What a kind of bad input is: the files that are laid down, and for each what must become of it."""

import csv
import hashlib
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from landing_builder import TEST_KEY

Content = bytes | str | Callable[[Path], None]
Row = tuple[object, ...]

# a fault of three fields costs the row; a fourth says that the row is staged all the same
WHOLE_ROW = 3
ANSWER, LATE = "answer", "late"
LOADED, FAILED, UNKNOWN = "loaded", "failed", "unknown"

RECEIPTS = "receipt_no,receipt_kind,purchased_on,loyalty_no,product_code,revenue,cost,currency"
SHOP_SURVEY = "answer_no,answered_at,receipt_no,loyalty_no,email,survey_mode,score,comment"
DEALER_SURVEY = "invitation_no,order_no,customer_no,sent_at,survey_mode,answered_at,score,comment"
NETWORK = "peildatum;dealernummer;dealernaam;eigenaar;plaats;status"
SHIPMENTS = "zendingnummer;chassisnummer;dealernummer;verzenddatum;factuurbedrag;valuta"
OWNERSHIP = "uitnodigingsnummer;verzonden_op;kanaal;beantwoord_op;cijfer;nog_eigenaar"
SALES = "order_no,customer_no,serial_number,order_kind,delivered_on,revenue,cost,currency"
CUSTOMERS = "customer_no,name,email,phone,segment,customer_since"
PARTNERS = "partner_code,link,industry,country,partner_name,parent_partner_code,owner_name,valid_from,valid_to"


@dataclass(frozen=True)
class Outcome:
    """What must become of a file.

    `staged` holds the line and the values of `columns` of every accepted row, `quarantined` the line, the reason and
    the column of every other one; a fourth field says that the row is staged all the same, and lost its `answer` or was
    found to be of no use later (`late`).
    """

    dataset: str | None = None
    columns: str = ""
    staged: tuple[Row, ...] = ()
    quarantined: tuple[tuple[object, ...], ...] = ()
    status: str = LOADED
    message: str | None = None
    # lines of people who asked to be erased: counted, and listed nowhere
    erased: tuple[int, ...] = ()

    @property
    def rows_in(self) -> int:
        """Rows that the file holds."""
        lost = [fault for fault in self.quarantined if len(fault) == WHOLE_ROW]
        return len(self.staged) + len(lost) + len(self.erased)

    @property
    def rows_quarantined(self) -> int:
        """Rows of which something is not used."""
        return len(self.quarantined) + len(self.erased)


@dataclass(frozen=True)
class File:
    """A file of the landing folder and its outcome."""

    path: str
    content: Content
    outcome: Outcome


@dataclass(frozen=True)
class Case:
    """A kind of bad input; `later` replaces files for a second build, and content None takes a file away."""

    kind: str
    files: tuple[File, ...]
    later: tuple[File, ...] = ()
    gone: tuple[str, ...] = ()
    # rows of the chain administration; None: a row of its own for each partner that has a folder
    partners: tuple[str, ...] | None = None

    def files_of(self, round_number: int) -> tuple[File, ...]:
        """The files as they lie for the first build or for the second."""
        if round_number == 1:
            return self.files
        replaced = {file.path for file in self.later} | set(self.gone)
        return (*(file for file in self.files if file.path not in replaced), *self.later)


def hashed(kind: str, *parts: str) -> int:
    """The documented hash of an identity, computed without the project's code."""
    return int(hashlib.sha256("|".join([TEST_KEY, kind, *parts]).encode()).hexdigest()[:15], 16)


def failed(path: str, reason: str) -> Outcome:
    """A file of a data set that is not read."""
    return Outcome(status=FAILED, message=f"{path} was not read: {reason}.")


def lines(header: str, *rows: str, end: str = "\n") -> str:
    """A text file: header and rows, each with its line end."""
    return "".join(f"{line}{end}" for line in (header, *rows))


def record(*fields: str, delimiter: str = ",") -> str:
    """One line with the fields quoted where they must be."""
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=delimiter, lineterminator="").writerow(fields)
    return buffer.getvalue()


def receipt(number: str, revenue: str = "10.00", day: str = "2024-06-03", **other: str) -> str:
    """A receipt that is good, but for what is given."""
    fields = {"kind": "sale", "loyalty": "", "product": "", "cost": "6.00", "currency": "EUR"} | other
    return record(
        number, fields["kind"], day, fields["loyalty"], fields["product"], revenue, fields["cost"], fields["currency"]
    )


def shop_receipts(
    kind: str,
    content: Content,
    staged: Sequence[Row] = (),
    quarantined: Sequence[tuple[object, ...]] = (),
    columns: str = "receipt_no",
    message: str | None = None,
) -> Case:
    """A case of one file of receipts that is loaded."""
    outcome = Outcome("shop__receipts", columns, tuple(staged), tuple(quarantined), message=message)
    return Case(kind, (File(f"shop/S-{kind}/receipts.csv", content, outcome),))


def refused_receipts(kind: str, content: Content, reason: str) -> Case:
    """A case of one file of receipts that is not read."""
    path = f"shop/S-{kind}/receipts.csv"
    return Case(kind, (File(path, content, failed(path, reason)),))


def lay_down(root: Path, file: File) -> None:
    """Write the file, in place of the one that may be there."""
    target = root / file.path
    target.parent.mkdir(parents=True, exist_ok=True)
    if callable(file.content):
        file.content(target)
    else:
        target.write_bytes(file.content.encode() if isinstance(file.content, str) else file.content)
