"""SeaweedFS: a real S3 server, of one process, that keeps its objects in a folder."""

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

from local_cloud.ports import free_ports

ACCESS_KEY, SECRET_KEY = "tester", "tester-secret"
READER, STRANGER = "reader", "stranger"
"""Users who may do less than the tester; their secret is their name and ``-secret``."""
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
        """What clients name as their endpoint."""
        return f"http://127.0.0.1:{self.port}"


@contextlib.contextmanager
def s3_server(folder: Path) -> Iterator[S3Server]:
    """Runs a real S3 server that keeps its objects in a folder.

    Args:
        folder: exists; objects of an earlier run in it are served again.

    Raises:
        RuntimeError: the server did not come up.
    """
    config = folder / "identities.json"
    config.write_text(json.dumps({"identities": _identities()}))
    data = folder / "objects"
    data.mkdir(exist_ok=True)
    with free_ports(2 * len(_PARTS)) as ports:
        pass
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            _command(config, data, ports),
            stdout=log,
            stderr=log,
            cwd=folder,
            env={**os.environ, **_ONE_VOLUME_A_BUCKET},
            # Ctrl-C in a terminal goes to every process of its group; this one is ended below.
            start_new_session=True,
        )
    server = S3Server(ports[-2])
    try:
        _wait_until_ready(server, process, folder / "server.log")
        yield server
    finally:
        process.terminate()
        try:
            # Its parts wait for each other for ever; what it wrote is safe already.
            process.wait(3)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _command(config: Path, data: Path, ports: list[int]) -> list[str]:
    numbered = [
        f"-{part}.port{kind}={ports[2 * index + offset]}"
        for index, part in enumerate(_PARTS)
        for offset, kind in enumerate(("", ".grpc"))
    ]
    return [
        str(Path(sys.executable).with_name("weed")),
        *("server", "-s3", f"-s3.config={config}", f"-dir={data}"),
        *("-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-volume.max=2000", "-master.telemetry=false"),
        *("-master.volumeSizeLimitMB=64", "-s3.port.iceberg=0", "-s3.port.lance=0"),
        *("-s3.autoCreateBucket=false", "-volume.preStopSeconds=0", *numbered),
    ]


def _identities() -> list[dict[str, object]]:
    return [
        _identity(ACCESS_KEY, "Admin", "Read", "Write", "List", "Tagging"),
        _identity(READER, "Read", "List"),
        _identity(STRANGER, "Read:another-bucket"),
    ]


def _identity(name: str, *actions: str) -> dict[str, object]:
    keys = [{"accessKey": name, "secretKey": f"{name}-secret"}]
    return {"name": name, "credentials": keys, "actions": actions}


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
