import importlib.util
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent.parent
NEEDED = ("botocore", "dateutil", "jmespath", "six", "urllib3")


def test_WHEN_ruff_is_not_installed_THEN_the_error_says_what_to_install(tmp_path: Path) -> None:
    venv.create(tmp_path / "bare", symlinks=True)
    packages = tmp_path / "packages"
    packages.mkdir()
    for name in NEEDED:
        spec = importlib.util.find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        place = Path(spec.origin)
        place = place.parent if place.name == "__init__.py" else place
        (packages / place.name).symlink_to(place)
    done = subprocess.run(
        [
            tmp_path / "bare" / "bin" / Path(sys.executable).name,
            "-c",
            "from aws_operations.scaffold.source_format import formatted; formatted('x = 1')",
        ],
        env={"PYTHONPATH": f"{ROOT}:{packages}"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert "FormatterMissing" in done.stderr
    assert "in a checkout, pip install '.[scaffold]'" in done.stderr
