from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.services.ports import free_ports

ACCESS_KEY, SECRET_KEY = "tester", "tester-secret"
_READY_SECONDS = 60
_ONE_VOLUME_A_BUCKET = {"WEED_MASTER_VOLUME_GROWTH_COPY_1": "1"}
_PARTS = ("master", "volume", "filer", "s3")


@dataclass(frozen=True)
class S3Server:
    """A running SeaweedFS that speaks S3.

    Attributes:
        port: where it listens, on 127.0.0.1.
    """

    port: int

    @property
    def endpoint_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextlib.contextmanager
def s3_server(folder: Path) -> Iterator[S3Server]:
    """Runs a real S3 server that keeps its objects in a folder."""
    config = folder / "identities.json"
    config.write_text(json.dumps({"identities": [_identity()]}))
    data = folder / "objects"
    data.mkdir()
    with free_ports(2 * len(_PARTS)) as ports:
        arguments = [
            f"-{part}.port{kind}={ports[2 * index + offset]}"
            for index, part in enumerate(_PARTS)
            for offset, kind in enumerate(("", ".grpc"))
        ]
    command = [
        str(Path(sys.executable).with_name("weed")),
        *("server", "-s3", f"-s3.config={config}", f"-dir={data}"),
        *("-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-volume.max=2000", "-master.telemetry=false"),
        *(
            "-master.volumeSizeLimitMB=64",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            "-s3.autoCreateBucket=false",
            *arguments,
        ),
    ]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=log, cwd=folder, env={**os.environ, **_ONE_VOLUME_A_BUCKET}
        )
    server = S3Server(ports[-2])
    try:
        _wait_until_ready(server, process, folder / "server.log")
        yield server
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _identity() -> dict[str, object]:
    return {
        "name": "tester",
        "credentials": [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }


def _wait_until_ready(server: S3Server, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + _READY_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        try:
            urllib.request.urlopen(server.endpoint_url, timeout=1).close()
        except urllib.error.HTTPError:
            # It asks who we are: it is up.
            return
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"the S3 server did not start:\n{log.read_text()[-2000:]}")
