import click
import pytest
from click.testing import CliRunner

from commands.app import Invocation, noun
from commands.options import GLOBAL_OPTIONS
from commands.root import Root, root
from commands.shapes import Shape
from tests.commands.toy_box import TOYS, ToyBox


def test_WHEN_verb_runs_THEN_runner_gets_shape_work_and_its_code_is_the_exit_code() -> None:
    box = ToyBox(exit_code=5)

    result = box.run("toy", "wind", "duck", "--loud")

    assert result.exit_code == 5
    assert box.shape is Shape.ROWS
    assert box.work == ("duck", True)


def test_WHEN_verb_of_subgroup_runs_THEN_its_work_reaches_the_runner() -> None:
    box = ToyBox()

    assert box.run("toy", "parts", "paint", "--region", "eu-west-1").exit_code == 0
    assert (box.work, box.settings.region) == ("painted", "eu-west-1")


def test_WHEN_argument_has_the_name_of_a_global_option_THEN_both_keep_their_values() -> None:
    box = ToyBox()

    settings = box.settings_of("--region", "eu-west-1", "toy", "wind", "duck")

    assert box.work == ("duck", False)
    assert settings.region == "eu-west-1"


@pytest.mark.parametrize(
    "arguments",
    [
        ("--region", "us-east-1", "toy", "wind", "x"),
        ("toy", "--region", "us-east-1", "wind", "x"),
        ("toy", "wind", "x", "--region", "us-east-1"),
        ("toy", "wind", "--region=us-east-1", "x"),
    ],
)
def test_WHEN_global_option_stands_anywhere_THEN_it_counts(arguments: tuple[str, ...]) -> None:
    assert ToyBox().settings_of(*arguments).region == "us-east-1"


def test_WHEN_option_stands_in_both_places_THEN_the_later_wins() -> None:
    settings = ToyBox().settings_of("--region", "us-east-1", "toy", "wind", "x", "--region", "eu-west-1")

    assert settings.region == "eu-west-1"


def test_WHEN_option_stands_before_the_verb_AND_variable_is_set_THEN_the_typed_one_wins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MANAGE_RESOURCES_REGION", "ap-south-1")

    assert ToyBox().settings_of("--region", "us-east-1", "toy", "wind", "x").region == "us-east-1"


def test_WHEN_flag_stands_before_the_verb_THEN_its_absence_after_it_does_not_undo_it() -> None:
    settings = ToyBox().settings_of("--dry-run", "--yes", "toy", "wind", "x")

    assert (settings.dry_run, settings.yes) == (True, True)


def test_WHEN_roles_stand_in_both_places_THEN_they_are_one_chain_in_order() -> None:
    first, second, third = (f"arn:aws:iam::{digit * 12}:role/r" for digit in "123")

    settings = ToyBox().settings_of(
        "--assume-role-arn",
        first,
        "toy",
        "wind",
        "x",
        "--assume-role-arn",
        second,
        "--assume-role-arn",
        third,
    )

    assert settings.assume_role_arns == (first, second, third)


def test_WHEN_option_is_repeated_THEN_the_last_wins() -> None:
    assert ToyBox().settings_of("toy", "wind", "x", "--output", "csv", "--output", "json").output == "json"


def test_WHEN_verb_has_an_option_of_a_global_name_THEN_it_cannot_be_made() -> None:
    group = noun("bad", help="Bad.")

    with pytest.raises(ValueError, match="--region is a global option"):

        @group.verb("go", shape=Shape.ROWS, example="manage-resources bad go")
        @click.option("--region")
        def go(region: str) -> str:
            return region


def test_WHEN_example_is_no_command_line_THEN_verb_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="must be a command line"):
        noun("bad", help="Bad.").verb("go", shape=Shape.ROWS, example="go on")


def test_WHEN_body_is_decorated_THEN_it_stays_a_plain_function() -> None:
    from tests.commands.toy_noun import wind

    assert wind("duck", False) == ("duck", False)


@pytest.mark.parametrize(
    ("arguments", "suggestion"),
    [
        (("tox", "wind"), "toy"),
        (("toy", "wnd"), "wind"),
        (("toy", "parts", "pant"), "paint"),
        (("toy", "wind", "x", "--regio", "eu-west-1"), "--region"),
        (("toy", "wind", "x", "--lod"), "--loud"),
    ],
)
def test_WHEN_a_word_is_nearly_right_THEN_the_right_one_is_suggested(
    arguments: tuple[str, ...], suggestion: str
) -> None:
    result = ToyBox().run(*arguments)

    assert result.exit_code == 2
    assert f"'{suggestion}'" in result.stderr


def test_WHEN_help_of_root_is_shown_THEN_every_global_option_is_in_it() -> None:
    text = ToyBox().run("--help").stdout

    assert [option.flag for option in GLOBAL_OPTIONS if option.flag not in text] == []


def test_WHEN_help_of_verb_is_shown_THEN_it_has_its_options_consequence_and_example() -> None:
    text = ToyBox().run("toy", "parts", "paint", "--help").stdout

    assert "Paint the parts." in text
    assert "--dry-run only shows" in text
    assert "Example:\n  manage-resources toy parts paint\n" in text


@pytest.mark.parametrize(("verb", "has_rows"), [("up", False), ("env", False), ("status", True)])
def test_WHEN_help_of_a_verb_is_shown_THEN_options_about_rows_stand_only_where_there_are_rows(
    verb: str, has_rows: bool
) -> None:
    text = CliRunner().invoke(root, ["sandbox", verb, "--help"], obj=Invocation()).stdout

    assert ("--output" in text, "--query" in text) == (has_rows, has_rows)
    assert "--log-level" in text


@pytest.mark.parametrize(
    ("words", "asks"),
    [
        ("plan show", False),
        ("policy from", False),
        ("runs export", False),
        ("runs prune", True),
        ("apply", True),
    ],
)
def test_WHEN_help_of_a_verb_without_identity_is_shown_THEN_yes_stands_only_where_something_is_asked(
    words: str, asks: bool
) -> None:
    text = CliRunner().invoke(root, [*words.split(), "--help"], obj=Invocation()).stdout
    assert ("--yes  " in text) is asks


def test_WHEN_help_of_group_is_shown_THEN_verbs_stand_with_their_first_paragraph_only() -> None:
    text = ToyBox().run("toy", "--help").stdout

    assert "Wind a toy up." in text
    assert "second paragraph" not in text


def test_WHEN_version_is_asked_for_THEN_it_names_the_program() -> None:
    result = ToyBox().run("--version")

    assert result.exit_code == 0
    assert result.stdout.startswith("manage-resources ")


def test_WHEN_value_of_global_option_is_bad_THEN_usage_of_the_command_is_shown() -> None:
    result = ToyBox().run("toy", "wind", "x", "--region", "mars")

    assert result.exit_code == 2
    assert "toy wind" in result.stderr
    assert "'mars' is not a region name" in result.stderr


def test_WHEN_nouns_are_listed_THEN_no_module_of_theirs_is_needed() -> None:
    root = Root((TOYS[0].__class__("ghost", "no.such.module", "Not there."),))
    context = root.make_context("manage-resources", [], resilient_parsing=True)

    assert "Not there." in root.get_help(context)
