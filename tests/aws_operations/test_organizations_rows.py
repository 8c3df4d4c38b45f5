from typing import Any

import pytest

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.organizations_interactions import ParentDoesNotExist
from aws_operations.organizations import (
    OrganizationalUnitDoesNotExist,
    OrganizationalUnitRow,
    accounts,
    organizational_units,
)


@pytest.fixture
def organization(aws_provider: AwsClientProvider) -> dict[str, str]:
    """Make units, one with a slash in its name, and an account in each; the value is ids by path."""
    client: Any = aws_provider.get_organizations()
    client.create_organization(FeatureSet="ALL")
    ids = {"/": client.list_roots()["Roots"][0]["Id"]}
    for path, parent, name in (
        ("/a", "/", "a"),
        ("/a/b", "/a", "b"),
        ("/a/b/c", "/a/b", "c"),
        ("/x/y", "/", "x/y"),
    ):
        unit = client.create_organizational_unit(ParentId=ids[parent], Name=name)["OrganizationalUnit"]
        ids[path] = unit["Id"]
        made = client.create_account(AccountName=f"in {path}", Email="a@example.com")["CreateAccountStatus"]
        client.move_account(
            AccountId=made["AccountId"], SourceParentId=ids["/"], DestinationParentId=ids[path]
        )
    return ids


def names(rows: Any) -> list[str]:
    return [row.name for row in rows]


@pytest.mark.parametrize(
    ("ou", "recursive", "expected"),
    [
        (None, False, ["master", "in /a", "in /a/b", "in /a/b/c", "in /x/y"]),
        ("/", False, ["master"]),
        ("/", True, ["master", "in /a", "in /a/b", "in /a/b/c", "in /x/y"]),
        ("/a", False, ["in /a"]),
        ("a/b/", False, ["in /a/b"]),
        ("/a", True, ["in /a", "in /a/b", "in /a/b/c"]),
        ("/x/y", True, ["in /x/y"]),
    ],
)
@pytest.mark.usefixtures("organization")
def test_WHEN_listing_accounts_AND_a_path_is_given_THEN_they_are_those_in_it(
    ou: str | None, recursive: bool, expected: list[str], aws_provider: AwsClientProvider
) -> None:
    assert names(accounts(ou, aws_provider, recursive=recursive)) == expected


def test_WHEN_listing_accounts_AND_an_id_is_given_THEN_they_are_those_in_it(
    organization: dict[str, str], aws_provider: AwsClientProvider
) -> None:
    assert names(accounts(organization["/a/b"], aws_provider)) == ["in /a/b"]
    assert names(accounts(organization["/a/b"], aws_provider, recursive=True)) == ["in /a/b", "in /a/b/c"]
    assert names(accounts(organization["/"], aws_provider)) == ["master"]


@pytest.mark.parametrize("path", ["/b", "/a/bb", "/a/b/c/d", "/A", "/x"])
@pytest.mark.usefixtures("organization")
def test_WHEN_listing_accounts_AND_no_unit_has_the_path_THEN_that_is_said(
    path: str, aws_provider: AwsClientProvider
) -> None:
    with pytest.raises(OrganizationalUnitDoesNotExist) as absent:
        list(accounts(path, aws_provider))

    assert absent.value.path == path


@pytest.mark.usefixtures("organization")
def test_WHEN_listing_accounts_AND_the_id_is_of_no_unit_THEN_that_is_said(
    aws_provider: AwsClientProvider,
) -> None:
    with pytest.raises(ParentDoesNotExist):
        list(accounts("ou-abcd-12345678", aws_provider))


def test_WHEN_listing_units_THEN_rows_have_paths_and_ids(
    organization: dict[str, str], aws_provider: AwsClientProvider
) -> None:
    rows = list(organizational_units(aws_provider))

    assert [row.path for row in rows] == ["/a", "/a/b", "/a/b/c", "/x/y"]
    assert rows[1] == OrganizationalUnitRow("/a/b", organization["/a/b"], organization["/a"])
