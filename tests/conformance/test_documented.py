"""What the guide says did not run is what did not run."""

import re

from tests.conformance.command_runs import NOT_AGAINST_DYNALITE, NOT_AGAINST_MINISTACK
from tests.support.emulators import DYNALITE, MINISTACK
from tests.support.program import ROOT

GUIDE = (ROOT / "docs" / "not_run_against_aws.md").read_text(encoding="utf-8")


def test_WHEN_a_command_cannot_run_there_THEN_the_guide_names_it_with_the_reason() -> None:
    commands_section = GUIDE.partition("Commands that do not run there:")[2].partition("\n\nOther ")[0]
    documented = dict(re.findall(r"^\| `([^`]+)` \| (.+) \|$", commands_section, re.MULTILINE))
    assert documented == {**NOT_AGAINST_MINISTACK, **NOT_AGAINST_DYNALITE}


def test_WHEN_the_guide_names_versions_THEN_they_are_those_that_are_installed() -> None:
    for requirement in (MINISTACK, DYNALITE):
        assert re.sub("[=@]+", " ", requirement) in GUIDE
