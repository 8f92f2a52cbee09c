"""What dbt needs of the landing contract, written from it: `make docs`, and a test that nothing has drifted.

The contract as a macro, since dbt can't read YAML of ours while it parses; the sources; a staging model per data set
and the properties of both its models. A base model is written once, where there is none yet: from then on it is a
person's, who adds the rules that only this data set knows.
"""

from itertools import groupby
from pathlib import Path
from typing import Any

from nps_chain.contracts import descriptions
from nps_chain.contracts.landing import Column, Contract, Dataset
from nps_chain.settings import ROOT

MACRO = Path("macros/landing/landing_contract.sql")
LANDING = Path("models/landing")
SOURCES = LANDING / "_sources.yml"
SOURCES_TEMPLATE = Path(__file__).with_name("sources_template.yml")
NOTE = "Written by `make docs` from contract/landing.yml. Change that, not this."
WIDTH = 120
PLAIN = Column(name="plain", type="text", description="A text of which nothing else is said.")


def written_files(contract: Contract) -> dict[Path, str]:
    """Every file that follows from the contract, by its path in the project."""
    files = {MACRO: _macro(contract), SOURCES: _sources(contract)}
    for source, datasets in groupby(sorted(contract.datasets, key=lambda one: one.source), key=lambda one: one.source):
        group = list(datasets)
        files[LANDING / source / f"_{source}.yml"] = _properties(group)
        for dataset in group:
            files[LANDING / source / f"stg_{dataset.name}.sql"] = _staging_model(dataset)
    return files


def begun_files(contract: Contract) -> dict[Path, str]:
    """A base model for every data set, as it is begun: without rules of its own."""
    return {
        LANDING / dataset.source / f"base_{dataset.name}.sql": _base_model(dataset) for dataset in contract.datasets
    }


def write(contract: Contract, root: Path = ROOT) -> list[str]:
    """Write what has changed, begin what is missing and remove what belongs to no data set; say which."""
    said = []
    wanted = written_files(contract)
    for path, text in wanted.items():
        place = root / path
        if not place.is_file() or place.read_text(encoding="utf-8") != text:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
            said.append(f"wrote {path}")
    for path, text in begun_files(contract).items():
        if not (root / path).is_file():
            (root / path).write_text(text, encoding="utf-8")
            said.append(f"began {path}")
    for place in strangers(contract, root):
        place.unlink()
        said.append(f"removed {place.relative_to(root)}")
    return said


def strangers(contract: Contract, root: Path = ROOT) -> list[Path]:
    """Staging models of data sets that the contract does not have; a base model is a person's, and stays."""
    written = {root / path for path in written_files(contract)}
    return sorted(path for path in (root / LANDING).rglob("stg_*.sql") if path not in written)


def _macro(contract: Contract) -> str:
    """The contract as a macro: of every data set and column what is not as in a plain one."""
    facts, columns = [_facts(one) for one in contract.datasets], _column_facts(PLAIN)
    plain = {name: type(value)() if isinstance(value, list | dict | bool) else None for name, value in facts[0].items()}
    lines = [
        f"{{#- {NOTE}",
        "    Facts of all data sets, by their names; models ask by contract_facts.sql. Columns stand apart,",
        "    a branch a data set, since macros are run anew at every call. -#}",
        "{% macro landing_contract() -%}",
        f"    {{%- set dataset = {_jinja(plain)} -%}}",
        "    {{ return({",
    ]
    for dataset, said in zip(contract.datasets, facts, strict=True):
        lines.append(f"        '{dataset.name}': dict(dataset,")
        lines += [f"            {name}={_jinja(value)}," for name, value in said.items() if value != plain[name]]
        lines.append("        ),")
    lines += [
        "    }) }}",
        "{%- endmacro %}",
        "",
        "{#- The columns of one data set under our names, in its order. -#}",
        "{% macro landing_columns(name) -%}",
        f"    {{%- set column = {_jinja(columns)} -%}}",
    ]
    for number, dataset in enumerate(contract.datasets):
        lines += [f"    {{%- {'elif' if number else 'if'} name == '{dataset.name}' -%}}", "    {{ return({"]
        for one in dataset.stored_columns:
            own = [
                f"{name}={_jinja(value)}"
                for name, value in _column_facts(one, dataset).items()
                if value != columns[name]
            ]
            lines.append(f"        '{one.alias}': dict({', '.join(['column', *own])}),")
        lines.append("    }) }}")
    return "\n".join([*lines, "    {%- endif -%}", "{%- endmacro %}", ""])


def _facts(dataset: Dataset) -> dict[str, Any]:
    names = {column.name: column.alias for column in dataset.columns}

    def ours(column: str | None) -> str | None:
        return names.get(column, column) if column else None

    kind, paid = dataset.kind, dataset.paid_by_customer
    return {
        "shape": dataset.shape,
        "load": dataset.load,
        "link": dataset.link,
        "key": list(dataset.key),
        "day": ours(dataset.day),
        "answered": ours(dataset.answered),
        "survey": dataset.survey,
        "holds": list(dataset.holds),
        "touchpoint": dataset.touchpoint,
        "kind": kind and {"word": kind.word, "column": ours(kind.column), "words": kind.words},
        "paid_by_customer": paid and {"column": ours(paid.column), "words": list(paid.words)},
        "product": dataset.product,
        "hands_over": dataset.hands_over,
        "belongs_to": dataset.belongs_to
        and {"dataset": dataset.belongs_to.dataset, "by": [ours(name) for name in dataset.belongs_to.by]},
        "references": [
            {"to": one.to, "by": [ours(name) for name in one.by], "take": list(one.take), "or_reject": one.or_reject}
            for one in dataset.references
        ],
        "date_format": dataset.date_format,
        "decimal_comma": dataset.decimal_comma,
    }


