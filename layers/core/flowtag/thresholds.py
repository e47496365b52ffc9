"""Where lines are drawn: by assembly, and by the gate that decides what is refined.

Every threshold stands once, here, with the reason for its value; ``docs/thresholds.md`` is written
from this table and a test keeps the two in step.
"""

from __future__ import annotations

from pydantic import Field

from flowtag.frozen_model import Model

ESTIMATOR_PATTERN = r"^[a-z0-9][a-z0-9-]{0,31}$"


class Thresholds(Model):
    """Where assembly draws its lines. Each with the reason for its value."""

    coverage_confidence: float = Field(
        0.5, description="A vector counts as trusted from here on: the contract's figure."
    )
    least_coverage: float = Field(
        0.06,
        description="Below this trusted share of the picture the level is null: about a thousandth"
        " of the vectors is chance, and a subject of a twentieth is the least worth tagging.",
    )
    cut_match: float = Field(
        0.40,
        description="Two frames across a cut: motion explains at most this share of the texture."
        " Unrelated pictures reach 0.05 to 0.3 by chance, whip pans stay above 0.5.",
    )
    surely_cut_match: float = Field(
        0.12,
        description="Up to here little else is asked. Above, something large may have passed in"
        " front of the lens.",
    )
    doubtful_drop: float = Field(
        0.42, description="Then a cut explains at most this share of what its neighbours do."
    )
    cut_drop: float = Field(
        0.65,
        description="and at most this share of what its neighbours' motion explains: in smoke,"
        " water or strobe light every step explains little.",
    )
    turmoil_likeness: float = Field(
        0.45,
        description="Where motion explains under half at every step, tiny pictures at least this"
        " much alike are no cut: cuts in real footage stay below.",
    )
    turmoil_drop: float = Field(
        0.4, description="and there a cut explains at most this share of what its neighbours do."
    )
    jump_widths: float = Field(
        0.03,
        description="A step this far, alone between still frames, is a jump cut: a hand cannot"
        " start and stop a camera within one frame.",
    )
    same_picture: float = Field(
        0.85,
        description="Correlation of two tiny pictures from which they count as the same: related"
        " frames a few apart reach 0.9, unrelated ones rarely 0.7.",
    )
    flash_seconds: float = Field(
        0.25, description="The same picture returns within this time: a flash, and no edit."
    )
    dissolve_dip: float = Field(
        0.78,
        description="Fine detail in mid-dissolve over that of both sides: half in theory, as two"
        " unrelated pictures average; compression and noise raise it.",
    )
    dissolve_different: float = Field(
        0.65, description="Correlation across a dissolve's ends: above, it is one picture."
    )
    dissolve_fit: float = Field(
        0.60,
        description="Share of the frames' variance that a mix of both ends explains:"
        " moving shots lose some.",
    )
    black_luma: float = Field(
        16.0, description="Mean luma of a black frame, full range; ringing and noise add a few."
    )
    black_behind_logo_luma: float = Field(
        4.0, description="Mean luma at which a frame is black but for a logo or a clock on it."
    )
    blank_contrast: float = Field(
        3.0, description="Standard deviation below which a frame shows nothing."
    )
    nothing_seen_contrast: float = Field(
        1.0,
        description="Standard deviation of the tiny picture, in which noise averages out, below"
        " which a frame shows nothing: a segment's level is null, and no cut lies between two.",
    )
    black_shot_seconds: float = Field(
        1.0, description="Black this long is a shot of its own: the contract's figure."
    )
    pan_tilt: float = Field(
        0.025,
        description="Widths or heights per second from which the camera pans or tilts: a slow pan"
        " of 0.04 must be found, drift of a tripod head stays below 0.01.",
    )
    zoom: float = Field(
        0.02, description="Per second: a picture that grows by a fifth in ten seconds is seen."
    )
    roll: float = Field(1.5, description="Degrees per second: half of the slowest roll on purpose.")
    side_move: float = Field(
        0.09,
        description="A move smaller than this share of the largest one is its by-product: lenses"
        " bend, and no head is quite level.",
    )
    shake_over_move: float = Field(
        1.3, description="A hand-held camera's sway is a move only beyond this many times shake."
    )
    locked_shake: float = Field(
        0.030,
        description="RMS unsteady rate in diagonals per second up to which a camera is locked (or"
        " smooth, when it moves): just below the slowest pan that must be found.",
    )
    shaky_shake: float = Field(
        0.14, description="From here on shaky: a seventh of the diagonal per second and more."
    )
    level_low: float = Field(
        0.012, description="Diagonals per second: below, an eye sees a still picture."
    )
    level_medium: float = Field(
        0.06, description="A slow pan ends here: the picture takes 17 s to be crossed."
    )
    level_high: float = Field(
        0.18, description="The picture is crossed in under six seconds: detail starts to blur."
    )
    level_extreme: float = Field(
        0.60, description="Whip pans: nothing can be followed by eye any more."
    )
    activity: tuple[float, float, float, float] = Field(
        (0.043, 0.118, 0.188, 0.352),
        description="Spread of speeds, diagonals per second, at which MPEG-7 activity steps from 1"
        " to 5: Jeannin and Divakaran's 3.9, 10.7, 17.1, 32 half-pels of a CIF picture, three"
        " frames of 30 apart.",
    )
    subject_area: float = Field(
        0.012, description="A subject smaller than this is noise, a speck or burnt-in digits."
    )
    segment_seconds: float = Field(
        1.0, description="A change of motion must hold this long to split a shot: the issue's."
    )
    low_texture: float = Field(
        0.12, description="Share of the picture with texture below which low_texture is said."
    )
    low_light: float = Field(
        24.0, description="Mean luma, full range, below which low_light is said: a tenth."
    )
    photometric_change: float = Field(
        0.05, description="Relative change of brightness within a pair that counts as flicker."
    )
    photometric_share: float = Field(
        0.1, description="Share of a segment's pairs that must flicker for the flag."
    )
    frozen_seconds: float = Field(
        0.4, description="Identical frames for this long are flagged as frozen."
    )
    evidence_pairs: int = Field(
        6,
        ge=0,
        le=24,
        description="So many of a run's least trusted pairs are kept to be looked at: enough to"
        " tell a habit from an accident, at some 30 kB each.",
    )


class RefineSettings(Model):
    """Which pairs a costlier model estimates again, after DIS. Each with the reason for its value.

    Decided for each pair by what DIS found of it and by its two frames, never by its neighbours.
    """

    model: str = Field(pattern=ESTIMATOR_PATTERN, description="Name of the model.")
    model_sha256: str = Field(description="Its digest: SHA-256 of its model.json.")
    low_confidence: float = Field(
        0.6,
        ge=0,
        le=1,
        description="Up to this mean confidence DIS is unsure of a pair: most pairs' is over 0.85."
        " At 0.5 a twentieth fewer are asked about, and the tags of a hard clip are missed.",
    )
    disagreeing_levels: float = Field(
        18.0,
        ge=0,
        description="Difference of the frames along the flow, in grey levels, that a twentieth of"
        " the picture exceeds, from which flow and pictures disagree, however sure the flow is of"
        " itself. It tells where the model will explain the pictures better as no other sign does,"
        " and small fast subjects show in it. At 20 the tags of two hard clips are missed, at 16 a"
        " fifth more pairs are asked about for nothing.",
    )
    complex_spread: float = Field(
        0.03,
        ge=0,
        description="Standard deviation of the vectors' lengths, diagonals per second, from which"
        " a pair shows several motions, beyond what the camera's zoom and roll make of it,",
    )
    complex_confidence: float = Field(
        0.9,
        ge=0,
        le=1,
        description="if its mean confidence is at most this: most pairs' is more. At 0.045 and 0.85"
        " 7.3% of the pairs are asked about, not 7.7%, and the tags of a hard clip are missed.",
    )
    large_displacement: float = Field(
        0.1,
        gt=0,
        description="Diagonals that a twentieth of the vectors exceed, from which the model, where"
        " it is asked, follows the flow through the frames between: farther, it explains the"
        " pictures better so; nearer, the steps' errors add up to more than they save.",
    )
    least_gain: float = Field(
        0.1,
        ge=0,
        lt=1,
        description="The model's flow counts where it lowers the frames' difference along the flow"
        " by this share: on clips of known motion, taking it always makes more tags wrong than DIS"
        " alone has,",
    )
    least_gain_levels: float = Field(
        0.5,
        ge=0,
        description="and by so many grey levels, less than which coding leaves; and where it is no"
        " less sure than DIS.",
    )
