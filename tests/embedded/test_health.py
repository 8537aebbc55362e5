"""The health checks of docker-compose.yml: exit code 0 for a living service only, and a reason otherwise."""

import os
import subprocess
import sys
from pathlib import Path

from deployments import keeper_state
from lifecycle.embedded.paths import ROOT


def check(kind: str, var: Path, **environment: str) -> tuple[int, str]:
    result = subprocess.run(
        [sys.executable, "-m", "lifecycle.embedded.health", kind],
        cwd=ROOT,
        env=os.environ | {"LIFECYCLE_VAR": str(var)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return result.returncode, result.stderr


def test_a_keeper_is_healthy_while_it_gives_signs_of_life(tmp_path):
    assert check("keeper", tmp_path) == (1, "keeper was never seen\n")
    keeper_state.beat(tmp_path)
    assert check("keeper", tmp_path) == (0, "")


def test_a_web_that_does_not_answer_is_not_healthy(tmp_path):
    code, reason = check("web", tmp_path, PORT="1")
    assert code == 1
    assert "refused" in reason
