"""Delivery as SQS and EventBridge may do it at their worst."""

from __future__ import annotations

from local_cloud.disturbance import LATE_SECONDS, MOST_DELIVERIES, DisturbedQueue, queue_maker
from local_cloud.queues import Message, Queue


def deliveries(seed: int, name: str = "work") -> list[int]:
    """How many times each of 50 messages comes."""
    counts = []
    queue = DisturbedQueue(name, "", 30, seed)
    for number in range(50):
        before = sum(queue.counts())
        queue.send(Message(str(number)))
        counts.append(sum(queue.counts()) - before)
    return counts


def test_each_message_comes_one_to_five_times() -> None:
    assert set(deliveries(7)) == set(range(1, MOST_DELIVERIES + 1))


def test_the_same_seed_draws_the_same() -> None:
    assert deliveries(7) == deliveries(7) != deliveries(8)


def test_no_two_queues_draw_alike() -> None:
    assert deliveries(7, "chunks") != deliveries(7, "completions")


def test_a_copy_comes_though_another_was_deleted() -> None:
    queue = DisturbedQueue("work", "", 30, seed=7)
    for number in range(3):
        queue.send(Message(str(number)))
    left = sum(queue.counts())
    while left:
        for received in queue.receive(10, LATE_SECONDS):
            queue.delete(received.receipt)
            left -= 1
            assert sum(queue.counts()) == left


def test_messages_come_in_another_order_than_they_were_sent() -> None:
    queue = DisturbedQueue("work", "", 30, seed=7)
    sent = [str(number) for number in range(5)]
    for body in sent:
        queue.send(Message(body))
    came: list[str] = []
    while set(came) != set(sent):
        came += [received.body for received in queue.receive(1, LATE_SECONDS)]
    assert list(dict.fromkeys(came)) != sent


def test_without_a_seed_each_message_comes_once() -> None:
    queue = queue_maker(None)("work", "", 30)
    queue.send(Message("a"))
    assert type(queue) is Queue
    assert queue.counts() == (1, 0)
