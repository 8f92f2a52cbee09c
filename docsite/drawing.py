"""The star as one SVG: facts in the middle, dimensions at the sides, a lane of its own colour per key.

Every table whose key is used elsewhere has one vertical lane in the gutter beside it. What leads to it ends in that
lane with a dot, so that lines may cross without being mistaken. All letters are as wide, so nothing is measured, and
the same contracts give the same bytes.
"""

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree import ElementTree as Xml

from docsite.star import Edge, Star, own_key
from nps_chain.contracts.marts import Table

ROW, HEAD, NOTE, GAP, PAD, MARGIN = 17, 24, 14, 20, 8, 12
# lines nearer than this would be taken for one
APART, NUDGE = 5, 3
LETTER = 6.05
SIDE, MIDDLE, LANE = 232, 262, 13
# of Tableau's and Okabe and Ito's palettes, dark enough for a line on white
COLOURS = (
    "#1f77b4",
    "#d55e00",
    "#2a8f3c",
    "#9467bd",
    "#8c564b",
    "#c2408f",
    "#5f6b76",
    "#a08000",
    "#0f8f96",
    "#c0392b",
    "#4b5bd0",
)
STYLE = """
text { font: 10px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace; fill: #24292f }
.head { font-weight: bold; font-size: 11px; fill: #ffffff }
.mark { font-size: 8px; font-weight: bold; fill: #6a737d }
.kind, .note { fill: #6a737d }
.box { fill: #ffffff; stroke: #8c959f }
.dimension { fill: #44546a }
.fact { fill: #1b6b5f }
.line { fill: none; stroke-width: 1.3 }
"""


@dataclass(frozen=True)
class Row:
    """A key of a table: its mark, its column, and its type."""

    mark: str
    column: str
    kind: str


@dataclass
class Box:
    """A table where it is drawn."""

    table: Table
    rows: list[Row]
    notes: list[str]
    x: int
    width: int
    y: int = 0

    @property
    def height(self) -> int:
        """Head, keys and the other columns' names."""
        return HEAD + ROW * len(self.rows) + NOTE * len(self.notes) + PAD + 2

    @property
    def key_ys(self) -> list[int]:
        """The middles of all keys' rows."""
        return [self.row_y(row.column) for row in self.rows]

    def row_y(self, column: str) -> int:
        """The middle of a key's row."""
        place = next(number for number, row in enumerate(self.rows) if row.column == column)
        return self.y + HEAD + ROW * place + ROW // 2 + 2


@dataclass
class Plan:
    """All boxes, and the lane and colour of every table that something leads to."""

    boxes: dict[str, Box]
    lanes: dict[str, int] = field(default_factory=dict)
    colours: dict[str, str] = field(default_factory=dict)

    @property
    def height(self) -> int:
        """How far down the boxes reach."""
        return max(box.y + box.height for box in self.boxes.values()) + MARGIN


def draw(star: Star) -> str:
    """Return the picture as text."""
    plan = _plan(star)
    width = plan.boxes[star.dimensions[-1].name].x + SIDE + MARGIN
    sizes = {"width": str(width), "height": str(plan.height), "viewBox": f"0 0 {width} {plan.height}"}
    svg = Xml.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "role": "img", **sizes})
    Xml.SubElement(svg, "title").text = "The star: facts, dimensions, and the keys that join them"
    Xml.SubElement(svg, "style").text = STYLE
    Xml.SubElement(svg, "rect", {"width": "100%", "height": "100%", "fill": "#ffffff"})
    for edge in star.edges:
        _draw_edge(svg, plan, edge)
    for name in plan.lanes:
        _draw_lane(svg, plan, star, name)
    for box in plan.boxes.values():
        _draw_box(svg, box)
    Xml.indent(svg)
    return Xml.tostring(svg, encoding="unicode") + "\n"


