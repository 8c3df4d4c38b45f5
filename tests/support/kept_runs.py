"""Runs that the program kept, and one in which a target failed."""

import json
import subprocess
from collections.abc import Mapping
from typing import Any

from tests.support.aws_answers import s3_error
from tests.support.loopback_proxy import LoopbackProxy
from tests.support.plan_things import EVERYWHERE
from tests.support.program import run_program

TEMPLATE = "samples-{account}-{region}"
ONE = "samples-111122223333-eu-west-1"


def rows(environment: Mapping[str, str], *arguments: str) -> list[dict[str, Any]]:
    """Return the rows of a command that has to end well."""
    done = run_program([*arguments, "--output", "json"], environment)
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def ls_with_one_failure(
    environment: Mapping[str, str], proxy: LoopbackProxy
) -> subprocess.CompletedProcess[str]:
    """List a bucket in each target, and be denied the one of ``ONE``; nothing is disturbed afterwards."""
    proxy.disturb = lambda request: (
        s3_error(403, "AccessDenied") if request.path.startswith(f"/{ONE}") else None
    )
    done = run_program(["s3", "ls", TEMPLATE, *EVERYWHERE, "--output", "json"], environment)
    assert done.returncode == 5, done.stderr
    proxy.disturb = lambda _: None
    proxy.requests.clear()
    return done
