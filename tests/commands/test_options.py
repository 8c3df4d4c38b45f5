from pathlib import Path
from typing import Any

import click
import pytest

from aws_operations.guards import EmptySelection
from commands.exit_codes import ConfigurationProblem
from commands.options import GLOBAL_OPTIONS, OutputFormat, Settings, Takes
from commands.settings import merge_settings
from tests.support.program import run_program

ROLE = "arn:aws:iam::123456789012:role/operator"
OTHER_ROLE = "arn:aws:iam::111122223333:role/path/auditor"


@pytest.fixture
def configure(tmp_path: Path) -> Any:
    def write(text: str) -> dict[str, str]:
        path = tmp_path / "manage-resources" / "config.toml"
        path.parent.mkdir()
        path.write_text(text)
        return {"XDG_CONFIG_HOME": str(tmp_path)}

    return write


@pytest.fixture
def nowhere(tmp_path: Path) -> dict[str, str]:
    return {"XDG_CONFIG_HOME": str(tmp_path)}


def test_WHEN_nothing_is_said_THEN_defaults_hold(nowhere: dict[str, str]) -> None:
    assert merge_settings({}, nowhere) == Settings()


def test_WHEN_all_layers_speak_THEN_command_line_beats_environment_beats_config(configure: Any) -> None:
    environ = configure('[defaults]\nregion = "eu-west-1"\nprofile = "file"\noutput = "csv"\n')
    environ |= {"MANAGE_RESOURCES_REGION": "us-east-1", "MANAGE_RESOURCES_PROFILE": "variable"}

    settings = merge_settings({"region": "ap-south-1"}, environ)

    assert (settings.region, settings.profile, settings.output) == (
        "ap-south-1",
        "variable",
        OutputFormat.CSV,
    )


@pytest.mark.parametrize("option", [option for option in GLOBAL_OPTIONS if option.has_variable])
def test_WHEN_variable_of_an_option_is_set_THEN_it_is_read(
    option: Any, nowhere: dict[str, str], tmp_path: Path
) -> None:
    samples: dict[str, tuple[str, Any]] = {
        "region": ("eu-west-1", "eu-west-1"),
        "aws-compute": ("1", True),
        "assume-role-arn": (f"{ROLE} {OTHER_ROLE}", (ROLE, OTHER_ROLE)),
        "duration": ("1h", 3600),
        "connect-timeout": ("2", 2.0),
        "read-timeout": ("0.5", 0.5),
        "max-attempts": ("3", 3),
        "endpoint-url": ("http://127.0.0.1:5000/", "http://127.0.0.1:5000"),
        "sandbox": ("true", True),
        "accounts": ("123456789012, 111122223333", ("123456789012", "111122223333")),
        "regions": ("eu-west-1,us-east-1", ("eu-west-1", "us-east-1")),
        "expect-account": ("123456789012",) * 2,
        "ou": ("/workloads, ou-ab12-cd345678", ("/workloads", "ou-ab12-cd345678")),
        "all-accounts": ("yes", True),
        "profiles": ("prod-*,dev", ("prod-*", "dev")),
        "max-targets": ("10", 10),
        "workers": ("4", 4),
        "fail-fast": ("1", True),
        "max-failures": ("3", 3),
        "rate": ("30/m", 0.5),
        "budget": ("20%", 0.2),
        "deadline": ("15m", 900),
        "engine": ("dask", "dask"),
        "scheduler": ("tls://scheduler.example.com:8786",) * 2,
        "output": ("yaml", OutputFormat.YAML),
        "query": ("[].a", "[].a"),
        "dry-run": ("yes", True),
        "plan-expires": ("7d", 604_800),
        "max-changes": ("10%", "10%"),
        "protect-accounts": ("111122223333, 444455556666", ("111122223333", "444455556666")),
        "protect-regions": ("eu-*,us-east-1", ("eu-*", "us-east-1")),
        "protect-tags": ("env=prod,keep", ("env=prod", "keep")),
        "protect-names": ("*-prod-*", ("*-prod-*",)),
        "delete-only-in": ("111122223333, eu-west-1", ("111122223333,eu-west-1",)),
        "record": (str(tmp_path / "calls.jsonl"), tmp_path / "calls.jsonl"),
        "record-answers": ("1", True),
        "mfa-serial": ("arn:aws:iam::123456789012:mfa/me",) * 2,
        "log-level": ("ERROR", "error"),
        "debug": ("on", True),
        "env": ("prod", "prod"),
        "config": (str(tmp_path / "c.toml"), tmp_path / "c.toml"),
    }
    raw, wanted = samples.get(option.name, ("some-name", "some-name"))
    (tmp_path / "c.toml").write_text('[env.prod]\n[fleet.some-name]\nregions = ["eu-west-1"]\n')
    environ = {**nowhere, "MANAGE_RESOURCES_ROLE_NAME": "some-name", option.variables[0]: raw}
    match option.name:
        case "env" | "fleet":
            environ["MANAGE_RESOURCES_CONFIG"] = str(tmp_path / "c.toml")
        case "engine":
            environ["MANAGE_RESOURCES_SCHEDULER"] = "tcp://127.0.0.1:8786"
        case "profiles":
            del environ["MANAGE_RESOURCES_ROLE_NAME"]

    assert getattr(merge_settings({}, environ), option.setting) == wanted


