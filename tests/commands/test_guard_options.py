"""Guards of all layers hold together: none of them takes away what another one protects."""

from pathlib import Path
from typing import Any

import click
import pytest

from aws_operations.guards import EmptyGuard
from commands.exit_codes import ConfigurationProblem
from commands.options import Settings
from commands.settings import merge_settings
from tests.commands.toy_box import ToyBox


@pytest.fixture
def configure(tmp_path: Path) -> Any:
    def write(text: str) -> dict[str, str]:
        file = tmp_path / "manage-resources" / "config.toml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        return {"XDG_CONFIG_HOME": str(tmp_path)}

    return write


def test_WHEN_all_layers_protect_THEN_all_of_it_is_protected(configure: Any) -> None:
    environ = configure('[defaults]\nprotect-names = ["*-prod-*", "billing"]\nprotect-regions = "eu-*"\n')
    environ |= {"MANAGE_RESOURCES_PROTECT_NAMES": "audit*, billing"}

    settings = merge_settings({"protect-names": ("mine",)}, environ)

    assert settings.protect_names == ("mine", "audit*", "billing", "*-prod-*")
    assert settings.protect_regions == ("eu-*",)


def test_WHEN_several_layers_say_where_to_delete_THEN_their_lists_stay_apart(configure: Any) -> None:
    environ = configure('[defaults]\ndelete-only-in = ["111122223333", "eu-*"]\n')
    environ |= {"MANAGE_RESOURCES_DELETE_ONLY_IN": "444455556666"}

    settings = merge_settings({"delete-only-in": ("111122223333,444455556666",)}, environ)

    assert settings.delete_only_in == ("111122223333,444455556666", "444455556666", "111122223333,eu-*")


def test_WHEN_guards_are_typed_before_and_after_the_verb_THEN_both_hold() -> None:
    words = ("--protect-names", "a", "--delete-only-in", "us-east-1", "toy", "wind", "x")

    settings = ToyBox().settings_of(
        *words, "--protect-names", "b,c", "--delete-only-in", "eu-west-1,111122223333"
    )

    assert settings.protect_names == ("a", "b", "c")
    assert settings.delete_only_in == ("us-east-1", "eu-west-1,111122223333")


def test_WHEN_guards_are_set_THEN_it_is_known_where(configure: Any, tmp_path: Path) -> None:
    environ = configure('[defaults]\nprotect-names = "a"\nmax-changes = 5\n')

    settings = merge_settings({"protect-names": ("b",)}, environ)

    file = tmp_path / "manage-resources" / "config.toml"
    assert settings.origins == (
        f"max-changes={file}: defaults.max-changes",
        "protect-names=--protect-names",
        f"protect-names={file}: defaults.protect-names",
    )


@pytest.mark.parametrize("name", ["protect-names", "protect-tags", "protect-accounts", "delete-only-in"])
def test_WHEN_a_guard_names_nothing_THEN_nothing_is_done(name: str, configure: Any) -> None:
    environ = configure(f"[defaults]\n{name} = []\n")
    with pytest.raises(EmptyGuard, match=rf"defaults\.{name} is empty; .*nothing was done"):
        merge_settings({}, environ)
    with pytest.raises(EmptyGuard, match=f"--{name} is empty"):
        merge_settings({name: ("",)}, environ)
    variable = f"MANAGE_RESOURCES_{name.upper().replace('-', '_')}"
    with pytest.raises(EmptyGuard, match=f"{variable} is empty"):
        merge_settings({}, {**configure(""), variable: ""})


def test_WHEN_the_variable_of_a_limit_is_empty_THEN_that_is_no_limit_that_nobody_set(configure: Any) -> None:
    with pytest.raises(EmptyGuard, match=r"MANAGE_RESOURCES_MAX_CHANGES is empty; .*nothing was done"):
        merge_settings({}, {**configure(""), "MANAGE_RESOURCES_MAX_CHANGES": ""})
    with pytest.raises(EmptyGuard, match="--max-changes is empty"):
        merge_settings({"max-changes": ""}, configure(""))


def test_WHEN_a_stronger_layer_speaks_THEN_a_bad_value_below_is_still_refused(configure: Any) -> None:
    environ = configure('[defaults]\nprotect-accounts = "12"\n')

    with pytest.raises(ConfigurationProblem, match=r"defaults\.protect-accounts: '12' is not an account id"):
        merge_settings({"protect-accounts": ("111122223333",)}, environ)


@pytest.mark.parametrize(
    ("name", "value"), [("delete-only-in", "111122223333,mars"), ("protect-names", "a,,b")]
)
def test_WHEN_an_item_of_a_guard_is_bad_THEN_it_is_a_usage_error(name: str, value: str) -> None:
    result = ToyBox().run("toy", "wind", "x", f"--{name}", value)

    assert result.exit_code == 2
    assert f"--{name}" in result.output


def test_WHEN_a_command_takes_no_identity_THEN_guards_of_the_file_are_not_its(configure: Any) -> None:
    environ = configure('[defaults]\nprotect-names = ["a"]\n')

    assert merge_settings({}, environ, takes_identity=False) == Settings(
        config_path=Path(environ["XDG_CONFIG_HOME"]) / "manage-resources" / "config.toml"
    )
    with pytest.raises(click.UsageError):
        merge_settings({"protect-names": ("a",)}, environ, takes_identity=False)


def test_WHEN_a_command_goes_on_from_what_was_kept_THEN_guards_are_its(configure: Any) -> None:
    environ = configure('[defaults]\nprotect-names = ["a"]\n')

    assert merge_settings({}, environ, takes_identity=False, goes_on=True).protect_names == ("a",)
