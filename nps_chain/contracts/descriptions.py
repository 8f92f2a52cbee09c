"""The columns of staging models in words, from the contract's: what is null, hashed, translated or derived."""

import re

from nps_chain.contracts.landing import Column, Dataset

# columns that every data set's rows may have, described once in models/docs.md
PLACE = ("industry_key", "country_key", "link_key")
# and every data set's that hold answers
REPLACED = ("later_score", "is_answer_replaced")


def _by_name(dataset: Dataset, **facts: object) -> list[Column]:
    return [one for one in dataset.stored_columns if all(getattr(one, name) == value for name, value in facts.items())]


def place_keys(dataset: Dataset) -> list[str]:
    """The keys of industry, country and link that its rows have."""
    if dataset.link or _by_name(dataset, of="partners"):
        return list(PLACE)
    seeds = {"industries": "industry_key", "countries": "country_key", "links": "link_key"}
    return [key for seed, key in seeds.items() if _by_name(dataset, of=seed)]


def has_chain(dataset: Dataset) -> bool:
    """Whether every row is of one chain: an industry and a country."""
    if not dataset.link:
        return (
            {"industry_key", "country_key"} <= set(place_keys(dataset))
            and all(
                column.required
                for column in dataset.stored_columns
                if column.of in ("industries", "countries", "partners")
            )
            and not _by_name(dataset, of="partners")
        )
    return dataset.event_day is not None


def staging_columns(dataset: Dataset) -> dict[str, str]:
    """Name and description of every column of the data set's staging model, in its order."""
    keys = place_keys(dataset)
    columns = {name: _block(name) for name in ("row_key", "file_id", "line_number")}
    if {"industry_key", "country_key"} <= set(keys):
        columns["chain_key"] = _block("chain_key" if has_chain(dataset) else "chain_key_or_null")
    columns |= {name: _block(name) for name in PLACE if name in keys}
    if dataset.link:
        columns["partner_code"] = _block("partner_folder")
    for column in dataset.stored_columns:
        columns |= _column(dataset, column)
    money = [column for column in dataset.stored_columns if column.money]
    for column in money:
        columns[f"{column.alias}_eur"] = _sentence(
            f"{column.alias} in euros, at the rate of the month, rounded half up to millionths.", _null(column)
        )
    if {"revenue", "cost"} <= {column.alias for column in money}:
        columns["margin_eur"] = "Revenue less cost, in euros. Null: cost unknown."
    if "answers" in dataset.holds:
        columns |= {name: _block(name) for name in REPLACED}
    if dataset.has_answers:
        columns["answer_status"] = _block("answer_status")
    return columns


def complete_columns(dataset: Dataset) -> list[str]:
    """The columns beside the key that are never null in an accepted row."""
    names = ["row_key"] + (["chain_key"] if has_chain(dataset) else [])
    for column in dataset.stored_columns:
        if column.required and column.alias not in dataset.key:
            names.append(column.alias)
            names += [_local_day(column)] if column.type == "timestamp" else []
    names += [f"{column.alias}_eur" for column in dataset.stored_columns if column.money and column.required]
    names += ["is_answer_replaced"] if "answers" in dataset.holds else []
    return names + (["answer_status"] if dataset.has_answers else [])


def _column(dataset: Dataset, column: Column) -> dict[str, str]:
    of_answer = dataset.has_answers and (column.type == "score" or column.alias == dataset.answered)
    null = "Null: no valid answer." if of_answer else _null(column)
    if column.type == "score":
        return {column.alias: _sentence("Answer to the recommend question, 0 to 10.", null)}
    text = _meaning(column)
    if column.type == "timestamp":
        day = _local_day(column)
        return {
            column.alias: _sentence(f"{text.rstrip('.')}, UTC.", null),
            day: _sentence(f"Calendar day of {column.alias} on the spot, as the tier wrote it.", null),
        }
    return {column.alias: _sentence(text, null)}


def _meaning(column: Column) -> str:
    """What the contract says of the column, without what a blank means; of an identity that it is hashed."""
    text = column.description.replace("`", "")
    first = re.split(r"\s*(?:Blank|Without an offset)\b", text)[0].strip()
    if column.identity:
        first = f"{(first or 'Identity.').rstrip('.')}, as a keyed hash."
    if column.type == "month":
        first = f"First day of the {first[0].lower()}{first[1:]}"
    words = [str(word) for word in dict.fromkeys(column.words.values())] or list(column.values)
    words += [column.otherwise] if column.otherwise else []
    if words and not first:
        return f"{', '.join(words)}."
    if words and not all(word in first for word in words):
        return f"{first.rstrip('.')}: {', '.join(words)}."
    return first


def _null(column: Column) -> str:
    """What null means."""
    if column.required or column.default:
        return ""
    said = re.search(r"Blank:\s*(.*?)(?:\.|$)", column.description.replace("`", ""))
    return f"Null: {said.group(1)}." if said else "Null: none given."


def _sentence(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def _local_day(column: Column) -> str:
    return f"{column.alias.removesuffix('_at')}_on"


def _block(name: str) -> str:
    return f"{{{{ doc('{name}') }}}}"
