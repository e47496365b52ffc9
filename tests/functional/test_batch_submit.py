"""Jobs of AWS Batch are paid for each: what is submitted when replies are lost or refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from flowtag.aws.batch_dispatch import BatchDispatcher
from flowtag.aws.clients import batch_client
from flowtag.dispatching import dispatch
from flowtag.errors import NotHandedOutError, StorageError
from flowtag.storage import FolderStore
from tests.services.aws_server import aws_server
from tests.services.batch_queue import BatchQueue, batch_queue
from tests.services.faulty_proxy import Fault, FaultyProxy, faulty_proxy, once
from tests.unit.run_objects import make_plan

Befall = Callable[[Fault], FaultyProxy]


@pytest.fixture
def queue(credentials: None) -> Iterator[BatchQueue]:
    with aws_server() as url:
        yield batch_queue(url)


@pytest.fixture
def befall(queue: BatchQueue, monkeypatch: pytest.MonkeyPatch) -> Iterator[Befall]:
    """Lets a fault befall the first call of Batch."""
    port = urlsplit(queue.endpoint_url).port
    assert port is not None
    with ExitStack() as running:

        def begin(fault: Fault) -> FaultyProxy:
            proxy = running.enter_context(faulty_proxy(port, once(fault, "POST")))
            monkeypatch.setenv("AWS_ENDPOINT_URL_BATCH", proxy.endpoint_url)
            return proxy

        yield begin


def hand_out_a_chunk(queue: BatchQueue) -> None:
    dispatcher = BatchDispatcher(batch_client(), queue.name, queue.name, 16)
    dispatcher.hand_out(make_plan(1), [0], "v/r/dispatch/0001.json")


def test_a_lost_reply_makes_no_second_job(queue: BatchQueue, befall: Befall) -> None:
    befall("cut after")

    with pytest.raises(StorageError, match=queue.name):
        hand_out_a_chunk(queue)

    assert queue.jobs() == 1


def test_a_throttled_call_is_made_again(queue: BatchQueue, befall: Befall) -> None:
    proxy = befall("429")

    hand_out_a_chunk(queue)

    assert proxy.met == ["429"]
    assert queue.jobs() == 1


@pytest.mark.parametrize("fault", ["500", "503", "cut before"])
def test_a_call_that_may_have_been_heard_is_made_once(
    queue: BatchQueue, befall: Befall, fault: Fault
) -> None:
    befall(fault)

    with pytest.raises(StorageError, match=queue.name):
        hand_out_a_chunk(queue)

    assert queue.jobs() == 0


def test_a_job_that_was_refused_is_submitted_once_by_the_next_go(
    queue: BatchQueue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_BATCH", queue.endpoint_url)
    store, plan = FolderStore(tmp_path), make_plan(1)
    inactive = BatchDispatcher(batch_client(), queue.name, f"{queue.name}-gone", 16)
    mended = BatchDispatcher(batch_client(), queue.name, queue.name, 16)
    with pytest.raises(NotHandedOutError, match=queue.name):
        dispatch(store, plan, inactive)

    goes = [dispatch(store, plan, mended) for _ in range(2)]

    assert goes == [(0,), ()]
    assert queue.jobs() == 1


@pytest.mark.parametrize(("fault", "jobs"), [("cut after", 1), ("500", 0)])
def test_a_job_that_may_have_been_submitted_is_left_to_reconciliation(
    queue: BatchQueue, befall: Befall, tmp_path: Path, fault: Fault, jobs: int
) -> None:
    befall(fault)
    store, plan = FolderStore(tmp_path), make_plan(1)
    dispatcher = BatchDispatcher(batch_client(), queue.name, queue.name, 16)
    with pytest.raises(StorageError) as raised:
        dispatch(store, plan, dispatcher)

    again = dispatch(store, plan, dispatcher)

    assert not isinstance(raised.value, NotHandedOutError)
    assert (again, queue.jobs()) == ((), jobs)
