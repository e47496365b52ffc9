"""What is said of a pair that is kept as evidence."""

from __future__ import annotations

from flowtag.contracts.evidence import EvidencePair, EvidenceSample, Reason

_REASONS: dict[Reason, str] = {
    "edit": "it lies in or across an edit: {edit}",
    "light_change": "brightness changes by {light_change:+.0%}",
    "dark": "the picture is dark: mean level {luma:.0f} of 255",
    "little_texture": "only {texture:.0%} of the picture has texture",
    "far": "it moves far within one pair",
    "directions_disagree": "forward and backward flow disagree",
    "looks_differ": "the frames differ where flow says they match",
}
_UNEXPLAINED = "the numbers name no cause: look at the pictures"


def reasons_in_words(pair: EvidencePair) -> list[str]:
    """Why a pair's flow may not be trusted, a line each."""
    values = pair.model_dump()
    return [_REASONS[reason].format(**values) for reason in pair.reasons] or [_UNEXPLAINED]


def numbers_of(pair: EvidencePair, sample: EvidenceSample) -> list[tuple[str, str]]:
    """The numbers of a pair, each with its name."""
    milliseconds = 1000 * (pair.end.seconds - pair.start.seconds)
    disagreeing = float((sample.round_trip_px > 1).mean())
    return [
        ("time", f"{pair.start.seconds:.3f} s, over {milliseconds:.0f} ms"),
        ("timecode", f"{pair.start.timecode} to {pair.end.timecode}"),
        ("segment", "none" if pair.segment is None else str(pair.segment)),
        ("confidence", f"{pair.confidence:.2f} (mean over the picture)"),
        ("coverage", f"{pair.coverage:.0%} of the picture trusted"),
        ("speed", _or_unknown(pair.speed, "{:.3f} diagonals/s")),
        ("camera fit", _or_unknown(pair.camera_confidence, "{:.2f}")),
        ("disagrees by > 1 px", f"{disagreeing:.0%} of the picture"),
        ("texture", f"{pair.texture:.0%} of the picture"),
        ("brightness", _or_unknown(pair.luma, "{:.0f} of 255")),
        ("its change", _or_unknown(pair.light_change, "{:+.1%}")),
    ]


def _or_unknown(value: float | None, form: str) -> str:
    return "unknown" if value is None else form.format(value)
