"""How what is logged looks on standard error."""

import logging

import pytest

from commands.logs import configure_logging
from commands.options import Settings

LOGGER = logging.getLogger("commands.some_module")


@pytest.mark.parametrize(
    ("level", "line"),
    [
        ("warning", "WARNING: a key\n"),
        ("info", "WARNING: a key\n"),
        ("debug", "WARNING commands.some_module: a key\n"),
    ],
)
def test_WHEN_logging_THEN_the_module_is_named_only_to_who_looks_for_a_bug(
    level: str, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging(Settings(log_level=level))
    LOGGER.warning("a %s", "key")
    assert capsys.readouterr().err == line


@pytest.mark.parametrize("name", ["botocore.credentials", "botocore.tokens"])
def test_WHEN_a_refresh_fails_THEN_botocores_traceback_is_for_who_looks_for_a_bug(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    botocores = logging.getLogger(name)
    configure_logging(Settings(log_level="info"))
    botocores.warning("Refreshing temporary credentials failed", exc_info=ValueError("no"))
    assert capsys.readouterr().err == ""
    configure_logging(Settings(log_level="debug"))
    botocores.warning("Refreshing temporary credentials failed", exc_info=ValueError("no"))
    assert "ValueError: no" in capsys.readouterr().err
