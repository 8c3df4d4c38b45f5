"""What is logged goes to standard error; botocore's own records only at debug, and redacted."""

from typing import TextIO

from commands.options import Settings

_HANDLER_NAME = "manage-resources"
_OUR_LOGGERS = ("aws_interactions", "aws_operations", "commands")
_FOREIGN_LOGGERS = ("botocore", "boto3", "urllib3", "s3transfer")
# Their warnings are tracebacks of refreshes that failed: the error that ends a target says it in a line.
_TRACEBACK_LOGGERS = ("botocore.credentials", "botocore.tokens")


def configure_logging(settings: Settings) -> None:
    """Send records of the chosen level to standard error, secrets taken out."""
    import logging

    from aws_interactions.secret_redaction import install_redaction
    from commands.row_formats import visible
    from commands.status_line import PROCESS_STATUS_LINE

    class LinesOfTheirOwn(logging.StreamHandler[TextIO]):
        """Has what is shown at the end of a terminal out of the way while it writes."""

        def emit(self, record: logging.LogRecord) -> None:
            with PROCESS_STATUS_LINE.hidden(at_line_start=True):
                super().emit(record)

    class OneLineMessages(logging.Formatter):
        """Makes control characters visible: a key or an answer may hold any, line ends too."""

        def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
            return visible(super().formatMessage(record))

    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    handler = LinesOfTheirOwn()
    # Which module speaks is of use to who looks for a bug, and to nobody else.
    name = " %(name)s" if level == logging.DEBUG else ""
    handler.setFormatter(OneLineMessages(f"%(levelname)s{name}: %(message)s"))
    root_logger = logging.getLogger()
    for old in [each for each in root_logger.handlers if each.name == _HANDLER_NAME]:
        root_logger.removeHandler(old)
    handler.name = _HANDLER_NAME
    install_redaction(handler)
    root_logger.addHandler(handler)
    for name in _OUR_LOGGERS:
        logging.getLogger(name).setLevel(level)
    for name in _FOREIGN_LOGGERS:
        logging.getLogger(name).setLevel(level if level == logging.DEBUG else max(level, logging.WARNING))
    for name in _TRACEBACK_LOGGERS:
        logging.getLogger(name).setLevel(level if level == logging.DEBUG else logging.ERROR)
