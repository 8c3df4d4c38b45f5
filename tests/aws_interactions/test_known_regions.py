from aws_interactions.known_regions import known_regions


def test_WHEN_regions_are_asked_for_THEN_they_are_those_of_all_partitions_and_no_pseudo_regions() -> None:
    known = known_regions()

    assert known >= {"us-east-1", "eu-west-1", "cn-north-1", "us-gov-west-1", "eusc-de-east-1"}
    assert not any(name.startswith("aws-") for name in known)
    assert "eu-west-9" not in known
