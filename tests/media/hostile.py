"""Files that would make a media library reach for other files or hosts, or eat the machine."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import cast

import av
from av.video.stream import VideoStream

from tests.media.movies import Movie, write_movie
from tests.media.patching import box, boxes, patch

BOMB_SIDE_PX = 16_000


def hls_playlist(path: Path, target: str) -> Path:
    """An HLS media playlist of one segment."""
    path.write_text(
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:0\n"
        f"#EXTINF:4.0,\n{target}\n#EXT-X-ENDLIST\n"
    )
    return path


def concat_script(path: Path, target: str) -> Path:
    """A script of FFmpeg's concat demuxer."""
    path.write_text(f"ffconcat version 1.0\nfile '{target}'\n")
    return path


def session_description(path: Path, port: int) -> Path:
    """An SDP file that asks for RTP over TCP on loopback."""
    path.write_text(
        "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
        f"a=control:rtsp://127.0.0.1:{port}/x\r\nm=video {port} RTP/AVP 96\r\n"
        "a=rtpmap:96 H264/90000\r\n"
    )
    return path


def dash_manifest(path: Path, target: str) -> Path:
    """A DASH manifest of one representation."""
    path.write_text(
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
        'profiles="urn:mpeg:dash:profile:isoff-on-demand:2011" mediaPresentationDuration="PT4S">'
        '<Period><AdaptationSet mimeType="video/mp4">'
        '<Representation id="1" bandwidth="1000" width="64" height="64">'
        f"<BaseURL>{target}</BaseURL></Representation></AdaptationSet></Period></MPD>\n"
    )
    return path


def external_reference(path: Path, target: Path, kind: bytes = b"alis") -> Path:
    """A QuickTime movie whose samples lie in another file; the movie itself is whole.

    Args:
        path: the movie to write.
        target: the file it refers to.
        kind: ``alis``, a Macintosh alias record, or ``url ``.
    """
    write_movie(path, Movie(count=10))
    content = _alias_record(target) if kind == b"alis" else f"file://{target}\0".encode()
    entry = box(kind, b"\0\0\0\0" + content)
    table = struct.pack(">II", 0, 1) + entry
    return patch(path, "moov/trak/mdia/minf/dinf/dref", lambda _: table)


def picture_bomb(path: Path, honest: bool, after: int = 0) -> Path:
    """A MOV of PNG frames of 16000x16000 px in some kilobytes.

    Args:
        path: the file to write.
        honest: whether the header says so too; else it claims 64x64.
        after: so many frames of 64x64 come first, which are no bombs.
    """
    bomb, small = _bomb_png(BOMB_SIDE_PX), _bomb_png(64)
    claimed = BOMB_SIDE_PX if honest else 64
    with av.open(str(path), "w") as container:
        stream = container.add_stream("png", rate=25)
        assert isinstance(stream, VideoStream)
        stream.width = stream.height = 64
        stream.pix_fmt = "gray"
        for index in range(after + 3):
            packet = cast("av.Packet[VideoStream]", av.Packet(small if index < after else bomb))
            packet.stream, packet.time_base = stream, 1 / stream.codec_context.rate
            packet.pts = packet.dts = index
            packet.is_keyframe = True
            container.mux(packet)

    def resize(table: bytes) -> bytes:
        # The first sample entry: 8 bytes of the table, 8 of its box, 24 up to width and height.
        return table[:40] + struct.pack(">HH", claimed, claimed) + table[44:]

    return patch(path, "moov/trak/mdia/minf/stbl/stsd", resize)


def sequence_bomb(path: Path) -> Path:
    """A transport stream of tiny MPEG-2 pictures whose sequence headers claim 16000x16000 px."""
    movie = Movie("mpeg2video", count=6, size=(64, 64), gop=1, bit_rate=400_000)
    plain = write_movie(path.with_suffix(".m2v.ts"), movie)
    with av.open(str(plain)) as source, av.open(str(path), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.size == 0:
                continue
            inflated = cast("av.Packet[VideoStream]", av.Packet(_inflated(bytes(packet))))
            inflated.stream, inflated.time_base = stream, packet.time_base
            inflated.pts, inflated.dts = packet.pts, packet.dts
            target.mux(inflated)
    plain.unlink()
    return path


def _inflated(picture: bytes) -> bytes:
    """MPEG-2 data with the sizes in its headers changed (ISO/IEC 13818-2, 6.2.2.1 and 6.2.2.3)."""
    data = bytearray(picture)
    low, high = BOMB_SIDE_PX & 0xFFF, BOMB_SIDE_PX >> 12
    header = data.find(b"\0\0\1\xb3") + 4
    data[header : header + 3] = (low << 12 | low).to_bytes(3, "big")
    extension = data.find(b"\0\0\1\xb5") + 4
    bits = int.from_bytes(data[extension : extension + 4], "big")
    bits = bits & ~(0xF << 13) | high << 15 | high << 13
    data[extension : extension + 4] = bits.to_bytes(4, "big")
    return bytes(data)


def many_streams(path: Path, count: int) -> Path:
    """An MP4 with so many tracks."""
    write_movie(path, Movie(count=2, size=(64, 64)))

    def multiply(movie: bytes) -> bytes:
        out = b""
        for kind, inner in boxes(movie):
            out += box(kind, inner) * (count if kind == b"trak" else 1)
        return out

    return patch(path, "moov", multiply)


def _bomb_png(side: int) -> bytes:
    row = b"\0" * (1 + side // 8)
    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(row * 32) for _ in range(side // 32)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", rows), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in parts
    )


def _alias_record(target: Path) -> bytes:
    """A version 2 alias record of a file in the same folder, as Finder writes it."""
    volume = "disk"
    head = struct.pack(">IHHH", 0, 0, 2, 0) + _pascal(volume, 28) + b"\0" * 12
    # One level up from the movie and one down to the target.
    head += _pascal(target.name, 64) + b"\0" * 16 + struct.pack(">hh", 1, 1) + b"\0" * 16
    path = (volume + ":".join(target.parts).replace("/", "", 1)).encode()
    return head + struct.pack(">HH", 2, len(path)) + path + b"\0" * (len(path) % 2 + 4)


def _pascal(text: str, size: int) -> bytes:
    data = text.encode()[: size - 1]
    return bytes([len(data)]) + data.ljust(size - 1, b"\0")
