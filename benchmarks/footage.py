"""The film that speed and memory are measured on: rendered once, then repeated by stream copy.

Varied shots with moving cameras, subjects, motion blur and the grain of a sensor, encoded with B
frames at 16 Mbit/s: what phones and AVCHD cameras record at this size. Decoding costs grow with the
rate and flowtag's own do not, so that other rates are measured too: 4 as on the web, 8 as YouTube
asks of uploads, 24 as of a good camera.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Literal

import av
import cv2
import numpy as np

from tests.rendering.clips import Cadence, Clip, Edit, Shot
from tests.rendering.encoding import Codec, write_video
from tests.rendering.films import render_frames
from tests.rendering.moves import CameraMove, Part, Shake
from tests.rendering.pictures import Image, Picture, Size
from tests.rendering.subjects import Subject

FILMS = Path(__file__).parent / "out" / "film"
FRAME_RATE = Fraction(25)
STILL_FRAME_RATE = Fraction(5)
FILM_SIZE: Size = (1920, 1080)
SHOT_SECONDS = 4.0
GRAIN_LEVELS = 1.5
FILM_MEGABITS = 16
OTHER_MEGABITS = (4, 8, 24)
_GRAIN_MARGIN_PX = 64


def film_shots(seconds: float = SHOT_SECONDS) -> tuple[Shot, ...]:
    """The shots of the film: what an editor's rushes hold, from locked-off to hand-held."""
    hand = Shake(rms_widths=0.006)
    filmed = (
        ("motorcycle", CameraMove(), (Subject("chelsea", 0.08, (0.2, 0.05)),), None),
        ("coffee", CameraMove(pan=0.08), (), None),
        ("astronaut", CameraMove(zoom=0.06), (), None),
        ("rocket", CameraMove(tilt=-0.1), (), None),
        ("grass", CameraMove(pan=-0.15), (Subject("astronaut", 0.12, (0.1, 0.1)),), None),
        ("chelsea", CameraMove(), (), hand),
        ("hubble", CameraMove(roll=4.0), (), None),
        ("gravel", CameraMove(pan=0.05, tilt=0.05), (Subject("coffee", 0.2, (0.3, 0.0)),), hand),
    )
    return tuple(
        Shot(Picture(name, span=1.5), (Part(seconds, move),), shake=shake, subjects=subjects)
        for name, move, subjects, shake in filmed
    )


Structure = Literal["with-b", "flat-b", "no-b", "intra"]
"""Which kinds of frames an encoder makes: as it likes, which is three B frames at a time of which
one is referred to; two to which none refers; no B frames; or key frames alone."""

_STRUCTURES: dict[Structure, dict[str, str]] = {
    "with-b": {},
    "flat-b": {"bf": "2", "b-pyramid": "none"},
    "no-b": {"bf": "0"},
    "intra": {"bf": "0", "g": "1"},
}


def film(
    folder: Path,
    seconds: float,
    reel: Path | None = None,
    megabits: int = FILM_MEGABITS,
    structure: Structure = "with-b",
) -> Path:
    """The 1080p film of at least a length, rendered unless it lies there already.

    Args:
        folder: Where rendered files are kept; made if missing.
        seconds: How long it must be.
        reel: The film as it was rendered, where it lies in another folder.
        megabits: Per second.
        structure: Of its frames.

    Returns:
        The file.
    """
    return repeated(reel or film_reel(folder, megabits, structure), folder, seconds)


def film_reel(folder: Path, megabits: int = FILM_MEGABITS, structure: Structure = "with-b") -> Path:
    """The film as it is rendered: eight shots, half a minute."""
    shots = film_shots()
    clip = Clip("film", shots, tuple(Edit() for _ in shots[1:]), size=FILM_SIZE)
    codec = film_codec(megabits, structure)
    return _once(
        folder,
        f"film {clip!r} {codec!r} {GRAIN_LEVELS}",
        lambda path: write_video(
            path, grainy(render_frames(clip)), codec=codec, frame_rate=FRAME_RATE
        ),
    )


