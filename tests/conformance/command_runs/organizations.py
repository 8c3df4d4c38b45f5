from tests.conformance.stage import HOME_ACCOUNT, Stage, fresh, runs


def unit_of(stage: Stage) -> tuple[str, str]:
    """Make a unit below a unit below the root; return both names."""
    organizations = stage.root.get_organizations()
    outer, inner = fresh("workloads"), fresh("production")
    (root,) = organizations.list_roots()["Roots"]
    made = organizations.create_organizational_unit(ParentId=root["Id"], Name=outer)["OrganizationalUnit"]
    organizations.create_organizational_unit(ParentId=made["Id"], Name=inner)
    return outer, inner


@runs("organizations accounts")
def accounts(stage: Stage) -> None:
    stage.root.get_organizations().create_account(Email="a@example.com", AccountName=fresh("account"))
    ids = [row["id"] for row in stage.rows()]
    assert HOME_ACCOUNT in ids
    assert len(ids) > 1
    outer, _ = unit_of(stage)
    assert stage.rows(f"/{outer}") == []


@runs("organizations ous")
def ous(stage: Stage) -> None:
    outer, inner = unit_of(stage)
    paths = [row["path"] for row in stage.rows()]
    assert f"/{outer}" in paths
    assert f"/{outer}/{inner}" in paths