def _column_facts(column: Column, dataset: Dataset | None = None) -> dict[str, Any]:
    return {
        "type": column.type,
        "required": column.required,
        "identity": column.identity,
        "values": list(column.values),
        "words": column.words,
        "default": column.default,
        "otherwise": column.otherwise,
        "pattern": column.pattern,
        "of": column.of,
        "among": column.among,
        "minimum": column.minimum,
        "maximum": column.maximum,
        "scale": column.scale,
        "money": column.money,
        "required_with": column.required_with,
        "mangled_mark": dataset.mangled_mark(column) if dataset else None,
    }


def _jinja(value: Any) -> str:
    """A value as Jinja writes it."""
    match value:
        case None:
            return "none"
        case bool():
            return str(value).lower()
        case float():
            # never as 1e-06
            return f"'{value:.12f}'".rstrip("0'") + "'"
        case int():
            return str(value)
        case dict():
            return "{" + ", ".join(f"{_jinja(name)}: {_jinja(one)}" for name, one in value.items()) + "}"
        case list():
            return "[" + ", ".join(_jinja(one) for one in value) + "]"
        case _:
            escaped = str(value).replace("\\", "\\\\").replace("'", "\\'")
            return f"'{escaped}'"


def _sources(contract: Contract) -> str:
    tables = "\n".join(
        f"      - name: {dataset.name}\n        description: {_quoted(f'{dataset.title}.')}"
        for dataset in contract.datasets
    )
    changes = "\n".join(f"      - name: {dataset.name}" for dataset in contract.datasets if dataset.load == "changes")
    template = SOURCES_TEMPLATE.read_text(encoding="utf-8")
    return template.replace("<<note>>", NOTE).replace("<<tables>>", tables).replace("<<changes>>", changes)


def _base_model(dataset: Dataset) -> str:
    name = dataset.name
    return (
        f"{{{{ config(**load_config('{name}')) }}}}\n\n"
        f"with {{{{ parsed_rows('{name}') }}}},\n\n"
        f"{{{{ matched_rows('{name}') }}}},\n\n"
        f"{{{{ judged_rows('{name}') }}}}\n\n"
        "select * from final\n"
    )


def _staging_model(dataset: Dataset) -> str:
    return (
        f"-- {NOTE}\n"
        "{{ config(materialized='view') }}\n\n"
        "select\n"
        f"    {{{{ accepted_columns('{dataset.name}') }}}}\n"
        f"from {{{{ ref('base_{dataset.name}') }}}}\n"
        "where reject_reason is null\n"
    )


def _properties(datasets: list[Dataset]) -> str:
    parts = [part for dataset in datasets for part in (_base_properties(dataset), _staging_properties(dataset))]
    return f"# {NOTE}\nversion: 2\n\nmodels:\n" + "\n".join(parts)


def _base_properties(dataset: Dataset) -> str:
    title = dataset.title[0].lower() + dataset.title[1:]
    lines = [
        f"  - name: base_{dataset.name}",
        *_described(f"One row per raw row of {dataset.name} ({title}), typed and judged.", "    "),
        "    columns:",
        *_column("row_key", "{{ doc('row_key') }}"),
        *_column("reject_reason", "{{ doc('reject_reason') }}"),
    ]
    if dataset.has_answers:
        lines += _column("answer_reject_reason", "{{ doc('answer_reject_reason') }}")
    return "\n".join([*lines, ""])


def _staging_properties(dataset: Dataset) -> str:
    text = f"One row per accepted {dataset.one_row.rstrip('.')}. Source: {dataset.name} of contract/landing.yml."
    lines = [
        f"  - name: stg_{dataset.name}",
        *_described(text, "    "),
        "    config: {access: protected}",
        "    data_tests:",
        "      - unique_and_complete:",
        "          arguments:",
        f"            key: [{', '.join(dataset.key)}]",
        *_wrapped_list("            required: ", descriptions.complete_columns(dataset)),
        "    columns:",
    ]
    for name, described in descriptions.staging_columns(dataset).items():
        lines += _column(name, described)
    return "\n".join([*lines, ""])


def _wrapped_list(head: str, names: list[str]) -> list[str]:
    line = f"{head}[{', '.join(names)}]"
    if len(line) <= WIDTH:
        return [line]
    return [head.rstrip(), *(f"              - {name}" for name in names)]


def _column(name: str, text: str) -> list[str]:
    return [f"      - name: {name}", f"        description: {_quoted(text)}"]


def _described(text: str, indent: str) -> list[str]:
    return [f"{indent}description: {_quoted(text)}"]


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
