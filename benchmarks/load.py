"""Many uploads at once through the whole application, as ``make local`` runs it on this machine.

Each is a short clip under a key of its own. Asked: none is lost. With ``--kills`` workers are
killed (SIGKILL) at random moments meanwhile. All results are compared: but for where the video is,
they must be the same bytes.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.measuring import machine
from flowtag.aws.clients import s3_client, sqs_client
from local_cloud.s3_server import ACCESS_KEY, SECRET_KEY
from tests.media.movies import Movie, write_movie

if TYPE_CHECKING:
    from mypy_boto3_sqs.literals import QueueAttributeNameType

PORT = 9300
_PATIENCE_SECONDS = 3600.0
_ROOT = Path(__file__).parents[1]
_READY = re.compile(r"Motion Metadata Ready, ([0-9.]+) s after the upload +(\{.*\})")
_WORKER = "gpu_worker.lambda_host"


@dataclass
class Load:
    """What became of all uploads.

    Attributes:
        uploads: how many there were.
        seconds: from the first upload to the last event.
        waits: seconds from each upload to its first event, by run.
        depths: messages in the queue of chunks, every two seconds.
        statuses: of the results.
        contents: different results, but for where the video is.
        kills: workers that were killed.
        repeated: events beyond the first of each run.
    """

    uploads: int
    seconds: float = 0.0
    waits: dict[str, float] = field(default_factory=dict)
    depths: list[int] = field(default_factory=list)
    statuses: set[str] = field(default_factory=set)
    contents: set[str] = field(default_factory=set)
    kills: int = 0
    repeated: int = 0


def measure_load(uploads: int, kills: int, folder: Path) -> Load:
    """Uploads clips, kills workers meanwhile, waits for all results, and reads them."""
    with tempfile.TemporaryDirectory(dir=folder.absolute()) as name:
        home, load = Path(name), Load(uploads)
        movie = Movie(count=100, size=(320, 180), options={"g": "25"})
        clip = write_movie(home / "clip.mp4", movie).read_bytes()
        with _application(home) as log:
            began = time.monotonic()
            client = s3_client()
            with ThreadPoolExecutor(8) as threads:
                for index in range(uploads):
                    key = f"card {index % 7}/Take {index} + é.mp4"
                    threads.submit(client.put_object, Bucket="uploads", Key=key, Body=clip)
            stop = threading.Event()
            killer = threading.Thread(target=_kill_workers, args=(kills, load, stop))
            killer.start()
            _wait_for_events(load, log)
            load.seconds = time.monotonic() - began
            stop.set()
            killer.join()
            _read_results(load)
    return load


@contextlib.contextmanager
def _application(home: Path) -> Iterator[Path]:
    command = [
        sys.executable,
        "-m",
        "local_cloud",
        "--port",
        str(PORT),
        "--data",
        str(home / "data"),
    ]
    os.environ |= {
        "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{PORT}",
        "AWS_ENDPOINT_URL_SQS": f"http://127.0.0.1:{PORT + 1}",
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    path = home / "log"
    with path.open("wb") as log:
        process = subprocess.Popen(command, cwd=_ROOT, stdout=log, stderr=log)
        try:
            while b"Ctrl-C ends everything" not in path.read_bytes():
                if process.poll() is not None:
                    raise RuntimeError(path.read_text())
                time.sleep(0.2)
            yield path
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)


def _wait_for_events(load: Load, log: Path) -> None:
    queue = sqs_client().get_queue_url(QueueName="ChunkQueue")["QueueUrl"]
    names: tuple[QueueAttributeNameType, ...] = (
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
    )
    end = time.monotonic() + _PATIENCE_SECONDS
    while len(load.waits) < load.uploads and time.monotonic() < end:
        time.sleep(2)
        found = sqs_client().get_queue_attributes(QueueUrl=queue, AttributeNames=list(names))
        load.depths.append(sum(int(found["Attributes"].get(name, "0")) for name in names))
        events = _READY.findall(log.read_text(encoding="utf-8", errors="replace"))
        for seconds, detail in events:
            load.waits.setdefault(json.loads(detail)["motion"], float(seconds))
        load.repeated = len(events) - len(load.waits)


def _kill_workers(kills: int, load: Load, stop: threading.Event) -> None:
    draw = random.Random(11)
    while load.kills < kills and not stop.wait(draw.uniform(0.5, 4)):
        workers = [
            int(path.parent.name)
            for path in Path("/proc").glob("[0-9]*/cmdline")
            if _is_worker(path)
        ]
        if workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(draw.choice(workers), signal.SIGKILL)
                load.kills += 1


def _is_worker(cmdline: Path) -> bool:
    with contextlib.suppress(OSError):
        said = cmdline.read_bytes().decode(errors="replace")
        return _WORKER in said and "awslambdaric" in said and "rie" not in said.partition("\0")[0]
    return False


def _read_results(load: Load) -> None:
    client = s3_client()
    for key in load.waits:
        motion = json.loads(client.get_object(Bucket="outputs", Key=key)["Body"].read())
        load.statuses.add(motion["analysis"]["status"])
        for name in ("id", "uri", "etag", "version_id"):
            del motion["video"][name]
        load.contents.add(json.dumps(motion, sort_keys=True))


def load_lines(load: Load) -> list[str]:
    """The finding as it stands in the report."""
    waits = sorted(load.waits.values())
    middle, late = np.percentile(waits, [50, 95])
    lost = load.uploads - len(waits)
    depths = ", ".join(str(depth) for depth in load.depths[:: max(len(load.depths) // 12, 1)])
    return [
        f"## {load.uploads} uploads, {load.kills} workers killed",
        "",
        f"**Asked: 0 lost. Measured: {lost} lost: {'met' if lost == 0 else 'NOT met'}.**",
        "",
        "| | |",
        "|---|--:|",
        f"| from the first upload to the last event | {load.seconds:.0f} s |",
        f"| videos a minute | {60 * len(waits) / load.seconds:.0f} |",
        f"| upload to event, p50 | {middle:.1f} s |",
        f"| upload to event, p95 | {late:.1f} s |",
        f"| events sent again | {load.repeated} |",
        f"| status of the results | {', '.join(sorted(load.statuses))} |",
        f"| different results, but for where the video is | {len(load.contents)} |",
        "",
        f"Chunks in the queue or with a worker, over time: {depths}.",
        "",
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures a load without and a smaller one with killed workers, into ``load.md``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--uploads", type=int, default=500)
    parser.add_argument("--killed-uploads", type=int, default=200)
    parser.add_argument("--kills", type=int, default=20)
    asked = parser.parse_args(arguments)
    folder = Path("benchmarks/out")
    folder.mkdir(exist_ok=True)
    loads = [
        measure_load(asked.uploads, 0, folder),
        measure_load(asked.killed_uploads, asked.kills, folder),
    ]
    lines = [
        "# Load",
        "",
        f"Written by `python -m benchmarks.load`. {machine()}. Clips of four seconds, 320x180, each"
        " one chunk; S3, queues and every function on the same cores.",
        "",
        *(line for load in loads for line in load_lines(load)),
    ]
    Path("benchmarks/load.md").write_text("\n".join(lines), encoding="utf-8")
    print("\n".join(lines))
    whole = all(len(load.waits) == load.uploads and len(load.contents) == 1 for load in loads)
    return 0 if whole else 1


if __name__ == "__main__":
    sys.exit(main())