def _plan(star: Star) -> Plan:
    left, right = _sides(star)
    used = {edge.to for edge in star.edges}
    gutters = [[table.name for table in left if table.name in used]]
    gutters += [[table.name for table in (*star.facts, *right) if table.name in used]]
    wide = [LANE * (len(gutter) + 2) for gutter in gutters]
    middle_x = MARGIN + SIDE + wide[0]
    right_x = middle_x + MIDDLE + wide[1]
    columns = [
        [_box(star, table, MARGIN, SIDE) for table in left],
        [_box(star, table, middle_x, MIDDLE) for table in star.facts],
        [_box(star, table, right_x, SIDE) for table in right],
    ]
    _stack(columns)
    for box in columns[0] + columns[2]:
        _nudge(box, [y for fact in columns[1] for y in fact.key_ys])
    plan = Plan({box.table.name: box for column in columns for box in column})
    for gutter, first_x in zip(gutters, (MARGIN + SIDE, middle_x + MIDDLE), strict=True):
        plan.lanes |= {name: first_x + LANE * (place + 1) + LANE // 2 for place, name in enumerate(gutter)}
    plan.colours = {name: COLOURS[place % len(COLOURS)] for place, name in enumerate(plan.lanes)}
    return plan


def _sides(star: Star) -> tuple[tuple[Table, ...], tuple[Table, ...]]:
    """Dimensions that lead to each other stand on the left, since a lane has one side; the others fill up."""
    names = {table.name for table in star.dimensions}
    joined = {name for edge in star.edges if edge.table in names for name in (edge.table, edge.to)}
    left = [table for table in star.dimensions if table.name in joined]
    others = [table for table in star.dimensions if table.name not in joined]
    while len(left) < len(star.dimensions) // 2:
        left.append(others.pop(0))
    return tuple(left), tuple(others)


def _box(star: Star, table: Table, x: int, width: int) -> Box:
    key, edges = own_key(table), {edge.column for edge in star.edges_of(table.name)}
    keys = [column for column in table.columns if column.name == key or column.name in edges]
    rows = [Row("PK" if column.name == key else "FK", column.name, column.kind.lower()) for column in keys]
    others = ", ".join(column.name for column in table.columns if column not in keys)
    return Box(table, rows, textwrap.wrap(others, int((width - 2 * PAD) / LETTER)), x, width)


def _stack(columns: list[list[Box]]) -> None:
    """Stack boxes; shorter columns are spread over the height of the longest."""
    heights = [sum(box.height + GAP for box in column) - GAP for column in columns]
    for column, height in zip(columns, heights, strict=True):
        y, spare = MARGIN, (max(heights) - height) // max(len(column), 1)
        for box in column:
            box.y = y + spare // 2
            y += box.height + GAP + spare


def _nudge(box: Box, taken: list[int]) -> None:
    """Move a dimension down until no line of its keys lies on one of a fact's."""
    while any(abs(own - other) < APART for own in box.key_ys for other in taken):
        box.y += NUDGE


def _draw_edge(svg: Xml.Element, plan: Plan, edge: Edge) -> None:
    """From the row of a key to the lane of the table it leads to, many at this end."""
    box, lane, colour = plan.boxes[edge.table], plan.lanes[edge.to], plan.colours[edge.to]
    y = box.row_y(edge.column)
    start, step = (box.x + box.width, 7) if lane > box.x else (box.x, -7)
    group = Xml.SubElement(svg, "g", {"class": "edge", "data-edge": f"{edge.table}.{edge.column} {edge.to}"})
    Xml.SubElement(group, "title").text = f"{edge.table}.{edge.column} leads to {edge.to}.{edge.to_column}"
    feet = "".join(f"M{start + step} {y}L{start} {y + shift}" for shift in (-4, 4))
    _path(group, f"M{start} {y}H{lane}{feet}", colour)
    Xml.SubElement(group, "circle", {"cx": str(lane), "cy": str(y), "r": "2.6", "fill": colour})


def _draw_lane(svg: Xml.Element, plan: Plan, star: Star, name: str) -> None:
    """The lane of a table, and the line from its key to it, one at that end."""
    box, lane = plan.boxes[name], plan.lanes[name]
    key = own_key(box.table)
    assert key is not None
    y = box.row_y(key)
    ends = [y, *(plan.boxes[edge.table].row_y(edge.column) for edge in star.edges if edge.to == name)]
    start, step = (box.x + box.width, 5) if lane > box.x else (box.x, -5)
    bar = f"M{start + step} {y - 4}V{y + 4}"
    _path(svg, f"M{start} {y}H{lane}M{lane} {min(ends)}V{max(ends)}{bar}", plan.colours[name])


def _path(parent: Xml.Element, path: str, colour: str) -> None:
    Xml.SubElement(parent, "path", {"class": "line", "stroke": colour, "d": path})


def _draw_box(svg: Xml.Element, box: Box) -> None:
    name = box.table.name
    place = {"x": str(box.x), "y": str(box.y), "width": str(box.width), "rx": "3"}
    group = Xml.SubElement(svg, "g", {"class": "table", "data-table": name})
    Xml.SubElement(group, "title").text = box.table.description
    Xml.SubElement(group, "rect", {**place, "height": str(box.height), "class": "box"})
    kind = "dimension" if name.startswith("dim_") else "fact"
    Xml.SubElement(group, "rect", {**place, "height": str(HEAD - 4), "class": kind})
    _text(group, "head", box.x + PAD, box.y + 14, name)
    for part in _rows(box):
        _text(group, *part)


def _rows(box: Box) -> Iterator[tuple[str, int, int, str]]:
    """Class, place and words of all that stands below the head."""
    for row in box.rows:
        y = box.row_y(row.column) + 4
        yield "mark", box.x + PAD, y, row.mark
        yield "key", box.x + PAD + 18, y, row.column
        yield "kind", box.x + box.width - PAD - round(len(row.kind) * LETTER), y, row.kind
    for number, note in enumerate(box.notes):
        yield "note", box.x + PAD, box.y + HEAD + ROW * len(box.rows) + NOTE * number + 14, note


def _text(parent: Xml.Element, kind: str, x: int, y: int, words: str) -> None:
    Xml.SubElement(parent, "text", {"class": kind, "x": str(x), "y": str(y)}).text = words
