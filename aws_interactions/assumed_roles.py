"""Credentials of assumed roles: fetched by botocore, refreshed by themselves, checked before use."""

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    Credentials,
    DeferredRefreshableCredentials,
)

from aws_interactions.aws_errors import CredentialsProblem, WrongAccount
from aws_interactions.credential_cache import CredentialCache, cache_key_of, seconds_left
from aws_interactions.credential_errors import MfaCodeNeeded
from aws_interactions.credential_settings import MfaPrompter
from aws_interactions.lazy_credentials import LazyCredentials, caller_account
from aws_interactions.role_hops import RoleHop

if TYPE_CHECKING:
    from mypy_boto3_sts.client import STSClient

logger = logging.getLogger(__name__)

StsClientMaker = Callable[[Credentials], "STSClient"]

_DEFAULT_DURATION = 3600
_ADVISORY_WINDOW, _MANDATORY_WINDOW = 900, 600
_MFA_ADVISORY_WINDOW, _MFA_MANDATORY_WINDOW = 120, 60


class AccountCheckedCache:
    """What a botocore fetcher takes as its cache: every set of credentials passes through it.

    A set is handed on, and kept on disk, only after the account that it acts in was compared with
    the account that it should act in. botocore's key names neither endpoint nor source, so each
    entry's key is made from ``namespace`` too.
    """

    def __init__(
        self,
        *,
        expected_account: Callable[[Mapping[str, Any]], str],
        sts_client: StsClientMaker,
        namespace: Callable[[], str],
        disk: CredentialCache | None,
        expiry_window: int,
        label: str,
    ) -> None:
        self._expected_account = expected_account
        self._sts_client = sts_client
        self._namespace = namespace
        self._disk = disk
        self._expiry_window = expiry_window
        self._label = label
        self._checked: dict[str, Mapping[str, Any]] = {}

    def __contains__(self, botocore_key: str) -> bool:
        self._checked.pop(botocore_key, None)
        if self._disk is None:
            return False
        key = self._key(botocore_key)
        answer = self._disk.find(key)
        if answer is None or seconds_left(answer) < self._expiry_window:
            return False
        try:
            self._check_account(answer)
        except WrongAccount:
            del self._disk[key]
            raise
        except CredentialsProblem as problem:
            logger.info("kept credentials of %s are no longer accepted: %s", self._label, problem)
            del self._disk[key]
            return False
        self._checked[botocore_key] = answer
        return True

    def __getitem__(self, botocore_key: str) -> Mapping[str, Any]:
        return self._checked[botocore_key]

    def __setitem__(self, botocore_key: str, answer: Mapping[str, Any]) -> None:
        self._check_account(answer)
        logger.info("got credentials of %s, until %s", self._label, answer["Credentials"]["Expiration"])
        if self._disk is not None:
            self._disk[self._key(botocore_key)] = answer

    def _key(self, botocore_key: str) -> str:
        return cache_key_of(self._namespace(), botocore_key)

    def _check_account(self, answer: Mapping[str, Any]) -> None:
        keys = answer["Credentials"]
        credentials = Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
        actual = caller_account(self._sts_client(credentials), label=self._label)
        expected = self._expected_account(answer)
        if actual != expected:
            raise WrongAccount(expected_account=expected, actual_account=actual, resource=self._label)


class AssumedRole:
    """One role assumed with the credentials of a source, which may be another assumed role.

    ``source_client`` gives an STS client that signs as the source, ``sts_client`` one that signs with
    given credentials. ``source_identity_key`` tells the source apart from all others; ``sts_endpoint``
    says where STS is, without the region; these two are called only when there is a disk cache.
    ``is_short_lived``: there may be thousands of its kind, so that only its newest secrets are remembered
    for redaction.
    """

    def __init__(
        self,
        hop: RoleHop,
        source: LazyCredentials,
        *,
        source_identity_key: Callable[[], str],
        source_client: Callable[[], "STSClient"],
        sts_client: StsClientMaker,
        sts_endpoint: Callable[[], str],
        mfa_prompter: MfaPrompter | None = None,
        disk_cache: CredentialCache | None = None,
        is_short_lived: bool = False,
    ) -> None:
        self.hop = hop
        self._source = source
        self._source_identity_key = source_identity_key
        self._source_client = source_client
        self._sts_client = sts_client
        self._sts_endpoint = sts_endpoint
        self._mfa_prompter = mfa_prompter
        self._disk_cache = disk_cache
        self.credentials = LazyCredentials(
            self._make_refreshable, label=hop.role_arn, role_arn=hop.role_arn, is_short_lived=is_short_lived
        )

    def identity_key(self) -> str:
        """Return what tells these credentials from all others: endpoint, source and all settings."""
        return cache_key_of(self._sts_endpoint(), self._source_identity_key(), self.hop.specification())

    def _make_refreshable(self) -> Credentials:
        advisory, mandatory = refresh_windows(self.hop)
        fetcher = AssumeRoleCredentialFetcher(
            client_creator=lambda *_service, **_keys: self._source_client(),
            source_credentials=self._source,
            role_arn=self.hop.role_arn,
            extra_args=self.hop.request(),
            mfa_prompter=self._prompt,
            cache=cast("dict[str, Any]", self._checked_cache(advisory)),
            expiry_window_seconds=advisory,
        )
        # The first set is fetched here: botocore logs a traceback when it fails to fetch one itself.
        first = [fetcher.fetch_credentials()]
        credentials = DeferredRefreshableCredentials(
            refresh_using=lambda: first.pop() if first else fetcher.fetch_credentials(),
            method="assume-role",
            # Asked before each call: botocore's own clock is that of the local time zone, and slow.
            time_fetcher=lambda: datetime.now(UTC),
        )
        # The deferred kind takes no windows as arguments; its class attributes are for one hour or more.
        vars(credentials).update(_advisory_refresh_timeout=advisory, _mandatory_refresh_timeout=mandatory)
        return credentials

    def _checked_cache(self, expiry_window: int) -> AccountCheckedCache:
        return AccountCheckedCache(
            expected_account=lambda _answer: self.hop.aws_account,
            sts_client=self._sts_client,
            namespace=self.identity_key,
            disk=self._disk_cache,
            expiry_window=expiry_window,
            label=self.hop.role_arn,
        )

    def _prompt(self, prompt: str) -> str:
        if self._mfa_prompter is None:
            raise MfaCodeNeeded(self.hop.mfa_serial or self.hop.role_arn)
        return self._mfa_prompter(prompt).strip()


def refresh_windows(hop: RoleHop) -> tuple[int, int]:
    """Return how many seconds before the end one thread, and then every thread, refreshes.

    botocore's own windows, 15 and 10 minutes, would refresh a 15-minute session at every call; and
    where a person has to type a code, it is asked for as late as possible.
    """
    if hop.mfa_serial is not None:
        return _MFA_ADVISORY_WINDOW, _MFA_MANDATORY_WINDOW
    duration = hop.duration_seconds or _DEFAULT_DURATION
    return min(_ADVISORY_WINDOW, duration // 4), min(_MANDATORY_WINDOW, duration // 6)
