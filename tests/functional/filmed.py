"""One small film in every way of coding whose key frames behave differently."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from tests.media.joined import join_flv
from tests.rendering import (
    Cadence,
    CameraMove,
    Clip,
    Codec,
    Edit,
    Part,
    Picture,
    Shot,
    Subject,
    render_frames,
    write_video,
)
from tests.rendering.encoding import X264_REPRODUCIBLE

_GROUPS = f"keyint=12:min-keyint=12:scenecut=0:bframes=3:{X264_REPRODUCIBLE}"
CODINGS = {
    "h264-closed": Codec("libx264", ".mp4", options={"x264-params": f"{_GROUPS}:open-gop=0"}),
    "h264-open": Codec("libx264", ".mp4", options={"x264-params": f"{_GROUPS}:open-gop=1"}),
    "h264-varying": Codec("libx264", ".mkv", options={"x264-params": _GROUPS}),
    "mpeg2-open": Codec("mpeg2video", ".ts", options={"g": "12", "bf": "2"}, bit_rate=1_000_000),
    "vp9": Codec("libvpx-vp9", ".webm", options={"g": "15", "cpu-used": "8", "crf": "32"}),
}
# With no place to begin in the middle, or none where a picture is whole at once.
RARE_KEYS = {
    "h264-one-key": Codec(
        "libx264",
        ".mp4",
        options={"x264-params": f"keyint=infinite:scenecut=0:bframes=3:{X264_REPRODUCIBLE}"},
    ),
    "h264-refresh": Codec(
        "libx264",
        ".mp4",
        options={"x264-params": f"keyint=50:intra-refresh=1:bframes=0:{X264_REPRODUCIBLE}"},
    ),
}
_FIXED_GROUPS = f"{_GROUPS}:b-adapt=0:open-gop=0"
# Of one size and rate, with other parameters; the second one reorders more frames.
ALIKE_BUT_CODED_OTHERWISE = tuple(
    Codec("libx264", ".flv", options={"x264-params": f"{_FIXED_GROUPS}:{more}"})
    for more in ("b-pyramid=none:ref=4:crf=18", "b-pyramid=normal:ref=4:crf=32:cabac=0")
)
_REST, _WHIP = Part(0.9), Part(0.4, CameraMove(pan=2.5))
# A whip pan between two rests, a cut, a zoom, and a dissolve: every path is taken.
FILM = Clip(
    "film",
    (
        Shot(Picture("coffee", span=2.0), (_REST, _WHIP, _REST)),
        Shot(
            Picture("astronaut"),
            (Part(1.6, CameraMove(zoom=0.3, tilt=0.2)),),
            subjects=(Subject(area=0.15),),
        ),
        Shot(Picture("rocket"), (Part(1.4),)),
    ),
    (Edit("cut"), Edit("dissolve", 0.6)),
    size=(160, 90),
)


def film_as(coding: str, folder: Path) -> Path:
    """Encodes the film."""
    cadence = Cadence(Fraction(25), variable=coding == "h264-varying")
    pts = cadence.pts(4.6, FILM.seed)
    codec = (CODINGS | RARE_KEYS)[coding]
    return write_video(
        folder / f"{coding}{codec.suffix}",
        render_frames(replace(FILM, cadence=cadence)),
        codec=codec,
        frame_rate=cadence.frame_rate,
        pts=pts,
        time_base=cadence.time_base,
    )


def film_thrice(folder: Path, changing: bool = True) -> Path:
    """The film three times over in one FLV file; the second time with other parameters, if asked.

    Each time the file says them anew.
    """
    parts = [
        write_video(
            folder / f"part{place}.flv", render_frames(FILM), codec=codec, frame_rate=Fraction(25)
        )
        for place, codec in enumerate(ALIKE_BUT_CODED_OTHERWISE[: 2 if changing else 1])
    ]
    return join_flv([parts[0], parts[-1], parts[0]], 4600, folder / "thrice.flv")
