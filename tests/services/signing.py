from __future__ import annotations

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


def signed_headers(method: str, url: str, access_key: str, secret_key: str) -> dict[str, str]:
    """Headers by which API Gateway knows the caller of a request without a body."""
    request = AWSRequest(method=method, url=url)
    signer = SigV4Auth(Credentials(access_key, secret_key), "execute-api", "us-east-1")
    signer.add_auth(request)
    return {str(name): str(value) for name, value in request.headers.items()}
