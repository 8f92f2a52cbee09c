"""The guard that keeps this folder cheap: whoever starts dbt or a build here fails."""

import subprocess
import sys

import pytest

REFUSED = pytest.raises(pytest.fail.Exception, match="starts neither dbt nor a build")


@pytest.mark.parametrize(
    "command",
    [
        ["dbt", "parse"],
        ["/some/where/bin/dbt", "compile"],
        ["python", "/some/where/bin/dbt", "build"],
        ["python", "-m", "dbt", "parse"],
        ["python", "-m", "nps_chain", "build"],
        ["python", "-m", "nps_chain", "intake"],
        "dbt parse",
    ],
    ids=str,
)
def test_a_process_that_builds_is_refused(command: list[str] | str) -> None:
    with REFUSED:
        subprocess.run(command, shell=isinstance(command, str), check=False)


def test_dbt_in_this_process_is_refused() -> None:
    dbt = sys.modules.get("dbt.cli.main")
    if dbt is None:
        with pytest.raises(ImportError):
            import dbt.cli.main
    else:
        with REFUSED:
            dbt.dbtRunner().invoke(["parse"])


def test_other_processes_may_start() -> None:
    assert subprocess.run([sys.executable, "-c", "print('dbt build')"], check=True).returncode == 0


@pytest.mark.parametrize(
    ("one", "other", "is_shared"),
    [
        ("tests/builds/test_loads.py::test_a", "tests/builds/test_loads.py::test_b[x@y::z]", True),
        ("tests/builds/test_loads.py::test_a", "tests/builds/test_erasure.py::test_a", False),
        ("tests/builds/test_trouble_keys.py::test_a", "tests/builds/test_trouble.py::test_b", True),
    ],
)
def test_tests_that_share_a_build_stay_with_one_worker(
    pytestconfig: pytest.Config, one: str, other: str, is_shared: bool
) -> None:
    """Otherwise every worker makes every build, and no test fails for it."""
    by_build = next(plugin.ByBuild for plugin in pytestconfig.pluginmanager.get_plugins() if hasattr(plugin, "ByBuild"))
    assert (by_build._split_scope(None, one) == by_build._split_scope(None, other)) is is_shared
