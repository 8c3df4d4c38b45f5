"""Import cuts leave out what nobody asks for, and give all of it to who asks."""

import json
import subprocess
import sys
from typing import Any

import pytest

UNUSED = ("botocore.docs.bcdoc", "botocore.docs.method", "html.parser", "importlib.metadata")
START = """
import json, sys
from aws_interactions.lean_imports import DeferredModule, install
"""
MAKE_PROVIDER = """
from aws_interactions.access_keys import AccessKeys
from aws_interactions.aws_client_provider import AwsClientProvider
aws_provider = AwsClientProvider(aws_region="eu-west-1", access_keys=AccessKeys("testing", "testing"))
"""


def answer_of(script: str) -> Any:
    """Run a script in a process of its own and return what it prints last, from JSON."""
    ended = subprocess.run(
        [sys.executable, "-c", START + script], capture_output=True, text=True, check=False, timeout=60
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_WHEN_making_a_client_AND_imports_are_lean_THEN_what_is_not_used_is_not_loaded() -> None:
    # Also the canary: a botocore or urllib3 that imports these in another way makes this fail.
    loaded = answer_of(
        f"install()\n{MAKE_PROVIDER}\naws_provider.get_s3()\n"
        f"print(json.dumps([name for name in {UNUSED!r} if name in sys.modules]))"
    )

    assert loaded == []


def test_WHEN_only_the_library_is_imported_THEN_nothing_stands_in() -> None:
    kinds = answer_of(
        f"{MAKE_PROVIDER}\naws_provider.get_s3()\n"
        "print(json.dumps([type(sys.modules[n]).__name__ for n in ('botocore.docs', 'urllib3.http2')]))"
    )

    assert kinds == ["module", "module"]


def test_WHEN_making_a_resource_AND_imports_are_lean_THEN_it_works_with_its_docstrings() -> None:
    found = answer_of(
        f"install()\n{MAKE_PROVIDER}\nbucket = aws_provider.get_s3_resource().Bucket('demo')\n"
        "print(json.dumps([bucket.name, 'delete' in str(type(bucket).delete.__doc__).lower(),"
        " type(sys.modules['botocore.docs.docstring']).__name__]))"
    )

    assert found == ["demo", True, "module"]


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("botocore.docs", "generate_docs"),
        ("botocore.docs.docstring", "LazyLoadedDocstring"),
        ("urllib3.http2", "inject_into_urllib3"),
    ],
)
def test_WHEN_something_else_is_asked_of_a_stand_in_THEN_it_is_the_real_one(module: str, name: str) -> None:
    found = answer_of(
        f"install()\nimport botocore.session\nfrom {module} import {name}\n"
        f"print(json.dumps([{name}.__module__, type(sys.modules[{module!r}]).__name__]))"
    )

    assert found == [module, "module"]


def test_WHEN_a_stand_in_is_asked_for_what_nobody_has_THEN_it_says_so() -> None:
    message = answer_of(
        "install()\nimport botocore.docs\n"
        "try:\n    botocore.docs.nonsense\nexcept AttributeError as error:\n    print(json.dumps(str(error)))"
    )

    assert message == "module 'botocore.docs' has no attribute 'nonsense'"


def test_WHEN_many_threads_ask_a_stand_in_THEN_each_gets_the_name() -> None:
    names = answer_of(
        "import botocore.session\n"
        "for name in [n for n in sys.modules if n.startswith('botocore.docs')]: del sys.modules[name]\n"
        "install()\nimport botocore.docs\nfrom concurrent.futures import ThreadPoolExecutor\n"
        "with ThreadPoolExecutor(8) as pool:\n"
        "    found = list(pool.map(lambda _: botocore.docs.generate_docs.__name__, range(8)))\n"
        "print(json.dumps(found))"
    )

    assert names == ["generate_docs"] * 8


def test_WHEN_installing_AND_the_real_ones_are_loaded_THEN_they_stay() -> None:
    stays = answer_of(
        "import botocore.client\nreal = sys.modules['botocore.docs']\ninstall()\ninstall()\n"
        "print(json.dumps(sys.modules['botocore.docs'] is real))"
    )

    assert stays is True


def test_WHEN_making_a_client_AND_imports_are_lean_THEN_what_it_signs_is_the_same() -> None:
    script = (
        f"{MAKE_PROVIDER}\nclient = aws_provider.get_s3()\nimport datetime, botocore.auth\n"
        "botocore.auth.get_current_datetime = lambda: datetime.datetime(2030, 1, 1)\n"
        "url = client.generate_presigned_url('get_object', Params={'Bucket': 'demo', 'Key': 'key'})\n"
        "print(json.dumps([url, sorted(client.meta.method_to_api_mapping), client.waiter_names]))"
    )

    assert answer_of(f"install()\n{script}") == answer_of(script)
