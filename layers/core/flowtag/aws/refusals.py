"""What AWS's refusals and silences mean to people, and what they can do about them."""

from __future__ import annotations

from botocore.exceptions import (
    ClientError,
    ConnectionError,
    CredentialRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
    SSOError,
    TokenRetrievalError,
)

_DENIED = {"403", "AccessDenied", "AllAccessDisabled"}
_NO_BUCKET = {"NoSuchBucket"}
_BAD_CREDENTIALS = {
    "400",
    "ExpiredToken",
    "InvalidAccessKeyId",
    "InvalidToken",
    "SignatureDoesNotMatch",
    "TokenRefreshRequired",
}
_PERMISSIONS = {
    "DeleteObject": "s3:DeleteObject",
    "GetObject": "s3:GetObject",
    "HeadBucket": "s3:ListBucket",
    "HeadObject": "s3:GetObject and s3:ListBucket",
    "ListObjectsV2": "s3:ListBucket",
    "PutObject": "s3:PutObject",
}
_CREDENTIALS = (
    CredentialRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
    SSOError,
    TokenRetrievalError,
)


def refusal(error: ClientError, what: str) -> str:
    """A line on what a service answered.

    Args:
        error: the answer.
        what: the object that was asked for, for people.
    """
    told = error.response.get("Error", {})
    code, said = told.get("Code", ""), told.get("Message") or "no more was said"
    advice = _advice_on(str(code), error.operation_name)
    return _in_one_line(f"{what}: {error.operation_name} was answered {code}: {said}", advice)


def silence(error: Exception, what: str) -> str:
    """A line on why no answer came, or none that can be read.

    Args:
        error: what boto3, or what it stands on, raised.
        what: the object that was asked for, for people.
    """
    if isinstance(error, NoCredentialsError):
        return (
            f"{what}: there are no AWS credentials; sign in, or set AWS_PROFILE, or "
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        )
    advice = ""
    if isinstance(error, _CREDENTIALS):
        advice = "sign in again, or use other credentials"
    elif isinstance(error, ConnectionError):
        advice = "check the network and the address of the endpoint"
    return _in_one_line(f"{what}: {error}", advice)


def _advice_on(code: str, operation: str) -> str:
    if code in _NO_BUCKET:
        return "check the bucket's name and the address of the endpoint"
    if code in _DENIED:
        needed = _PERMISSIONS.get(operation, "more permissions")
        return f"the credentials in use need {needed} there"
    if code in _BAD_CREDENTIALS:
        return "the credentials in use may have expired; sign in again, or use others"
    return ""


def _in_one_line(text: str, advice: str) -> str:
    # Some messages of botocore are lists, or end with a full stop.
    line = " ".join(text.split())
    return f"{line.rstrip('.')}; {advice}" if advice else line
