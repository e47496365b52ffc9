"""What a file's first bytes say it is, before any parser of a media library sees it.

This names a file in messages and turns away what would reach for other files; it is not the guard.
The guard is the list of formats and protocols in :mod:`flowtag.video.opening`.
"""

from __future__ import annotations

import re
from typing import Literal

Kind = Literal["empty", "playlist", "picture", "audio", "text", "container", "unknown"]

SNIFF_BYTES = 4096

_PLAYLIST = re.compile(
    rb"#EXTM3U|ffconcat\s+version|v=0\s*[\r\n]+o=|<\?xml[^>]*>\s*(?:<!--.*?-->\s*)*<(?:\w+:)?MPD\b"
    rb"|<(?:\w+:)?MPD\b|<SmoothStreamingMedia\b|<smil\b|\[playlist\]|\[Reference\]|RTSPtext|SMILtext",
    re.IGNORECASE | re.DOTALL,
)
_PICTURE_STARTS = (
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff",
    b"GIF87a",
    b"GIF89a",
    b"II*\x00",
    b"MM\x00*",
    b"BM",
    b"SDPX",
    b"XPDS",
    b"v/1\x01",
    b"8BPS",
    b"\x00\x00\x00\x0cjP  ",
    b"\xff\x4f\xff\x51",
)
_PICTURE_BRANDS = (b"heic", b"heix", b"mif1", b"avif", b"heim", b"heis")
_AUDIO_STARTS = (b"ID3", b"fLaC", b"MThd", b"FORM", b"#!AMR", b"caff", b"wvpk", b"MAC ", b".snd")
_CONTAINER_STARTS = (
    b"\x1aE\xdf\xa3",
    b"FLV",
    b"OggS",
    b"\x00\x00\x01\xba",
    b"0&\xb2u\x8ef\xcf\x11",
    b"\x06\x0e+4\x02\x05\x01\x01",
    b"\x1f\x07\x00",
    b"\x3f\x07\x00",
    b"\xbf\x07\x00",
)
_BOX_TYPES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot", b"moof", b"styp")
_TS_PACKET_BYTES = (188, 192, 204)


def sniff(head: bytes) -> Kind:
    """Names the kind of a file.

    Args:
        head: the first :data:`SNIFF_BYTES` bytes of it, or all if it is shorter.
    """
    if not head.strip(b"\x00\r\n\t "):
        return "empty" if not head else "unknown"
    if _PLAYLIST.match(head.removeprefix(b"\xef\xbb\xbf").lstrip()):
        return "playlist"
    if head.startswith(_PICTURE_STARTS) or _riff_form(head) == b"WEBP" or _is_picture_box(head):
        return "picture"
    if head.startswith(_AUDIO_STARTS) or _riff_form(head) == b"WAVE" or _is_mpeg_audio(head):
        return "audio"
    if _is_container(head):
        return "container"
    return "text" if _is_text(head) else "unknown"


def _riff_form(head: bytes) -> bytes:
    return head[8:12] if head[:4] in (b"RIFF", b"RIFX", b"RF64") else b""


def _is_picture_box(head: bytes) -> bool:
    return head[4:8] == b"ftyp" and head[8:12] in _PICTURE_BRANDS


def _is_mpeg_audio(head: bytes) -> bool:
    layer = (head[1] >> 1) & 3 if len(head) > 1 else 0
    return head[0] == 0xFF and len(head) > 2 and head[1] >= 0xE0 and layer != 0 and head[2] < 0xF0


def _is_container(head: bytes) -> bool:
    if head.startswith(_CONTAINER_STARTS) or head[4:8] in _BOX_TYPES:
        return True
    return _riff_form(head) == b"AVI " or _is_transport_stream(head)


def _is_transport_stream(head: bytes) -> bool:
    for size in _TS_PACKET_BYTES:
        first = size - 188 if size == 192 else 0
        syncs = head[first::size]
        if len(syncs) > 2 and set(syncs) == {0x47}:
            return True
    return False


def _is_text(head: bytes) -> bool:
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4:
            return False
        text = head[: error.start].decode("utf-8")
    return all(character.isprintable() or character in "\r\n\t\f" for character in text)
