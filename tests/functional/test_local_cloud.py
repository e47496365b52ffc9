from __future__ import annotations

import io
import secrets
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from flowtag.aws.clients import s3_client
from local_cloud.application import LocalApplication, Options, local_application
from local_cloud.narration import Narrator

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CHECKOUT = Path(__file__).parents[2]
TEMPLATE = CHECKOUT / "tests" / "local_app" / "template.yaml"
PATIENCE_SECONDS = 60


class Told:
    """What an application wrote on its terminal."""

    def __init__(self) -> None:
        self.out = io.StringIO()

    def lines(self, *parts: str) -> list[str]:
        return [
            line for line in self.out.getvalue().splitlines() if all(part in line for part in parts)
        ]


@pytest.fixture(scope="module")
def told() -> Told:
    return Told()


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory, told: Told) -> Iterator[LocalApplication]:
    options = Options(
        template=TEMPLATE,
        checkout=CHECKOUT,
        data=tmp_path_factory.mktemp("local"),
        repeat_seconds=0.2,
    )
    with local_application(options, Narrator(told.out)) as running:
        yield running


@pytest.fixture
def s3(application: LocalApplication, credentials: None) -> S3Client:
    return s3_client(application.s3_url)


@pytest.fixture
def key() -> str:
    """A key that starts as the template's rule wants, and that no other test has."""
    return f"clips/{secrets.token_hex(4)}"


def until(is_so: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.05)


def keys_under(s3: S3Client, prefix: str) -> set[str]:
    found = s3.list_objects_v2(Bucket="outputs", Prefix=prefix + "/")
    return {each["Key"].removeprefix(prefix + "/") for each in found.get("Contents", [])}


def test_an_upload_goes_through_every_hop_that_the_template_wires(
    s3: S3Client, key: str, told: Told
) -> None:
    s3.put_object(Bucket="uploads", Key=key, Body=b"a clip")

    until(lambda: told.lines("event", "Whole", key))

    assert keys_under(s3, key) == {"parts/0", "parts/1", "parts/2", "whole"}


@pytest.mark.parametrize("name", ["a b", "a+b", "a%20b", "Füße 🎬 走る", "x" * 900])
def test_keys_reach_the_functions_as_they_were_written(s3: S3Client, key: str, name: str) -> None:
    s3.put_object(Bucket="uploads", Key=f"{key} {name}", Body=b"a clip")

    until(lambda: "whole" in keys_under(s3, f"{key} {name}"))

    assert keys_under(s3, f"{key} {name}") == {"parts/0", "parts/1", "parts/2", "whole"}


def test_a_multipart_upload_is_told_of_once(s3: S3Client, key: str, told: Told) -> None:
    upload = s3.create_multipart_upload(Bucket="uploads", Key=key)["UploadId"]
    etags = [
        s3.upload_part(
            Bucket="uploads", Key=key, UploadId=upload, PartNumber=number, Body=bytes(5 << 20)
        )["ETag"]
        for number in (1, 2)
    ]

    s3.complete_multipart_upload(
        Bucket="uploads",
        Key=key,
        UploadId=upload,
        MultipartUpload={
            "Parts": [{"ETag": etag, "PartNumber": n} for n, etag in enumerate(etags, 1)]
        },
    )

    until(lambda: "whole" in keys_under(s3, key))
    assert len(told.lines("s3", f"uploads/{key}", "10.5 MB")) == 1


def test_a_copy_is_told_of(s3: S3Client, key: str) -> None:
    s3.put_object(Bucket="quiets", Key="from", Body=b"a clip")

    s3.copy_object(Bucket="uploads", Key=key, CopySource={"Bucket": "quiets", "Key": "from"})

    until(lambda: "whole" in keys_under(s3, key))


def test_other_keys_and_buckets_that_do_not_tell_start_nothing(
    s3: S3Client, key: str, told: Told
) -> None:
    s3.put_object(Bucket="uploads", Key=f"other/{key}", Body=b"")
    s3.put_object(Bucket="quiets", Key=key, Body=b"")

    assert told.lines(f"uploads/other/{key}") and not told.lines(f"uploads/other/{key}", "Plan")
    assert not told.lines(f"quiets/{key}")


def test_what_one_message_of_a_batch_reports_as_failed_ends_in_the_dead_letters(
    s3: S3Client, key: str
) -> None:
    s3.put_object(Bucket="uploads", Key=f"{key} poisoned", Body=b"")

    until(lambda: "whole" in keys_under(s3, f"{key} poisoned"))

    assert keys_under(s3, f"{key} poisoned") == {"parts/0", "parts/1.failed", "parts/2", "whole"}


def test_dead_letters_may_have_dead_letters(
    application: LocalApplication, s3: S3Client, key: str
) -> None:
    s3.put_object(Bucket="uploads", Key=f"{key} poisoned hopeless", Body=b"")

    until(lambda: application.queues["LastDeadLetters"].counts() == (1, 0))

    (message,) = application.queues["LastDeadLetters"].receive(10)
    application.queues["LastDeadLetters"].delete(message.receipt)
    assert key in message.body


@pytest.mark.parametrize("fate", ["killed", "slow"])
def test_work_whose_function_died_or_ran_out_of_time_is_done_again(
    s3: S3Client, key: str, fate: str
) -> None:
    s3.put_object(Bucket="uploads", Key=f"{key} {fate}", Body=b"")

    until(lambda: "whole" in keys_under(s3, f"{key} {fate}"))

    assert keys_under(s3, f"{key} {fate}") == {"parts/0", "parts/1", "parts/2", "whole"}


def test_an_event_that_keeps_failing_goes_to_its_destination_and_is_shown_in_full(
    application: LocalApplication, s3: S3Client, key: str, told: Told
) -> None:
    s3.put_object(Bucket="uploads", Key=f"{key} unreadable", Body=b"")

    until(lambda: application.queues["PlanDeadLetters"].counts() == (1, 0))

    assert len(told.lines(f"ValueError: cannot read {key} unreadable")) == 2


def test_an_unsigned_upload_is_refused(application: LocalApplication, key: str) -> None:
    request = urllib.request.Request(
        f"{application.s3_url}/uploads/{key}", data=b"a clip", method="PUT"
    )

    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)

    assert refused.value.code == 403
    refused.value.close()


def test_a_versioned_bucket_names_the_version(
    application: LocalApplication, s3: S3Client, key: str
) -> None:
    answer = s3.put_object(Bucket="uploads", Key=f"other/{key}", Body=b"abc")

    assert answer["VersionId"]
