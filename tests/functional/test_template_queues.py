"""Queues: nothing can get lost unheard, nor be given up while it may still succeed."""

from __future__ import annotations

from datetime import timedelta

from flowtag.aws.holding import pause_seconds
from flowtag.reconciliation import LONGEST_WAIT
from tests.cloud.template import Stack, read_template, render


def test_a_queue_feeds_no_more_invocations_than_are_reserved() -> None:
    """Else Lambda refuses them, and after three refusals a message is a dead letter."""
    stack = render(CompleteConcurrency=4, FailConcurrency=3)
    results = stack.properties("CompleteFunction")["Events"]["ChunkResults"]["Properties"]

    assert results["ScalingConfig"] == {"MaximumConcurrency": 4}
    assert stack.properties("FailedChunks")["ScalingConfig"] == {"MaximumConcurrency": 3}
    assert "ScalingConfig" not in render().properties("FailedChunks")


def test_every_queue_is_encrypted_and_refuses_what_is_not_tls(stack: Stack) -> None:
    denied = {
        queue
        for policy in stack.of_type("AWS::SQS::QueuePolicy").values()
        for queue in policy["Queues"]
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Deny"
        and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    }

    queues = stack.of_type("AWS::SQS::Queue")

    assert {queue["SqsManagedSseEnabled"] for queue in queues.values()} == {True}
    assert denied == set(queues)


def test_every_queue_that_is_worked_off_has_a_dead_letter_queue(stack: Stack) -> None:
    queues = stack.of_type("AWS::SQS::Queue")
    redriven = {
        name: queue["RedrivePolicy"]["deadLetterTargetArn"].rpartition(":")[2]
        for name, queue in queues.items()
        if "RedrivePolicy" in queue
    }

    assert set(_consumers(stack)) <= set(redriven)
    assert set(queues) - set(redriven) <= {name for name in queues if "DeadLetter" in name}
    assert set(redriven.values()) <= set(queues)


def test_every_queue_has_an_alarm_that_somebody_hears(stack: Stack) -> None:
    heard = {
        dimension["Value"].removesuffix(".QueueName")
        for alarm in stack.of_type("AWS::CloudWatch::Alarm").values()
        if alarm["AlarmActions"] == ["AlarmTopic"]
        for dimension in alarm.get("Dimensions", ())
        if dimension["Name"] == "QueueName"
    }

    assert heard == set(stack.of_type("AWS::SQS::Queue"))


def test_messages_stay_hidden_for_six_time_limits_and_the_window(stack: Stack) -> None:
    functions = stack.of_type("AWS::Serverless::Function")
    queues = stack.of_type("AWS::SQS::Queue")

    for queue, (function, window) in _consumers(stack).items():
        assert queues[queue]["VisibilityTimeout"] >= 6 * functions[function]["Timeout"] + window


def test_a_chunk_is_overdue_when_all_its_goes_are_over() -> None:
    stack = render()
    overdue = stack.properties("ReconcileFunction")["Environment"]["Variables"]["OVERDUE_SECONDS"]
    limit = stack.properties("WorkerFunction")["Timeout"]
    goes = stack.properties("ChunkQueue")["RedrivePolicy"]["maxReceiveCount"]

    pauses = sum(pause_seconds(go, goes) for go in range(1, goes + 1))

    assert int(overdue) > goes * limit + pauses
    told = read_template()["Parameters"]["OverdueSeconds"]["Description"]
    assert f"take {goes * limit + pauses} s where workers start" in told


def test_a_chunk_waits_for_a_worker_for_as_long_as_its_queue_keeps_it() -> None:
    kept = render().properties("ChunkQueue")["MessageRetentionPeriod"]

    assert timedelta(seconds=kept) == LONGEST_WAIT


def test_a_chunk_outlasts_an_outage_of_half_an_hour() -> None:
    goes = render().properties("ChunkQueue")["RedrivePolicy"]["maxReceiveCount"]

    assert sum(pause_seconds(go, goes) for go in range(1, goes + 1)) > 30 * 60


def test_a_worker_knows_which_go_is_the_last() -> None:
    stack = render()
    told = stack.properties("WorkerFunction")["Environment"]["Variables"]

    goes = stack.properties("ChunkQueue")["RedrivePolicy"]["maxReceiveCount"]
    assert int(told["CHUNK_MOST_RECEIVES"]) == goes


def test_dead_letters_are_kept_longest(stack: Stack) -> None:
    kept = {
        name: queue["MessageRetentionPeriod"]
        for name, queue in stack.of_type("AWS::SQS::Queue").items()
    }

    assert {kept[name] for name in kept if "DeadLetter" in name} == {14 * 86400}
    assert all(seconds < 14 * 86400 for name, seconds in kept.items() if "DeadLetter" not in name)


def _consumers(stack: Stack) -> dict[str, tuple[str, int]]:
    """Which function works off which queue, and the seconds for which it gathers a batch."""
    found = {
        event["Properties"]["Queue"].rpartition(":")[2]: (
            name,
            event["Properties"].get("MaximumBatchingWindowInSeconds", 0),
        )
        for name, function in stack.of_type("AWS::Serverless::Function").items()
        for event in function.get("Events", {}).values()
        if event["Type"] == "SQS"
    }
    for mapping in stack.of_type("AWS::Lambda::EventSourceMapping").values():
        queue = mapping["EventSourceArn"].rpartition(":")[2]
        found[queue] = (mapping["FunctionName"].removesuffix(".Alias"), 0)
    return found
