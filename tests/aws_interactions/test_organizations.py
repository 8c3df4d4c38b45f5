from datetime import UTC, datetime
from typing import Any

import pytest

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import Throttled, Unavailable
from aws_interactions.organizations_interactions import (
    Account,
    NotInOrganization,
    Organization,
    OrganizationAccessDenied,
    ParentDoesNotExist,
    describe_organization,
    list_accounts,
    list_accounts_of,
    list_organizational_units,
    list_organizational_units_of,
    list_roots,
)
from aws_interactions.testing import FakeClient, fake_provider

ARN = "arn:aws:organizations::123456789012"
JOINED = datetime(2026, 1, 1, tzinfo=UTC)


def found_account(number: int, **other: Any) -> dict[str, Any]:
    account_id = f"{number:012}"
    return {
        "Id": account_id,
        "Arn": f"{ARN}:account/o-1/{account_id}",
        "Name": f"account {number}",
        "Email": f"{number}@example.com",
        "JoinedTimestamp": JOINED,
        **other,
    }


def found_unit(name: str) -> dict[str, str]:
    return {"Id": f"ou-abcd-{name:0>8}", "Arn": f"{ARN}:ou/o-1/{name}", "Name": name}


def test_WHEN_listing_accounts_AND_pages_are_empty_but_go_on_THEN_all_are_found() -> None:
    organizations = FakeClient("organizations").pages(
        "list_accounts",
        [
            {"Accounts": []},
            {
                "Accounts": [found_account(number, Status="ACTIVE") for number in range(20)],
            },
            {"Accounts": []},
            {"Accounts": [found_account(20, Status="SUSPENDED")]},
        ],
    )

    accounts = list(list_accounts(fake_provider(organizations=organizations)))

    assert [int(account.id) for account in accounts] == list(range(21))
    assert accounts[20] == Account(
        id="000000000020",
        name="account 20",
        email="20@example.com",
        status="SUSPENDED",
        joined_at=JOINED,
        arn=f"{ARN}:account/o-1/000000000020",
    )


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"Status": "ACTIVE"}, "ACTIVE"),
        ({"State": "CLOSED"}, "CLOSED"),
        ({"Status": "SUSPENDED", "State": "CLOSED"}, "CLOSED"),
    ],
)
def test_WHEN_listing_accounts_AND_aws_tells_state_or_status_THEN_the_fuller_one_counts(
    fields: dict[str, str], status: str
) -> None:
    organizations = FakeClient("organizations").answers(
        "list_accounts", {"Accounts": [found_account(1, **fields)]}
    )

    (account,) = list_accounts(fake_provider(organizations=organizations))

    assert account.status == status


def test_WHEN_listing_accounts_AND_one_is_still_coming_up_THEN_what_is_unknown_is_none() -> None:
    pending = {"Id": "000000000001", "Arn": f"{ARN}:account/o-1/1", "State": "PENDING_ACTIVATION"}
    organizations = FakeClient("organizations").answers("list_accounts", {"Accounts": [pending]})

    (account,) = list_accounts(fake_provider(organizations=organizations))

    assert (account.email, account.joined_at) == (None, None)


def test_WHEN_listing_accounts_AND_a_page_comes_twice_THEN_it_is_an_error() -> None:
    page = {"Accounts": [found_account(1, Status="ACTIVE")], "NextToken": "again"}
    organizations = FakeClient("organizations").answers("list_accounts", [page, page, page])

    with pytest.raises(Unavailable, match="same page twice"):
        list(list_accounts(fake_provider(organizations=organizations)))


def test_WHEN_listing_units_THEN_each_comes_before_those_in_it_with_its_path() -> None:
    production, workloads, archive = (found_unit(name) for name in ("production", "workloads", "archive"))
    organizations = (
        FakeClient("organizations")
        .answers("list_roots", {"Roots": [{"Id": "r-abcd", "Arn": f"{ARN}:root", "Name": "Root"}]})
        .answers(
            "list_organizational_units_for_parent",
            [{"OrganizationalUnits": units} for units in ([workloads, archive], [production], [], [])],
        )
    )

    units = list(list_organizational_units(fake_provider(organizations=organizations)))

    assert [unit.path for unit in units] == ["/workloads", "/workloads/production", "/archive"]
    assert [unit.parent_id for unit in units] == ["r-abcd", workloads["Id"], "r-abcd"]
    asked = [call.parameters["ParentId"] for call in organizations.calls if call.parameters]
    assert asked == ["r-abcd", workloads["Id"], production["Id"], archive["Id"]]


