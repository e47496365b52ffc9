"""How published data sets of known flow lie on a disk, and which layout a folder has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from flowtag.errors import GroundTruthError
from flowtag.evaluation.flow_files import (
    Mask,
    read_flo,
    read_kitti_flow,
    read_mask,
    read_picture,
)
from flowtag.flow.field import FloatArray, GreyImage

Layout = Literal["middlebury", "kitti", "sintel", "flyingchairs"]
LAYOUTS: tuple[Layout, ...] = ("sintel", "kitti", "flyingchairs", "middlebury")


@dataclass(frozen=True)
class KnownPair:
    """Two frames and the flow between them.

    Attributes:
        first: ``(H, W)`` uint8 grey.
        second: ``(H, W)`` uint8.
        flow: ``(H, W, 2)`` float32 px, first to second, x right, y down; 0 where unknown.
        known: ``(H, W)``.
        occluded: ``(H, W)``, true where the second frame hides the place; None: nobody says.
    """

    first: GreyImage
    second: GreyImage
    flow: FloatArray
    known: Mask
    occluded: Mask | None = None


@dataclass(frozen=True)
class PairFiles:
    """The files of one pair.

    Attributes:
        scene: that it belongs to.
        name: of the pair, unique in its data set.
        first, second, flow: files.
        visible: KITTI's flow of what is not occluded.
        occlusions, invalid: Sintel's masks.
    """

    scene: str
    name: str
    first: Path
    second: Path
    flow: Path
    visible: Path | None = None
    occlusions: Path | None = None
    invalid: Path | None = None

    def read(self) -> KnownPair:
        """Reads them all.

        Raises:
            GroundTruthError: one is missing or damaged, or they are not of one size.
        """
        reader = read_flo if self.flow.suffix == ".flo" else read_kitti_flow
        flow, known = reader(self.flow)
        pair = KnownPair(read_picture(self.first), read_picture(self.second), flow, known)
        for path, shape in ((self.first, pair.first.shape), (self.second, pair.second.shape)):
            _require_shape(path, shape, known.shape)
        if self.visible is not None:
            _, seen = read_kitti_flow(self.visible)
            _require_shape(self.visible, seen.shape, known.shape)
            pair = replace(pair, occluded=known & ~seen)
        if self.occlusions is not None:
            pair = replace(pair, occluded=self._mask(self.occlusions, known))
        if self.invalid is not None:
            pair = replace(pair, known=known & ~self._mask(self.invalid, known))
        if not np.any(pair.known):
            raise GroundTruthError(f"{self.flow}: no flow is known in it")
        return pair

    def _mask(self, path: Path, like: Mask) -> Mask:
        mask = read_mask(path)
        _require_shape(path, mask.shape, like.shape)
        return mask


def find_pairs(folder: Path, layout: Layout | None = None) -> tuple[Layout, list[PairFiles]]:
    """Lists a data set; no file is opened.

    Args:
        folder: its root, or the ``training`` folder in it.
        layout: None: told by what lies there.

    Raises:
        GroundTruthError: there is no such folder, or nothing of that layout, or of any, in it.
    """
    if not folder.is_dir():
        raise GroundTruthError(f"{folder}: no such folder")
    tried = LAYOUTS if layout is None else (layout,)
    for root in (folder, folder / "training", folder / "data"):
        for kind in tried:
            pairs = _FINDERS[kind](root)
            if pairs:
                return kind, pairs
    raise GroundTruthError(
        f"{folder}: no data set of the layout {' or '.join(sorted(tried))} lies there;"
        " see docs/formats/evaluation.md for which files are looked for"
    )


def _middlebury(root: Path) -> list[PairFiles]:
    beside = [(path, path.parent) for path in sorted(root.glob("*/flow10.flo"))]
    apart = [
        (path, frames / path.parent.name)
        for path in sorted(root.glob("other-gt-flow/*/flow10.flo"))
        if (frames := _official_frames(root))
    ]
    return [
        PairFiles(flow.parent.name, flow.parent.name, at / "frame10.png", at / "frame11.png", flow)
        for flow, at in apart or beside
    ]


def _official_frames(root: Path) -> Path:
    grey = root / "other-data-gray"
    return grey if grey.is_dir() and not (root / "other-data").is_dir() else root / "other-data"


def _kitti(root: Path) -> list[PairFiles]:
    frames = next(
        (root / name for name in ("image_2", "colored_0", "image_0") if (root / name).is_dir()),
        root / "image_2",
    )
    has_visible = (root / "flow_noc").is_dir()
    return [
        PairFiles(
            scene=flow.stem.removesuffix("_10"),
            name=flow.stem.removesuffix("_10"),
            first=frames / flow.name,
            second=frames / flow.name.replace("_10.png", "_11.png"),
            flow=flow,
            visible=root / "flow_noc" / flow.name if has_visible else None,
        )
        for flow in sorted((root / "flow_occ").glob("*_10.png"))
    ]


def _sintel(root: Path) -> list[PairFiles]:
    passes = [name for name in ("clean", "final") if (root / name).is_dir()]
    return [
        PairFiles(
            scene=f"{kind}/{flow.parent.name}",
            name=f"{kind}/{flow.parent.name}/{flow.stem}",
            first=root / kind / flow.parent.name / f"{flow.stem}.png",
            second=root / kind / flow.parent.name / f"{_next(flow.stem)}.png",
            flow=flow,
            occlusions=_mask_path(root, "occlusions", flow),
            invalid=_mask_path(root, "invalid", flow),
        )
        for kind in passes
        for flow in sorted((root / "flow").glob("*/frame_[0-9]*.flo"))
    ]


def _next(stem: str) -> str:
    word, _, number = stem.rpartition("_")
    return f"{word}_{int(number) + 1:0{len(number)}d}"


def _mask_path(root: Path, kind: str, flow: Path) -> Path | None:
    there = (root / kind).is_dir()
    return root / kind / flow.parent.name / f"{flow.stem}.png" if there else None


def _flyingchairs(root: Path) -> list[PairFiles]:
    pairs = []
    for flow in sorted(root.glob("*_flow.flo")):
        name = flow.name.removesuffix("_flow.flo")
        first, second = root / f"{name}_img1.ppm", root / f"{name}_img2.ppm"
        pairs.append(PairFiles(name, name, first, second, flow))
    return pairs


_FINDERS: dict[Layout, Callable[[Path], list[PairFiles]]] = {
    "middlebury": _middlebury,
    "kitti": _kitti,
    "sintel": _sintel,
    "flyingchairs": _flyingchairs,
}


def _require_shape(path: Path, found: tuple[int, ...], wanted: tuple[int, ...]) -> None:
    if found != wanted:
        raise GroundTruthError(
            f"{path}: {found[1]} x {found[0]} px, but the flow has {wanted[1]} x {wanted[0]}"
        )
