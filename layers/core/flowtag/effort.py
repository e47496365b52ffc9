"""How much work a video is, before any of it is decoded: for hosts with time limits, and budgets.

Estimates of processor seconds on one core, right within a factor of two or so. Decoding costs by
pixels and by bits: what a frame takes on top for a megabit is what entropy coding takes.

Measured with PyAV 18.1 and one thread on one core of an AMD EPYC, on 40 frames of a noisy, panning
photograph in 1920x1080 at 25 fps and at two bit rates; ProRes, DNxHD, MPEG-2, Motion JPEG, FFV1
and JPEG 2000 at one, their share of pixels assumed. Neither the camera makers' raw formats nor
H.266 were measured.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import NamedTuple

from flowtag.contracts.messages import VideoProbe
from flowtag.settings import AnalysisSettings, Preset
from flowtag.timing import round_half_up
from flowtag.video.skipping import SKIPPING_CODECS

_MEASURED_PIXELS = 1920 * 1080
_SHORTEST_CHUNK_SECONDS = 1


class _Decoding(NamedTuple):
    """Milliseconds of a 1080p frame and of each megabit of it, and its megabits if unknown."""

    frame_ms: float
    megabit_ms: float
    usual_megabits: float


_DECODING = {
    "h264": _Decoding(3.4, 10.6, 0.32),  # 4.1 ms at 1.7 Mb/s, 20 at 38; 6 in between
    "hevc": _Decoding(4.5, 18.0, 0.25),  # 3.7 ms at 0.3 Mb/s, 23 at 28; of 10 bits 5.1 and 25
    "av1": _Decoding(1.2, 12.7, 0.2),  # 2.0 ms at 1.8 Mb/s, 9.6 at 17
    "vp9": _Decoding(4.1, 10.0, 0.2),  # 6.9 ms at 7 Mb/s, 12 at 20
    "vp8": _Decoding(3.6, 8.4, 0.25),  # 6.4 ms at 8 Mb/s, 11 at 22
    "mpeg4": _Decoding(1.7, 1.1, 0.4),  # 2.1 ms at 10 Mb/s, 2.6 at 21
    "mpeg2video": _Decoding(2.0, 1.6, 1.0),  # 3.5 ms at 24 Mb/s
    "prores": _Decoding(2.0, 2.4, 7.8),  # HQ: 21 ms at 194 Mb/s
    "dnxhd": _Decoding(2.0, 2.0, 7.3),  # HQ: 16 ms at 184 Mb/s
    "mjpeg": _Decoding(2.0, 1.9, 2.8),  # 7.2 ms at 71 Mb/s
    "ffv1": _Decoding(4.0, 5.0, 10.0),  # 54 ms at 248 Mb/s
    "jpeg2000": _Decoding(10.0, 25.0, 9.6),  # 250 ms at 239 Mb/s
}
_OTHER = _Decoding(4.5, 12.0, 0.5)

_LEAST_USUAL_MEGABITS = 0.01
"""Of a frame, however small; a quarter of a megabit per second."""

_FRAME_SECONDS = 1.3e-3
"""Making a 1080p frame small and grey (0.5 ms) and comparing it with the next (0.75 ms)."""

_PAIR_SECONDS: dict[Preset, float] = {"fast": 2.9e-3, "balanced": 3.9e-3, "best": 33e-3}
"""Flow forward and backward, its confidence and the camera's motion, at 16:9."""


_MODEL_SECONDS_PER_MEGAPIXEL = 10.0
"""Of a model that does not say what it takes: more than most, so that chunks are short."""

_PAIR_OF_MODEL_SECONDS_PER_MEGAPIXEL = 0.11
"""Confidence of its flow and the camera's motion, beside the model itself."""


class Content(NamedTuple):
    """What a video asks for by what it shows.

    Attributes:
        refined_share: of pairs, where a model refines.
        decoded_share: of the work of decoding everything, where frames to which no other refers
            are left out but around edits. Above 1: windows full of edits are decoded twice.
    """

    refined_share: float
    decoded_share: float


USUAL = Content(refined_share=0.1, decoded_share=0.65)
"""As over rendered clips and footage (benchmarks/hybrid.md, benchmarks/results.md)."""

WORST = Content(refined_share=1.0, decoded_share=1.7)
"""A chunk in which all is in doubt has to be in time, too."""


class WorkRate(NamedTuple):
    """Processor seconds that a second of a video takes.

    Attributes:
        decoding: to get at its frames, also of those that are only decoded on the way to others.
        analysing: all else: measuring frames, and flow.
    """

    decoding: float
    analysing: float


def work_rate(
    probe: VideoProbe,
    settings: AnalysisSettings,
    size_bytes: int | None = None,
    model_seconds: float | None = None,
    content: Content = USUAL,
) -> WorkRate:
    """What a second of a video takes, by kind of work.

    Args:
        probe: what the video is.
        settings: how it is analysed.
        size_bytes: length of its file, for its bit rate; None: what is usual for its codec.
        model_seconds: processor seconds for a megapixel of a pair, where a model estimates flow
            or refines it; None: not known.
        content: what it is taken to show.
    """
    rate = float(probe.frame_rate)
    scale = probe.width * probe.height / _MEASURED_PIXELS
    decoding = _DECODING.get(probe.codec, _OTHER)
    length = _length_seconds(probe)
    if size_bytes is None or length is None:
        megabits = decoding.usual_megabits * scale
    else:
        megabits = size_bytes * 8e-6 / length / rate
    frame = (decoding.frame_ms * scale + decoding.megabit_ms * megabits) / 1000
    if settings.decoding.skip_unreferenced and probe.codec in SKIPPING_CODECS:
        frame *= content.decoded_share
    frames_per_pair = max(round_half_up(probe.frame_rate / settings.flow.pairs_per_second), 1)
    pairs = rate / frames_per_pair
    analysing = rate * _FRAME_SECONDS * scale + pairs * _pair_seconds(
        probe, settings, model_seconds, content.refined_share
    )
    return WorkRate(rate * frame, analysing)


