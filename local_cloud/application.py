"""Starts a whole application from its template, on this machine."""

from __future__ import annotations

import contextlib
import platform
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from local_cloud.arns import ACCOUNT, REGION
from local_cloud.aws_json import Action, json_server
from local_cloud.buckets import Buckets
from local_cloud.disturbance import MakeQueue, queue_maker
from local_cloud.emulator import emulator_binary
from local_cloud.event_bus import EventBus
from local_cloud.functions import LocalFunction, pool_size, program_of
from local_cloud.http_access import access_by
from local_cloud.http_api import Api, http_api
from local_cloud.narration import Narrator
from local_cloud.ports import check_free, free_ports
from local_cloud.queue_api import QueueApi
from local_cloud.queues import Queue
from local_cloud.reading_wiring import read_wiring
from local_cloud.routing import Loop, Routing
from local_cloud.s3_events import Created
from local_cloud.s3_proxy import s3_proxy
from local_cloud.s3_server import ACCESS_KEY, SECRET_KEY, s3_server
from local_cloud.template import read_template
from local_cloud.wiring import Wiring

_STOP_SECONDS = 20


@dataclass(frozen=True)
class Options:
    """How to run an application.

    Attributes:
        template: its template.
        checkout: the repository's root.
        data: an existing folder for objects and logs.
        parameters: of the template, where they differ from their defaults here.
        port: of S3; the next two are those of the other services and of the HTTP API. 0: any.
        workers: how many invocations of one function run at once, where it is fed from a queue
            that does not say.
        jwks: the public keys of the issuer of tokens, if one is named.
        repeat_seconds: how long after a failure it is tried again; None: as long as in AWS.
        idle: no function runs for an event, a message or a schedule, so that one may be invoked
            by other means; events still reach the queues. The HTTP API answers.
        disturb: the seed by which each event and message comes one to five times, shuffled, and
            now and then late; None: each comes once.
    """

    template: Path
    checkout: Path
    data: Path
    parameters: Mapping[str, str] = field(default_factory=dict)
    port: int = 0
    workers: int = 2
    jwks: Path | None = None
    repeat_seconds: float | None = 5.0
    idle: bool = False
    disturb: int | None = None


@dataclass(frozen=True)
class LocalApplication:
    """An application that is running.

    Attributes:
        s3_url: where S3 is asked.
        services_url: where SQS and EventBridge are.
        http_url: where the HTTP API is; empty if there is none.
        wiring: what runs.
        functions: by name.
        queues: by name.
        waiting: counts the events and messages that functions have still to be done with.
    """

    s3_url: str
    services_url: str
    http_url: str
    wiring: Wiring
    functions: Mapping[str, LocalFunction]
    queues: Mapping[str, Queue]
    waiting: Callable[[], int]

    @property
    def environment(self) -> dict[str, str]:
        """Variables by which AWS's clients find this application."""
        return _environment(self.s3_url, self.services_url)


@contextlib.contextmanager
def local_application(options: Options, narrator: Narrator) -> Iterator[LocalApplication]:
    """Runs an application until the block ends.

    Raises:
        TemplateError: the template cannot be carried out here.
        FileNotFoundError: Lambda's emulator is not there.
        OSError: a port is taken.
        RuntimeError: the S3 server did not come up.
    """
    emulator_binary()
    ports = _ports(options.port)
    s3_url, services_url, http_url = (f"http://127.0.0.1:{port}" for port in ports)
    given = {**_defaults(options.template), **options.parameters}
    template = read_template(options.template, given, services_url, http_url)
    wiring = read_wiring(template)
    functions = _functions(options, wiring, _environment(s3_url, services_url), narrator)
    make_queue = queue_maker(options.disturb)
    queues = _queues(wiring, make_queue)
    routing = Routing(wiring, functions, queues, options.repeat_seconds, make_queue)
    bus = EventBus(routing.listeners(), narrator.event)
    with contextlib.ExitStack() as running:
        server = running.enter_context(s3_server(options.data))
        buckets = Buckets(server, wiring)
        buckets.create()
        narrator.read_plan = buckets.read_json
        actions: dict[str, Action] = {**bus.actions(), **_queue_actions(queues, services_url)}
        running.enter_context(json_server(ports[1], actions))

        def tell(what: Created) -> None:
            if buckets.tells(what.bucket):
                bus.put(buckets.event(what))

        running.enter_context(s3_proxy(ports[0], server.port, tell))
        if wiring.routes:
            running.enter_context(http_api(ports[2], _api(options, wiring, functions)))
        running.enter_context(_feeding([] if options.idle else routing.loops(), functions))
        yield LocalApplication(
            s3_url,
            services_url,
            http_url if wiring.routes else "",
            wiring,
            functions,
            queues,
            routing.waiting,
        )


def _api(options: Options, wiring: Wiring, functions: Mapping[str, LocalFunction]) -> Api:
    access = access_by(wiring.authorizer, ACCESS_KEY, SECRET_KEY, options.jwks)
    return Api(wiring.routes, functions, access, wiring.cors)


@contextlib.contextmanager
def _feeding(
    loops: Iterable[tuple[str, Loop]], functions: Mapping[str, LocalFunction]
) -> Iterator[None]:
    stop = threading.Event()
    threads = [
        threading.Thread(target=run, args=(stop,), name=name, daemon=True) for name, run in loops
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for function in functions.values():
            function.stop()
        for thread in threads:
            thread.join(_STOP_SECONDS)


def _ports(first: int) -> tuple[int, int, int]:
    if first:
        for port in range(first, first + 3):
            check_free(port)
        return first, first + 1, first + 2
    with free_ports(3) as (s3_port, services_port, http_port):
        return s3_port, services_port, http_port


def _defaults(path: Path) -> dict[str, str]:
    """Parameters that have one answer on this machine."""
    machine = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"
    here = {
        "Architecture": machine,
        # An image that is never asked for, by a name that could be one.
        "WorkerImageUri": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/local:latest",
        # To wait for more results saves invocations; on one machine it just takes longer.
        "CompletionWindowSeconds": "2",
    }
    declared = read_template(path, {}, "").written.get("Parameters", {})
    return {name: value for name, value in here.items() if name in declared}


def _functions(
    options: Options, wiring: Wiring, cloud: Mapping[str, str], narrator: Narrator
) -> dict[str, LocalFunction]:
    logs = options.data / "logs"
    logs.mkdir(exist_ok=True)
    limits = {each.function: each.most_at_once for each in wiring.sources}
    return {
        name: LocalFunction(
            function,
            program_of(function, options.checkout, cloud),
            pool_size(function, min(options.workers, limits.get(name) or options.workers)),
            logs,
            narrator.outcome,
        )
        for name, function in wiring.functions.items()
    }


def _queues(wiring: Wiring, make_queue: MakeQueue) -> dict[str, Queue]:
    queues = {
        spec.name: make_queue(spec.name, spec.arn, spec.visibility_seconds)
        for spec in wiring.queues
    }
    by_arn = {queue.arn: queue for queue in queues.values()}
    for spec in wiring.queues:
        if spec.dead_letters:
            queues[spec.name].redrive(by_arn[spec.dead_letters], spec.most_receives)
    return queues


def _queue_actions(queues: Mapping[str, Queue], services_url: str) -> dict[str, Action]:
    return QueueApi(queues, lambda name: f"{services_url}/{ACCOUNT}/{name}").actions()


def _environment(s3_url: str, services_url: str) -> dict[str, str]:
    return {
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL_S3": s3_url,
        # Any other service is asked here as well, and refused: nothing leaves the machine.
        "AWS_ENDPOINT_URL": services_url,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }
