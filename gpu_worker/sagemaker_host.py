"""The worker as a SageMaker container: ``GET /ping`` and ``POST /invocations`` on port 8080."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable
from types import FrameType
from typing import TYPE_CHECKING

import waitress
from pydantic import Field

from flowtag.aws.environment import read_environment
from flowtag.aws.failures import task_of
from flowtag.errors import ContractError, FlowtagError
from flowtag.frozen_model import Model
from gpu_worker.worker import carry_out_task, logger, named

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from flowtag.contracts.messages import ChunkTask

_MOST_BODY_BYTES = 1 << 20
_THREADS = 4
_TERMINATED = 128 + signal.SIGTERM
_ANSWER_SECONDS = 0.5

Answer = tuple[str, dict[str, object]]


class ContainerEnvironment(Model):
    """What a container of an endpoint is told about itself."""

    sagemaker_bind_to_port: int = Field(8080, ge=1, le=65535)
    drain_seconds: float = Field(
        25,
        gt=0,
        description="After SIGTERM a chunk under way may take so long; 30 s, then SIGKILL.",
    )


class Application:
    """A WSGI application of SageMaker's two paths.

    Chunks are carried out one at a time; ``/ping`` is answered meanwhile. Nothing but a receipt is
    returned: the result is an object by then.
    """

    def __init__(self) -> None:
        self._one_at_a_time = threading.Lock()
        self._is_ending = False

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answers a request."""
        routes: dict[tuple[str, str], Callable[[WSGIEnvironment], Answer]] = {
            ("GET", "/ping"): self._ping,
            ("POST", "/invocations"): self._invoke,
        }
        answer = routes.get((environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")), _unknown)
        status, body = answer(environ)
        data = json.dumps(body).encode() + b"\n"
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(data)))]
        start_response(status, headers)
        return [data]

    def end(self, within_seconds: float) -> bool:
        """Takes up no more chunks; returns whether the one under way ended within a time."""
        self._is_ending = True
        return self._one_at_a_time.acquire(timeout=within_seconds)

    def _ping(self, environ: WSGIEnvironment) -> Answer:
        if self._is_ending:
            return "503 Service Unavailable", {"status": "ending"}
        return "200 OK", {"status": "ready"}

    def _invoke(self, environ: WSGIEnvironment) -> Answer:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if not 0 < length <= _MOST_BODY_BYTES:
            return "413 Content Too Large", {"error": f"a task has 1 to {_MOST_BODY_BYTES} bytes"}
        try:
            task = task_of(environ["wsgi.input"].read(length))
        except ContractError as error:
            return "400 Bad Request", {"error": str(error)}
        with self._one_at_a_time, named(task):
            if self._is_ending:
                logger.warning("chunk not taken up: the container ends")
                return "503 Service Unavailable", {"error": "the container ends"}
            return _carry_out_and_receipt(task)


def _carry_out_and_receipt(task: ChunkTask) -> Answer:
    try:
        outcome = carry_out_task(task)
    except FlowtagError as error:
        logger.exception("chunk not done")
        return "503 Service Unavailable", {"error": str(error), "code": error.code}
    except Exception as error:
        logger.exception("chunk not done")
        return "500 Internal Server Error", {"error": f"{type(error).__name__}: {error}"}
    return "200 OK", {
        "video_id": task.video_id,
        "run_id": task.run_id,
        "chunk": task.index,
        "outcome": outcome,
        "task_digest": task.digest(),
    }


def _unknown(environ: WSGIEnvironment) -> Answer:
    return "404 Not Found", {"error": "there are GET /ping and POST /invocations"}


def _end(application: Application, within_seconds: float) -> None:
    logger.warning("SIGTERM: no more chunks are taken up")
    ended = application.end(within_seconds)
    if ended:
        # Its receipt is still on its way.
        time.sleep(_ANSWER_SECONDS)
    else:
        # SageMaker reports it as failed, and it is asked for again; nothing is half written.
        logger.warning("the chunk under way is given up")
    sys.stdout.flush()
    # Threads of the codec must not hold up the exit.
    os._exit(0 if ended else _TERMINATED)


def main() -> None:
    """Serves until it is stopped."""
    environment = read_environment(ContainerEnvironment)
    application = Application()

    def hand_back(signum: int, frame: FrameType | None) -> None:
        # Not here: answers go on being sent by the thread that this interrupts.
        threading.Thread(
            target=_end, args=(application, environment.drain_seconds), daemon=True
        ).start()

    signal.signal(signal.SIGTERM, hand_back)
    # SageMaker's contract: the container listens on all of its own interfaces.
    waitress.serve(
        application,
        host="0.0.0.0",  # nosec B104
        port=environment.sagemaker_bind_to_port,
        threads=_THREADS,
    )


if __name__ == "__main__":
    main()
