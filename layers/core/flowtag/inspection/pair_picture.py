"""One pair as one picture: both frames, flow as colours and arrows, and where it is not trusted."""

from __future__ import annotations

import io
import textwrap
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from flowtag.contracts.evidence import EvidencePair, EvidenceSample
from flowtag.errors import ContractError
from flowtag.inspection.colour_wheel import flow_colours, wheel_picture
from flowtag.inspection.words import numbers_of, reasons_in_words

_PANEL_WIDTH_INCHES = 4.6
_DPI = 100
_ARROWS_ACROSS = 28
_ROUND_TRIP_SHOWN_PX = 4.0
_RESIDUAL_SHOWN_LEVELS = 40.0
_LEAST_SCALE_PX = 1.0
# Where the frame's brightest and darkest parts are nearer than this, its contrast is raised.
_DULL_LEVELS = 100.0
_UNTRUSTED = 0.5

Grid = npt.NDArray[np.float32]
Picture = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class _Shown:
    """A pair and what all of its panels share."""

    sample: EvidenceSample
    first: Picture
    second: Picture
    longest_px: float

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """Where a grid lies over a frame."""
        rows, columns = self.sample.confidence.shape
        step = self.sample.step_px
        return (-0.5, columns * step - 0.5, rows * step - 0.5, -0.5)


def pair_picture(pair: EvidencePair, sample: EvidenceSample, title: str) -> bytes:
    """A PNG with everything that is known of one pair.

    Args:
        pair: its numbers.
        sample: its frames and flow.
        title: which pair of which video.

    Raises:
        ContractError: its frames cannot be decoded.
    """
    lengths = np.hypot(sample.vectors[..., 0], sample.vectors[..., 1])
    longest_px = max(float(np.percentile(lengths, 98)), _LEAST_SCALE_PX)
    shown = _Shown(sample, _decoded(sample.first), _decoded(sample.second), longest_px)
    height, width = shown.first.shape
    panel_height = min(max(_PANEL_WIDTH_INCHES * height / width, 2.4), 7.0)
    figure = Figure((4 * _PANEL_WIDTH_INCHES, 2 * (panel_height + 0.45) + 0.6), _DPI)
    figure.set_layout_engine("compressed")
    axes = figure.subplots(2, 4)
    figure.suptitle(title, fontsize=14, fontweight="bold", x=0.01, ha="left")
    _draw_frames(axes[0, 0], axes[0, 1], shown, pair)
    _draw_residual(axes[0, 2], shown)
    _write_numbers(axes[0, 3], pair, sample)
    _draw_colours(axes[1, 0], shown)
    _draw_arrows(axes[1, 1], shown)
    _draw_confidence(axes[1, 2], shown)
    _draw_round_trip(axes[1, 3], shown)
    buffer = io.BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def _decoded(jpeg: bytes) -> Picture:
    data = np.frombuffer(jpeg, dtype=np.uint8)
    image = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE) if data.size else None
    if image is None:
        raise ContractError("a frame of the evidence cannot be decoded")
    return np.asarray(image, dtype=np.uint8)


def _draw_frames(left: Axes, right: Axes, shown: _Shown, pair: EvidencePair) -> None:
    darkest, brightest = (float(v) for v in np.percentile(shown.first, [0.5, 99.5]))
    dull = brightest - darkest < _DULL_LEVELS
    limits = (darkest, max(brightest, darkest + 1)) if dull else (0.0, 255.0)
    note = ", contrast raised" if dull else ""
    frames = ((left, shown.first, pair.start), (right, shown.second, pair.end))
    for axes, picture, at in frames:
        axes.imshow(picture, cmap="gray", vmin=limits[0], vmax=limits[1])
        _title(axes, f"frame {at.frame}, {at.seconds:.3f} s{note}")


def _draw_residual(axes: Axes, shown: _Shown) -> None:
    image = axes.imshow(
        shown.sample.residual,
        cmap="magma",
        vmin=0,
        vmax=_RESIDUAL_SHOWN_LEVELS,
        extent=shown.extent,
    )
    _title(axes, "difference left after following the flow")
    _scale(axes, image, "grey levels", extend="max")