def test_WHEN_yes_has_a_variable_or_config_entry_THEN_neither_counts(configure: Any) -> None:
    assert merge_settings({}, {"MANAGE_RESOURCES_YES": "1"}).yes is False
    with pytest.raises(ConfigurationProblem, match=r"unknown key defaults\.yes"):
        merge_settings({}, configure("[defaults]\nyes = true\n"))


def test_WHEN_flag_is_typed_as_no_THEN_variable_is_overruled(nowhere: dict[str, str]) -> None:
    assert merge_settings({"sandbox": False}, {**nowhere, "MANAGE_RESOURCES_SANDBOX": "1"}).sandbox is False


@pytest.mark.parametrize(
    ("typed", "complaint"),
    [
        ({"region": "mars"}, "not a region name"),
        ({"region": ""}, "not a region name"),
        ({"profile": ""}, "is empty"),
        ({"assume-role-arn": ("arn:aws:iam::1:role/x",)}, "not the ARN of a role"),
        ({"assume-role-arn": ("arn:aws:iam::123456789012:user/x",)}, "not the ARN of a role"),
        ({"assume-role-arn": (ROLE + "\n",)}, "not the ARN of a role"),
        ({"accounts": ("123456789012", "")}, "empty item"),
        ({"accounts": ("12345",), "role-name": "r"}, "not an account id"),
        ({"accounts": ("\uff11" * 12,), "role-name": "r"}, "not an account id"),
        ({"regions": ("", "eu-west-1")}, "empty item"),
        ({"regions": ("eu_*",)}, "not a region name"),
        ({"regions": ("ALL",)}, "not a region name"),
        ({"ou": ("/workloads",)}, "--ou needs --role-name"),
        ({"all-accounts": True}, "--all-accounts needs --role-name"),
        ({"max-targets": "0"}, "1 to 1000000"),
        ({"workers": "0"}, "1 to 256"),
        ({"workers": "many"}, "1 to 256"),
        ({"max-failures": "-1"}, "1 to 1000000"),
        ({"fail-fast": True, "max-failures": "2"}, "exclude each other"),
        ({"rate": "5"}, "not a rate"),
        ({"rate": "0/s"}, "not a rate"),
        ({"rate": "99999/s"}, "not a rate"),
        ({"budget": "20"}, "1% to 100%"),
        ({"budget": "0.5%"}, "1% to 100%"),
        ({"budget": "101%"}, "1% to 100%"),
        ({"deadline": "0"}, "1 to 604800"),
        ({"engine": "spark"}, "not one of local, dask"),
        ({"engine": "dask"}, "needs --scheduler"),
        ({"scheduler": "tcp://127.0.0.1:8786"}, "belongs to --engine dask"),
        ({"engine": "dask", "scheduler": "tcp://10.0.0.1:8786"}, "use tls://"),
        ({"engine": "dask", "scheduler": "tcp://scheduler.example.com:8786"}, "use tls://"),
        ({"engine": "dask", "scheduler": "tcp://127.0.0.1"}, "not a scheduler"),
        ({"engine": "dask", "scheduler": "http://127.0.0.1:8786"}, "not a scheduler"),
        ({"engine": "dask", "scheduler": "tls://a:b@host:8786"}, "scheme, host and port"),
        ({"sandbox": True, "profiles": ("p",)}, "exclude each other"),
        ({"profiles": ("p",), "profile": "p"}, "exclude each other"),
        ({"profiles": ("p",), "accounts": ("123456789012",), "role-name": "r"}, "exclude each other"),
        ({"profiles": ("p",), "all-accounts": True, "role-name": "r"}, "exclude each other"),
        ({"profiles": ("p",), "role-name": "r"}, "exclude each other"),
        ({"profiles": ("p",), "assume-role-arn": (ROLE,)}, "exclude each other"),
        ({"profiles": ("p",), "aws-compute": True}, "exclude each other"),
        ({"accounts": ("123456789012",)}, "needs --role-name"),
        ({"role-name": "r"}, "belongs to --accounts"),
        ({"expect-account": "x"}, "not an account id"),
        ({"duration": "899", "assume-role-arn": (ROLE,)}, "900 to 43200"),
        ({"duration": "43201", "assume-role-arn": (ROLE,)}, "900 to 43200"),
        ({"duration": "13h", "assume-role-arn": (ROLE,)}, "900 to 43200"),
        ({"duration": "soon", "assume-role-arn": (ROLE,)}, "900 to 43200"),
        ({"external-id": "abc"}, "belongs to a role"),
        ({"duration": "900"}, "belongs to a role"),
        ({"role-session-name": "a b", "assume-role-arn": (ROLE,)}, "not a session name"),
        ({"external-id": "x", "assume-role-arn": (ROLE,)}, "not an external id"),
        ({"mfa-serial": "x", "assume-role-arn": (ROLE,)}, "MFA device"),
        ({"endpoint-url": "127.0.0.1:5000"}, "not a URL"),
        ({"endpoint-url": "ftp://127.0.0.1"}, "not a URL"),
        ({"endpoint-url": "http://127.0.0.1:999999"}, "ort"),
        ({"output": "xml"}, "not one of table, text, json, jsonl, csv, yaml"),
        ({"query": "[?"}, "not a JMESPath expression"),
        ({"query": ""}, "is empty"),
        ({"log-level": "loud"}, "not one of debug"),
        ({"sandbox": True, "profile": "p"}, "exclude each other"),
        ({"sandbox": True, "endpoint-url": "http://127.0.0.1:1"}, "exclude each other"),
        ({"sandbox": True, "aws-compute": True}, "exclude each other"),
        ({"profile": "p", "aws-compute": True}, "exclude each other"),
    ],
)
def test_WHEN_typed_value_is_bad_THEN_it_is_a_usage_error(
    typed: dict[str, Any], complaint: str, nowhere: dict[str, str]
) -> None:
    with pytest.raises(click.UsageError) as caught:
        merge_settings(typed, nowhere)

    assert complaint in caught.value.format_message()


