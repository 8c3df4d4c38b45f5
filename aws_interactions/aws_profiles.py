"""The profiles of the AWS configuration files."""

from aws_interactions.credential_errors import translate_credential_errors


def configured_profiles() -> list[str]:
    """Return the names of all profiles, in the order of the files; calls nothing.

    Raises ``CredentialsProblem`` for files that cannot be read as such.
    """
    from aws_interactions.client_loading import LeanSession

    with translate_credential_errors("the AWS configuration"):
        return list(LeanSession().available_profiles)
