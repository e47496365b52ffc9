"""Reads from a template what runs and what is connected; refuses what it does not understand."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from local_cloud.arns import arn, last_part
from local_cloud.intrinsics import TemplateError
from local_cloud.reading_api import read_authorizer, read_cors, read_routes
from local_cloud.reading_functions import checked, function_of, read_function
from local_cloud.template import Template
from local_cloud.wiring import (
    BucketSpec,
    Function,
    QueueSpec,
    RuleSpec,
    ScheduleSpec,
    SourceSpec,
    Wiring,
    named,
)

# None of these takes part in what the application does: they guard, watch or pack it.
_NOT_RUN = {
    "AWS::ApiGatewayV2::Api",
    "AWS::ApiGatewayV2::Authorizer",
    "AWS::ApiGatewayV2::Integration",
    "AWS::ApiGatewayV2::Route",
    "AWS::ApiGatewayV2::Stage",
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::CompositeAlarm",
    "AWS::CloudWatch::Dashboard",
    "AWS::Events::EventBus",
    "AWS::EC2::SecurityGroup",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Policy",
    "AWS::IAM::Role",
    "AWS::KMS::Alias",
    "AWS::KMS::Key",
    "AWS::Lambda::Permission",
    "AWS::Logs::LogGroup",
    "AWS::Logs::MetricFilter",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::Subscription",
    "AWS::SNS::Topic",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy",
    "AWS::Serverless::LayerVersion",
}
_RUN = {
    "AWS::ApiGatewayV2::Api",
    "AWS::ApiGatewayV2::Authorizer",
    "AWS::ApiGatewayV2::Integration",
    "AWS::ApiGatewayV2::Route",
    "AWS::Events::Rule",
    "AWS::Lambda::EventSourceMapping",
    "AWS::S3::Bucket",
    "AWS::SQS::Queue",
    "AWS::Serverless::Function",
}
_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_UNIT_SECONDS = {"minute": 60, "hour": 3600, "day": 86400}


def read_wiring(template: Template) -> Wiring:
    """Reads what a template runs.

    Raises:
        TemplateError: it has a resource, a property or an event that is not understood here.
    """
    unknown = set(template.types.values()) - _RUN - _NOT_RUN
    if unknown:
        raise TemplateError(f"not run on one machine: {', '.join(sorted(unknown))}")
    functions = named(
        read_function(template, name) for name in template.of_type("AWS::Serverless::Function")
    )
    queues = tuple(_queue(template, name) for name in template.of_type("AWS::SQS::Queue"))
    sources = (*_events(template, {"SQS": _source}), *_mappings(template))
    for source in sources:
        _check_visibility(source, functions, queues)
    return Wiring(
        functions=functions,
        queues=queues,
        buckets=tuple(_bucket(template, name) for name in template.of_type("AWS::S3::Bucket")),
        rules=(*_events(template, {"EventBridgeRule": _function_rule}), *_rules(template)),
        sources=sources,
        schedules=tuple(_events(template, {"Schedule": _schedule, "ScheduleV2": _schedule})),
        routes=tuple(read_routes(template)),
        authorizer=read_authorizer(template),
        cors=read_cors(template),
    )


def _events(
    template: Template, readers: Mapping[str, Callable[[str, str, dict[str, Any]], Any]]
) -> Iterator[Any]:
    known = {"SQS", "EventBridgeRule", "Schedule", "ScheduleV2"}
    for function in template.of_type("AWS::Serverless::Function"):
        for name, event in template.properties(function).get("Events", {}).items():
            if event["Type"] not in known:
                raise TemplateError(f"{function}.{name}: no events of type {event['Type']} here")
            if event["Type"] in readers:
                properties = event.get("Properties", {})
                yield readers[event["Type"]](f"{function}{name}", function, properties)


def _source(name: str, function: str, properties: dict[str, Any]) -> SourceSpec:
    known = checked(
        name,
        properties,
        {"Queue", "EventSourceArn", "FunctionName", "BatchSize", "Enabled", "ScalingConfig"}
        | {"MaximumBatchingWindowInSeconds", "FunctionResponseTypes"},
        {"MetricsConfig"},
    )
    most = (known.get("ScalingConfig") or {}).get("MaximumConcurrency")
    return SourceSpec(
        queue=last_part(known.get("Queue") or known["EventSourceArn"]),
        function=function,
        batch_size=int(known.get("BatchSize", 10)),
        window_seconds=float(known.get("MaximumBatchingWindowInSeconds", 0)),
        reports_failures="ReportBatchItemFailures" in known.get("FunctionResponseTypes", ()),
        most_at_once=None if most is None else int(most),
    )


def _mappings(template: Template) -> Iterator[SourceSpec]:
    for name in template.of_type("AWS::Lambda::EventSourceMapping"):
        properties = template.properties(name)
        yield _source(name, function_of(properties["FunctionName"]), properties)


def _check_visibility(
    source: SourceSpec, functions: Mapping[str, Function], queues: tuple[QueueSpec, ...]
) -> None:
    queue = next((each for each in queues if each.name == source.queue), None)
    if queue is None:
        raise TemplateError(f"{source.function} is fed from {source.queue}, which is no queue here")
    timeout = functions[source.function].timeout_seconds
    if queue.visibility_seconds < timeout:
        raise TemplateError(
            f"{queue.name}: visibility timeout {queue.visibility_seconds:g} s is less than the"
            f" {timeout} s that {source.function} may take; Lambda refuses that"
        )


def _function_rule(name: str, function: str, properties: dict[str, Any]) -> RuleSpec:
    known = checked(
        name,
        properties,
        {"Pattern", "EventBusName", "State", "RuleName"},
        {"RetryPolicy", "DeadLetterConfig", "Target"},
    )
    bus = last_part(known.get("EventBusName") or "default")
    targets = (arn("lambda", f"function:{function}"),)
    is_on = known.get("State", "ENABLED") == "ENABLED"
    return RuleSpec(name, bus, _pattern(known["Pattern"]), targets if is_on else ())


def _pattern(written: Any) -> dict[str, Any]:
    pattern: dict[str, Any] = json.loads(written) if isinstance(written, str) else written
    return pattern


def _rules(template: Template) -> Iterator[RuleSpec]:
    for name in template.of_type("AWS::Events::Rule"):
        known = checked(
            name,
            template.properties(name),
            {"EventPattern", "EventBusName", "State", "Targets", "Name"},
            {"Description", "RoleArn"},
        )
        targets = [
            checked(name, target, {"Arn", "Id"}, {"RetryPolicy", "DeadLetterConfig"})["Arn"]
            for target in known["Targets"]
        ]
        is_on = known.get("State", "ENABLED") == "ENABLED"
        bus = last_part(known.get("EventBusName") or "default")
        yield RuleSpec(name, bus, _pattern(known["EventPattern"]), tuple(targets) if is_on else ())


def _schedule(name: str, function: str, properties: dict[str, Any]) -> ScheduleSpec:
    known = checked(
        name,
        properties,
        {"Schedule", "ScheduleExpression", "Input", "Enabled", "State", "Name"},
        {"Description", "RetryPolicy", "DeadLetterConfig", "RoleArn", "PermissionsBoundary"}
        | {"FlexibleTimeWindow", "ScheduleExpressionTimezone"},
    )
    expression = known.get("Schedule") or known["ScheduleExpression"]
    found = _RATE.fullmatch(expression)
    if found is None:
        raise TemplateError(f"{name}: schedules here are rates, not {expression}")
    every = int(found[1]) * _UNIT_SECONDS[found[2]]
    return ScheduleSpec(name, function, every, known.get("Input"))


def _queue(template: Template, name: str) -> QueueSpec:
    known = checked(
        name,
        template.properties(name),
        {"QueueName", "VisibilityTimeout", "RedrivePolicy"},
        {"KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds", "MessageRetentionPeriod", "Tags"}
        | {"SqsManagedSseEnabled", "RedriveAllowPolicy", "ReceiveMessageWaitTimeSeconds"},
    )
    redrive = known.get("RedrivePolicy") or {}
    redrive = json.loads(redrive) if isinstance(redrive, str) else redrive
    return QueueSpec(
        name=template.physical_name(name),
        arn=template.attribute(name, "Arn"),
        visibility_seconds=float(known.get("VisibilityTimeout", 30)),
        dead_letters=redrive.get("deadLetterTargetArn", ""),
        most_receives=int(redrive.get("maxReceiveCount", 0)),
    )


def _bucket(template: Template, name: str) -> BucketSpec:
    properties = template.properties(name)
    notifications = properties.get("NotificationConfiguration") or {}
    others = set(notifications) - {"EventBridgeConfiguration"}
    if others:
        raise TemplateError(f"{name}: {', '.join(sorted(others))}: only EventBridge is told here")
    settings = notifications.get("EventBridgeConfiguration")
    # "EventBridgeConfiguration: {}" turns it on, too.
    tells = settings is not None and str(settings.get("EventBridgeEnabled", True)).lower() == "true"
    versioning = (properties.get("VersioningConfiguration") or {}).get("Status") == "Enabled"
    rules = tuple((properties.get("CorsConfiguration") or {}).get("CorsRules", ()))
    return BucketSpec(template.physical_name(name), tells, versioning, rules)
