"""Models, videos, evidence and drift in buckets, by the commands, against a real S3 server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flowtag.aws.clients import s3_client
from local_cloud.s3_server import S3Server
from tests.functional.command import make_clip, read_json, run_flowtag
from tests.unit.flow_models import CENTROID, model_of, written

_MODEL = model_of(CENTROID, source="kept in a bucket")


@pytest.fixture
def server(s3: S3Server, credentials: None, monkeypatch: pytest.MonkeyPatch) -> str:
    """The server's address, which AWS's own variable names too: --models has no option for it."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3.endpoint_url)
    return s3.endpoint_url


@pytest.fixture
def models(server: str, bucket: str, tmp_path: Path) -> str:
    """A place in the bucket to which a model was added by the command."""
    place = f"s3://{bucket}/models"
    ran = run_flowtag("models", "add", written(tmp_path / "model", _MODEL), "--models", place)
    assert ran.status == 0, ran.err
    return place


def _filmed(folder: Path, frames: int = 60) -> Path:
    return make_clip(folder / "take.mp4", frames=frames)


def test_a_model_in_a_bucket_is_listed_and_verified(models: str) -> None:
    listed = run_flowtag("models", "list", "--models", models, "--json")
    verified = run_flowtag("models", "verify", "tiny", "--models", models, "--json")

    mine = [line for line in listed.json_lines if line["manifest"]["name"] == "tiny"]
    assert [line["estimator"] for line in mine] == [f"tiny@{_MODEL.sha256[:12]}"]
    assert verified.status == 0, verified.err


def test_a_video_in_a_bucket_is_tagged_by_a_model_beside_it(
    models: str, server: str, bucket: str, tmp_path: Path
) -> None:
    s3_client(server).upload_file(str(_filmed(tmp_path)), bucket, "in/take.mp4")

    ran = run_flowtag(
        "run", f"s3://{bucket}/in/take.mp4", "--out", tmp_path / "tags",
        "--estimator", "tiny", "--models", models,
    )  # fmt: skip

    assert ran.status == 0, ran.err
    analysis = read_json(ran.motion)["analysis"]
    assert analysis["estimator"] == {"name": "tiny", "sha256": _MODEL.sha256}


def test_watching_takes_a_model_too(models: str, tmp_path: Path) -> None:
    card = tmp_path / "card"
    _filmed(card)

    ran = run_flowtag(
        "watch", card, "--out", tmp_path / "tags", "--once", "--settle", "300ms",
        "--estimator", "tiny", "--models", models,
    )  # fmt: skip

    assert ran.status == 0, ran.err
    assert read_json(ran.motion)["analysis"]["estimator"]["sha256"] == _MODEL.sha256


def test_evidence_of_a_run_in_a_bucket_is_drawn(server: str, bucket: str, tmp_path: Path) -> None:
    s3_client(server).upload_file(str(_filmed(tmp_path)), bucket, "in/take.mp4")
    tags = f"s3://{bucket}/tags"
    motion = run_flowtag("run", f"s3://{bucket}/in/take.mp4", "--out", tags).lines[0]

    ran = run_flowtag(
        "evidence", motion.rpartition("/")[0].rpartition("/")[0], "--out", tmp_path / "drawn"
    )

    assert ran.status == 0, ran.err
    assert ran.lines
    assert all(Path(line).read_bytes().startswith(b"\x89PNG") for line in ran.lines)


def test_runs_in_a_bucket_are_compared_with_a_baseline_of_the_same_on_disk(
    server: str, bucket: str, tmp_path: Path
) -> None:
    film = _filmed(tmp_path, frames=150)
    s3_client(server).upload_file(str(film), bucket, "in/take.mp4")
    baseline, tags = tmp_path / "baseline.json", f"s3://{bucket}/tags"
    run_flowtag("tag", film, "--out", tmp_path / "tags")
    run_flowtag("run", f"s3://{bucket}/in/take.mp4", "--out", tags)

    made = run_flowtag("drift", "--make-baseline", baseline, tmp_path / "tags")
    ran = run_flowtag("drift", "--baseline", baseline, "--least-pairs", "20", tags, "--json")

    assert made.status == 0, made.err
    assert ran.status == 0, ran.err
    (source,) = json.loads(ran.out)["sources"]
    assert {metric["psi"] for metric in source["metrics"].values()} == {0.0}
