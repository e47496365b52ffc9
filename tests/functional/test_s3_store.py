"""What the S3 store makes of a service that fails; what every store does is in test_storage.py."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from flowtag.aws.clients import s3_client
from flowtag.aws.s3_store import S3Store
from flowtag.errors import PreconditionFailedError, StorageError
from local_cloud.s3_server import S3Server
from tests.services.faulty_proxy import FAULTS, faulty_proxy, now_and_then, once


def test_a_write_whose_reply_was_lost_counts_as_done(s3: S3Server, bucket: str) -> None:
    with faulty_proxy(s3.port, once("cut after", "PUT")) as proxy:
        store = S3Store(s3_client(proxy.endpoint_url), bucket)
        etag = store.put_if_absent("key", b"mine")
    assert proxy.met == ["cut after"]
    assert store_of(s3, bucket).get_with_etag("key") == (b"mine", etag)


def test_a_replacement_whose_reply_was_lost_counts_as_done(s3: S3Server, bucket: str) -> None:
    first = store_of(s3, bucket).put("key", b"first")
    with faulty_proxy(s3.port, once("cut after", "PUT")) as proxy:
        etag = S3Store(s3_client(proxy.endpoint_url), bucket).replace("key", b"second", first)
    assert store_of(s3, bucket).get_with_etag("key") == (b"second", etag)


def test_a_lost_reply_does_not_claim_what_another_wrote(s3: S3Server, bucket: str) -> None:
    store_of(s3, bucket).put("key", b"another's")
    with faulty_proxy(s3.port, once("cut after", "PUT")) as proxy:
        store = S3Store(s3_client(proxy.endpoint_url), bucket)
        with pytest.raises(PreconditionFailedError):
            store.put_if_absent("key", b"mine")
    assert store_of(s3, bucket).get("key") == b"another's"


def test_a_read_that_breaks_off_is_read_again(s3: S3Server, bucket: str) -> None:
    store_of(s3, bucket).put("key", b"x" * 100_000)
    with faulty_proxy(s3.port, once("cut within", "GET")) as proxy:
        data = S3Store(s3_client(proxy.endpoint_url), bucket).get("key")
    assert proxy.met == ["cut within"]
    assert data == b"x" * 100_000


def test_nothing_is_lost_when_one_call_in_five_fails(s3: S3Server, bucket: str) -> None:
    with faulty_proxy(s3.port, now_and_then(0.2, seed=1)) as proxy:
        store = S3Store(s3_client(proxy.endpoint_url), bucket)
        with ThreadPoolExecutor(4) as pool:
            list(
                pool.map(
                    lambda index: store.put_if_absent(f"key/{index}", b"%d" % index), range(60)
                )
            )
        seen = {key: store.get(key) for key in store.list("key/")}
    assert seen == {f"key/{index}": b"%d" % index for index in range(60)}
    assert set(proxy.met) == set(FAULTS)


def test_of_many_writers_at_once_one_wins(s3: S3Server, bucket: str) -> None:
    store = store_of(s3, bucket)

    def write(index: int) -> bool:
        try:
            store.put_if_absent("key", b"%d" % index)
        except PreconditionFailedError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(write, range(40)))
    assert sum(won) == 1
    assert store.get("key") == b"%d" % won.index(True)


def test_a_bucket_that_is_not_there_is_no_missing_object(s3: S3Server, credentials: None) -> None:
    with pytest.raises(StorageError, match="NoSuchBucket"):
        S3Store(s3_client(s3.endpoint_url), "no-such-bucket").put("key", b"")


def test_a_server_that_is_away_is_an_error_that_a_retry_may_mend(
    monkeypatch: pytest.MonkeyPatch, credentials: None
) -> None:
    monkeypatch.setattr("flowtag.aws.clients.ATTEMPTS", 1)
    with pytest.raises(StorageError, match=r"127\.0\.0\.1") as caught:
        S3Store(s3_client("http://127.0.0.1:9"), "bucket").put("key", b"")
    assert caught.value.retryable


def store_of(s3: S3Server, bucket: str) -> S3Store:
    return S3Store(s3_client(s3.endpoint_url), bucket)
