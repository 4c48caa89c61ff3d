"""The app's icons, drawn point by point: the same bytes on every machine."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

Point = tuple[float, float]
Colour = tuple[int, int, int]
#: Points of a pixel that are looked at, in each direction.
FINE = 4
COLOUR_SIZE, OUTLINE_SIZE = 192, 32
SEA, WHITE, ORANGE, LIGHT = (15, 76, 92), (255, 255, 255), (227, 100, 20), (255, 211, 138)


class Shape(NamedTuple):
    """A polygon without dents, on a board of 32 by 32."""

    colour: Colour
    corners: Sequence[Point]


BACKGROUND = Shape(SEA, ((0, 0), (32, 0), (32, 32), (0, 32)))
#: A lighthouse: tower, lamp, roof, and the light to both sides.
LIGHTHOUSE = (
    Shape(WHITE, ((13, 12), (19, 12), (21, 25), (11, 25))),
    Shape(ORANGE, ((12.2, 17), (19.8, 17), (20.4, 21), (11.6, 21))),
    Shape(WHITE, ((12.5, 8.5), (19.5, 8.5), (19.5, 12), (12.5, 12))),
    Shape(WHITE, ((16, 4.5), (19.5, 7.5), (12.5, 7.5))),
    Shape(LIGHT, ((10.5, 9.2), (4, 7.2), (4, 12.8), (10.5, 11.2))),
    Shape(LIGHT, ((21.5, 9.2), (28, 7.2), (28, 12.8), (21.5, 11.2))),
)
#: Teams fits the picture into a circle: it keeps away from the edge.
MARGIN = 0.16


def colour_icon() -> bytes:
    """Return the PNG in colour: 192 by 192, filled to its edges."""
    return _png(COLOUR_SIZE, (BACKGROUND, *map(_smaller, LIGHTHOUSE)))


def outline_icon() -> bytes:
    """Return the PNG of the outline: 32 by 32, white on nothing."""
    band = LIGHTHOUSE[1]
    return _png(OUTLINE_SIZE, [one._replace(colour=WHITE) for one in LIGHTHOUSE if one != band])


def _smaller(shape: Shape) -> Shape:
    inner = 1 - 2 * MARGIN
    moved = [(32 * MARGIN + x * inner, 32 * MARGIN + y * inner) for x, y in shape.corners]
    return shape._replace(corners=moved)


def _png(size: int, shapes: Sequence[Shape]) -> bytes:
    header = struct.pack(">IIBBBBB", size, size, 8, 6, 0, 0, 0)  # 8 bit, with transparency
    rows = b"".join(b"\0" + _row(y, size, shapes) for y in range(size))
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    checked = kind + data
    return struct.pack(">I", len(data)) + checked + struct.pack(">I", zlib.crc32(checked))


def _row(y: int, size: int, shapes: Sequence[Shape]) -> bytes:
    """Return a row of pixels: red, green, blue and opacity of each."""
    lines = [_line((y + (step + 0.5) / FINE) * 32 / size, size * FINE, shapes)
             for step in range(FINE)]  # fmt: skip
    return b"".join(
        _pixel([colour for line in lines for colour in line[x * FINE : (x + 1) * FINE]])
        for x in range(size)
    )


def _line(y: float, points: int, shapes: Sequence[Shape]) -> list[Colour | None]:
    """Return the colours along a line of the board, at so many points."""
    line: list[Colour | None] = [None] * points
    for shape in shapes:
        crossed = sorted(_crossings(shape.corners, y))
        if crossed:
            first, last = (round(x / 32 * points) for x in (crossed[0], crossed[-1]))
            line[first:last] = [shape.colour] * (last - first)
    return line


def _crossings(corners: Sequence[Point], y: float) -> Iterator[float]:
    """Yield where a line crosses the edges of a polygon."""
    for (ax, ay), (bx, by) in zip(corners, (*corners[1:], corners[0]), strict=True):
        if min(ay, by) <= y < max(ay, by):
            yield ax + (y - ay) * (bx - ax) / (by - ay)


def _pixel(seen: Sequence[Colour | None]) -> bytes:
    """Return the middle of the colours that a pixel holds, and how much of it they fill."""
    found = [colour for colour in seen if colour]
    if not found:
        return b"\0\0\0\0"
    middle = (round(sum(part) / len(found)) for part in zip(*found, strict=True))
    return bytes((*middle, round(255 * len(found) / len(seen))))
