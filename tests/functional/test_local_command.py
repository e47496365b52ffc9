"""``python -m local_cloud`` as ``make local`` runs it."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from flowtag.aws.clients import s3_client

ROOT = Path(__file__).parents[2]
TEMPLATE = "tests/local_app/template.yaml"
COMMAND = [sys.executable, "-m", "local_cloud", "--port", "0"]


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "terminal"


@pytest.fixture
def running(output: Path) -> Iterator[subprocess.Popen[bytes]]:
    with output.open("wb") as terminal:
        process = subprocess.Popen(
            [*COMMAND, "--template", TEMPLATE], cwd=ROOT, stdout=terminal, stderr=terminal
        )
    yield process
    if process.poll() is None:
        process.kill()
    process.wait()


def shown(output: Path, pattern: str) -> re.Match[str]:
    """What the terminal shows, once it does."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        found = re.search(pattern, output.read_text())
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"no {pattern} in:\n{output.read_text()}")


def descendants(process: int) -> set[int]:
    children = {
        int(child)
        for listed in Path(f"/proc/{process}/task").glob("*/children")
        for child in listed.read_text().split()
    }
    return children.union(*(descendants(child) for child in children))


def test_it_says_how_to_upload_shows_each_hop_and_ends_with_all_it_started(
    running: subprocess.Popen[bytes], output: Path, credentials: None
) -> None:
    url = shown(output, r"aws s3 cp clip.mp4 s3://uploads/ --endpoint-url (\S+)")[1]
    shown(output, "Ctrl-C")

    s3_client(url).put_object(Bucket="uploads", Key="clips/a", Body=b"a clip")

    shown(output, r"s3 +uploads/clips/a  6 B  → PlanUpload")
    shown(output, r"function +Plan  \d")
    shown(output, r"s3 +outputs/clips/a/parts/2 .*→ DoneRule")
    shown(output, r'event +Whole  \{"key": "clips/a"\}')
    started = descendants(running.pid)
    running.send_signal(signal.SIGINT)
    assert running.wait(30) == 0
    assert len(started) > 3
    assert not [each for each in started if Path(f"/proc/{each}").exists()]


def test_it_says_that_it_disturbs_and_by_which_seed(output: Path) -> None:
    with output.open("wb") as terminal:
        process = subprocess.Popen(
            [*COMMAND, "--template", TEMPLATE, "--disturb", "7"],
            cwd=ROOT,
            stdout=terminal,
            stderr=terminal,
        )
    with process:
        shown(output, r"disturbed +each event and message comes 1 to 5 times \(seed 7\)")
        shown(output, "Ctrl-C")
        process.send_signal(signal.SIGINT)


@pytest.mark.parametrize(
    ("words", "about"),
    [
        (["--template", "nothing.yaml"], "nothing.yaml cannot be read"),
        (["--template", TEMPLATE, "--parameter", "Compute=batch"], "AWS::Batch::JobQueue"),
        (["--template", TEMPLATE, "--parameter", "Nonsense=1"], "nothing known as Nonsense"),
        (["--template", TEMPLATE, "--parameter", "Compute"], "not NAME=VALUE"),
    ],
)
def test_what_cannot_be_started_says_why(words: list[str], about: str) -> None:
    ran = subprocess.run([*COMMAND, *words], cwd=ROOT, capture_output=True, text=True, check=False)

    assert ran.returncode != 0
    assert about in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_port_that_is_taken_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "local_cloud", "--template", TEMPLATE, "--port", port]
        ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert ran.returncode == 1
    assert port in ran.stderr
