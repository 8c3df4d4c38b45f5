"""Guards on whole runs: nothing is written that they refuse, whoever brings the plan and says yes."""

import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from aws_interactions.access_keys import AccessKeys
from aws_interactions.aws_client_provider import AwsClientProvider
from tests.support.aws_answers import s3_error
from tests.support.loopback_proxy import Answer, LoopbackProxy, SeenRequest
from tests.support.plan_things import EVERYWHERE, runs_of, saved
from tests.support.program import run_on_terminal, run_program

Environment = dict[str, str]
_DENIED = Answer(
    403,
    b"<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>no</Message></Error></Errors>"
    b"<RequestID>r-1</RequestID></Response>",
    {"Content-Type": "text/xml"},
)
BUCKET = "samples-123456789012-us-east-1"
REMOVE = ["s3", "rm", BUCKET, "docs/readme.txt"]


def refused(words: list[str], environment: Environment, proxy: LoopbackProxy) -> str:
    done = run_program([*words, "--yes"], environment)
    assert done.returncode == 6, done.stderr
    assert done.stdout == ""
    assert proxy.writes == []
    assert "; nothing was changed" in done.stderr
    return done.stderr


def configure(environment: Environment, text: str) -> Path:
    file = Path(environment["XDG_CONFIG_HOME"]) / "manage-resources" / "config.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


