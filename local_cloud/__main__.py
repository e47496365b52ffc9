"""``python -m local_cloud``: the whole application on this machine, until Ctrl-C."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from local_cloud.application import LocalApplication, Options, local_application
from local_cloud.intrinsics import TemplateError
from local_cloud.narration import Narrator
from local_cloud.s3_server import ACCESS_KEY, SECRET_KEY

_CHECKOUT = Path(__file__).resolve().parent.parent
_BUILT = _CHECKOUT / ".aws-sam" / "build" / "template.yaml"
_WRITTEN = _CHECKOUT / "template.yaml"
_BUILT_FROM = ("functions", "layers", "gpu_worker")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    asked = _parser().parse_args(arguments)
    narrator = Narrator(quiet=asked.quiet)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        with _data(asked.data) as data:
            options = Options(
                template=asked.template or _newest_template(),
                checkout=_CHECKOUT,
                data=data,
                parameters=dict(asked.parameter),
                port=asked.port,
                workers=asked.workers,
                jwks=asked.jwks,
                repeat_seconds=None if asked.repeat_seconds < 0 else asked.repeat_seconds,
                idle=asked.idle,
                disturb=asked.disturb,
            )
            with local_application(options, narrator) as application:
                print(_welcome(application, options), flush=True)
                stop.wait()
                narrator.say("stopping")
                # What is cut off in the middle is no news.
                narrator.mute()
    except (TemplateError, FileNotFoundError, OSError, RuntimeError, ValueError) as error:
        print(f"local_cloud: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m local_cloud", description=__doc__)
    parser.add_argument("--port", type=int, default=9000, help="of S3; the next two are used, too")
    parser.add_argument("--template", type=Path, help="default: the built one if it is up to date")
    parser.add_argument("--compute", default="lambda", choices=["lambda"])
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 2, metavar="N")
    parser.add_argument("--data", type=Path, help="keep objects and logs in this folder")
    parser.add_argument("--quiet", action="store_true", help="tell of failures only")
    parser.add_argument(
        "--idle",
        action="store_true",
        help="run no function but the API's: for those who invoke each by hand",
    )
    parser.add_argument(
        "--parameter", type=_pair, action="append", default=[], metavar="NAME=VALUE"
    )
    parser.add_argument("--jwks", type=Path, help="public keys of the tokens' issuer")
    parser.add_argument(
        "--repeat-seconds",
        type=float,
        default=5.0,
        metavar="S",
        help="when a failure is tried again; -1: when AWS would, minutes later",
    )
    parser.add_argument(
        "--disturb",
        type=int,
        metavar="SEED",
        help="deliver each event and message 1 to 5 times, shuffled, some at once, some late:"
        " an application that keeps AWS's rules ends with the same results",
    )
    return parser


def _pair(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator:
        raise argparse.ArgumentTypeError(f"{text} is not NAME=VALUE")
    return name, value


@contextlib.contextmanager
def _data(folder: Path | None) -> Iterator[Path]:
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        yield folder.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="flowtag-") as made:
        yield Path(made)


def _newest_template() -> Path:
    """The built template, unless what it was built from has changed since."""
    if not _BUILT.exists():
        return _WRITTEN
    built = _BUILT.stat().st_mtime
    sources = [
        _WRITTEN,
        *(path for each in _BUILT_FROM for path in (_CHECKOUT / each).rglob("*.py")),
    ]
    return _BUILT if all(path.stat().st_mtime <= built for path in sources) else _WRITTEN


def _welcome(application: LocalApplication, options: Options) -> str:
    queues = ", ".join(application.queues)
    bucket = application.wiring.buckets[0].name if application.wiring.buckets else "BUCKET"
    lines = [
        f"template   {options.template}",
        f"S3         {application.s3_url}",
        f"SQS, EventBridge  {application.services_url}  ({queues})",
        *([f"HTTP API   {application.http_url}"] if application.http_url else []),
        f"objects and logs  {options.data}",
        *_about_disturbance(options),
        "",
        "Upload a clip from another terminal:",
        "",
        f"  export AWS_ACCESS_KEY_ID={ACCESS_KEY} AWS_SECRET_ACCESS_KEY={SECRET_KEY}"
        " AWS_DEFAULT_REGION=us-east-1",
        f"  aws s3 cp clip.mp4 s3://{bucket}/ --endpoint-url {application.s3_url}",
        "",
        *_about_api(application),
        "Ctrl-C ends everything.",
        "",
    ]
    return "\n".join(lines)


def _about_disturbance(options: Options) -> list[str]:
    if options.disturb is None:
        return []
    return [f"disturbed  each event and message comes 1 to 5 times (seed {options.disturb})"]


def _about_api(application: LocalApplication) -> list[str]:
    if not application.http_url:
        return []
    asked = f"curl --header 'Authorization: Bearer TOKEN' {application.http_url}/videos"
    if not application.wiring.authorizer.issuer:
        signing = f"--aws-sigv4 aws:amz:us-east-1:execute-api --user {ACCESS_KEY}:{SECRET_KEY}"
        asked = f"curl {signing} {application.http_url}/videos"
    return ["Ask the API:", "", f"  {asked}", ""]


if __name__ == "__main__":
    sys.exit(main())