def test_WHEN_endpoint_url_holds_a_password_THEN_the_message_does_not(nowhere: dict[str, str]) -> None:
    for url in ("http://me:hunter22@127.0.0.1:5000", "ftp://me:hunter22@127.0.0.1"):
        with pytest.raises(click.UsageError) as caught:
            merge_settings({"endpoint-url": url}, nowhere)
        assert "hunter22" not in caught.value.format_message()


def test_WHEN_variable_is_bad_THEN_it_is_named(nowhere: dict[str, str]) -> None:
    with pytest.raises(click.UsageError) as caught:
        merge_settings({}, {**nowhere, "MANAGE_RESOURCES_REGION": "mars"})

    assert "MANAGE_RESOURCES_REGION" in caught.value.format_message()


def test_WHEN_variable_is_bad_AND_the_option_is_typed_THEN_the_variable_does_not_matter(
    nowhere: dict[str, str],
) -> None:
    environ = {**nowhere, "MANAGE_RESOURCES_REGION": "mars"}

    assert merge_settings({"region": "eu-west-1"}, environ).region == "eu-west-1"


def test_WHEN_variable_is_empty_THEN_it_is_unset_but_for_lists(nowhere: dict[str, str]) -> None:
    assert merge_settings({}, {**nowhere, "MANAGE_RESOURCES_PROFILE": ""}).profile is None
    with pytest.raises(EmptySelection, match="MANAGE_RESOURCES_ACCOUNTS is empty"):
        merge_settings({"role-name": "r"}, {**nowhere, "MANAGE_RESOURCES_ACCOUNTS": ""})


