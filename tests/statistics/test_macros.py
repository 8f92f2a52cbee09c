"""The macros' documentation: each macro is described in its own folder, its arguments as dbt finds them."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest
from dbt.contracts.graph.nodes import Macro

from nps_chain.settings import ROOT

# one engine's text of a macro that is described under its own name
OF_AN_ENGINE = re.compile("(default|duckdb|spark)__")


def parse(project: Path, folder: Path) -> tuple[Manifest, list[str]]:
    """What dbt read of a project, and what it says of the arguments of macros."""
    said: list[str] = []

    def hear(event: Any) -> None:
        if event.info.name == "InvalidMacroAnnotation":
            said.append(event.info.msg)

    places = {"project-dir": project, "profiles-dir": project, "target-path": folder / "target", "log-path": folder}
    options = [str(word) for name, place in places.items() for word in (f"--{name}", place)]
    outcome = dbtRunner(callbacks=[hear]).invoke(["--quiet", "parse", "--no-partial-parse", *options])
    assert outcome.success, outcome.exception
    return outcome.result, said


def misplaced(macros: list[Macro]) -> list[str]:
    """Macros that their folder's YAML does not describe."""
    found = []
    for macro in macros:
        folder = Path(macro.original_file_path).parent
        wanted = f"{macro.package_name}://{folder}/_{folder.name}.yml"
        if not OF_AN_ENGINE.match(macro.name) and not (macro.description and macro.patch_path == wanted):
            found.append(f"{macro.name}: described in {macro.patch_path}, not in {wanted}")
    return found


@pytest.fixture(scope="module")
def parsed(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Macro], list[str]]:
    manifest, said = parse(ROOT, tmp_path_factory.mktemp("macros"))
    return [macro for macro in manifest.macros.values() if macro.package_name == "nps_chain"], said


def test_every_macro_is_described_in_its_own_folder(parsed: tuple[list[Macro], list[str]]) -> None:
    macros, _ = parsed
    assert macros and misplaced(macros) == []


def test_arguments_are_described_as_dbt_knows_them(parsed: tuple[list[Macro], list[str]]) -> None:
    """Types that dbt 2 knows too, under the names of the macro itself."""
    _, said = parsed
    assert said == []


def test_what_is_described_wrongly_is_found(tmp_path: Path) -> None:
    """In a project with this one's settings and four macros, which are described beside their folder."""
    arguments = {
        "well": "{name: text, type: string}",
        "by_no_type": "{name: text, type: SQL expression}",
        "by_half_a_type": "{name: text, type: list}",
        "by_another_name": "{name: words, type: string}",
    }
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "macros" / "platform", tmp_path / "macros" / "platform")
    folder = tmp_path / "macros" / "planted"
    folder.mkdir()
    (folder / "planted.sql").write_text("".join(f"{{% macro {name}(text) %}}{{% endmacro %}}" for name in arguments))
    described = [f"{{name: {name}, description: d, arguments: [{one}]}}" for name, one in arguments.items()]
    (tmp_path / "macros" / "_planted.yml").write_text(f"macros: [{', '.join(described)}]")
    manifest, said = parse(tmp_path, tmp_path)
    assert sorted(said) == [
        "Argument text in the yaml for macro by_half_a_type has an invalid type.",
        "Argument text in the yaml for macro by_no_type has an invalid type.",
        "Argument words in yaml for macro by_another_name does not match the jinja definition.",
    ]
    (found,) = misplaced([manifest.macros["macro.nps_chain.well"]])
    assert found.endswith("in nps_chain://macros/_planted.yml, not in nps_chain://macros/planted/_planted.yml")
