import os
from pathlib import Path

import pytest

from commands.config_file import default_path, read_config_file
from commands.exit_codes import ConfigurationProblem


def read(tmp_path: Path, text: str | bytes) -> object:
    path = tmp_path / "config.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_config_file(path, {})


def test_WHEN_default_file_is_absent_THEN_that_is_fine(tmp_path: Path) -> None:
    assert read_config_file(None, {"XDG_CONFIG_HOME": str(tmp_path)}).path is None


def test_WHEN_no_xdg_variable_is_set_THEN_default_place_is_below_home() -> None:
    assert default_path({}) == Path(os.environ["HOME"]) / ".config" / "manage-resources" / "config.toml"


def test_WHEN_xdg_variable_is_relative_THEN_it_is_ignored() -> None:
    assert default_path({"XDG_CONFIG_HOME": "here"}) == default_path({})


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[defaults]\nregion = \n", "line 2"),
        ("[default]\n", "unknown key default; known: defaults, env, fleet (did you mean defaults?)"),
        ('[defaults]\nregoin = "x"\n', "unknown key defaults.regoin"),
        ("[defaults]\nregion = 7\n", "defaults.region: must be text, not a whole number"),
        ('[defaults]\nsandbox = "yes"\n', "defaults.sandbox: must be true or false, not text"),
        ("[defaults]\nduration = true\n", "defaults.duration: must be text, not true or false"),
        ("[defaults]\nregions = [1]\n", "defaults.regions: must be text, not a whole number"),
        ("[defaults]\nregions = {}\n", "defaults.regions: must be a list, not a table"),
        ('defaults = "x"\n', "defaults: must be a table, not text"),
        ("[env]\nprod = 1\n", "env.prod: must be a table, not a whole number"),
        (
            '[env.prod]\nrol = "x"\n',
            "unknown key env.prod.rol; known: profile, region, role (did you mean role?)",
        ),
        (b"[defaults]\nprofile = '\xff'\n", "line 2: is not UTF-8"),
    ],
)
def test_WHEN_file_is_wrong_THEN_problem_names_file_and_line_or_key(
    tmp_path: Path, text: str | bytes, complaint: str
) -> None:
    with pytest.raises(ConfigurationProblem) as caught:
        read(tmp_path, text)

    assert str(tmp_path / "config.toml") in str(caught.value)
    assert complaint in str(caught.value)


def test_WHEN_named_file_is_absent_or_a_directory_THEN_it_is_a_problem(tmp_path: Path) -> None:
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(ConfigurationProblem, match=str(path)):
            read_config_file(path, {})


def test_WHEN_entry_is_unknown_THEN_problem_lists_the_entries_and_the_nearest(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("[env.prod]\n[env.test]\n")
    config = read_config_file(path, {})

    with pytest.raises(ConfigurationProblem, match=r"prod, test \(did you mean prod\?\)"):
        config.entry("prd")


def test_WHEN_there_is_no_file_AND_an_entry_is_asked_for_THEN_problem_says_where_to_put_one(
    tmp_path: Path,
) -> None:
    config = read_config_file(None, {"XDG_CONFIG_HOME": str(tmp_path)})

    with pytest.raises(ConfigurationProblem, match=r"put one at .*config\.toml"):
        config.entry("prod")


def test_WHEN_lists_are_text_or_arrays_THEN_both_are_read(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(
        '[defaults]\nregions = "eu-west-1, us-east-1"\naccounts = ["123456789012"]\nduration = 900\n'
    )

    defaults = read_config_file(path, {}).defaults

    assert defaults == {
        "regions": ("eu-west-1", "us-east-1"),
        "accounts": ("123456789012",),
        "duration": "900",
    }
