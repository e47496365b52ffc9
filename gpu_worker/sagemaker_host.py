"""The worker as a SageMaker container: ``GET /ping`` and ``POST /invocations`` on port 8080."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

import waitress

from flowtag.aws.failures import task_of
from flowtag.errors import ContractError, FlowtagError
from gpu_worker.worker import carry_out_task, logger, metrics

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from flowtag.contracts.messages import ChunkTask

PORT = 8080
_MOST_BODY_BYTES = 1 << 20
_THREADS = 4
_TERMINATED = 128 + signal.SIGTERM

Answer = tuple[str, dict[str, object]]


class Application:
    """A WSGI application of SageMaker's two paths.

    Chunks are carried out one at a time; ``/ping`` is answered meanwhile. Nothing but a receipt is
    returned: the result is an object by then.
    """

    def __init__(self) -> None:
        self._one_at_a_time = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answers a request."""
        routes: dict[tuple[str, str], Callable[[WSGIEnvironment], Answer]] = {
            ("GET", "/ping"): _ping,
            ("POST", "/invocations"): self._invoke,
        }
        answer = routes.get((environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")), _unknown)
        status, body = answer(environ)
        data = json.dumps(body).encode() + b"\n"
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(data)))]
        start_response(status, headers)
        return [data]

    def _invoke(self, environ: WSGIEnvironment) -> Answer:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if not 0 < length <= _MOST_BODY_BYTES:
            return "413 Content Too Large", {"error": f"a task has 1 to {_MOST_BODY_BYTES} bytes"}
        try:
            task = task_of(environ["wsgi.input"].read(length))
        except ContractError as error:
            return "400 Bad Request", {"error": str(error)}
        with self._one_at_a_time:
            return _carry_out_and_receipt(task)


def _carry_out_and_receipt(task: ChunkTask) -> Answer:
    try:
        outcome = carry_out_task(task)
    except FlowtagError as error:
        logger.exception("chunk not done", chunk=task.index)
        return "503 Service Unavailable", {"error": str(error), "code": error.code}
    except Exception as error:
        logger.exception("chunk not done", chunk=task.index)
        return "500 Internal Server Error", {"error": f"{type(error).__name__}: {error}"}
    finally:
        metrics.flush_metrics()
    return "200 OK", {
        "video_id": task.video_id,
        "run_id": task.run_id,
        "chunk": task.index,
        "outcome": outcome,
        "task_digest": task.digest(),
    }


def _ping(environ: WSGIEnvironment) -> Answer:
    return "200 OK", {"status": "ready"}


def _unknown(environ: WSGIEnvironment) -> Answer:
    return "404 Not Found", {"error": "there are GET /ping and POST /invocations"}


def _hand_back(signum: int, frame: FrameType | None) -> NoReturn:
    # What is under way is lost, and reported by SageMaker as failed; nothing is half written.
    logger.warning("SIGTERM")
    sys.stdout.flush()
    os._exit(_TERMINATED)


def main() -> None:
    """Serves until it is stopped."""
    signal.signal(signal.SIGTERM, _hand_back)
    port = int(os.environ.get("SAGEMAKER_BIND_TO_PORT", PORT))
    # SageMaker's contract: the container listens on all of its own interfaces.
    waitress.serve(Application(), host="0.0.0.0", port=port, threads=_THREADS)  # nosec B104


if __name__ == "__main__":
    main()
