"""Fakes for the unit tests of code that takes an ``AwsClientProvider``.

::

    def test_bucket_is_reported_as_absent():
        s3 = FakeClient("s3").raises("head_bucket", code="404")
        assert get_bucket_status("logs", fake_provider(s3=s3)) is BucketStatus.DOES_NOT_EXIST

No network, no credentials, no sleep. A fake client serves behind a plain mock as well::

    provider = mock.Mock()
    provider.get_s3.return_value = FakeClient("s3")

``ReplayProvider`` answers from a recording of real calls instead; see ``testing_replay``.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Self

from aws_interactions.aws_client_provider import NO_ROLE, AwsClientProvider
from aws_interactions.aws_environment import AwsEnvironment
from aws_interactions.testing_client import Call, FakeClient, UnansweredCall
from aws_interactions.testing_faults import Fault, expire_credentials_at, lose_answer, throttle
from aws_interactions.testing_model import WrongFakeAnswer
from aws_interactions.testing_recorded_answers import UnrecordedBody, UnrecordedCall
from aws_interactions.testing_replay import AnswersNotRecorded, ReplayProvider

__all__ = [
    "FAKE_ENVIRONMENT",
    "AnswersNotRecorded",
    "Call",
    "FakeAwsClientProvider",
    "FakeClient",
    "Fault",
    "ReplayProvider",
    "UnansweredCall",
    "UnrecordedBody",
    "UnrecordedCall",
    "WrongFakeAnswer",
    "expire_credentials_at",
    "fake_provider",
    "lose_answer",
    "throttle",
]

FAKE_ENVIRONMENT = AwsEnvironment("123456789012", "eu-west-1")


class FakeAwsClientProvider(AwsClientProvider):
    """A provider that hands out what it was given; see ``fake_provider``."""

    def __init__(
        self,
        clients: Mapping[str, Any],
        environment: AwsEnvironment = FAKE_ENVIRONMENT,
        *,
        is_read_only: bool = False,
    ) -> None:
        # The real constructor is not called: there is no identity behind a fake.
        self._clients = dict(clients)
        self._environment = environment
        self._is_read_only = is_read_only
        getters = _getter_names()
        if unknown := sorted(set(clients) - set(getters)):
            message = f"AwsClientProvider has no getter for {', '.join(unknown)}; it has {', '.join(getters)}"
            raise TypeError(message)
        for name in getters:
            setattr(self, f"get_{name}", self._getter(name))

    @property
    def aws_region(self) -> str:
        """The region of the environment."""
        return self._environment.aws_region

    def get_aws_env(self) -> AwsEnvironment:
        """Return the environment that the fake was made with, as changed by derivations."""
        return self._environment

    def for_region(self, aws_region: str) -> Self:
        """Return a fake with the same clients in another region."""
        return self._with(aws_region=aws_region)

    def for_role(self, assume_role_arn: str, **_settings: Any) -> Self:
        """Return a fake with the same clients in the role's account."""
        parts = assume_role_arn.split(":")
        if len(parts) != 6:
            message = f"not a role's ARN: {assume_role_arn!r}"
            raise ValueError(message)
        return self._with(aws_account=parts[4])

    def narrowed_to(self, session_policy: str) -> Self:  # noqa: ARG002 - there is no session to narrow
        """Return a fake with the same clients; it does not hold them to the policy."""
        return self._with()

    def narrowing_obstacle(self) -> str | None:
        """Say that no role is assumed: there is no identity behind a fake."""
        return NO_ROLE

    def read_only(self) -> Self:
        """Return a fake with the same clients that says it is read-only; it does not hold them to it."""
        return self._with(is_read_only=True)

    def __repr__(self) -> str:
        return f"FakeAwsClientProvider({self._environment})"

    def _getter(self, name: str) -> Callable[[], Any]:
        return partial(self._hand_out, name)

    def _hand_out(self, name: str) -> Any:
        if name not in self._clients:
            if name.endswith("_resource"):
                message = f"the fake provider was given no resource: fake_provider({name}=...)"
                raise UnansweredCall(message)
            self._clients[name] = FakeClient(name)
        return self._clients[name]

    def _with(
        self, *, aws_account: str | None = None, aws_region: str | None = None, is_read_only: bool = False
    ) -> Self:
        now = self._environment
        derived = type(self)(
            {},
            AwsEnvironment(
                aws_account or now.aws_account,
                aws_region or now.aws_region,
                now.aws_profile,
                now.credentials_expire_at,
            ),
            is_read_only=is_read_only or self._is_read_only,
        )
        derived._clients = self._clients
        return derived


def fake_provider(*, environment: AwsEnvironment = FAKE_ENVIRONMENT, **clients: Any) -> FakeAwsClientProvider:
    """Return a provider whose getters hand out these clients: ``fake_provider(s3=FakeClient("s3"))``.

    It has every getter of ``AwsClientProvider``; one whose client was not given hands out a
    ``FakeClient`` without answers. Names that are no getters raise ``TypeError``. ``for_region``,
    ``for_role`` and ``read_only`` keep the clients and change what ``get_aws_env()`` says.
    """
    return FakeAwsClientProvider(clients, environment)


def _getter_names() -> tuple[str, ...]:
    names = (name.removeprefix("get_") for name in dir(AwsClientProvider) if name.startswith("get_"))
    return tuple(name for name in names if name != "aws_env")
