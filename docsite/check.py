"""Whether pages can be read from a disk with no network: none loads from elsewhere, no link leads nowhere."""

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

# attributes that make a browser fetch at once, and elements whose href does
_FETCHED = {"src", "srcset", "poster", "data", "action"}
_FETCHING = {"link", "use", "image"}
# an address in a style sheet, or one that a style imports
_STYLE = re.compile(r"""(?:url\(|@import)\s*['"]?\s*((?:https?:)?//[^'")\s]+)""", re.IGNORECASE)


class _Page(HTMLParser):
    """What a page loads, where its links lead, and the places in it that a link may name."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.places: set[str] = set()
        self.loads += _STYLE.findall(text)
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("id", "name") and value:
                self.places.add(value)
            elif value and (name in _FETCHED or (name == "href" and tag in _FETCHING)):
                self.loads.append(value)
            elif value and name == "href":
                self.links.append(value)


def faults(site: Path, apart: frozenset[str] = frozenset()) -> list[str]:
    """Every fault in a sentence; of the files named apart only what they load is looked at."""
    pages = {path: _Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}
    found = []
    for path, page in pages.items():
        name = path.relative_to(site).as_posix()
        found += [f"{name} loads {address} from elsewhere." for address in page.loads if _is_elsewhere(address)]
        if name not in apart:
            targets = [target for target in page.links + page.loads if not _is_there(path, target, pages)]
            found += [f"{name} leads to {target}, which is not there." for target in targets]
    for path in sorted(site.rglob("*.css")):
        addresses = _STYLE.findall(path.read_text(encoding="utf-8"))
        found += [f"{path.relative_to(site).as_posix()} loads {address} from elsewhere." for address in addresses]
    return found


def _is_elsewhere(address: str) -> bool:
    """Whether a browser would ask a machine for it; what a page holds itself (data:) it has."""
    parts = urlsplit(address)
    return bool(parts.netloc) or parts.scheme not in ("", "data")


def _is_there(page: Path, target: str, pages: dict[Path, _Page]) -> bool:
    """Whether a link leads to a file, and to a place in it; nothing is said of what lies elsewhere."""
    parts = urlsplit(target)
    if parts.scheme or parts.netloc:
        return True
    path = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    if path not in pages:
        return path.is_file()
    return not parts.fragment or unquote(parts.fragment) in pages[path].places
