"""Pairs as arrays for a network: equal in brightness, padded, channels first."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from flowtag.flow.photometry import equalise, measure_photometry
from gpu_worker.training.pairs import draw_pair
from gpu_worker.training.textures import FloatArray, Texture
from tests.rendering.pairs import FlowPair
from tests.rendering.pictures import Image


class Batch(NamedTuple):
    """Arrays of some pairs, float32.

    Attributes:
        first: ``(N, 1, H, W)``, 0 to 1.
        second: ``(N, 1, H, W)``.
        flow: ``(N, 2, H, W)`` px.
        occluded: ``(N, 1, H, W)``, 0 or 1.
    """

    first: FloatArray
    second: FloatArray
    flow: FloatArray
    occluded: FloatArray


def equal(pair: FlowPair) -> tuple[Image, Image]:
    """The frames as an estimator gets them: of the same brightness and contrast."""
    return equalise(pair.first, pair.second, measure_photometry(pair.first, pair.second))


def padded(image: Image, multiple: int) -> Image:
    """The border repeated to the right and below, up to a multiple."""
    height, width = image.shape
    below, beside = -height % multiple, -width % multiple
    return np.asarray(
        cv2.copyMakeBorder(image, 0, below, 0, beside, cv2.BORDER_REPLICATE), np.uint8
    )


def batch_of(pairs: list[FlowPair]) -> Batch:
    """Stacks pairs of one size."""
    frames = [equal(pair) for pair in pairs]
    first, second = (
        np.stack([frame[i] for frame in frames])[:, None].astype(np.float32) / np.float32(255)
        for i in (0, 1)
    )
    flow = np.stack([pair.flow.transpose(2, 0, 1) for pair in pairs])
    occluded = np.stack([pair.occluded for pair in pairs])[:, None].astype(np.float32)
    return Batch(first, second, np.ascontiguousarray(flow), occluded)


def draw_batch(seeds: range, textures: list[Texture], width: int, height: int) -> Batch:
    """Draws a batch, a pair a seed."""
    return batch_of([draw_pair(seed, textures, width, height) for seed in seeds])
