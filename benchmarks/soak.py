"""Many uploads through the whole application while everything is delivered as badly as AWS may.

Each event and each message comes one to five times, shuffled, some at the same moment, some late
(``python -m local_cloud --disturb SEED``). Asked: no upload is lost, nothing is there twice, and
what was published is the same bytes as where each comes once, but for where the video is.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.measuring import machine
from benchmarks.published import Published, read_published
from flowtag.aws.clients import s3_client
from flowtag.aws.s3_store import S3Store
from flowtag.catalog import read_catalog
from flowtag.run_keys import OPEN_RUNS
from local_cloud.application import LocalApplication, Options, local_application
from local_cloud.narration import Narrator
from local_cloud.s3_server import ACCESS_KEY, SECRET_KEY
from tests.media.movies import Movie, write_movie

_ROOT = Path(__file__).parents[1]
_PATIENCE_SECONDS = 3600.0
_UPLOAD_THREADS = 8
_FUNCTION = re.compile(r"(?:function|FAILED) +(\w+)  ")
_READY = "Motion Metadata Ready"
_PARAMETERS = {
    # By these a second of a film is one chunk's work, and the catalog is merged while it grows.
    "Preset": "best",
    "ChunkCpuSeconds": "1",
    "ReconcileEvery": "rate(1 minute)",
}
_MOVIES = {
    "short": Movie(count=50, size=(160, 90), options={"g": "25"}),
    "chunks": Movie(count=150, size=(160, 90), options={"g": "25"}),
    "tall": Movie(count=50, size=(90, 160), options={"g": "25"}),
    "slow": Movie(count=50, size=(192, 112), options={"g": "25"}),
}
_NO_VIDEO = b"not a video at all\n" * 100
_KINDS = ("short", "chunks", "broken", "tall", "slow", "short", "chunks", "tall", "slow", "short")


@dataclass
class Soak:
    """What became of all uploads.

    Attributes:
        uploads: how many there were.
        seed: of what happened to their events and messages.
        seconds: from the first upload until nothing more was to be delivered.
        statuses: how many results have which.
        invocations: of each function.
        events: that results are ready; at least one a result.
        lost: keys without a result, or that the catalog does not name.
        doubled: what is there more than once, or was written more than once.
        different: keys whose result is another than in the undisturbed run.
        failed: records of failed chunks, and dead letters.
        open: marks of runs that an event came late to. Reconciliation takes them for unfinished
            when they are overdue, looks once more, and clears them.
    """

    uploads: int
    seed: int
    seconds: float = 0.0
    statuses: Counter[str] = field(default_factory=Counter)
    invocations: Counter[str] = field(default_factory=Counter)
    events: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)

    def faults(self) -> list[str]:
        """All that must not be."""
        named = {
            "lost": self.lost,
            "doubled": self.doubled,
            "different": self.different,
            "failed": self.failed,
        }
        return [f"{fault}: {what}" for fault, found in named.items() for what in found]


def soak(uploads: int, seed: int, folder: Path) -> Soak:
    """Uploads clips to a disturbed application, and compares with one that is not.

    Args:
        uploads: how many.
        seed: of the disturbance.
        folder: an existing one for both applications' objects and logs.
    """
    kinds = [_KINDS[index % len(_KINDS)] for index in range(uploads)]
    clips = _clips(set(kinds), folder)
    calm = {f"{kind}.mp4": kind for kind in clips}
    with _application(folder / "calm", None) as (application, _):
        _upload(application, calm, clips)
        expected = {kind: found for kind, (found,) in _by_kind(application, calm).items()}
    keys = {f"card {i % 7}/Take {i} + 100% é.mp4": kind for i, kind in enumerate(kinds)}
    result = Soak(uploads, seed)
    with _application(folder / "disturbed", seed) as (application, told):
        began = time.monotonic()
        _upload(application, keys, clips)
        result.seconds = time.monotonic() - began
        result.invocations.update(_FUNCTION.findall(told.getvalue()))
        result.events = told.getvalue().count(_READY)
        _judge(result, application, keys, expected)
    return result


def _clips(kinds: set[str], folder: Path) -> dict[str, bytes]:
    return {
        kind: write_movie(folder / f"{kind}.mp4", _MOVIES[kind]).read_bytes()
        if kind in _MOVIES
        else _NO_VIDEO
        for kind in sorted(kinds)
    }


@contextlib.contextmanager
def _application(data: Path, seed: int | None) -> Iterator[tuple[LocalApplication, io.StringIO]]:
    data.mkdir()
    told = io.StringIO()
    options = Options(
        template=_ROOT / "template.yaml",
        checkout=_ROOT,
        data=data,
        parameters=_PARAMETERS,
        disturb=seed,
    )
    with local_application(options, Narrator(told)) as application:
        yield application, told


def _upload(
    application: LocalApplication, keys: Mapping[str, str], clips: Mapping[str, bytes]
) -> None:
    """Uploads everything, and waits until all that follows from it is over."""
    client = s3_client(application.s3_url)
    with ThreadPoolExecutor(_UPLOAD_THREADS) as threads:
        for key, kind in keys.items():
            threads.submit(client.put_object, Bucket="uploads", Key=key, Body=clips[kind])
    end, quiet = time.monotonic() + _PATIENCE_SECONDS, 0
    # A message is in no queue for the moment in which it becomes a dead letter.
    while quiet < 3:
        if time.monotonic() > end:
            raise RuntimeError(f"{application.waiting()} events and messages are left")
        time.sleep(0.2)
        quiet = 0 if application.waiting() else quiet + 1


def _by_kind(application: LocalApplication, keys: Mapping[str, str]) -> dict[str, list[Published]]:
    found: dict[str, list[Published]] = {}
    for published in read_published(s3_client(application.s3_url), "outputs"):
        found.setdefault(keys[published.key], []).append(published)
    return found


def _judge(
    result: Soak,
    application: LocalApplication,
    keys: Mapping[str, str],
    expected: Mapping[str, Published],
) -> None:
    client = s3_client(application.s3_url)
    runs = read_published(client, "outputs")
    results = Counter(run.key for run in runs)
    store = S3Store(client, "outputs")
    entries = Counter(entry.key for entry in read_catalog(store))
    result.open = list(store.list(OPEN_RUNS))
    result.statuses.update(run.status for run in runs)
    result.lost = [key for key in keys if not (results[key] and entries[key])]
    result.doubled = [
        *(f"{key}: {count} runs" for key, count in results.items() if count > 1),
        *(f"{key}: {count} catalog entries" for key, count in entries.items() if count > 1),
        *(
            f"{run.folder}/{name}: {count} versions"
            for run in runs
            for name, count in run.written.items()
            if name in ("plan.json", "motion.json") and count > 1
        ),
    ]
    result.different = [run.key for run in runs if run.content != expected[keys[run.key]].content]
    result.failed = [
        *(f"{run.folder}/{name}" for run in runs for name in run.written if ".failed" in name),
        *(
            f"{sum(queue.counts())} messages in {name}"
            for name, queue in application.queues.items()
            if any(queue.counts())
        ),
    ]


def soak_lines(found: Soak) -> list[str]:
    """The finding as it stands in the report."""
    verdict = "NOT met" if found.faults() else "met"
    statuses = ", ".join(f"{count} {status}" for status, count in sorted(found.statuses.items()))
    invocations = ", ".join(f"{name} {count}" for name, count in sorted(found.invocations.items()))
    return [
        "**Asked: 0 lost, 0 doubled, the same bytes. Measured:"
        f" {len(found.lost)} lost, {len(found.doubled)} doubled,"
        f" {len(found.different)} with other bytes: {verdict}.**",
        "",
        "| | |",
        "|---|--:|",
        f"| uploads | {found.uploads} |",
        f"| from the first upload until nothing was left to deliver | {found.seconds:.0f} s |",
        f"| results | {statuses} |",
        f"| chunks recorded as failed, dead letters | {len(found.failed)} |",
        f"| events *{_READY}* | {found.events} |",
        f"| marks left for reconciliation | {len(found.open)} |",
        f"| invocations | {invocations} |",
        "",
        *(f"- {fault}" for fault in found.faults()),
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Soaks the application, into ``soak.md``."""
    parser = argparse.ArgumentParser("python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--uploads", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(arguments)
    os.environ |= {
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    folder = Path("benchmarks/out")
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.absolute()) as name:
        found = soak(asked.uploads, asked.seed, Path(name))
    lines = [
        "# Bad delivery",
        "",
        f"Written by `python -m benchmarks.soak`, seed {found.seed}. {machine()}. The whole"
        " application; each event and each message comes 1 to 5 times, shuffled, some at the same"
        " moment, one in ten up to 15 s late. Clips of 2 s in 2 chunks, a fifth of 6 s in"
        " 6, and a tenth that are no video. Compared with an undisturbed run: `motion.json`"
        " but for where the video is, `frames.parquet`, thumbnails. Of `plan.json` and"
        " `motion.json` all versions in the bucket are counted: each was written once.",
        "",
        *soak_lines(found),
    ]
    Path("benchmarks/soak.md").write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")
    print(json.dumps({"faults": found.faults()}, ensure_ascii=False), *lines, sep="\n")
    return 1 if found.faults() else 0


if __name__ == "__main__":
    sys.exit(main())