def _draw_colours(axes: Axes, shown: _Shown) -> None:
    axes.imshow(flow_colours(shown.sample.vectors, shown.longest_px), extent=shown.extent)
    _title(axes, f"flow; full colour is {shown.longest_px:.1f} px per pair or more")
    legend = axes.inset_axes((0.80, 0.66, 0.19, 0.32))
    legend.imshow(wheel_picture(96))
    legend.set_axis_off()


def _draw_arrows(axes: Axes, shown: _Shown) -> None:
    sample = shown.sample
    axes.imshow(shown.first, cmap="gray", vmin=0, vmax=2 * max(float(shown.first.max()), 1) / 1.2)
    every = max(round(sample.confidence.shape[1] / _ARROWS_ACROSS), 1)
    part = (slice(every // 2, None, every), slice(every // 2, None, every))
    x, y = _positions(sample)
    vectors, trust = sample.vectors[part], sample.confidence[part]
    # The longest arrow spans two of the arrows' distances, whatever it stands for.
    scale = shown.longest_px / (2 * every * sample.step_px)
    arrows = axes.quiver(
        x[part],
        y[part],
        vectors[..., 0],
        vectors[..., 1],
        np.where(trust >= _UNTRUSTED, 1.0, 0.0),
        cmap="cool_r",
        clim=(0, 1),
        angles="xy",
        scale_units="xy",
        scale=scale,
        width=0.0035,
    )
    axes.quiverkey(
        arrows, 0.88, 0.06, shown.longest_px, f"{shown.longest_px:.1f} px", labelpos="N",
        labelcolor="white", coordinates="axes", color="white",
    )  # fmt: skip
    axes.set_xlim(-0.5, shown.first.shape[1] - 0.5)
    axes.set_ylim(shown.first.shape[0] - 0.5, -0.5)
    _title(axes, "arrows: trusted in blue, not trusted in pink")


def _draw_confidence(axes: Axes, shown: _Shown) -> None:
    image = axes.imshow(shown.sample.confidence, cmap="RdYlGn", vmin=0, vmax=1, extent=shown.extent)
    _title(axes, "confidence: probability of less than 1 px of error")
    _scale(axes, image, "probability")


def _draw_round_trip(axes: Axes, shown: _Shown) -> None:
    image = axes.imshow(
        shown.sample.round_trip_px,
        cmap="inferno",
        vmin=0,
        vmax=_ROUND_TRIP_SHOWN_PX,
        extent=shown.extent,
    )
    _title(axes, "forward-backward error")
    _scale(axes, image, "px", extend="max")


def _write_numbers(axes: Axes, pair: EvidencePair, sample: EvidenceSample) -> None:
    axes.set_axis_off()
    lines = [
        part
        for reason in reasons_in_words(pair)
        for part in textwrap.wrap(reason, 46, initial_indent="- ", subsequent_indent="  ")
    ]
    table = [f"{name:<20}{value}" for name, value in numbers_of(pair, sample)]
    text = "\n".join(["Why it is not trusted", *lines, "", *table])
    axes.text(0.0, 1.0, text, family="monospace", fontsize=9, va="top", transform=axes.transAxes)


def _positions(sample: EvidenceSample) -> tuple[Grid, Grid]:
    rows, columns = sample.confidence.shape
    first = sample.step_px // 2
    x = np.arange(columns, dtype=np.float32) * sample.step_px + first
    y = np.arange(rows, dtype=np.float32) * sample.step_px + first
    across, down = np.meshgrid(x, y)
    return across, down


def _title(axes: Axes, text: str) -> None:
    axes.set_title(text, fontsize=10, loc="left")
    axes.set_xticks([])
    axes.set_yticks([])


def _scale(axes: Axes, image: AxesImage, unit: str, extend: str = "neither") -> None:
    figure = axes.figure
    bar = figure.colorbar(image, ax=axes, fraction=0.035, pad=0.01, extend=extend)
    bar.set_label(unit, fontsize=9)
    bar.ax.tick_params(labelsize=8)
