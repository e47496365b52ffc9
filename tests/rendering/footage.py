"""Known camera moves over footage that somebody else shot with a camera at rest."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from tests.rendering.clips import Expectation
from tests.rendering.encoding import Codec, write_video
from tests.rendering.moves import CameraMove, Part, Trajectory
from tests.rendering.pictures import Image, Size, sample
from tests.rendering.truth import ClipTruth, PartTruth


def decoded(path: Path, seconds: float) -> Iterator[tuple[float, Image]]:
    """Decode the head of a video.

    Args:
        path: Any file that PyAV reads.
        seconds: Where to stop.

    Yields:
        The time of each frame from the first one, and its RGB.
    """
    with av.open(str(path)) as container:
        first: float | None = None
        for frame in container.decode(video=0):
            if frame.time is None:
                continue
            first = frame.time if first is None else first
            if frame.time - first >= seconds:
                return
            yield frame.time - first, np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)


def crop_size(path: Path, share: float) -> Size:
    """Return the even size of a crop that takes a share of a video's width and height."""
    with av.open(str(path)) as container:
        stored = container.streams.video[0]
        width, height = (round(side * share / 2) * 2 for side in (stored.width, stored.height))
    return width, height


def path_inside(move: CameraMove, seconds: float, screen: Size, source: Size) -> Trajectory:
    """Return a path of a crop that stays inside the source.

    Args:
        move: Of the crop.
        seconds: How long it lasts.
        screen: Size of the crop's picture.
        source: Size of the video; its px are those of the screen, at the start.

    Raises:
        ValueError: The move leads out of the source wherever it starts.
    """
    parts = (Part(seconds, move),)
    outward = complex(*screen) / 2
    corners = [outward, -outward, outward.conjugate(), -outward.conjugate()]
    trial = Trajectory(parts, screen, start=0j, scale=1.0)
    reached = [
        trial.pose(float(at)).unproject(corner)
        for at in np.linspace(0, seconds, 33)
        for corner in corners
    ]
    right, left = max(at.real for at in reached), min(at.real for at in reached)
    low, high = max(at.imag for at in reached), min(at.imag for at in reached)
    if right - left > source[0] or low - high > source[1]:
        raise ValueError(f"{move} over {seconds} s leaves a source of {source[0]}x{source[1]}")
    middle = complex(source[0] - 1, source[1] - 1) / 2 - complex(right + left, low + high) / 2
    return Trajectory(parts, screen, start=middle, scale=1.0)


def crop_pan_over_video(
    path: Path,
    move: CameraMove,
    output: Path,
    *,
    size: Size = (640, 360),
    seconds: float = 4.0,
    codec: Codec | str = "h264",
) -> ClipTruth:
    """Move a crop over footage at known rates, and encode it again.

    Args:
        path: Footage from a camera at rest, larger than the crop.
        move: What the camera is to seem to do.
        output: The file to write.
        size: Width and height of the crop.
        seconds: Length; the footage may end before.
        codec: How to encode.

    Returns:
        The truth. What moves in the footage itself is unknown: no subject area is stated.

    Raises:
        ValueError: The footage is too small or too short.
    """
    times: list[float] = []
    trajectory: Trajectory | None = None
    frames: list[Image] = []
    for at, image in decoded(path, seconds):
        if trajectory is None:
            trajectory = path_inside(move, seconds, size, (image.shape[1], image.shape[0]))
        large = np.asarray(cv2.resize(image, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC))
        frames.append(sample((large.astype(np.uint8),), trajectory.pose(at).matrix(size), size))
        times.append(at)
    if len(times) < 2:
        raise ValueError(f"{path.name} holds fewer than two frames")
    rate = Fraction((len(times) - 1) / times[-1]).limit_denominator(1001)
    base = Fraction(1, 90_000)
    pts = [round(at / base) for at in times]
    write_video(output, frames, codec=codec, frame_rate=rate, pts=pts, time_base=base)
    return footage_truth(times, rate, move)


def footage_truth(times: list[float], rate: Fraction, move: CameraMove) -> ClipTruth:
    """Return what is known about a moving crop: the move, and that there is no edit."""
    part = PartTruth(
        shot=0,
        start_seconds=0.0,
        end_seconds=times[-1] + float(1 / rate),
        labels=move.labels(),
        permitted=frozenset({"handheld"}),
        move=move,
        subject_area=None,
    )
    return ClipTruth(tuple(times), (), (part,), Expectation())
