"""Answers as AWS gives them, for the proxy to give in its place."""

from tests.support.loopback_proxy import Answer

REQUEST_ID = "REQ4711EXAMPLE"


def s3_error(status: int, code: str, message: str = "no") -> Answer:
    """Return an error answer of S3."""
    body = (
        f"<Error><Code>{code}</Code><Message>{message}</Message><RequestId>{REQUEST_ID}</RequestId></Error>"
    )
    return Answer(status, body.encode(), {"Content-Type": "application/xml", "x-amz-request-id": REQUEST_ID})


def sts_error(status: int, code: str, message: str = "no") -> Answer:
    """Return an error answer of STS."""
    error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    body = f"<ErrorResponse>{error}<RequestId>{REQUEST_ID}</RequestId></ErrorResponse>"
    return Answer(status, body.encode(), {"Content-Type": "text/xml"})


def caller_identity(account: str) -> Answer:
    """Return STS's answer to a caller of an account."""
    arn = f"<Arn>arn:aws:sts::{account}:assumed-role/operator/x</Arn>"
    return _sts_answer("GetCallerIdentity", f"{arn}<UserId>AROAX:x</UserId><Account>{account}</Account>")


def assumed_role(account: str, *, secret: str, token: str) -> Answer:
    """Return STS's answer to AssumeRole, with credentials that hold for years."""
    user = f"<Arn>arn:aws:sts::{account}:assumed-role/operator/x</Arn><AssumedRoleId>AROAX:x</AssumedRoleId>"
    keys = (
        f"<AccessKeyId>ASIAEXAMPLE000000001</AccessKeyId><SecretAccessKey>{secret}</SecretAccessKey>"
        f"<SessionToken>{token}</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>"
    )
    return _sts_answer(
        "AssumeRole", f"<AssumedRoleUser>{user}</AssumedRoleUser><Credentials>{keys}</Credentials>"
    )


def _sts_answer(operation: str, result: str) -> Answer:
    body = (
        f'<{operation}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
        f"<{operation}Result>{result}</{operation}Result>"
        f"<ResponseMetadata><RequestId>{REQUEST_ID}</RequestId></ResponseMetadata></{operation}Response>"
    )
    return Answer(200, body.encode(), {"Content-Type": "text/xml"})
