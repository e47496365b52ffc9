"""What every object store must do. A store joins by a factory in ``STORES``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from flowtag.aws.clients import s3_client
from flowtag.aws.s3_store import S3Store
from flowtag.errors import ObjectNotFoundError, PreconditionFailedError
from flowtag.storage import FolderStore, ObjectStore

Fixtures = Callable[[str], Any]


def _in_bucket(fixture: Fixtures) -> S3Store:
    server, bucket = fixture("s3"), fixture("bucket")
    return S3Store(s3_client(server.endpoint_url), bucket, "some/prefix/")


STORES: dict[str, Callable[[Fixtures], ObjectStore]] = {
    "folder": lambda fixture: FolderStore(fixture("tmp_path") / "store"),
    "s3": _in_bucket,
}


@pytest.fixture(params=sorted(STORES))
def store(request: pytest.FixtureRequest) -> ObjectStore:
    return STORES[request.param](request.getfixturevalue)


def test_what_was_put_is_read_back(store: ObjectStore) -> None:
    store.put("a/b/c.bin", b"\x00\xff")
    assert store.get("a/b/c.bin") == b"\x00\xff"


def test_an_empty_object_is_an_object(store: ObjectStore) -> None:
    store.put("empty", b"")
    assert store.get("empty") == b""
    assert list(store.list("")) == ["empty"]


def test_a_missing_object_is_not_found(store: ObjectStore) -> None:
    store.put("a/b", b"1")
    for key in ("nothing", "a/nothing", "a/b/below"):
        with pytest.raises(ObjectNotFoundError):
            store.get(key)
        with pytest.raises(ObjectNotFoundError):
            store.get_with_etag(key)
        with pytest.raises(ObjectNotFoundError):
            store.written_at(key)


def test_a_folder_is_no_object(store: ObjectStore) -> None:
    store.put("a/b", b"1")
    with pytest.raises(ObjectNotFoundError):
        store.get("a")


def test_put_overwrites_and_changes_the_etag(store: ObjectStore) -> None:
    first = store.put("key", b"1")
    second = store.put("key", b"2")
    assert store.get("key") == b"2"
    assert first != second


def test_the_etag_of_a_write_is_that_of_the_next_read(store: ObjectStore) -> None:
    assert store.put("key", b"1") == store.get_with_etag("key")[1]
    assert store.put_if_absent("other", b"1") == store.get_with_etag("other")[1]
    etag = store.get_with_etag("key")[1]
    assert store.replace("key", b"2", etag) == store.get_with_etag("key")[1]


def test_what_did_not_change_is_not_read_again(store: ObjectStore) -> None:
    first = store.put("key", b"1")
    assert store.get_if_changed("key", first) is None
    second = store.put("key", b"2")
    assert store.get_if_changed("key", first) == (b"2", second)


def test_what_is_gone_is_not_unchanged(store: ObjectStore) -> None:
    etag = store.put("key", b"1")
    store.delete("key")
    with pytest.raises(ObjectNotFoundError):
        store.get_if_changed("key", etag)


def test_put_if_absent_leaves_what_stands(store: ObjectStore) -> None:
    store.put_if_absent("key", b"1")
    with pytest.raises(PreconditionFailedError):
        store.put_if_absent("key", b"2")
    assert store.get("key") == b"1"


def test_put_if_absent_after_a_delete_writes(store: ObjectStore) -> None:
    store.put("key", b"1")
    store.delete("key")
    store.put_if_absent("key", b"2")
    assert store.get("key") == b"2"


def test_replace_takes_the_place_of_what_was_read(store: ObjectStore) -> None:
    store.put("key", b"1")
    store.replace("key", b"2", store.get_with_etag("key")[1])
    assert store.get("key") == b"2"


def test_replace_refuses_what_was_not_read(store: ObjectStore) -> None:
    store.put("key", b"1")
    etag = store.get_with_etag("key")[1]
    store.put("key", b"2")
    with pytest.raises(PreconditionFailedError):
        store.replace("key", b"3", etag)
    assert store.get("key") == b"2"


def test_replace_refuses_what_is_gone(store: ObjectStore) -> None:
    etag = store.put("key", b"1")
    store.delete("key")
    with pytest.raises(PreconditionFailedError):
        store.replace("key", b"2", etag)
    assert list(store.list("")) == []


def test_list_is_ordered_and_takes_any_prefix(store: ObjectStore) -> None:
    for key in ("run-b/2", "run-a/10", "run-a/9", "run-a/sub/1", "other"):
        store.put(key, b"")
    assert list(store.list("run-a/")) == ["run-a/10", "run-a/9", "run-a/sub/1"]
    assert list(store.list("run-a/1")) == ["run-a/10"]
    assert list(store.list("run")) == ["run-a/10", "run-a/9", "run-a/sub/1", "run-b/2"]
    assert list(store.list("none/of/these/")) == []
    assert len(list(store.list(""))) == 5


def test_delete_removes_one_object_and_may_be_repeated(store: ObjectStore) -> None:
    store.put("a/1", b"")
    store.put("a/2", b"")
    store.delete("a/1")
    store.delete("a/1")
    store.delete("never/there")
    assert list(store.list("")) == ["a/2"]


def test_written_at_is_when_it_was_written(store: ObjectStore) -> None:
    store.put("key", b"1")
    now = datetime.now(UTC)
    assert abs(store.written_at("key") - now) < timedelta(seconds=10)


@pytest.mark.parametrize(
    "key",
    ["", "/a", "a/", "a//b", ".", "..", "a/../b", "a/./b", ".hidden", "a/.hidden", "a\\b", "a\nb"],
)
def test_a_key_that_could_lead_elsewhere_is_refused(store: ObjectStore, key: str) -> None:
    for access in (store.get, store.delete, store.written_at):
        with pytest.raises(ValueError, match="not a key"):
            access(key)
    for write in (store.put, store.put_if_absent):
        with pytest.raises(ValueError, match="not a key"):
            write(key, b"")
