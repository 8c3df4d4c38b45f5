import pytest

from aws_interactions import rds_interactions


def test_WHEN_a_public_name_is_asked_for_THEN_it_is_there() -> None:
    for name in rds_interactions.__all__:
        assert getattr(rds_interactions, name).__module__.startswith("aws_interactions.rds_interactions.")
    assert set(rds_interactions.__all__) <= set(dir(rds_interactions))


def test_WHEN_a_name_is_not_there_THEN_it_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'start'"):
        rds_interactions.start  # noqa: B018 - the access is what fails
