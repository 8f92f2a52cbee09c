"""docs/landing.md, written from the contract, so that the two cannot disagree."""

import csv
from dataclasses import fields
from pathlib import Path

from nps_chain.contracts.landing import (
    MAX_RECORD_LINES,
    PARTNER_FOLDER,
    Column,
    Contract,
    Dataset,
    load_contract,
)
from nps_chain.contracts.no_value import NoValue, no_value
from nps_chain.settings import KEY_VARIABLE, MINIMUM_KEY_LENGTH, ROOT

DOCS_PATH = ROOT / "docs" / "landing.md"
TEMPLATE_PATH = Path(__file__).with_name("landing_template.md")
STAGES = {
    "intake": "while the file is read",
    "base": "while the value is checked",
    "identity": "after the person is known",
}
ADMINISTRATION = {"chain": "Chain administration"}
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}


def write(path: Path = DOCS_PATH) -> None:
    """Write the page."""
    path.write_text(render(load_contract()), encoding="utf-8")


def render(contract: Contract) -> str:
    """The page as text."""
    parts = {
        "tree": _tree(contract),
        "datasets": _datasets(contract),
        "reasons": _reasons(),
        "required_files": ", ".join(f"`{dataset.path}`" for dataset in contract.datasets if dataset.required),
        "key_variable": KEY_VARIABLE,
        "key_length": str(MINIMUM_KEY_LENGTH),
        "record_lines": f"{MAX_RECORD_LINES:,}",
        "countries": _codes("countries.csv", "country_code", "country_name"),
        "industries": _codes("industries.csv", "industry_code", "industry_name"),
        **_surveys(contract),
        **_words(),
    }
    page = TEMPLATE_PATH.read_text(encoding="utf-8")
    for name, text in parts.items():
        page = page.replace(f"<<{name}>>", text)
    return page


def _surveys(contract: Contract) -> dict[str, str]:
    """The data sets of answers, by where the invitation stands: in the same row, in another data set, or nowhere."""
    found: dict[str, list[str]] = {"answered_in_rows": [], "answered_apart": [], "answered_alone": []}
    for dataset in contract.datasets:
        if "invitations" in dataset.holds and "answers" in dataset.holds:
            found["answered_in_rows"].append(f"`{dataset.name}`")
        elif "answers" in dataset.holds:
            owner = contract.dataset(dataset.belongs_to.dataset) if dataset.belongs_to else None
            is_apart = owner is not None and owner.shape == "survey"
            found["answered_apart" if is_apart else "answered_alone"].append(f"`{dataset.name}`")
    return {name: ", ".join(datasets) or "none" for name, datasets in found.items()}


def _words() -> dict[str, str]:
    """The words for no value, list by list."""
    return {
        f"no_value_{one.name}": ", ".join(f"`{word}`" for word in getattr(no_value(), one.name))
        for one in fields(NoValue)
    }


def _seed(name: str) -> list[dict[str, str]]:
    with (ROOT / "seeds" / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _codes(seed: str, code: str, name: str) -> str:
    return ", ".join(f"`{row[code]}` {row[name]}" for row in _seed(seed))


def _by_source(contract: Contract) -> dict[str, list[Dataset]]:
    """The data sets of each source, also where they don't stand together; who is named first comes first."""
    sources: dict[str, list[Dataset]] = {}
    for dataset in contract.datasets:
        sources.setdefault(dataset.source, []).append(dataset)
    return sources


def _tree(contract: Contract) -> str:
    lines = ["landing/"]
    for source, group in _by_source(contract).items():
        indent = "    "
        lines.append(f"{indent}{source}/")
        if group[0].has_partner_folder:
            indent += "    "
            lines.append(f"{indent}{PARTNER_FOLDER}/")
        for dataset in group:
            name = dataset.path.rsplit("/", 1)[1]
            lines.append(f"{indent}    {name:<28} {dataset.title}{' (required)' if dataset.required else ''}")
    return "\n".join(lines)


def _datasets(contract: Contract) -> str:
    parts = []
    titles = ADMINISTRATION | {row["link_code"]: row["link_name"] for row in _seed("links.csv")}
    for source, datasets in _by_source(contract).items():
        parts.append(f"## {titles.get(source, source)}\n")
        parts += [_dataset(dataset) for dataset in datasets]
    return "\n".join(parts).rstrip()


def _dataset(dataset: Dataset) -> str:
    names = {column.alias: column.name for column in dataset.columns}
    key = ", ".join("the folder's partner code" if name not in names else f"`{names[name]}`" for name in dataset.key)
    lines = [
        f"### {dataset.title}\n",
        f"- Data set `{dataset.name}`, path `{dataset.path}`{', required' if dataset.required else ''}",
        f"- {_format(dataset)}",
        f"- Key: {key}",
        "",
        "| column | our name | type and unit | required | allowed | meaning |",
        "|---|---|---|---|---|---|",
        *(_column(column, dataset) for column in dataset.columns),
        "",
    ]
    return "\n".join(lines)


def _format(dataset: Dataset) -> str:
    if dataset.format == "parquet":
        return "Parquet"
    if dataset.format == "ndjson":
        return "Newline-delimited JSON, UTF-8; a dot in a column's name means an object within the object"
    point = "decimal comma" if dataset.decimal_comma else "decimal point"
    encoding = {"utf-8": "UTF-8", "windows-1252": "Windows-1252"}[dataset.encoding]
    delimiter = DELIMITERS.get(dataset.delimiter, f"`{dataset.delimiter}`")
    return f"CSV, {delimiter} between fields, {encoding}, dates {dataset.date_format}, {point}"


def _column(column: Column, dataset: Dataset) -> str:
    required = "yes" if column.required else ""
    our_name = f"`{column.alias}`" if column.alias != column.name and not column.personal else ""
    cells = [f"`{column.name}`", our_name, _type(column, dataset), required, _allowed(column), _meaning(column)]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _type(column: Column, dataset: Dataset) -> str:
    if column.identity:
        return f"identity ({column.identity})"
    if column.personal:
        return "not read"
    if column.type == "date":
        return f"date, {dataset.date_format}"
    if column.type == "month":
        return "month, yyyy-mm"
    if "ISO 4217" in column.description:
        return "text, currency code"
    return column.type


def _allowed(column: Column) -> str:
    words = column.allowed or tuple(column.words)
    if words:
        return ", ".join(f"`{value}`" for value in words)
    limits = []
    if column.minimum is not None:
        limits.append(f"from {column.minimum:g}" if column.minimum >= 0.001 or column.minimum <= 0 else "above 0")
    if column.maximum is not None:
        limits.append(f"to {column.maximum:g}")
    return " ".join(limits)


def _meaning(column: Column) -> str:
    if not column.scope:
        return column.description
    scope = ", ".join("the folder's partner" if name == "partner_code" else f"`{name}`" for name in column.scope)
    return f"{column.description} Unique within {scope}."


def _reasons() -> str:
    lines = ["| reason | found | meaning |", "|---|---|---|"]
    rows = _seed("quarantine_reasons.csv")
    lines += [f"| `{row['reason_code']}` | {STAGES[row['stage']]} | {row['reason_text']}. |" for row in rows]
    return "\n".join(lines)