def film_codec(megabits: int, structure: Structure = "with-b") -> Codec:
    """H.264 at an average rate in Mbit/s."""
    rate = {"b": f"{megabits}M", "maxrate": f"{2 * megabits}M", "bufsize": f"{2 * megabits}M"}
    options = {"preset": "medium", "threads": "2", **rate, **_STRUCTURES[structure]}
    return Codec("libx264", ".mp4", options=options)


def still_film(folder: Path, seconds: float) -> Path:
    """A film of a length that costs next to nothing to decode: a picture that hardly changes.

    1080p H.264 with B frames at five frames a second, for what must be run through whole hours.
    """
    codec = Codec("libx264", ".mp4", options={"preset": "fast", "crf": "30", "g": "50"})
    shots = tuple(shot for shot in film_shots(12.0) if not shot.subjects)[:5]
    edits = tuple(Edit() for _ in shots[1:])
    clip = Clip("still", shots, edits, size=FILM_SIZE, cadence=Cadence(STILL_FRAME_RATE))
    reel = _once(
        folder,
        f"still {clip!r} {codec!r}",
        lambda path: write_video(
            path, render_frames(clip), codec=codec, frame_rate=STILL_FRAME_RATE
        ),
    )
    return repeated(reel, folder, seconds)


def grainy(frames: Iterable[Image]) -> Iterator[Image]:
    """Adds the grain of a sensor: a little coarser than a pixel, new in every frame.

    Cut from one large plane at random places, which costs a tenth of drawing it anew.
    """
    rng = np.random.default_rng(7)
    plane: Image | None = None
    for frame in frames:
        height, width = frame.shape[:2]
        if plane is None:
            size = (height + _GRAIN_MARGIN_PX, width + _GRAIN_MARGIN_PX)
            drawn = cv2.GaussianBlur(rng.normal(size=size).astype(np.float32), (0, 0), 0.6)
            drawn = drawn * (GRAIN_LEVELS / float(drawn.std()))
            plane = np.clip(np.rint(drawn + 128), 0, 255).astype(np.uint8)
        top, left = (int(at) for at in rng.integers(0, _GRAIN_MARGIN_PX, 2))
        grain = cv2.merge([plane[top : top + height, left : left + width]] * 3)
        seen = cv2.addWeighted(frame, 1.0, grain, 1.0, -128.0)
        yield np.asarray(seen, dtype=np.uint8)


def repeated(reel: Path, folder: Path, seconds: float) -> Path:
    """A file as often after itself as a length asks for: its packets, copied."""
    with av.open(str(reel)) as file:
        stream = file.streams.video[0]
        length = Fraction(stream.frames) / Fraction(stream.average_rate or FRAME_RATE)
    times = max(-(-Fraction(seconds) // length), 1)
    if times == 1:
        return reel
    return _once(
        folder, f"{reel.name} {times}", lambda path: _write_repeated(reel, path, int(times))
    )


def _write_repeated(reel: Path, path: Path, times: int) -> None:
    with av.open(str(path), "w") as output:
        copied: av.VideoStream | None = None
        for turn in range(times):
            with av.open(str(reel)) as file:
                stream = file.streams.video[0]
                if copied is None:
                    copied = output.add_stream_from_template(stream)
                rate, base = stream.average_rate, stream.time_base
                if rate is None or base is None:
                    raise ValueError(f"{reel.name} does not say how fast it is")
                ticks = round(stream.frames / rate / base)
                for packet in file.demux(stream):
                    if packet.dts is None or packet.pts is None:
                        continue
                    packet.pts += turn * ticks
                    packet.dts += turn * ticks
                    packet.stream = copied
                    output.mux(packet)


def _once(folder: Path, recipe: str, write: Callable[[Path], object]) -> Path:
    """The file of a recipe, written unless it is there."""
    digest = hashlib.sha256(recipe.encode()).hexdigest()[:12]
    path = folder / f"{recipe.split()[0].split('-')[0]}-{digest}.mp4"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        # Under another name first: a file that was cut off must not be taken for whole.
        unfinished = path.with_name(f"{path.stem}.{os.getpid()}.mp4")
        write(unfinished)
        unfinished.replace(path)
    return path
