"""``apply``: plans whose folder is gone, that leave targets out, and with settings of another version."""

import uuid
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.loopback_proxy import LoopbackProxy
from tests.support.plan_things import changed_header, saved
from tests.support.program import run_program

Environment = dict[str, str]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "p.plan"


@pytest.fixture
def name() -> str:
    return f"m-{uuid.uuid4().hex[:10]}"


def test_WHEN_the_folder_of_the_plan_is_gone_THEN_only_files_with_paths_from_there_need_it(
    tmp_path: Path, sandbox_environment: Environment
) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("hello", encoding="utf-8")
    bucket, key = "samples-123456789012-us-east-1", f"letters/{uuid.uuid4().hex}"
    for name, file in (("whole.plan", str(letter)), ("relative.plan", "letter.txt")):
        planned = saved(
            tmp_path / name, sandbox_environment, "--sandbox", "s3", "put", file, bucket, key, cwd=tmp_path
        )
        assert planned.returncode == 0, planned.stderr
    gone = str(tmp_path / "gone")
    ends = {}
    for name, directory in (("whole.plan", gone), ("relative.plan", gone), ("relative.plan", "")):
        plan = changed_header(tmp_path / name, lambda it, where=directory: replace(it, directory=where))
        ends[name, directory] = run_program(["apply", str(plan), "--dry-run"], sandbox_environment)
        plan.unlink()

    assert ends["whole.plan", gone].returncode == 0, ends["whole.plan", gone].stderr
    assert ends["relative.plan", gone].returncode == 3
    assert f"{gone}: No such file or directory; the plan" in ends["relative.plan", gone].stderr
    assert ends["relative.plan", ""].returncode == 3
    assert "nobody knows in which folder the plan" in ends["relative.plan", ""].stderr


def test_WHEN_targets_could_not_be_planned_THEN_that_is_told_when_the_plan_is_applied_too(
    path: Path, name: str, sandbox_environment: Environment
) -> None:
    saved(path, sandbox_environment, "--sandbox", "s3", "create", name)
    without = changed_header(path, lambda header: replace(header, left_out=2))

    done = run_program(["apply", str(without)], sandbox_environment)

    assert done.returncode == 0, done.stderr
    assert "2 targets could not be planned when the plan was made: it is without them" in done.stderr


@pytest.mark.parametrize("settings", [{"yes": True}, {"max_changes": "5"}, {"unheard_of": 1}])
def test_WHEN_the_settings_of_a_plan_are_none_that_a_plan_has_THEN_it_is_refused(
    settings: dict[str, object], path: Path, name: str, proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    saved(path, proxied_environment, "s3", "create", name)
    other = changed_header(path, lambda it: replace(it, settings={**it.settings, **settings}))
    proxy.requests.clear()

    done = run_program(["apply", str(other), "--yes"], proxied_environment)

    assert (done.returncode, done.stdout) == (3, "")
    assert f"another version of manage-resources made the plan {other}" in done.stderr
    assert f"nothing here is called {next(iter(settings))}" in done.stderr
    assert proxy.requests == []


@pytest.mark.parametrize(
    "settings",
    [
        {"deadline": "soon"},
        {"region": ["us-east-1"]},
        {"accounts": "123456789012"},
        {"profiles": [5]},
        {"config_path": 7},
        {"sandbox": "no"},
    ],
    ids=str,
)
def test_WHEN_a_setting_of_a_plan_is_of_another_type_THEN_it_is_refused(
    settings: dict[str, object], path: Path, name: str, proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    saved(path, proxied_environment, "s3", "create", name)
    other = changed_header(path, lambda it: replace(it, settings={**it.settings, **settings}))
    proxy.requests.clear()

    done = run_program(["apply", str(other), "--yes"], proxied_environment)

    assert (done.returncode, done.stdout) == (3, "")
    assert f"made the plan {other}: {next(iter(settings))} is another thing here" in done.stderr
    assert proxy.requests == []
