"""Where this user's files belong: the XDG base directories."""

from collections.abc import Mapping
from pathlib import Path

NO_HOME = "there is no home directory; set HOME or XDG_STATE_HOME"


def user_directory(environ: Mapping[str, str], variable: str, below_home: str) -> Path | None:
    """Return what an XDG variable names, else its default; a relative or empty variable is ignored.

    ``None`` for a user who has no home directory, as in a container run under any number.
    """
    named = Path(environ.get(variable, ""))
    if named.is_absolute():
        return named
    try:
        return Path.home() / below_home
    except RuntimeError:
        return None


def state_path(environ: Mapping[str, str], name: str) -> Path | None:
    """Return where this program keeps the state of that name; ``None`` without a home directory."""
    base = user_directory(environ, "XDG_STATE_HOME", ".local/state")
    return base / "manage-resources" / name if base is not None else None
