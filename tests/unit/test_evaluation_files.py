"""Data sets in each published layout are read as they were written, or refused by name."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from flowtag.errors import GroundTruthError
from flowtag.evaluation.flow_files import read_flo, read_kitti_flow, read_picture
from flowtag.evaluation.layouts import Layout, find_pairs
from tests.rendering import FlowPair
from tests.unit.known_flow_files import (
    flo_bytes,
    kitti_bytes,
    png_bytes,
    ppm_bytes,
    small_pair,
    write_flyingchairs,
    write_kitti,
    write_middlebury,
    write_official_middlebury,
    write_sintel,
)

Writer = Callable[[Path, FlowPair], None]
WRITERS: list[tuple[Layout, Writer]] = [
    ("middlebury", write_middlebury),
    ("middlebury", write_official_middlebury),
    ("kitti", write_kitti),
    ("sintel", write_sintel),
    ("flyingchairs", write_flyingchairs),
]


@pytest.mark.parametrize(("layout", "write"), WRITERS)
def test_a_layout_is_recognised_and_its_frames_and_flow_are_read(
    layout: Layout, write: Writer, tmp_path: Path
) -> None:
    pair = small_pair()
    write(tmp_path, pair)

    found, files = find_pairs(tmp_path)
    read = files[0].read()

    assert found == layout
    assert np.abs(read.first.astype(int) - pair.first).max() <= 1
    assert np.abs(read.second.astype(int) - pair.second).max() <= 1
    assert np.abs((read.flow - pair.flow)[read.known]).max() <= 1 / 127


def test_kitti_is_sparse_and_tells_what_is_occluded(tmp_path: Path) -> None:
    pair = small_pair()
    write_kitti(tmp_path, pair, frames="colored_0")

    read = find_pairs(tmp_path)[1][0].read()

    assert read.occluded is not None
    assert read.known[::2].all() and not read.known[1::2].any()
    assert np.array_equal(read.occluded[::2], pair.occluded[::2])


def test_sintel_has_two_passes_and_leaves_out_what_is_invalid(tmp_path: Path) -> None:
    pair = small_pair()
    write_sintel(tmp_path, pair)

    _, files = find_pairs(tmp_path)
    read = files[0].read()

    assert [one.scene for one in files] == ["clean/alley_1", "final/alley_1"]
    assert not read.known[:5].any() and read.known[5:].all()
    assert read.occluded is not None and np.array_equal(read.occluded, pair.occluded)


def test_flow_beyond_a_billion_is_unknown(tmp_path: Path) -> None:
    flow = np.ones((4, 5, 2), np.float32)
    flow[1, 2] = 1.6e9
    flow[3, 0, 1] = np.nan
    (tmp_path / "a.flo").write_bytes(flo_bytes(flow))

    _, known = read_flo(tmp_path / "a.flo")

    assert sorted(zip(*np.nonzero(~known), strict=True)) == [(1, 2), (3, 0)]


FLO = flo_bytes(np.zeros((4, 5, 2), np.float32))
PNG = png_bytes(np.arange(64, dtype=np.uint8).reshape(8, 8))
BAD: list[tuple[str, bytes, str]] = [
    ("a.flo", FLO[:-1], "truncated"),
    ("a.flo", FLO[:7], "truncated"),
    ("a.flo", FLO + b"0", "too long"),
    ("a.flo", b"RIFF" + FLO[4:], "no .flo"),
    ("a.flo", struct.pack("<fii", 202021.25, 2**30, 2**30), "1073741824 x 1073741824"),
    ("a.flo", struct.pack("<fii", 202021.25, -4, 5) + bytes(160), "-4 x 5"),
    ("a.png", PNG[:-20], "truncated"),
    ("a.png", PNG[:-12], "truncated"),
    ("a.png", PNG[:50] + b"\xff" + PNG[51:], "checksum"),
    ("a.png", b"GIF89a" + PNG, "no PNG"),
    ("a.ppm", ppm_bytes(np.zeros((4, 5), np.uint8))[:-1], "truncated"),
    ("a.ppm", b"P6\n90000 90000\n255\n", "90000 x 90000"),
    ("a.ppm", b"P3\n1 1\n255\n0 0 0", "PPM"),
]


@pytest.mark.parametrize(("name", "data", "said"), BAD)
def test_a_damaged_file_is_refused_by_name(
    name: str, data: bytes, said: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(data)

    with pytest.raises(GroundTruthError) as refused:
        (read_flo if name.endswith("flo") else read_picture)(path)

    assert str(path) in str(refused.value)
    assert said in str(refused.value)


def test_a_picture_of_8_bits_is_no_flow_of_kitti(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(PNG)

    with pytest.raises(GroundTruthError, match="16 bits"):
        read_kitti_flow(tmp_path / "a.png")


def test_flow_of_kitti_comes_in_64ths_of_a_px(tmp_path: Path) -> None:
    flow = np.array([[[1.5, -2.25], [0.0, 511.0]]], np.float32)
    (tmp_path / "a.png").write_bytes(kitti_bytes(flow, np.array([[True, True]])))

    read, _ = read_kitti_flow(tmp_path / "a.png")

    assert read.tolist() == flow.tolist()


@pytest.mark.parametrize(("layout", "write"), WRITERS)
def test_a_missing_frame_is_an_error(layout: Layout, write: Writer, tmp_path: Path) -> None:
    write(tmp_path, small_pair())
    _, files = find_pairs(tmp_path, layout)
    files[0].second.unlink()

    with pytest.raises(GroundTruthError, match=f"{files[0].second.name}: missing"):
        files[0].read()


def test_frames_of_another_size_than_the_flow_are_refused(tmp_path: Path) -> None:
    write_middlebury(tmp_path, small_pair())
    (tmp_path / "Shelf/frame11.png").write_bytes(PNG)

    with pytest.raises(GroundTruthError, match=r"frame11.png: 8 x 8 px.*96 x 64"):
        find_pairs(tmp_path)[1][0].read()


def test_a_folder_of_something_else_is_no_data_set(tmp_path: Path) -> None:
    write_kitti(tmp_path, small_pair())

    with pytest.raises(GroundTruthError, match="layout sintel"):
        find_pairs(tmp_path, "sintel")
