"""Numbers for files, so far apart that a number plus a line names a row of the landing folder.

The number is a hash of the path, so that rows keep their keys whatever other files come and go. 52 bits, to which a
line is added, stay below 2^53: up to there tools that read numbers as doubles keep them apart. So short a hash leaves
the ranges of two files a small chance to meet, in a thousand files of ten gigabytes together of 1 in 500. Then the file
whose path comes first keeps its number and the other takes the next hash of its own: which one has which follows from
the folder alone, whatever was loaded before.
"""

import hashlib
import os
from bisect import bisect
from collections.abc import Callable, Mapping

HEX_DIGITS = 13
# No format has more rows to a byte: a line of text has one, and the rows of Parquet share theirs when they repeat.
LINES_PER_BYTE = {"parquet": 64}
# The heading, and the line behind the last.
SPARE_LINES = 2


def path_hash(relative: str, attempt: int = 0) -> int:
    """52 bits of the path's hash; with each attempt others."""
    # no path holds a NUL
    text = os.fsencode(relative) + (b"\0%d" % attempt if attempt else b"")
    return int(hashlib.sha256(text).hexdigest()[:HEX_DIGITS], 16)


def room(size: int, data_format: str | None) -> int:
    """The most lines that a file of so many bytes can have; one that is not read needs none."""
    return size * LINES_PER_BYTE.get(data_format, 1) + SPARE_LINES if data_format else 0


def file_ids(rooms: Mapping[str, int], hashed: Callable[[str, int], int] = path_hash) -> dict[str, int]:
    """The number of each path, whose lines take so much room behind it."""
    ids: dict[str, int] = {}
    firsts: list[int] = []
    lasts: list[int] = []
    for path in sorted(rooms):
        attempt = 0
        while True:
            first = hashed(path, attempt)
            last = first + rooms[path]
            place = bisect(firsts, first)
            if (place == 0 or lasts[place - 1] < first) and (place == len(firsts) or last < firsts[place]):
                break
            attempt += 1
        firsts.insert(place, first)
        lasts.insert(place, last)
        ids[path] = first
    return ids
