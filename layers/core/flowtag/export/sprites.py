"""A sprite sheet: the thumbnails of segments side by side in one JPEG."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from flowtag.errors import ContractError

TILE_WIDTH_PX = 160
_QUALITY = 80
_MOST_SIDE_PX = 65_535

Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Tile:
    """Where a picture stands in the sheet, from the top left."""

    x_px: int
    y_px: int
    width_px: int
    height_px: int


def sprite_sheet(pictures: Mapping[int, bytes]) -> tuple[bytes, dict[int, Tile]]:
    """Lays pictures side by side, in a sheet about as wide as it is high.

    Args:
        pictures: JPEGs of one video, by index of their segment; at least one.

    Returns:
        The sheet as JPEG, and where each picture stands in it.

    Raises:
        ContractError: a picture cannot be read, or they are too many for a JPEG.
    """
    decoded = {index: _decoded(index, data) for index, data in pictures.items()}
    height, width = _tile_size(next(iter(decoded.values())))
    columns = max(round(math.sqrt(len(decoded) * height / width)), 1)
    rows = math.ceil(len(decoded) / columns)
    if max(columns * width, rows * height) > _MOST_SIDE_PX:
        raise ContractError(f"{len(decoded)} thumbnails are too many for one sheet; use --where")
    sheet = np.zeros((rows * height, columns * width, 3), np.uint8)
    tiles = {}
    for place, (index, picture) in enumerate(decoded.items()):
        tile = Tile(place % columns * width, place // columns * height, width, height)
        fitted = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
        sheet[tile.y_px : tile.y_px + height, tile.x_px : tile.x_px + width] = fitted
        tiles[index] = tile
    _, data = cv2.imencode(".jpg", sheet, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return data.tobytes(), tiles


def _decoded(index: int, data: bytes) -> Picture:
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
    if picture is None:
        raise ContractError(f"the thumbnail of segment {index} is damaged")
    return picture.astype(np.uint8, copy=False)


def _tile_size(picture: Picture) -> tuple[int, int]:
    height, width = picture.shape[:2]
    scale = min(TILE_WIDTH_PX / max(height, width), 1.0)
    return max(round(height * scale), 1), max(round(width * scale), 1)
