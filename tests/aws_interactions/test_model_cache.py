"""Models kept on disk are botocore's without the documentation, and never stale, torn or foreign."""

import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
from botocore.loaders import Loader

from aws_interactions.client_loading import LeanFileLoader, LeanSession
from aws_interactions.model_cache import ModelCache, without_documentation

MODEL = {
    "metadata": {"serviceId": "Mine"},
    "documentation": "Much about it.",
    "operations": {"Do": {"documentation": "More.", "errors": [{"shape": "No", "documentation": "Less."}]}},
    "shapes": {"In": {"members": {"documentation": {"shape": "Text", "documentation": "Its text."}}}},
}
BARE = {
    "metadata": {"serviceId": "Mine"},
    "documentation": "",
    "operations": {"Do": {"documentation": "", "errors": [{"shape": "No", "documentation": ""}]}},
    "shapes": {"In": {"members": {"documentation": {"shape": "Text", "documentation": ""}}}},
}
S3_MODEL = str(Path(Loader.BUILTIN_DATA_PATH) / "s3" / "2006-03-01" / "service-2")


class Source:
    """A model's file, and how often it was read."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "mine" / "2030-01-01" / "service-2.json"
        self.path.parent.mkdir(parents=True)
        self.path.write_text(json.dumps(MODEL))
        self.reads = 0

    def read(self) -> Any:
        self.reads += 1
        return json.loads(self.path.read_text())

    def through(self, folder: Path, botocore_version: str = "1.2.3") -> Any:
        return ModelCache(folder, botocore_version=botocore_version).model(self.path, self.read)


@pytest.fixture
def source(tmp_path: Path) -> Source:
    return Source(tmp_path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "models"


def only_file(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


def test_WHEN_taking_out_documentation_THEN_members_of_that_name_stay() -> None:
    assert without_documentation(MODEL) == BARE


def test_WHEN_a_model_is_asked_for_twice_THEN_its_source_is_read_once(source: Source, folder: Path) -> None:
    assert source.through(folder) == BARE
    assert source.through(folder) == BARE
    assert source.reads == 1
    assert folder.stat().st_mode & 0o777 == 0o700
    assert only_file(folder).stat().st_mode & 0o777 == 0o600


def test_WHEN_the_source_changes_THEN_it_is_read_again(source: Source, folder: Path) -> None:
    source.through(folder)
    os.utime(source.path, (1, 1))
    source.through(folder)

    assert source.reads == 2


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"metadata": {}}', '{"metadata": 1, "operations": 1, "shapes": 1}']
)
def test_WHEN_what_is_kept_is_torn_THEN_it_is_made_again(source: Source, folder: Path, text: str) -> None:
    source.through(folder)
    only_file(folder).write_text(text)

    assert source.through(folder) == BARE
    assert json.loads(only_file(folder).read_text()) == BARE


def test_WHEN_others_can_write_what_is_kept_THEN_it_is_made_again(source: Source, folder: Path) -> None:
    source.through(folder)
    only_file(folder).write_text(json.dumps({**BARE, "metadata": {"serviceId": "Theirs"}}))
    only_file(folder).chmod(0o666)

    assert source.through(folder) == BARE
    assert only_file(folder).stat().st_mode & 0o777 == 0o600


def test_WHEN_what_is_kept_is_a_link_THEN_it_is_replaced(
    source: Source, folder: Path, tmp_path: Path
) -> None:
    source.through(folder)
    path, elsewhere = only_file(folder), tmp_path / "elsewhere"
    elsewhere.write_text(json.dumps({**BARE, "metadata": {"serviceId": "Theirs"}}))
    path.unlink()
    path.symlink_to(elsewhere)

    assert source.through(folder) == BARE
    assert not path.is_symlink()
    assert "Theirs" in elsewhere.read_text()


def test_WHEN_the_folder_cannot_be_made_THEN_the_model_is_there_all_the_same(
    source: Source, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")

    assert source.through(tmp_path / "file" / "models") == BARE


def test_WHEN_writing_AND_files_are_old_THEN_they_go(source: Source, folder: Path) -> None:
    folder.mkdir(parents=True)
    for name, age_days in (("old.json", 31), ("young.json", 1)):
        (folder / name).write_text("{}")
        then = time.time() - age_days * 24 * 3600
        os.utime(folder / name, (then, then))
    source.through(folder)

    names = {path.name for path in folder.iterdir()}
    assert "young.json" in names
    assert "old.json" not in names
    assert len(names) == 2


@pytest.mark.parametrize("service_name", ["s3", "sts", "ec2", "iam", "dynamodb"])
def test_WHEN_a_session_may_keep_models_THEN_they_are_botocores_but_for_documentation(
    service_name: str, folder: Path
) -> None:
    stock = without_documentation(Loader().load_service_model(service_name, "service-2"))

    for _ in range(2):
        assert (
            LeanSession(model_cache_dir=folder).get_service_model(service_name)._service_description == stock
        )
    assert only_file(folder).name.startswith(f"{service_name}-")


def test_WHEN_a_session_may_keep_nothing_THEN_models_keep_their_documentation() -> None:
    model = LeanFileLoader().load_file(S3_MODEL)

    assert model == Loader().file_loader.load_file(S3_MODEL)
    assert "<p>" in model["documentation"]


def test_WHEN_botocore_is_another_THEN_its_models_are_not_the_kept_ones(source: Source, folder: Path) -> None:
    source.through(folder)
    source.through(folder, "1.2.4")

    assert source.reads == 2


def test_WHEN_a_user_has_a_model_of_the_same_service_THEN_that_is_not_kept(
    folder: Path, tmp_path: Path
) -> None:
    mine = tmp_path / "data" / "s3" / "2006-03-01"
    mine.mkdir(parents=True)
    shutil.copy(Path(f"{S3_MODEL}.json.gz"), mine)
    LeanFileLoader(folder).load_file(str(mine / "service-2"))

    assert not folder.exists()
