from __future__ import annotations

import pytest

from flowtag.video.sniffing import Kind, sniff

TS = (b"\x47" + b"\x00" * 187) * 5


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"", "empty"),
        (b"\x00" * 64, "unknown"),
        (b"Dear editor,\nhere is the film.\n", "text"),
        ("Überblick: größer".encode() * 99, "text"),
        (b'{"schema": "something/1"}', "text"),
        (b"#EXTM3U\n#EXTINF:1,\na.ts\n", "playlist"),
        (b"\xef\xbb\xbf#EXTM3U\n", "playlist"),
        (b"\n\n#extm3u\n", "playlist"),
        (b"ffconcat version 1.0\nfile a.mp4\n", "playlist"),
        (b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\n", "playlist"),
        (b'<?xml version="1.0"?>\n<!-- by hand -->\n<MPD type="static">', "playlist"),
        (b"<MPD>", "playlist"),
        (b"[playlist]\nFile1=a.mp4\n", "playlist"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "picture"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "picture"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "picture"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00", "picture"),
        (b"ID3\x04\x00", "audio"),
        (b"\xff\xfb\x90\x64" + b"\x00" * 60, "audio"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "audio"),
        (b"fLaC\x00", "audio"),
        (b"RIFF\x00\x00\x00\x00AVI LIST", "container"),
        (b"\x00\x00\x00\x20ftypisom", "container"),
        (b"\x00\x00\x00\x08wide", "container"),
        (b"\x1aE\xdf\xa3\x01", "container"),
        (b"OggS\x00", "container"),
        (b"\x00\x00\x01\xba\x44", "container"),
        (b"\x06\x0e+4\x02\x05\x01\x01\r\x01\x02\x01\x01\x02", "container"),
        (TS, "container"),
        (b"\x00\x00\x01\x00" + (b"\x47" + b"\x00" * 191) * 5, "container"),
        (bytes(range(1, 250)) * 4, "unknown"),
    ],
)
def test_first_bytes_are_told_apart(head: bytes, kind: Kind) -> None:
    assert sniff(head) == kind


def test_text_that_is_cut_inside_a_letter_is_still_text() -> None:
    assert sniff("größe".encode()[:3]) == "text"


def test_a_playlist_that_is_mentioned_is_none() -> None:
    assert sniff(b"Use #EXTM3U for playlists") == "text"