def test_WHEN_flag_variable_is_no_truth_value_THEN_it_is_a_usage_error(nowhere: dict[str, str]) -> None:
    with pytest.raises(click.UsageError, match="'maybe' is not one of"):
        merge_settings({}, {**nowhere, "MANAGE_RESOURCES_SANDBOX": "maybe"})


def test_WHEN_an_item_is_said_twice_THEN_it_counts_once(nowhere: dict[str, str]) -> None:
    settings = merge_settings({"regions": ("eu-west-1", "us-east-1", "eu-west-1")}, nowhere)

    assert settings.regions == ("eu-west-1", "us-east-1")


@pytest.mark.parametrize(("count", "level"), [(0, "warning"), (1, "info"), (2, "debug"), (3, "debug")])
def test_WHEN_verbose_is_counted_THEN_the_level_follows(
    count: int, level: str, nowhere: dict[str, str]
) -> None:
    assert merge_settings({"verbose": count} if count else {}, nowhere).log_level == level


def test_WHEN_log_level_is_in_several_places_THEN_the_nearest_wins(nowhere: dict[str, str]) -> None:
    environ = {**nowhere, "LOG_LEVEL": "ERROR"}
    assert merge_settings({}, environ).log_level == "error"
    environ["MANAGE_RESOURCES_LOG_LEVEL"] = "info"
    assert merge_settings({}, environ).log_level == "info"
    assert merge_settings({"verbose": 2}, environ).log_level == "debug"
    assert merge_settings({"verbose": 2, "log-level": "critical"}, environ).log_level == "critical"


ENTRIES = f"""
[defaults]
profile = "everyday"
external-id = "from-defaults"
[env.prod]
profile = "ops"
region = "eu-central-1"
role = ["{ROLE}", "{OTHER_ROLE}"]
[env.bare]
region = "us-east-1"
"""


def test_WHEN_env_is_typed_THEN_identity_below_is_replaced_as_a_set(configure: Any) -> None:
    environ = configure(ENTRIES) | {
        "MANAGE_RESOURCES_PROFILE": "mine",
        "MANAGE_RESOURCES_ASSUME_ROLE_ARN": ROLE,
        "MANAGE_RESOURCES_OUTPUT": "json",
    }

    bare = merge_settings({"env": "bare"}, environ)

    assert (bare.profile, bare.region, bare.assume_role_arns, bare.external_id) == (
        None,
        "us-east-1",
        (),
        None,
    )
    assert (bare.env, bare.output) == ("bare", OutputFormat.JSON)


def test_WHEN_env_is_typed_THEN_its_entry_is_the_identity(configure: Any) -> None:
    settings = merge_settings({"env": "prod"}, configure(ENTRIES))

    assert (settings.profile, settings.region) == ("ops", "eu-central-1")
    assert settings.assume_role_arns == (ROLE, OTHER_ROLE)


def test_WHEN_env_and_options_are_typed_THEN_options_refine_and_roles_go_on(configure: Any) -> None:
    third = "arn:aws:iam::444455556666:role/third"

    settings = merge_settings(
        {"env": "prod", "region": "us-east-1", "assume-role-arn": (third,)}, configure(ENTRIES)
    )

    assert (settings.profile, settings.region) == ("ops", "us-east-1")
    assert settings.assume_role_arns == (ROLE, OTHER_ROLE, third)


def test_WHEN_env_is_a_variable_THEN_what_is_typed_beats_its_entry(configure: Any) -> None:
    environ = configure(ENTRIES) | {"MANAGE_RESOURCES_ENV": "prod"}

    assert merge_settings({"profile": "typed"}, environ).profile == "typed"
    assert merge_settings({}, environ).profile == "ops"


def test_WHEN_entry_of_env_is_bad_THEN_it_is_a_configuration_problem(configure: Any) -> None:
    with pytest.raises(ConfigurationProblem, match=r"config\.toml: env\.odd \(region\): 'mars'"):
        merge_settings({"env": "odd"}, configure('[env.odd]\nregion = "mars"\n'))


