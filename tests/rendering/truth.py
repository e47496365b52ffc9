"""What is known about a clip because it was rendered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tests.rendering.clips import BLACK_SHOT_SECONDS, Clip, Expectation, Shot, trajectory_of
from tests.rendering.moves import CameraMove, Pose
from tests.rendering.pictures import Affine, Size
from tests.rendering.subjects import Subject, placement, sprite, subject_mask
from tests.rendering.timeline import EditSpan, Stretch, Timeline, timeline_of

HANDHELD_RMS_WIDTHS = 0.003
LOCKED_RMS_WIDTHS = 0.001
HELD_SECONDS = 1.0
MOST_DRIFT_WIDTHS = 0.006
AREA_SAMPLES = 9
SPEED_SAMPLES = 25
SPEED_SECONDS = 0.08
SPARSE = 16


@dataclass(frozen=True)
class EditTruth:
    """An edit, in frames and in seconds from the first frame; a cut begins and ends at once."""

    kind: str
    start_frame: int
    end_frame: int
    start_seconds: float
    end_seconds: float


@dataclass(frozen=True)
class PartTruth:
    """A stretch of the clip with one camera move, clear of every edit.

    Attributes:
        shot: Index of its shot.
        start_seconds: From the clip's first frame.
        end_seconds: Half-open.
        labels: The labels that have to be given.
        permitted: Labels that may be given besides.
        move: Mean rates of the camera.
        rates_scored: False where a move too brief for a segment of its own shares the shot, or
            where the part is so short that the hand's sway alone is a rate.
        steadiness: The words that are right; empty where none can be called wrong.
        subject_area: Mean fraction of the picture, bars left out, that subjects cover; None where
            nobody knows.
        subject_speed: Mean speed of what is seen of subjects, against what the camera makes of the
            world in the same place, in diagonals per second; None where there is no subject.
        scored: False for a part too brief to be a segment.
        black: Whether nothing is shown.
        quiet: Whether neither a hand nor the tail of an eased move stirs the picture a little.
    """

    shot: int
    start_seconds: float
    end_seconds: float
    labels: frozenset[str]
    permitted: frozenset[str]
    move: CameraMove
    rates_scored: bool = True
    steadiness: frozenset[str] = frozenset()
    subject_area: float | None = 0.0
    subject_speed: float | None = None
    scored: bool = True
    black: bool = False
    quiet: bool = True

    @property
    def still(self) -> bool:
        """Whether nothing at all moves."""
        alone = not self.permitted and self.subject_area == 0
        return self.quiet and alone and self.labels == {"static"}


@dataclass(frozen=True)
class ClipTruth:
    """All that a tagger could be asked about a clip.

    Attributes:
        frame_seconds: When every frame is shown.
        edits: In order.
        parts: In order.
        expectation: What may be asked beyond geometry.
        own_fades: Where the clip itself fades in or out; not edits, but not wrong as such.
    """

    frame_seconds: tuple[float, ...]
    edits: tuple[EditTruth, ...]
    parts: tuple[PartTruth, ...]
    expectation: Expectation
    own_fades: tuple[tuple[float, float], ...] = ()

    @property
    def shortest_interval_seconds(self) -> float:
        """The least time between two frames."""
        return float(np.diff(self.frame_seconds).min())


def truth_of(clip: Clip) -> ClipTruth:
    """Work out the truth of a clip without rendering it.

    Args:
        clip: The clip.

    Returns:
        Its edits and parts.
    """
    timeline = timeline_of(clip)
    parts = [
        part
        for index, (shot, stretch) in enumerate(zip(clip.shots, timeline.stretches, strict=True))
        for part in parts_of(clip, index, shot, stretch, timeline)
    ]
    parts += black_parts(timeline)
    return ClipTruth(
        tuple(float(seconds) for seconds in timeline.frame_seconds),
        tuple(edit_truth(edit, timeline) for edit in timeline.edits),
        tuple(sorted(parts, key=lambda part: part.start_seconds)),
        clip.expectation,
        own_fades(timeline),
    )


def own_fades(timeline: Timeline) -> tuple[tuple[float, float], ...]:
    """Return where the clip fades in at its start and out at its end, if it does."""
    ends = (timeline.stretches[0].rise, timeline.stretches[-1].fall)
    spans = [(seconds_at(timeline, start), seconds_at(timeline, end)) for start, end in ends]
    return tuple((start, end) for start, end in spans if end > start)


def seconds_at(timeline: Timeline, frame: int) -> float:
    """Return when a frame begins; for the frame after the last, about when the clip ends."""
    seconds = timeline.frame_seconds
    if frame < len(seconds):
        return float(seconds[frame])
    return float(2 * seconds[-1] - seconds[-2])


def edit_truth(edit: EditSpan, timeline: Timeline) -> EditTruth:
    """Return an edit with its times."""
    start, end = edit.start_frame, edit.end_frame
    times = (seconds_at(timeline, start), seconds_at(timeline, end))
    return EditTruth(edit.kind, start, end, *times)


def parts_of(
    clip: Clip, index: int, shot: Shot, stretch: Stretch, timeline: Timeline
) -> list[PartTruth]:
    """Return the parts of a shot, cut short where an edit covers them."""
    clear = (seconds_at(timeline, stretch.rise[1]), seconds_at(timeline, stretch.fall[0]))
    brief = [part for part in shot.parts if part.seconds < HELD_SECONDS]
    permitted: set[str] = set()
    for part in brief:
        permitted |= part.move.labels()
    held, steadiness = shake_words(shot)
    found, begin = [], stretch.start_seconds
    for part in shot.parts:
        start, end = max(begin, clear[0]), min(begin + part.seconds, clear[1])
        begin += part.seconds
        if end <= start:
            continue
        labels = part.move.labels()
        if held:
            labels = (labels - {"static"}) | {"handheld"}
        moving = labels - {"static", "handheld"}
        found.append(
            PartTruth(
                shot=index,
                start_seconds=start,
                end_seconds=end,
                labels=labels,
                permitted=frozenset(permitted | ({"static"} if held and not moving else set()))
                - labels,
                move=part.move,
                rates_scored=not brief and drift(shot, end - start) <= MOST_DRIFT_WIDTHS,
                steadiness=frozenset({"smooth", "locked"}) if moving and not held else steadiness,
                subject_area=subject_area(clip, shot, start, end, stretch.start_seconds),
                subject_speed=subject_speed(clip, shot, start, end, stretch.start_seconds),
                scored=part not in brief,
                quiet=shot.shake is None and not (shot.ease_seconds and len(shot.parts) > 1),
            )
        )
    return found


def drift(shot: Shot, seconds: float) -> float:
    """Return the mean speed, in widths per second, that shake may add to a part of a shot."""
    return float(np.sqrt(2) * shot.shake.rms_widths / seconds) if shot.shake else 0.0


def shake_words(shot: Shot) -> tuple[bool, frozenset[str]]:
    """Return whether a shot is handheld, and the words for its steadiness that are right."""
    rms_widths = shot.shake.rms_widths if shot.shake else 0.0
    if rms_widths >= HANDHELD_RMS_WIDTHS:
        return True, frozenset({"handheld", "shaky"})
    return False, frozenset({"locked"} if rms_widths <= LOCKED_RMS_WIDTHS else ())


def black_parts(timeline: Timeline) -> list[PartTruth]:
    """Return the black shots: what lies between two fades and shows nothing."""
    found = []
    for before, after in zip(timeline.stretches, timeline.stretches[1:], strict=False):
        start, end = (seconds_at(timeline, at) for at in (before.fall[1], after.rise[0]))
        if end - start >= BLACK_SHOT_SECONDS - 1e-6:
            found.append(
                PartTruth(
                    -1, start, end, frozenset(), frozenset(["static"]), CameraMove(), black=True
                )
            )
    return found


def subject_area(clip: Clip, shot: Shot, start: float, end: float, shot_start: float) -> float:
    """Return the mean fraction of the picture that subjects cover between two times of the clip."""
    if not shot.subjects:
        return 0.0
    side, above = clip.look.bars_px(clip.size)
    width, height = clip.size
    trajectory = trajectory_of(shot, clip.size)
    first = trajectory.pose(0.0)
    covered = []
    for seconds in np.linspace(start, end, AREA_SAMPLES) - shot_start:
        mask = np.zeros((height, width), np.uint8)
        for subject in shot.subjects:
            matrix = placement(subject, seconds, clip.size, (first, trajectory.pose(seconds)))
            mask |= subject_mask(sprite(subject, clip.size), matrix, clip.size)
        covered.append(float((mask[above : height - above, side : width - side] > 0).mean()))
    return float(np.mean(covered))


def subject_speed(
    clip: Clip, shot: Shot, start: float, end: float, shot_start: float
) -> float | None:
    """Return the mean speed of subjects against the world, in diagonals per second."""
    trajectory = trajectory_of(shot, clip.size)
    first = trajectory.pose(0.0)
    inside = [sprite_points(subject, clip.size) for subject in shot.subjects]
    speeds: list[float] = []
    for seconds in np.linspace(start, end - SPEED_SECONDS, SPEED_SAMPLES) - shot_start:
        poses = trajectory.pose(seconds), trajectory.pose(seconds + SPEED_SECONDS)
        for subject, points in zip(shot.subjects, inside, strict=True):
            matrices = [
                placement(subject, seconds + later, clip.size, (first, pose))
                for later, pose in zip((0.0, SPEED_SECONDS), poses, strict=True)
            ]
            speeds += speeds_seen(points, matrices, poses, clip.size)
    return float(np.mean(speeds)) if speeds else None


def sprite_points(subject: Subject, size: Size) -> npt.NDArray[np.intp]:
    """Return some points of a subject, `(3, n)` px of its sprite, homogeneous."""
    rows, columns = np.nonzero(sprite(subject, size)[::SPARSE, ::SPARSE, 3])
    return np.stack([columns * SPARSE, rows * SPARSE, np.ones_like(rows)])


def speeds_seen(
    points: npt.NDArray[np.intp], matrices: list[Affine], poses: tuple[Pose, Pose], size: Size
) -> list[float]:
    """Return the speeds, in diagonals per second, of a subject's points that are on the screen.

    Args:
        points: `(3, n)` px of its sprite, homogeneous.
        matrices: From px of the sprite to px of the screen, at two times.
        poses: The camera's at these times.
        size: Of the screen.
    """
    middle = complex(size[0] - 1, size[1] - 1) / 2
    here, there = (at[0] + 1j * at[1] - middle for at in (m @ points for m in matrices))
    seen = (np.abs(here.real) < size[0] / 2) & (np.abs(here.imag) < size[1] / 2)
    world = poses[1].project(poses[0].unproject(here[seen]))
    per_second = 1 / (float(np.hypot(*size)) * SPEED_SECONDS)
    speeds: list[float] = (np.abs(there[seen] - world) * per_second).tolist()
    return speeds
