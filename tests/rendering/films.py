"""Clips to frames, and frames to files that are rendered only once."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.rendering.clips import Clip, Shot, trajectory_of
from tests.rendering.encoding import CODECS, write_video
from tests.rendering.looks import apply_look
from tests.rendering.moves import Pose
from tests.rendering.pictures import Image, Size, levels_of, sample
from tests.rendering.subjects import draw_subject, placement, sprite
from tests.rendering.timeline import timeline_of
from tests.rendering.truth import ClipTruth, truth_of

# Raise it whenever the same clip would be rendered to other pixels: it is part of every digest.
GENERATOR_VERSION = 1
SHUTTER = 0.5
FEWEST_EXPOSURES, MOST_EXPOSURES = 8, 40


class Film:
    """A shot, ready to be looked at at any time."""

    def __init__(self, shot: Shot, size: Size) -> None:
        """Integrate the camera's path.

        Args:
            shot: The shot.
            size: Width and height of the screen in px.
        """
        self._shot, self._size = shot, size
        self._levels = levels_of(shot.picture)
        self._trajectory = trajectory_of(shot, size)
        self._first = self.pose(0.0)

    def pose(self, seconds: float) -> Pose:
        """Return the camera's pose at a time from the start of the shot."""
        return self._trajectory.pose(seconds)

    def instant(self, seconds: float) -> Image:
        """Return what an infinitely short exposure sees at a time from the start of the shot."""
        pose = self.pose(seconds)
        frame = sample(self._levels, pose.matrix(self._size), self._size)
        for subject in self._shot.subjects:
            matrix = placement(subject, seconds, self._size, (self._first, pose))
            frame = draw_subject(frame, sprite(subject, self._size), matrix)
        return frame

    def exposed(self, seconds: float, exposure_seconds: float) -> Image:
        """Return the mean of what is seen while the shutter is open, centred on a time."""
        travel_px = self._travel_px(seconds, exposure_seconds)
        count = int(np.clip(np.ceil(travel_px), FEWEST_EXPOSURES, MOST_EXPOSURES))
        total = np.zeros((self._size[1], self._size[0], 3), np.uint16)
        for step in range(count):
            along = (step + 0.5) / count - 0.5
            total += self.instant(seconds + along * exposure_seconds)
        return ((total + count // 2) // count).astype(np.uint8)

    def _travel_px(self, seconds: float, exposure_seconds: float) -> float:
        """Return how far the corner of the picture travels while the shutter is open."""
        before, after = (self.pose(seconds + side * exposure_seconds / 2) for side in (-1, 1))
        corner = before.unproject(complex(*self._size) / 2)
        return abs(after.project(corner) - before.project(corner))


def render_frames(clip: Clip) -> Iterator[Image]:
    """Render a clip frame by frame.

    Args:
        clip: The clip.

    Yields:
        RGB frames, `(H, W, 3)`.
    """
    timeline = timeline_of(clip)
    films = [Film(shot, clip.size) for shot in clip.shots]
    frame_seconds = float(1 / clip.cadence.frame_rate)
    for index, seconds in enumerate(timeline.frame_seconds):
        scene = np.zeros((clip.size[1], clip.size[0], 3), np.float32)
        for film, stretch in zip(films, timeline.stretches, strict=True):
            weight = stretch.weight(index)
            if not weight:
                continue
            at = float(seconds) - stretch.start_seconds
            if clip.look.motion_blur:
                seen = film.exposed(at, SHUTTER * frame_seconds)
            else:
                seen = film.instant(at)
            scene += np.float32(weight) * seen
        shown = np.rint(scene).astype(np.uint8)
        yield apply_look(shown, clip.look, float(seconds), frame_seconds, clip.seed + index)


@dataclass(frozen=True)
class RenderedClip:
    """A clip, its file, and what is known about it."""

    clip: Clip
    path: Path
    truth: ClipTruth


def render_clip(clip: Clip, folder: Path) -> RenderedClip:
    """Render a clip into a folder, unless the same clip already lies there.

    Args:
        clip: The clip.
        folder: Where rendered clips are kept; made if missing.

    Returns:
        The clip with its file, whose name carries a digest of all that decides its frames.
    """
    codec = CODECS[clip.codec]
    recipe = f"{GENERATOR_VERSION} {clip!r} {codec!r}"
    digest = hashlib.sha256(recipe.encode()).hexdigest()[:12]
    path = folder / f"{clip.name}-{digest}{codec.suffix}"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        # Written under another name first: a clip that was cut off must not be taken for whole.
        unfinished = path.with_name(f"{path.stem}.{os.getpid()}{path.suffix}")
        timeline = timeline_of(clip)
        base = clip.cadence.time_base
        write_video(
            unfinished,
            render_frames(clip),
            codec=codec,
            frame_rate=clip.cadence.frame_rate,
            pts=[round(seconds / base) for seconds in timeline.frame_seconds],
            time_base=base,
        )
        unfinished.replace(path)
    return RenderedClip(clip, path, truth_of(clip))
