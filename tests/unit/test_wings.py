"""The wings of nps_chain read each other in one direction only, and no module reads itself round a corner."""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from nps_chain.settings import ROOT

PACKAGE = ROOT / "nps_chain"
# Each may read those before it; what belongs to no wing is read by all.
WINGS = ("contracts", "people", "intake", "checks", "publishing", "running")


def modules(package: Path) -> dict[str, Path]:
    """Every module by its dotted name."""
    found = {}
    for path in package.rglob("*.py"):
        parts = path.relative_to(package.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(path: Path, known: dict[str, Path]) -> set[str]:
    """The modules of the package that a file imports, wherever in it."""
    named = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            named |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are written out"
            module = str(node.module)
            named |= {name if (name := f"{module}.{alias.name}") in known else module for alias in node.names}
    return named & set(known)


def wing(module: str) -> str | None:
    """The folder that a module lies in; none for those that all may read."""
    part = module.split(".")[1]
    return part if (PACKAGE / part).is_dir() else None


def upward(graph: dict[str, set[str]]) -> list[str]:
    """Imports of a wing that comes later, or of a wing by a module that all may read."""
    height = {None: -1} | {name: number for number, name in enumerate(WINGS)}
    return [
        f"{module} imports {target}"
        for module, targets in sorted(graph.items())
        for target in sorted(targets)
        if height[wing(module)] < height[wing(target)]
    ]


def graph_of(package: Path) -> dict[str, set[str]]:
    """What each module imports, without the command line, which stands above all, and the empty package itself."""
    known = modules(package)
    above = {"nps_chain", "nps_chain.__main__"}
    return {module: imports(path, known) - above for module, path in known.items() if module not in above}


@pytest.fixture(scope="module")
def graph() -> dict[str, set[str]]:
    return graph_of(PACKAGE)


def test_every_folder_is_a_wing() -> None:
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders == set(WINGS)


def test_wings_are_read_in_one_direction(graph: dict[str, set[str]]) -> None:
    # the graph is not empty: these two are known
    assert "nps_chain.people.identity" in graph["nps_chain.intake.intake"]
    assert upward(graph) == []


def test_no_module_imports_itself_round_a_corner(graph: dict[str, set[str]]) -> None:
    TopologicalSorter(graph).prepare()


def test_the_checks_see_a_wrong_door(graph: dict[str, set[str]]) -> None:
    wrong = graph | {"nps_chain.memory": {"nps_chain.running.state"}}
    assert upward(wrong) == ["nps_chain.memory imports nps_chain.running.state"]
    wrong = graph | {"nps_chain.people.identity": {"nps_chain.intake.files"}}
    assert upward(wrong) == ["nps_chain.people.identity imports nps_chain.intake.files"]
    with pytest.raises(CycleError):
        TopologicalSorter(
            graph | {"nps_chain.settings": {"nps_chain.memory"}, "nps_chain.errors": {"nps_chain.settings"}}
        ).prepare()


def test_the_checks_see_an_import_inside_a_function(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text("def late():\n    from nps_chain.checks import run\n    import nps_chain.errors\n")
    assert imports(path, modules(PACKAGE)) == {"nps_chain.checks.run", "nps_chain.errors"}
