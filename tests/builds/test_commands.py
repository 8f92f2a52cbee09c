"""What the commands say where they cannot do what they are asked: one sentence, and what was published stays."""

import os
import subprocess
import sys
import time

import pytest

from nps_chain.settings import ROOT


def run_cli(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("NPS_")}
    return subprocess.run(
        [sys.executable, "-m", "nps_chain", *arguments],
        cwd=ROOT,
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("arguments", "environment", "said"),
    [
        (["build", "--landing", "no/such/folder"], {"NPS_IDENTITY_KEY": "x" * 16}, "does not exist"),
        (["build", "--landing", "contract"], {}, "NPS_IDENTITY_KEY"),
        (["build", "--landing", "contract"], {"NPS_IDENTITY_KEY": "short"}, "at least 16 characters"),
        (["verdict"], {}, "There is no verdict yet"),
        (["publish"], {}, "nothing to publish"),
    ],
)
def test_what_a_user_can_put_right_is_one_sentence(tmp_path, arguments, environment, said):
    result = run_cli(*arguments, NPS_WAREHOUSE=str(tmp_path), **environment)
    assert result.returncode == 1
    assert said in result.stderr
    assert result.stderr.count("\n") == 1
    assert "Traceback" not in result.stderr


def test_lock_is_free_again_after_a_kill(tmp_path):
    script = (
        "import pathlib, time\n"
        "from nps_chain import settings\n"
        "from nps_chain.running import build\n"
        "with build.sole_build(settings.load_settings()): print('held', flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "NPS_WAREHOUSE": str(tmp_path)},
    ) as holder:
        assert holder.stdout.readline() == "held\n"
        assert "Another build" in run_cli("publish", NPS_WAREHOUSE=str(tmp_path)).stderr
        holder.kill()
    time.sleep(0.1)
    assert "Another build" not in run_cli("publish", NPS_WAREHOUSE=str(tmp_path)).stderr


@pytest.mark.parametrize(
    ("partners", "said"),
    [
        (None, "chain/partners*.csv is required and there is no such file."),
        ("partner_code;link\n", "chain/partners.csv was not read"),
    ],
    ids=["missing", "unusable"],
)
def test_build_without_a_required_file_stops_and_publishes_nothing(tmp_path, partners, said):
    landing, warehouse = tmp_path / "landing", tmp_path / "warehouse"
    (landing / "chain").mkdir(parents=True)
    warehouse.mkdir()
    if partners:
        (landing / "chain" / "partners.csv").write_text(partners)
    published = warehouse / "nps_chain.duckdb"
    published.write_text("what was published before")
    result = run_cli(
        "build", "--landing", str(landing), NPS_WAREHOUSE=str(warehouse), NPS_IDENTITY_KEY="sixteen-characters"
    )
    assert result.returncode == 1
    assert result.stderr.startswith(f"Error: {said}")
    assert result.stderr.count("\n") == 1
    assert "dbt" not in result.stdout
    assert published.read_text() == "what was published before"
