"""What SQS's developer guide says of standard queues."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from local_cloud.queues import Message, NotInFlight, Queue


def queue(visibility_seconds: float = 30) -> Queue:
    return Queue("q", "arn:q", visibility_seconds)


def bodies(queue: Queue, most: int = 10) -> list[str]:
    return [each.body for each in queue.receive(most)]


def test_a_message_that_was_received_is_hidden_until_its_time_is_up() -> None:
    some = queue(visibility_seconds=0.2)
    some.send(Message("a"))

    first, second = bodies(some), bodies(some)
    time.sleep(0.25)

    assert (first, second, bodies(some)) == (["a"], [], ["a"])


def test_a_message_that_was_deleted_does_not_come_again() -> None:
    some = queue(visibility_seconds=0)
    some.send(Message("a"))

    some.delete(some.receive(1)[0].receipt)

    assert bodies(some) == []


def test_the_receipt_of_an_earlier_receive_deletes_nothing() -> None:
    some = queue(visibility_seconds=0)
    some.send(Message("a"))
    earlier = some.receive(1)[0].receipt
    some.receive(1)

    some.delete(earlier)

    assert bodies(some) == ["a"]


def test_a_message_is_given_out_once_in_one_receive() -> None:
    some = queue(visibility_seconds=0)
    some.send(Message("a"))

    assert bodies(some) == ["a"]


def test_a_receiver_waits_for_the_first_message() -> None:
    some = queue()
    threading.Timer(0.1, lambda: some.send(Message("a"))).start()

    assert [each.body for each in some.receive(10, wait_seconds=5)] == ["a"]


def test_a_receiver_waits_for_a_message_to_be_seen_again() -> None:
    some = queue(visibility_seconds=0.2)
    some.send(Message("a"))
    some.receive(1)

    assert [each.body for each in some.receive(1, wait_seconds=5)] == ["a"]


def test_a_message_may_be_shown_again_at_once() -> None:
    some = queue()
    some.send(Message("a"))

    some.hide(some.receive(1)[0].receipt, 0)

    assert bodies(some) == ["a"]


def test_what_nobody_holds_cannot_be_hidden() -> None:
    some = queue(visibility_seconds=0)
    some.send(Message("a"))
    receipt = some.receive(1)[0].receipt

    with pytest.raises(NotInFlight):
        some.hide(receipt, 10)


def test_a_message_is_delayed() -> None:
    some = queue()

    some.send(Message("a"), delay_seconds=0.2)

    assert bodies(some) == []
    assert [each.body for each in some.receive(1, wait_seconds=5)] == ["a"]


def test_a_message_received_too_often_moves_to_the_dead_letters() -> None:
    some, dead = queue(visibility_seconds=0), queue()
    some.redrive(dead, 2)
    some.send(Message("a"))

    received = [bodies(some) for _ in range(3)]

    assert received == [["a"], ["a"], []]
    assert bodies(dead) == ["a"]


def test_dead_letters_are_counted_anew() -> None:
    some, dead, last = queue(0), queue(0), queue()
    some.redrive(dead, 3)
    dead.redrive(last, 2)
    some.send(Message("a"))
    for _ in range(4):
        some.receive(1)

    received = [bodies(dead) for _ in range(3)]

    assert received == [["a"], ["a"], []]
    assert bodies(last) == ["a"]


def test_many_receivers_get_each_message_once() -> None:
    some = queue()
    for number in range(500):
        some.send(Message(str(number)))

    with ThreadPoolExecutor(8) as pool:
        taken = [each for got in pool.map(lambda _: bodies(some), range(60)) for each in got]

    assert sorted(taken, key=int) == [str(number) for number in range(500)]


def test_what_waits_and_what_is_hidden_is_counted() -> None:
    some = queue()
    for body in "abc":
        some.send(Message(body))

    some.receive(1)

    assert some.counts() == (2, 1)