@pytest.mark.parametrize(
    ("guard", "words", "reason"),
    [
        (["--protect-accounts", "123456789012"], REMOVE, "account 123456789012 is protected"),
        (["--protect-regions", "us-*"], REMOVE, "us-east-1 is protected by 'us-*'"),
        (["--protect-regions", "all"], REMOVE, "is protected by 'all'"),
        (["--protect-names", "*/readme.*"], REMOVE, "its name is protected by '*/readme.*'"),
        (["--protect-names", "WEB-?"], ["ec2", "stop", "web-1"], "its name is protected by 'WEB-?'"),
        (["--protect-tags", "name=WEB-*"], ["ec2", "stop", "web-1"], "by the tag 'name=WEB-*'"),
        (
            ["--delete-only-in", "eu-west-1"],
            REMOVE,
            "deletion is allowed only in region eu-west-1, and this is in us-east-1",
        ),
        (
            ["--delete-only-in", "111122223333"],
            REMOVE,
            "deletion is allowed only in account 111122223333, and this is in account 123456789012",
        ),
        (["--max-changes", "1"], [*REMOVE, "docs/tagged.txt"], "2 changes are more than 1"),
        # Other tests may have made more instances.
        (
            ["--max-changes", "5%"],
            ["ec2", "stop", "web-1", "web-2"],
            "is more than 5% of what is there",
        ),
    ],
)
def test_WHEN_a_guard_refuses_THEN_nothing_is_sent_although_yes_was_said(
    guard: list[str], words: list[str], reason: str, proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    stderr = refused([*words, *guard], proxied_environment, proxy)

    assert reason in stderr
    assert guard[0] in stderr
    assert runs_of(proxied_environment) == []


@pytest.mark.parametrize(
    "guard",
    [
        ["--protect-accounts", "111122223333"],
        ["--protect-regions", "eu-*"],
        ["--protect-names", "*-prod-*,docs"],
        ["--protect-tags", "team"],
        ["--delete-only-in", "123456789012,us-east-1"],
        ["--max-changes", "1"],
        ["--max-changes", "100%"],
    ],
)
def test_WHEN_no_guard_is_against_it_THEN_it_is_done(
    guard: list[str], proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    bucket = f"free-{uuid.uuid4().hex[:10]}"
    for words in (["s3", "create", bucket], ["s3", "put", "LICENSE", bucket, "k"]):
        assert run_program(words, proxied_environment).returncode == 0
    proxy.requests.clear()

    done = run_program(["s3", "rm", bucket, "k", "--yes", *guard], proxied_environment)

    assert done.returncode == 0, done.stderr
    assert len(proxy.writes) == 1


def test_WHEN_the_configuration_protects_THEN_no_option_takes_it_away_AND_the_place_is_told(
    proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    file = configure(proxied_environment, f'[defaults]\nprotect-names = ["{BUCKET}"]\n')

    stderr = refused([*REMOVE, "--protect-names", "other"], proxied_environment, proxy)

    assert f"--protect-names (set in {file}: defaults.protect-names)" in stderr


def test_WHEN_it_runs_dry_THEN_a_guard_warns(proxied_environment: Environment) -> None:
    done = run_program([*REMOVE, "--dry-run", "--protect-names", BUCKET], proxied_environment)

    assert done.returncode == 0
    assert done.stdout != ""
    assert "warning: would be refused by --protect-names" in done.stderr


def test_WHEN_a_plan_is_to_be_saved_THEN_a_guard_refuses_it(
    proxied_environment: Environment, tmp_path: Path
) -> None:
    done = saved(tmp_path / "plan", proxied_environment, *REMOVE, "--protect-names", BUCKET)

    assert done.returncode == 6
    assert not (tmp_path / "plan").exists()


def test_WHEN_a_guard_is_set_after_the_plan_was_saved_THEN_applying_it_is_refused_AND_it_stays_unused(
    proxied_environment: Environment, proxy: LoopbackProxy, tmp_path: Path
) -> None:
    bucket = f"later-{uuid.uuid4().hex[:10]}"
    plan = tmp_path / "plan"
    assert saved(plan, proxied_environment, "s3", "create", bucket).returncode == 0
    file = configure(proxied_environment, '[defaults]\nprotect-regions = ["us-*"]\n')

    assert "--protect-regions" in refused(["apply", str(plan)], proxied_environment, proxy)
    file.unlink()
    done = run_program(["apply", str(plan), "--yes"], proxied_environment)

    assert done.returncode == 0, done.stderr
    assert len(proxy.writes) == 1


def test_WHEN_one_of_many_targets_is_protected_THEN_nothing_is_changed_anywhere(
    proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    create = ["s3", "create", f"m{uuid.uuid4().hex[:8]}-{{account}}-{{region}}", *EVERYWHERE]

    stderr = refused([*create, "--protect-accounts", "444455556666"], proxied_environment, proxy)

    assert stderr.count("  --protect-accounts: create s3.create-bucket") == 2
    assert "--protect-accounts for 2 of 6 changes" in stderr
    (run,) = runs_of(proxied_environment)
    assert run.state.value == "declined"


def test_WHEN_many_changes_are_refused_THEN_twenty_are_shown_AND_the_rest_is_counted(
    proxied_environment: Environment, proxy: LoopbackProxy, sandbox_endpoint: str
) -> None:
    bucket = f"many-{uuid.uuid4().hex[:10]}"
    names = [f"n{number}" for number in range(30)]
    # Past the proxy, and without a program for each.
    keys = AccessKeys("sandbox-home", "sandbox-home-secret")
    s3 = AwsClientProvider(aws_region="us-east-1", access_keys=keys, endpoint_url=sandbox_endpoint).get_s3()
    s3.create_bucket(Bucket=bucket)
    for name in names:
        s3.put_object(Bucket=bucket, Key=name, Body=b"")

    stderr = refused(["s3", "rm", bucket, *names, "--protect-names", "many-*"], proxied_environment, proxy)

    assert stderr.count("  --protect-names: ") == 20
    assert "  and 10 more\n" in stderr


def test_WHEN_a_run_goes_on_THEN_the_guards_of_now_hold(
    proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    def refuse_some(request: SeenRequest) -> Any:
        is_it = request.path.startswith("/g-111122223333") and request.method == "PUT"
        return s3_error(403, "AccessDenied") if is_it else None

    proxy.disturb = refuse_some
    create = ["s3", "create", "g-{account}-{region}", *EVERYWHERE, "--yes"]
    assert run_program(create, proxied_environment).returncode == 5
    proxy.disturb = lambda _: None
    proxy.requests.clear()
    resume = ["runs", "resume", "last", "--failed"]

    stderr = refused([*resume, "--protect-accounts", "111122223333"], proxied_environment, proxy)
    assert "--protect-accounts for 2 of 2 changes" in stderr
    done = run_program([*resume, "--protect-accounts", "444455556666"], proxied_environment)

    assert done.returncode == 0, done.stderr
    assert len(proxy.writes) == 2


def test_WHEN_the_tags_cannot_be_read_THEN_the_guard_refuses(
    proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    proxy.disturb = lambda request: _DENIED if request.operation == "DescribeTags" else None

    stderr = refused(["ec2", "stop", "web-1", "--protect-tags", "x"], proxied_environment, proxy)

    assert "its tags cannot be read" in stderr


def test_WHEN_a_guard_refuses_on_a_terminal_THEN_nobody_is_asked(
    proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    session = run_on_terminal([*REMOVE, "--protect-names", BUCKET], proxied_environment)

    assert session.exit_code == 6
    assert "Type " not in session.screen
    assert "refused by --protect-names" in session.screen
    assert proxy.writes == []


def test_WHEN_what_a_run_did_is_protected_by_now_THEN_undoing_it_is_refused(
    proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    bucket = f"undone-{uuid.uuid4().hex[:10]}"
    assert run_program(["s3", "create", bucket], proxied_environment).returncode == 0
    proxy.requests.clear()

    stderr = refused(["undo", "last", "--delete-only-in", "eu-west-1"], proxied_environment, proxy)

    assert "deletion is allowed only in region eu-west-1, and this is in us-east-1" in stderr


def test_WHEN_rows_are_read_THEN_guards_say_nothing(proxied_environment: Environment) -> None:
    done = run_program(["s3", "ls", BUCKET, "--protect-names", "*", "--output", "json"], proxied_environment)

    assert done.returncode == 0
    assert json.loads(done.stdout)
    assert done.stderr == ""
