"""Figures and labels of a report as people read them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from flowtag.contracts.metadata import Camera, Gap, MotionMetadata, Segment, Subject, Video

LEVELS = ("static", "low", "medium", "high", "extreme", "unknown")

NOT_KNOWN = "–"  # noqa: RUF001  a dash, as tables have it

_SECONDS_WITH_TENTHS = 60
_STORAGE_UNITS = ("bytes", "kB", "MB", "GB", "TB")
_SIGNS = {
    "static": ("static", "▪"),
    "pan_left": ("pan left", "←"),
    "pan_right": ("pan right", "→"),
    "tilt_up": ("tilt up", "↑"),
    "tilt_down": ("tilt down", "↓"),
    "zoom_in": ("zoom in", "⊕"),
    "zoom_out": ("zoom out", "⊖"),
    "roll_cw": ("roll clockwise", "↻"),
    "roll_ccw": ("roll counter-clockwise", "↺"),
    "handheld": ("hand-held", "≈"),
}
_RATES = {"pan": ("w/s", 2), "tilt": ("h/s", 2), "zoom": ("/s", 2), "roll": ("°/s", 1)}

FLAGS = {
    "low_texture": "too little detail to see motion by in most of the picture",
    "low_light": "mean luma below a tenth",
    "photometric_change": "brightness changes within pairs of frames: flicker, strobe, a flash",
    "flash": "a flash or a strobe, which is no edit",
    "black": "part of a black shot",
    "blank": "frames without contrast: a camera could do anything in front of a bare wall",
    "low_coverage": "too little of the picture can be trusted",
    "no_pairs": "no two frames to compare",
    "single_frame": "the video is one frame",
    "frozen": "identical frames for 0.4 s or more",
    "dropped_frames": "frames are missing inside, in a video of constant rate",
    "corrupt_frames": "the decoder found damaged frames",
    "truncated": "the file ends, or goes bad, before its header says",
    "not_analyzed": "nothing of this span could be decoded",
    "fade_in": "the video begins with a fade",
    "fade_out": "the video ends with a fade",
}
"""What each flag means; see docs/formats/motion-json.md."""

# Those that say why a level is null, the plainest first.
_REASONS_OF_UNKNOWN = ("not_analyzed", "single_frame", "no_pairs", "low_coverage")


def clock(seconds: float | None) -> str:
    """A duration: ``8.4 s``, ``3:05``, ``1:02:03``; a dash where it is unknown."""
    if seconds is None:
        return NOT_KNOWN
    if seconds < _SECONDS_WITH_TENTHS - 0.05:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def percent(share: float | None) -> str:
    """A share: ``42%``; a dash where it is unknown."""
    return NOT_KNOWN if share is None else f"{share:.0%}"


def speed(value: float | None) -> str:
    """Picture diagonals per second: ``0.214``; a dash where it is unknown."""
    return NOT_KNOWN if value is None else f"{value:.3f}"


def storage(size_bytes: int) -> str:
    """The size of a file: ``24.1 MB``."""
    size, unit = float(size_bytes), _STORAGE_UNITS[0]
    for unit in _STORAGE_UNITS:
        if size < 999.5 or unit == _STORAGE_UNITS[-1]:
            break
        size /= 1000
    return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"


def frame_rate(video: Video) -> str | None:
    """As editors write it: ``25 fps``, ``29.97 fps``, ``24 fps, variable``."""
    if video.frame_rate is None:
        return None
    rate = f"{float(Fraction(video.frame_rate)):.3f}".rstrip("0").rstrip(".")
    return f"{rate} fps, variable" if video.variable_frame_rate else f"{rate} fps"


def flag_words(flag: str) -> str:
    """A flag: ``low light``."""
    return flag.replace("_", " ")


def camera_words(label: str) -> str:
    """A label of the camera: ``pan left``."""
    return _SIGNS[label][0] if label in _SIGNS else label.replace("_", " ")


def camera_sign(label: str) -> str:
    """A label of the camera as one character; empty for one that is not known."""
    return _SIGNS[label][1] if label in _SIGNS else ""


def rate_words(camera: Camera, label: str) -> str | None:
    """The rate that earned a label: ``+0.31 w/s``."""
    name = label.partition("_")[0]
    if name not in _RATES:
        return None
    value: float | None = getattr(camera, name)
    unit, digits = _RATES[name]
    return None if value is None else f"{value:+.{digits}f} {unit}".replace("-", "−")  # noqa: RUF001


def subject_words(subject: Subject) -> str:
    """Level and area: ``low, 6%``; ``none`` where nothing moves by itself."""
    if subject.level is None:
        return "unknown"
    if not subject.area:
        return "none"
    return f"{subject.level}, {percent(subject.area)}"


def why_unknown(segment: Segment, gaps: Sequence[Gap]) -> str:
    """Why a segment's level is not known."""
    for flag in _REASONS_OF_UNKNOWN:
        if flag in segment.flags:
            reason = FLAGS[flag]
            break
    else:
        reason = "too little can be trusted"
    return "; ".join(dict.fromkeys([reason, *_reasons_of_gaps(segment, gaps)]))


def level_of(segment: Segment) -> str:
    """Its level, or ``unknown``."""
    return segment.motion.level or "unknown"


def seconds_by_level(metadata: MotionMetadata) -> dict[str, float]:
    """How long the video is at each level, in the order of levels; only those that occur."""
    found = dict.fromkeys(LEVELS, 0.0)
    for segment in metadata.segments:
        found[level_of(segment)] += segment.end.seconds - segment.start.seconds
    return {level: seconds for level, seconds in found.items() if seconds > 0}


def seconds_by_label(metadata: MotionMetadata) -> dict[str, float]:
    """How long the camera does what, the longest first."""
    found: dict[str, float] = {}
    for segment in metadata.segments:
        for label in segment.camera.labels:
            length = segment.end.seconds - segment.start.seconds
            found[label] = found.get(label, 0.0) + length
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def _reasons_of_gaps(segment: Segment, gaps: Sequence[Gap]) -> list[str]:
    start, end = segment.start.pts, segment.end.pts
    return [gap.reason for gap in gaps if gap.start.pts < end and gap.end.pts > start]