def test_WHEN_sandbox_is_typed_THEN_inherited_identity_and_endpoint_are_dropped_but_region(
    configure: Any,
) -> None:
    environ = configure(
        '[defaults]\nmfa-serial = "arn:aws:iam::123456789012:mfa/me"\nregion = "eu-west-1"\n'
    ) | {
        "MANAGE_RESOURCES_PROFILE": "mine",
        "MANAGE_RESOURCES_ENDPOINT_URL": "http://127.0.0.1:1",
        "MANAGE_RESOURCES_ASSUME_ROLE_ARN": ROLE,
        "MANAGE_RESOURCES_AWS_COMPUTE": "1",
    }

    settings = merge_settings({"sandbox": True}, environ)

    assert (settings.profile, settings.endpoint_url, settings.aws_compute) == (None, None, False)
    assert (settings.assume_role_arns, settings.mfa_serial, settings.region) == ((), None, "eu-west-1")


def test_WHEN_sandbox_is_inherited_AND_profile_is_typed_THEN_it_is_a_usage_error(
    nowhere: dict[str, str],
) -> None:
    advice = "exclude each other. Give --no-sandbox to leave the sandbox."
    with pytest.raises(click.UsageError, match=f"MANAGE_RESOURCES_SANDBOX and --profile {advice}"):
        merge_settings({"profile": "prod"}, {**nowhere, "MANAGE_RESOURCES_SANDBOX": "1"})
    typed = {"profiles": ("prod",), "sandbox": False}
    assert merge_settings(typed, {**nowhere, "MANAGE_RESOURCES_SANDBOX": "1"}).profiles == ("prod",)


def test_WHEN_the_file_says_sandbox_AND_profiles_are_typed_THEN_it_says_how_to_leave_it(
    configure: Any, nowhere: dict[str, str]
) -> None:
    with pytest.raises(click.UsageError, match=r"defaults\.sandbox and --profiles .*Give --no-sandbox"):
        merge_settings({"profiles": ("prod",)}, configure("[defaults]\nsandbox = true\n"))
    with pytest.raises(click.UsageError, match=r"--sandbox and --profiles exclude each other\.$"):
        merge_settings({"profiles": ("prod",), "sandbox": True}, nowhere)


def test_WHEN_typed_env_names_a_profile_AND_sandbox_is_on_THEN_it_is_a_usage_error(configure: Any) -> None:
    with pytest.raises(click.UsageError, match="exclude each other"):
        merge_settings({"env": "prod", "sandbox": True}, configure(ENTRIES))


def test_WHEN_profile_is_typed_AND_compute_is_inherited_THEN_the_typed_one_holds(
    nowhere: dict[str, str],
) -> None:
    settings = merge_settings({"profile": "p"}, {**nowhere, "MANAGE_RESOURCES_AWS_COMPUTE": "1"})

    assert (settings.profile, settings.aws_compute) == ("p", False)


def test_WHEN_command_takes_no_identity_THEN_typed_identity_is_refused_and_inherited_ignored(
    nowhere: dict[str, str],
) -> None:
    environ = {**nowhere, "MANAGE_RESOURCES_PROFILE": "p", "MANAGE_RESOURCES_REGION": "mars"}

    assert merge_settings({"output": "json"}, environ, takes_identity=False).profile is None
    with pytest.raises(click.UsageError, match="--profile means nothing"):
        merge_settings({"profile": "p"}, environ, takes_identity=False)


def test_WHEN_options_are_listed_THEN_each_has_a_setting_and_help() -> None:
    fields = Settings.__dataclass_fields__

    assert [o.name for o in GLOBAL_OPTIONS if o.setting not in fields and o.takes is not Takes.COUNT] == []
    assert [o.name for o in GLOBAL_OPTIONS if not o.help.endswith(".")] == []


@pytest.mark.parametrize(
    ("words", "kept"), [("apply", "the plan"), ("undo", "the run"), ("runs resume", "the run")]
)
@pytest.mark.parametrize(
    "option", [["--sandbox"], ["--region", "us-east-1"], ["--workers", "2"]], ids=" ".join
)
def test_WHEN_it_is_said_who_acts_or_where_to_a_command_that_goes_on_THEN_that_is_known_wherever_it_stands(
    option: list[str], words: str, kept: str, environment: dict[str, str]
) -> None:
    for line in ([*option, *words.split(), "x"], [*words.split(), "x", *option]):
        done = run_program(line, environment)
        assert (done.returncode, done.stdout) == (2, "")
        said = f"Error: {option[0]}: {words} acts as, where and how {kept} says; leave it out.\n"
        assert done.stderr.endswith(said)