def cpu_seconds_per_second(
    probe: VideoProbe,
    settings: AnalysisSettings,
    size_bytes: int | None = None,
    model_seconds: float | None = None,
) -> float:
    """Processor seconds that a second of a video takes: decoding, measuring and flow.

    Args:
        probe: what the video is.
        settings: how it is analysed.
        size_bytes: as of :func:`work_rate`.
        model_seconds: likewise.
    """
    return sum(work_rate(probe, settings, size_bytes, model_seconds))


def without_clock(probe: VideoProbe, size_bytes: int | None = None) -> VideoProbe:
    """A video whose clock cannot be trusted, with an end that its frames tell.

    Where nobody counted the frames they are guessed by what is usual for the codec, unless the
    clock tells of fewer.

    Args:
        probe: what the video is.
        size_bytes: length of its file; None where unknown.
    """
    lengths: list[float] = []
    if probe.frames_expected:
        lengths = [float(probe.frames_expected / probe.frame_rate)]
    elif size_bytes is not None:
        scale = probe.width * probe.height / _MEASURED_PIXELS
        usual = _DECODING.get(probe.codec, _OTHER).usual_megabits * scale
        frames = size_bytes * 8e-6 / max(usual, _LEAST_USUAL_MEGABITS)
        clock = _length_seconds(probe)
        lengths = [frames / float(probe.frame_rate), *([] if clock is None else [clock])]
    if not lengths:
        return probe
    ticks = math.ceil(min(lengths) / float(probe.time_base))
    return probe.model_copy(update={"end_pts": probe.start_pts + ticks})


def chunk_seconds_within(
    probe: VideoProbe,
    settings: AnalysisSettings,
    chunk_cpu_seconds: float,
    size_bytes: int | None = None,
    model_seconds: float | None = None,
) -> Fraction:
    """Whole seconds of a video that can be analysed within so many processor seconds; at least one.

    Whatever they show.

    Args:
        probe: what the video is.
        settings: how it is analysed.
        chunk_cpu_seconds: what one chunk may take.
        size_bytes: as of :func:`work_rate`.
        model_seconds: likewise.
    """
    each = sum(work_rate(probe, settings, size_bytes, model_seconds, WORST))
    seconds = chunk_cpu_seconds / each
    return Fraction(max(math.floor(seconds), _SHORTEST_CHUNK_SECONDS))


def video_cpu_seconds(
    probe: VideoProbe,
    settings: AnalysisSettings,
    size_bytes: int | None = None,
    model_seconds: float | None = None,
) -> float | None:
    """Processor seconds that a video, or the wanted range of it, takes; None if of unknown length.

    Args:
        probe: what the video is.
        settings: how it is analysed, and which range of it.
        size_bytes: as of :func:`work_rate`.
        model_seconds: likewise.
    """
    start, end = settings.range_seconds or (Fraction(0), None)
    length = _length_seconds(probe)
    if length is None and end is None:
        return None
    ends = [float(second) for second in (length, end) if second is not None]
    wanted = max(min(ends) - float(start), 0.0)
    return wanted * cpu_seconds_per_second(probe, settings, size_bytes, model_seconds)


def cost_usd(cpu_seconds: float, usd_per_cpu_second: float) -> float:
    """Dollars for processor seconds at a price that the host's operator gives."""
    return cpu_seconds * usd_per_cpu_second


def _pair_seconds(
    probe: VideoProbe,
    settings: AnalysisSettings,
    model_seconds: float | None,
    refined_share: float,
) -> float:
    if settings.model_sha256 is not None:
        return _pair_of_model_seconds(probe, settings, model_seconds)
    cheap = _PAIR_SECONDS[settings.preset]
    if settings.refine is None:
        return cheap
    return cheap + refined_share * _pair_of_model_seconds(probe, settings, model_seconds)


def _pair_of_model_seconds(
    probe: VideoProbe, settings: AnalysisSettings, model_seconds: float | None
) -> float:
    width, height = probe.display_size()
    # No picture is made larger.
    longer_px = min(settings.flow.working_size_px, max(width, height))
    megapixels = longer_px**2 * min(width, height) / max(width, height) * 1e-6
    each = _MODEL_SECONDS_PER_MEGAPIXEL if model_seconds is None else model_seconds
    return megapixels * (each + _PAIR_OF_MODEL_SECONDS_PER_MEGAPIXEL)


def _length_seconds(probe: VideoProbe) -> float | None:
    """None where nothing tells it, or it tells nothing."""
    if probe.end_pts is not None:
        ticks = probe.end_pts - probe.start_pts
        return float(ticks * probe.time_base) if ticks > 0 else None
    if probe.frames_expected:
        return float(probe.frames_expected / probe.frame_rate)
    return None
