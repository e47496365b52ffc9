"""Who gets into the API: the real template's routes, authoriser and CORS, over HTTP."""

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
from local_cloud.s3_server import ACCESS_KEY, SECRET_KEY
from local_cloud.template import read_template
from tests.cloud.template import IMAGE, ROOT
from tests.functional.shelf import Shelf
from tests.services.signing import signed_headers

ISSUER, AUDIENCE, PAGE = "https://id.example", "editors", "https://tool.example"
BY_TOKEN = {"JwtIssuer": ISSUER, "JwtAudience": f"producers,{AUDIENCE}"}
Start = Callable[[Mapping[str, str]], str]
Answer = tuple[int, Mapping[str, str], Any]


@pytest.fixture(scope="module")
def key() -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": "one"})


@pytest.fixture
def start(api_environment: dict[str, str], tmp_path: Path, key: RSAKey) -> Iterator[Start]:
    """Starts the API under some parameters of the template; gives its address."""
    jwks = tmp_path / "jwks.json"
    jwks.write_text(json.dumps(KeySet([key]).as_dict(private=False)))
    credentials = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
    region = {"AWS_DEFAULT_REGION": "eu-west-1", "AWS_EC2_METADATA_DISABLED": "true"}
    with ExitStack() as running:

        def begin(parameters: Mapping[str, str]) -> str:
            given = {"WorkerImageUri": IMAGE, "CorsOrigins": PAGE, **parameters}
            wiring = read_wiring(read_template(ROOT / "template.yaml", given, "http://x"))
            written = wiring.functions["ApiFunction"]
            function = replace(written, environment={**written.environment, **api_environment})
            program = program_of(function, ROOT, {**credentials, **region})
            serving = LocalFunction(function, program, 1, tmp_path, lambda *_: None)
            running.callback(serving.stop)
            access = access_by(wiring.authorizer, ACCESS_KEY, SECRET_KEY, jwks)
            api = Api(wiring.routes, {"ApiFunction": serving}, access, wiring.cors)
            return f"http://127.0.0.1:{running.enter_context(http_api(0, api))}"

        yield begin


def token(key: RSAKey, **changed: Any) -> dict[str, str]:
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "me", "exp": int(time.time()) + 60, **changed}
    return {"Authorization": f"Bearer {jwt.encode({'alg': 'RS256', 'kid': 'one'}, claims, key)}"}


def ask(url: str, headers: Mapping[str, str] | None = None, method: str = "GET") -> Answer:
    request = urllib.request.Request(url, headers=dict(headers or {}), method=method)
    try:
        with urllib.request.urlopen(request) as answer:
            text = answer.read()
            return answer.status, dict(answer.headers), json.loads(text) if text else None
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers), json.loads(error.read())


def test_a_right_token_lists_videos(start: Start, key: RSAKey, shelf: Shelf) -> None:
    shelf.put("rushes/Take 2.mov")

    status, headers, told = ask(f"{start(BY_TOKEN)}/videos", {**token(key), "Origin": PAGE})

    assert status == 200
    assert [video["name"] for video in told["videos"]] == ["Take 2.mov"]
    assert headers["Access-Control-Allow-Origin"] == PAGE


def test_a_right_signature_lists_videos(start: Start, shelf: Shelf) -> None:
    shelf.put("rushes/Take 2.mov")
    url = f"{start({})}/videos"

    status, _, told = ask(url, signed_headers("GET", url, ACCESS_KEY, SECRET_KEY))

    assert status == 200
    assert [video["name"] for video in told["videos"]] == ["Take 2.mov"]


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/videos", "GET"),
        ("/videos/clip-0123456789ab/motion", "GET"),
        ("/uploads", "POST"),
        ("/nothing/there", "GET"),
    ],
)
def test_nobody_is_let_in_who_does_not_say_who_he_is(start: Start, path: str, method: str) -> None:
    assert ask(start({}) + path, method=method)[0] == 403
    assert ask(start(BY_TOKEN) + path, method=method)[0] == 401


def test_tokens_of_others_and_for_others_are_refused(start: Start, key: RSAKey) -> None:
    url = f"{start(BY_TOKEN)}/videos"
    forger = RSAKey.generate_key(2048, {"kid": "one"})

    answers = [
        ask(url, token(key, iss="https://other.example")),
        ask(url, token(key, aud="somebody else")),
        ask(url, token(key, exp=1)),
        ask(url, token(forger)),
    ]

    assert [status for status, _, _ in answers] == [401] * 4


def test_wrong_signatures_are_refused(start: Start) -> None:
    url = f"{start({})}/videos"

    answers = [
        ask(url, signed_headers("GET", url, ACCESS_KEY, "guessed")),
        ask(f"{url}?limit=1", signed_headers("GET", url, ACCESS_KEY, SECRET_KEY)),
    ]

    assert [status for status, _, _ in answers] == [403] * 2


@pytest.mark.parametrize("parameters", [{}, BY_TOKEN])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_browsers_first_question_needs_no_token(
    start: Start, parameters: dict[str, str], method: str
) -> None:
    """It is sent without one, and only an answer without refusal lets the real request follow."""
    wanted = {"Access-Control-Request-Method": method, "Origin": PAGE}
    wanted["Access-Control-Request-Headers"] = "authorization,content-type"

    status, headers, _ = ask(f"{start(parameters)}/videos", wanted, "OPTIONS")

    assert status == 204
    assert headers["Access-Control-Allow-Origin"] == PAGE
    assert method in headers["Access-Control-Allow-Methods"].split(",")
    assert {"authorization", "content-type"} <= {
        *headers["Access-Control-Allow-Headers"].split(",")
    }


def test_pages_of_other_origins_are_told_nothing(start: Start) -> None:
    asked = {"Access-Control-Request-Method": "GET", "Origin": "https://other.example"}

    _, headers, _ = ask(f"{start({})}/videos", asked, "OPTIONS")

    assert "Access-Control-Allow-Origin" not in headers
