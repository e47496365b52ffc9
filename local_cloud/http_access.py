"""Who may use the HTTP API: API Gateway's two ways of telling."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from local_cloud.arns import ACCOUNT, arn
from local_cloud.wiring import Authorizer

_SKEW = timedelta(minutes=5)
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/(?P<day>\d{8})/(?P<region>[^/]+)/execute-api"
    r"/aws4_request, ?SignedHeaders=(?P<headers>[^,]+), ?Signature=(?P<signature>[0-9a-f]{64})"
)


@dataclass(frozen=True)
class Request:
    """A request to the API; header names in lower case."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


class NotAllowed(Exception):
    """The caller may not do that; ``status`` is what API Gateway answers."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


Access = Callable[[Request], Mapping[str, Any]]
"""Lets a request in: what to tell the function about its caller; or raises NotAllowed."""


def access_by(
    authorizer: Authorizer, access_key: str, secret_key: str, jwks: Path | None
) -> Access:
    """The way of telling that the template asks for.

    Args:
        authorizer: of the template.
        access_key: whose signature is right where no issuer is named.
        secret_key: its secret.
        jwks: the issuer's public keys, as a JSON Web Key Set.

    Raises:
        ValueError: there is an issuer, but no keys, or they cannot be read.
    """
    if not authorizer.issuer:
        return lambda request: _check_signature(request, access_key, secret_key)
    if jwks is None:
        raise ValueError(f"give the public keys of {authorizer.issuer} by --jwks FILE")
    keys = KeySet.import_key_set(json.loads(jwks.read_text()))
    return lambda request: _check_token(request, authorizer, keys)


def _check_token(request: Request, authorizer: Authorizer, keys: KeySet) -> Mapping[str, Any]:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotAllowed(401, "Unauthorized")
    rules = jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": authorizer.issuer}, exp={"essential": True}
    )
    try:
        # API Gateway takes tokens signed by RSA alone.
        claims = jwt.decode(token, keys, algorithms=["RS256", "RS384", "RS512"]).claims
        rules.validate(claims)
    except (JoseError, ValueError) as error:
        raise NotAllowed(401, "Unauthorized") from error
    meant = claims.get("aud", claims.get("client_id"))
    if not {*([meant] if isinstance(meant, str) else meant or ())} & {*authorizer.audience}:
        raise NotAllowed(401, "Unauthorized")
    told = {name: _told(value) for name, value in claims.items()}
    return {"jwt": {"claims": told, "scopes": None}}


def _told(claim: Any) -> str:
    """A claim as API Gateway passes it on: always a text."""
    if isinstance(claim, list):
        return f"[{' '.join(map(str, claim))}]"
    return str(claim).lower() if isinstance(claim, bool) else str(claim)


def _check_signature(request: Request, access_key: str, secret_key: str) -> Mapping[str, Any]:
    found = _AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
    stamp = request.headers.get("x-amz-date", "")
    if found is None or found["key"] != access_key or not stamp.startswith(found["day"]):
        raise NotAllowed(403, "Forbidden")
    signed = found["headers"].split(";")
    if not {"host", "x-amz-date"} <= set(signed) or not _is_recent(stamp):
        raise NotAllowed(403, "Forbidden")
    digest = request.headers.get("x-amz-content-sha256")
    if digest not in (None, hashlib.sha256(request.body).hexdigest()):
        raise NotAllowed(403, "Forbidden")
    again = AWSRequest(
        method=request.method,
        url=request.url,
        data=request.body,
        headers={name: request.headers.get(name, "") for name in signed},
    )
    again.context["timestamp"] = stamp
    signer = SigV4Auth(Credentials(access_key, secret_key), "execute-api", found["region"])
    text = signer.string_to_sign(again, signer.canonical_request(again))
    if not hmac.compare_digest(signer.signature(text, again), found["signature"]):
        raise NotAllowed(403, "Forbidden")
    user = {"accessKey": access_key, "accountId": ACCOUNT, "userArn": arn("iam", "user/local")}
    return {"iam": {**user, "callerId": access_key, "userId": access_key}}


def _is_recent(stamp: str) -> bool:
    try:
        signed = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return False
    return abs(datetime.now(UTC) - signed) < _SKEW
