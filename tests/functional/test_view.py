"""``flowtag view``: what it serves, and what it does not."""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.browser.serving import viewing
from tests.functional.command import make_clip, read_json, run_flowtag, start_flowtag

ROOT = Path(__file__).parents[2]


class Asked:
    """An answer: status, headers in lower case, body."""

    def __init__(self, address: str, path: str, headers: Mapping[str, str] | None = None) -> None:
        connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=20)
        connection.request("GET", path, headers=dict(headers or {}))
        reply = connection.getresponse()
        self.status = reply.status
        self.headers = {name.lower(): value for name, value in reply.getheaders()}
        self.body = reply.read()
        connection.close()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("clips") / "Take 2.mp4", frames=50)


@pytest.fixture(scope="module")
def tagged(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An output folder with one video."""
    out = tmp_path_factory.mktemp("tags")
    ran = run_flowtag("tag", clip, "--out", out)
    assert ran.status == 0, ran.err
    return out


@pytest.fixture(scope="module")
def served(tagged: Path) -> Iterator[str]:
    with viewing(tagged) as address:
        yield address


@pytest.fixture(scope="module")
def run(tagged: Path) -> Path:
    """The folder of the one run."""
    (motion,) = tagged.glob("*/*/motion.json")
    return motion.parent


def _run_path(run: Path) -> str:
    return f"{run.parent.name}/{run.name}"


def test_the_page_comes_with_a_policy_without_inline_script(served: str) -> None:
    answer = Asked(served, "/")

    assert answer.status == 200
    assert b'<script type="module" src="main.js">' in answer.body
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy


def test_the_catalog_is_made_of_what_is_there(served: str, run: Path, clip: Path) -> None:
    (entry,) = Asked(served, "/data/catalog/catalog.json").json["videos"]

    assert (entry["video_id"], entry["run_id"]) == (run.parent.name, run.name)
    assert (entry["uri"], entry["status"]) == (str(clip), "complete")
    assert entry["source"] == read_json(run.parent / "latest.json")["source"]
    assert Asked(served, "/config.json").json["open"] == run.parent.name


def test_the_files_of_a_run_are_given_out_as_they_are(served: str, run: Path) -> None:
    for name in ("motion.json", "frames.parquet", "plan.json", "chunks/00000.npz"):
        answer = Asked(served, f"/data/{_run_path(run)}/{name}")
        assert (answer.status, answer.body) == (200, (run / name).read_bytes())


def test_a_part_of_the_video_is_given_out(served: str, run: Path, clip: Path) -> None:
    answer = Asked(served, f"/media/{_run_path(run)}", {"Range": "bytes=100-199"})

    data = clip.read_bytes()
    assert (answer.status, answer.body) == (206, data[100:200])
    assert answer.headers["content-range"] == f"bytes 100-199/{len(data)}"
    assert answer.headers["content-type"] == "video/mp4"


def test_the_end_of_a_table_is_given_out(served: str, run: Path) -> None:
    path = f"/data/{_run_path(run)}/frames.parquet"

    answer = Asked(served, path, {"Range": "bytes=-4"})

    assert (answer.status, answer.body) == (206, b"PAR1")


@pytest.mark.parametrize(
    "path",
    [
        "/data/../../../../etc/passwd",
        "/data/{run}/../../.flowtag-lock",
        "/data/{run}/..%2f..%2f.flowtag-lock",
        "/data/{run}/source.json",
        "/data/{run}/thumbnails/../motion.json.bak",
        "/data/{video}/other-run-0123/motion.json",
        "/data/{video}/../motion.json",
        "/data/other-video/{video}/motion.json",
        "/media/{video}/other-run-0123",
        "/media/etc/passwd",
        "/..%2fpyproject.toml",
        "/export/{run}?format=edl;id",
    ],
)
def test_nothing_else_is_given_out(served: str, run: Path, path: str) -> None:
    answer = Asked(served, path.format(run=_run_path(run), video=run.parent.name))

    assert answer.status in (404, 422)


def test_exports_are_those_of_the_command(served: str, run: Path, tmp_path: Path) -> None:
    offered = Asked(served, "/config.json").json["export"]
    asked = Asked(served, f"/export/{_run_path(run)}?format=csv&where=index%20=%200")

    if "csv" not in offered:
        assert (offered, asked.status) == ([], 422)
        return
    written = tmp_path / "written.csv"
    words = ("export", run / "motion.json", "--format", "csv", "--where", "index = 0")
    assert run_flowtag(*words, "-o", written).status == 0
    assert (asked.status, asked.body) == (200, written.read_bytes())


def test_another_name_of_this_machine_is_refused(served: str) -> None:
    # A page from elsewhere could have its own name lead here.
    assert Asked(served, "/config.json", {"Host": "evil.example"}).status == 400


def test_links_out_of_the_folder_are_not_followed(tagged: Path, tmp_path: Path) -> None:
    copy = tmp_path / "tags"
    shutil.copytree(tagged, copy)
    (run,) = (path.parent for path in copy.glob("*/*/motion.json"))
    secret = tmp_path / "secret.jpg"
    secret.write_bytes(b"secret")
    (run / "thumbnails/9999.jpg").symlink_to(secret)

    with viewing(copy) as address:
        assert Asked(address, f"/data/{_run_path(run)}/thumbnails/9999.jpg").status == 404


def test_a_file_that_is_no_video_is_not_given_out_whatever_motion_json_says(
    run: Path, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    metadata = read_json(run / "motion.json")
    metadata["video"]["uri"] = str(secret)
    (tmp_path / "motion.json").write_text(json.dumps(metadata))

    with viewing(tmp_path / "motion.json") as address:
        (entry,) = Asked(address, "/data/catalog/catalog.json").json["videos"]
        answer = Asked(address, f"/media/{entry['video_id']}/{entry['run_id']}")

    assert answer.status == 404


def test_a_motion_json_alone_is_shown(run: Path, tmp_path: Path) -> None:
    alone = tmp_path / "Take 2 (copy).json"
    shutil.copy(run / "motion.json", alone)

    with viewing(alone) as address:
        (entry,) = Asked(address, "/data/catalog/catalog.json").json["videos"]
        found = Asked(address, f"/data/{entry['video_id']}/{entry['run_id']}/motion.json")

    assert found.body == alone.read_bytes()


@pytest.mark.parametrize("path", ["motion.json", "."])
def test_a_run_is_shown_from_within_its_folder(run: Path, path: str) -> None:
    with viewing(Path(path), cwd=run) as address:
        (entry,) = Asked(address, "/data/catalog/catalog.json").json["videos"]
        found = Asked(address, f"/data/{_run_path(run)}/frames.parquet")

    assert (entry["video_id"], entry["run_id"]) == (run.parent.name, run.name)
    assert found.body == (run / "frames.parquet").read_bytes()


def test_a_link_to_a_motion_json_shows_the_run_that_it_leads_to(run: Path, tmp_path: Path) -> None:
    link = tmp_path / "latest take.json"
    link.symlink_to(run / "motion.json")

    with viewing(link) as address:
        (entry,) = Asked(address, "/data/catalog/catalog.json").json["videos"]
        names = ("motion.json", "frames.parquet")
        found = [Asked(address, f"/data/{_run_path(run)}/{name}").body for name in names]

    assert entry["run_id"] == run.name
    assert found == [(run / name).read_bytes() for name in names]


def test_what_is_tagged_meanwhile_appears_and_what_is_damaged_hides_nothing(
    tagged: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "tags"
    shutil.copytree(tagged, copy)
    (video,) = (path.parent.parent for path in copy.glob("*/*/motion.json"))

    with viewing(copy) as address:
        more = make_clip(tmp_path / "more.mp4", frames=25)
        assert run_flowtag("tag", more, "--out", copy).status == 0
        broken = copy / "broken-0123456789ab"
        shutil.copytree(video, broken)
        next(broken.glob("*/motion.json")).write_text("{")
        videos = Asked(address, "/data/catalog/catalog.json").json["videos"]

    assert {each["name"] for each in videos} == {"more.mp4", "Take 2.mp4"}


def test_a_port_that_is_taken_is_told(tagged: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        ran = run_flowtag("view", tagged, "--port", port, "--no-browser")

    assert ran.status == 2
    assert f"port {port}" in ran.err


def test_a_folder_without_results_is_told(tmp_path: Path) -> None:
    ran = run_flowtag("view", tmp_path, "--no-browser")

    assert ran.status == 1
    assert f"there are no results in {tmp_path}" in ran.err


def test_ctrl_c_ends_it_while_a_browser_is_connected(tagged: Path) -> None:
    with start_flowtag("view", tagged, "--port", "0", "--no-browser") as process:
        assert process.stdout is not None
        address = process.stdout.readline().decode().strip()
        connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=20)
        connection.request("GET", "/config.json")
        connection.getresponse().read()
        process.send_signal(2)
        _, said = process.communicate(timeout=30)
        connection.close()

    assert (process.returncode, b"Traceback" in said) == (0, False)


def test_the_wheel_carries_the_viewer(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel"]
    subprocess.run(
        [*command, "--directory", str(tmp_path)], cwd=ROOT / "layers/core", check=True,
        capture_output=True,
    )  # fmt: skip
    (wheel,) = tmp_path.glob("*.whl")

    with zipfile.ZipFile(wheel) as archive:
        carried = {n for n in archive.namelist() if n.startswith("flowtag/viewer_files/")}

    there = {
        f"flowtag/viewer_files/{path.relative_to(ROOT / 'viewer').as_posix()}"
        for path in (ROOT / "viewer").rglob("*")
        if path.is_file()
    }
    assert carried == there
    assert "flowtag/viewer_files/vendor/fflate/LICENSE" in carried
