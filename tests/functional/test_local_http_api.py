"""The HTTP API: payloads as API Gateway's developer guide has them, and who is let in."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from local_cloud.functions import LocalFunction, program_of
from local_cloud.http_access import access_by
from local_cloud.http_api import Api, http_api
from local_cloud.reading_wiring import read_wiring
from local_cloud.template import read_template
from tests.services.signing import signed_headers

CHECKOUT = Path(__file__).parents[2]
TEMPLATE = CHECKOUT / "tests" / "local_app" / "template.yaml"
ISSUER, AUDIENCE = "https://issuer.example", "viewers"
Answer = tuple[int, Any]
Start = Callable[[Mapping[str, str], Path | None], str]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts the test application's API with some parameters; gives its address."""
    with ExitStack() as running:

        def begin(parameters: Mapping[str, str], jwks: Path | None) -> str:
            wiring = read_wiring(read_template(TEMPLATE, parameters, "http://x"))
            web = wiring.functions["Web"]
            program = program_of(web, CHECKOUT, {})
            function = LocalFunction(web, program, 1, tmp_path, lambda *_: None)
            running.callback(function.stop)
            access = access_by(wiring.authorizer, "tester", "tester-secret", jwks)
            api = Api(wiring.routes, {"Web": function}, access, wiring.cors)
            return f"http://127.0.0.1:{running.enter_context(http_api(0, api))}"

        yield begin


@pytest.fixture(scope="module")
def key() -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": "one"})


@pytest.fixture
def guarded(start: Start, key: RSAKey, tmp_path: Path) -> str:
    """An API that wants tokens of the issuer."""
    jwks = tmp_path / "jwks.json"
    jwks.write_text(json.dumps(KeySet([key]).as_dict(private=False)))
    return start({"Issuer": ISSUER, "Audience": AUDIENCE}, jwks)


def token(key: RSAKey, algorithm: str = "RS256", **changed: Any) -> str:
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "me", "exp": int(time.time()) + 60, **changed}
    header = {"alg": algorithm, "kid": "one"}
    return jwt.encode(header, {k: v for k, v in claims.items() if v is not None}, key)


def ask(url: str, headers: Mapping[str, str] | None = None, body: bytes | None = None) -> Answer:
    request = urllib.request.Request(url, body, dict(headers or {}))
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def test_a_function_gets_api_gateways_payload(start: Start) -> None:
    url = start({}, None) + "/open?a=1&a=2&b=x%20y"

    status, event = ask(url, {"Content-Type": "text/plain", "X-Own": "z"}, "hällo".encode())

    assert status == 201
    assert (event["version"], event["routeKey"], event["rawPath"]) == ("2.0", "POST /open", "/open")
    assert event["rawQueryString"] == "a=1&a=2&b=x%20y"
    assert event["queryStringParameters"] == {"a": "1,2", "b": "x y"}
    assert (event["body"], event["isBase64Encoded"]) == ("hällo", False)
    assert event["headers"]["x-own"] == "z"
    assert event["requestContext"]["http"]["method"] == "POST"


def test_other_routes_and_methods_are_not_found(start: Start) -> None:
    url = start({}, None)

    assert ask(f"{url}/nothing") == (404, {"message": "Not Found"})
    assert ask(f"{url}/open")[0] == 404


def test_a_token_of_the_issuer_lets_in_and_its_claims_are_passed_on(
    guarded: str, key: RSAKey
) -> None:
    good = token(key, admin=True)

    status, event = ask(f"{guarded}/things/a%2Fb", {"Authorization": f"Bearer {good}"})

    claims = event["requestContext"]["authorizer"]["jwt"]["claims"]
    assert status == 201
    assert event["pathParameters"] == {"id": "a/b"}
    assert (claims["sub"], claims["admin"]) == ("me", "true")


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://other.example"},
        {"aud": "others"},
        {"aud": None},
        {"exp": 1},
        {"exp": None},
        {"nbf": 99999999999},
    ],
)
def test_tokens_that_are_not_right_are_refused(
    guarded: str, key: RSAKey, changed: dict[str, Any]
) -> None:
    bad = token(key, **changed)

    assert ask(f"{guarded}/things/1", {"Authorization": f"Bearer {bad}"})[0] == 401


def test_tokens_signed_by_others_are_refused(guarded: str, key: RSAKey) -> None:
    forged = token(RSAKey.generate_key(2048, {"kid": "one"}))
    cut = token(key)[:-5]

    answers = [
        ask(f"{guarded}/things/1", {"Authorization": f"Bearer {each}"}) for each in (forged, cut)
    ]

    assert [status for status, _ in answers] == [401, 401]
    assert ask(f"{guarded}/things/1") == (401, {"message": "Unauthorized"})


def test_aws_keys_let_in_where_there_is_no_issuer(start: Start) -> None:
    url = start({}, None) + "/things/1?q=a%20b"

    status, event = ask(url, signed_headers("GET", url, "tester", "tester-secret"))

    assert status == 201
    assert event["requestContext"]["authorizer"]["iam"]["accessKey"] == "tester"


def test_wrong_signatures_are_refused(start: Start) -> None:
    url = start({}, None) + "/things/1"
    right = signed_headers("GET", url, "tester", "tester-secret")

    answers = [
        ask(url),
        ask(url, signed_headers("GET", url, "tester", "guessed")),
        ask(url, signed_headers("GET", url, "somebody", "tester-secret")),
        ask(url + "?more=1", right),
        ask(url, {**right, "X-Amz-Date": "20200101T000000Z"}),
    ]

    assert [status for status, _ in answers] == [403] * 5


def test_a_route_that_takes_every_method_keeps_web_pages_out(tmp_path: Path) -> None:
    """As API Gateway does: the browser's first question goes there, and holds no token."""
    wiring = read_wiring(read_template(TEMPLATE, {}, "http://x"))
    everything = replace(wiring.routes[0], key="$default", method="ANY", path="$default")
    access = access_by(wiring.authorizer, "tester", "tester-secret", None)
    question = {"Origin": "http://page", "Access-Control-Request-Method": "GET"}

    with http_api(0, Api([everything], {}, access, wiring.cors)) as port:
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/things/1", headers=question, method="OPTIONS"
        )
        with pytest.raises(urllib.error.HTTPError, match="403") as refused:
            urllib.request.urlopen(request)
        refused.value.close()


def test_an_issuer_without_keys_is_refused(start: Start) -> None:
    with pytest.raises(ValueError, match="--jwks"):
        start({"Issuer": ISSUER, "Audience": AUDIENCE}, None)


@pytest.mark.parametrize(
    ("origin", "allowed"), [("http://page", "http://page"), ("http://x", None)]
)
def test_web_pages_of_named_origins_may_ask(start: Start, origin: str, allowed: str | None) -> None:
    request = urllib.request.Request(
        start({}, None) + "/things/1", headers={"Origin": origin}, method="OPTIONS"
    )

    with urllib.request.urlopen(request) as answer:
        assert answer.status == 204
        assert answer.headers["Access-Control-Allow-Origin"] == allowed
