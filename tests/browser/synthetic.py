"""Results that no clip was rendered for: very many segments or videos, and hostile ones."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

LEVELS = ("static", "low", "medium", "high", "extreme")
LABELS: tuple[list[str], ...] = (
    ["static"],
    ["pan_left"],
    ["pan_right", "tilt_up"],
    ["zoom_in"],
    ["handheld"],
    [],
)
VIDEO_ID, RUN_ID = "made-up-0123456789ab", "made-up-ba9876543210"


def motion(segments: int = 3, **video: Any) -> dict[str, Any]:
    """A motion.json of so many segments of a second, cut every fourth."""
    made = [_segment(index) for index in range(segments)]
    shots = [
        {
            "index": shot,
            "start": made[index]["start"],
            "end": made[min(index + 4, segments) - 1]["end"],
            "transition": {
                "kind": "cut" if shot else "start",
                "start": made[index]["start"],
                "end": made[index]["start"],
            },
            "flags": [],
        }
        for shot, index in enumerate(range(0, segments, 4))
    ]
    return {
        "schema": "flowtag.motion/1",
        "video": _video(segments) | video,
        "analysis": _analysis(segments),
        "shots": shots,
        "segments": made,
    }


def write_run(root: Path, metadata: dict[str, Any], **entry: Any) -> Path:
    """Writes a motion.json and a catalog with its one entry; returns the run's folder."""
    run = root / VIDEO_ID / RUN_ID
    run.mkdir(parents=True)
    (run / "motion.json").write_text(json.dumps(metadata), encoding="utf-8")
    known = {name: catalog_entry(metadata)[name] for name in ("motion", "source", "planned_at")}
    latest = {"schema": "flowtag.latest/1", "video_id": VIDEO_ID, "run_id": RUN_ID, **known}
    (run.parent / "latest.json").write_text(json.dumps(latest), encoding="utf-8")
    write_catalog(root, [catalog_entry(metadata) | entry])
    return run


def write_catalog(root: Path, entries: Sequence[dict[str, Any] | None]) -> None:
    """Writes ``catalog/catalog.json``."""
    catalog = {"schema": "flowtag.catalog/1", "videos": list(entries)}
    (root / "catalog").mkdir(parents=True, exist_ok=True)
    (root / "catalog/catalog.json").write_text(json.dumps(catalog), encoding="utf-8")


def catalog_entry(metadata: dict[str, Any], number: int = 0) -> dict[str, Any]:
    """What a catalog says of a motion.json."""
    uri = metadata["video"]["uri"]
    suffix = f"-{number:05d}" if number else ""
    return {
        "video_id": f"{VIDEO_ID}{suffix}",
        "run_id": RUN_ID,
        "uri": uri,
        "version_id": None,
        "name": uri.rpartition("/")[2],
        "status": "complete",
        "reason": None,
        "duration_seconds": metadata["video"]["duration_seconds"],
        "level_seconds": {LEVELS[number % 5]: 2.0, LEVELS[(number + 1) % 5]: 1.0},
        "camera": ["pan_left"],
        "segments": len(metadata["segments"]),
        "peak": None,
        "analysed_frames": 75,
        "gap_seconds": 0.0,
        "warnings": 0,
        "motion": f"{VIDEO_ID}/{RUN_ID}/motion.json",
        "source": {"modified_at": "2026-03-01T12:00:00Z", "sequence": f"{number:05d}"},
        "planned_at": "2026-03-01T12:00:04Z",
    }


def instant(seconds: int) -> dict[str, Any]:
    """A point of time at 25 frames a second."""
    clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}:00"
    return {
        "pts": seconds * 25,
        "seconds": float(seconds),
        "frame": seconds * 25,
        "timecode": clock,
    }


def _video(seconds: int) -> dict[str, Any]:
    return {
        "id": VIDEO_ID,
        "uri": "/media/made-up.mov",
        "version_id": None,
        "etag": None,
        "size_bytes": 1,
        "container": "mov,mp4",
        "codec": "prores",
        "width": 1920,
        "height": 1080,
        "rotation": 0,
        "sample_aspect_ratio": "1/1",
        "pixel_format": "yuv422p10le",
        "field_order": "progressive",
        "time_base": "1/25",
        "frame_rate": "25/1",
        "variable_frame_rate": False,
        "start_pts": 0,
        "duration_seconds": float(seconds),
        "frames": seconds * 25,
        "timecode": "00:00:00:00",
        "drop_frame": False,
    }


def _analysis(seconds: int) -> dict[str, Any]:
    count = seconds * 25
    return {
        "status": "complete",
        "reason": None,
        "estimator": {"name": "dis", "sha256": None},
        "settings": {},
        "settings_digest": "0",
        "flowtag_version": "0",
        "algorithm_version": 1,
        "frames": {"expected": count, "decoded": count, "dropped": 0, "repeated": 0},
        "gaps": [],
        "warnings": [],
    }


def _segment(index: int) -> dict[str, Any]:
    speed = 0.02 + 0.1 * (index % 7)
    return {
        "index": index,
        "shot": index // 4,
        "start": instant(index),
        "end": instant(index + 1),
        "motion": {
            "level": LEVELS[index % 5],
            "activity": index % 5 + 1,
            "speed": speed,
            "speed_p95": speed * 2,
            "moving_area": 0.3,
            "direction": float(index * 15 % 360),
            "direction_histogram": [0.3, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1],
        },
        "camera": {
            "labels": LABELS[index % 6],
            "pan": 0.1,
            "tilt": 0.0,
            "zoom": 0.0,
            "roll": 0.0,
            "steadiness": "smooth",
            "shake": 0.001,
            "confidence": 0.9,
        },
        "subject": {"level": "low", "speed": 0.02, "area": 0.05, "centroid": [0.5, 0.5]},
        "peak": {**instant(index), "speed": speed * 3},
        "confidence": {"mean": 0.9, "coverage": 0.8},
        "flags": [],
        "thumbnail": None,
    }