def test_WHEN_listing_units_below_one_THEN_paths_go_on_from_its_own() -> None:
    organizations = FakeClient("organizations").answers(
        "list_organizational_units_for_parent", {"OrganizationalUnits": [found_unit("production")]}
    )

    (unit,) = list_organizational_units_of(
        "ou-abcd-12345678", fake_provider(organizations=organizations), parent_path="/workloads"
    )

    assert unit.path == "/workloads/production"


@pytest.mark.parametrize(
    ("operation", "call"),
    [
        ("list_accounts", lambda provider: list(list_accounts(provider))),
        ("list_roots", lambda provider: list(list_roots(provider))),
        ("describe_organization", describe_organization),
    ],
)
def test_WHEN_asking_AND_there_is_no_organisation_THEN_that_is_said(operation: str, call: Any) -> None:
    organizations = FakeClient("organizations").raises(operation, "AWSOrganizationsNotInUseException")

    with pytest.raises(NotInOrganization, match="in no organisation"):
        call(fake_provider(organizations=organizations))


def test_WHEN_a_member_asks_THEN_who_may_ask_is_said() -> None:
    organizations = FakeClient("organizations").raises("list_accounts", "AccessDeniedException")

    with pytest.raises(OrganizationAccessDenied, match=r"management account .* delegated") as denied:
        list(list_accounts(fake_provider(organizations=organizations)))

    assert denied.value.iam_actions == ("organizations:ListAccounts",)
    assert denied.value.aws_code == "AccessDeniedException"


def test_WHEN_what_any_member_may_ask_is_denied_THEN_it_is_not_put_down_to_the_account() -> None:
    organizations = FakeClient("organizations").raises("describe_organization", "AccessDeniedException")

    with pytest.raises(OrganizationAccessDenied) as denied:
        describe_organization(fake_provider(organizations=organizations))

    assert str(denied.value) == "no permission for organizations:DescribeOrganization"


@pytest.mark.parametrize(
    ("operation", "call"),
    [
        ("list_accounts_for_parent", list_accounts_of),
        ("list_organizational_units_for_parent", list_organizational_units_of),
    ],
)
def test_WHEN_listing_below_a_parent_AND_it_is_absent_THEN_it_is_named(operation: str, call: Any) -> None:
    organizations = FakeClient("organizations").raises(operation, "ParentNotFoundException")

    with pytest.raises(ParentDoesNotExist) as absent:
        list(call("ou-abcd-12345678", fake_provider(organizations=organizations)))

    assert absent.value.parent_id == "ou-abcd-12345678"


def test_WHEN_listing_accounts_AND_throttled_to_the_end_THEN_it_is_throttled() -> None:
    organizations = FakeClient("organizations").raises("list_accounts", "TooManyRequestsException")

    with pytest.raises(Throttled):
        list(list_accounts(fake_provider(organizations=organizations)))


def test_WHEN_the_organisation_is_made_in_aws_THEN_all_of_it_is_found(
    aws_provider: AwsClientProvider,
) -> None:
    client: Any = aws_provider.get_organizations()
    organization_id = client.create_organization(FeatureSet="ALL")["Organization"]["Id"]
    (root,) = list_roots(aws_provider)
    workloads = client.create_organizational_unit(ParentId=root.id, Name="workloads")["OrganizationalUnit"]
    client.create_organizational_unit(ParentId=workloads["Id"], Name="production")
    for number in range(25):
        client.create_account(AccountName=f"a{number}", Email=f"{number}@example.com")
    moved = max(account.id for account in list_accounts(aws_provider) if account.name == "a7")
    client.move_account(AccountId=moved, SourceParentId=root.id, DestinationParentId=workloads["Id"])

    found = describe_organization(aws_provider)

    assert found == Organization(
        id=organization_id,
        arn=f"{ARN}:organization/{organization_id}",
        feature_set="ALL",
        management_account_id="123456789012",
        management_account_email="master@example.com",
    )
    assert len(list(list_accounts(aws_provider))) == 26
    assert [account.id for account in list_accounts_of(workloads["Id"], aws_provider)] == [moved]
    units = list(list_organizational_units(aws_provider))
    assert [unit.path for unit in units] == ["/workloads", "/workloads/production"]


def test_WHEN_there_is_no_organisation_in_aws_THEN_that_is_said(aws_provider: AwsClientProvider) -> None:
    with pytest.raises(NotInOrganization):
        describe_organization(aws_provider)
