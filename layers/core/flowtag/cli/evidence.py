"""``flowtag evidence``: pictures of the pairs of a run that are least to be trusted."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flowtag.wording import count, printable

if TYPE_CHECKING:
    from flowtag.cli.one_run import OneRun
    from flowtag.contracts.evidence import EvidenceIndex

_EPILOG = """\b
Examples:
  flowtag evidence tags/take-2-3f9a1c2b77d0               of the latest run of a video
  flowtag evidence tags/take-2-3f9a1c2b77d0 --pair 0      the least trusted pair alone
  flowtag evidence s3://tags/motion/take-2-3f9a1c2b77d0 --out incident

Each picture shows both frames, the flow between them as colours and as arrows, its confidence, how
far forward and backward flow disagree, what is left unlike, and the numbers with the likely reason.
docs/operations/drift.md walks through an incident; docs/formats/evidence.md describes the files.

\b
Exit status:
  0    all pictures are made
  1    the run cannot be read, or keeps no evidence
  2    wrong usage, or flowtag[evaluate] is not installed
"""


@click.command(epilog=_EPILOG)
@click.argument("run")
@click.option(
    "--out",
    "out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    metavar="DIR",
    help="Where the pictures go. Default: here.",
)
@click.option(
    "--pair",
    "wanted",
    type=click.IntRange(min=0),
    multiple=True,
    metavar="N",
    help="Only this pair; 0 is the least trusted. May be given several times.",
)
@click.option("--endpoint-url", metavar="URL", help="Another server than AWS that speaks S3.")
@click.option("--region", help="Of the bucket; default: as AWS's own settings say.")
def evidence(
    run: str, out: Path, wanted: tuple[int, ...], endpoint_url: str | None, region: str | None
) -> None:
    """Draws the pairs of a run whose flow is least to be trusted, a PNG each.

    RUN is a motion.json, a run's folder, a video's folder or an output folder with one video, on
    this machine or in a bucket. The path of each picture goes to stdout.
    """
    from flowtag.cli.one_run import open_run

    require_drawing()
    found = open_run(run, endpoint_url, region)
    index = _index_of(found)
    chosen = wanted or tuple(range(len(index.pairs)))
    beyond = [number for number in chosen if number >= len(index.pairs)]
    if beyond:
        raise click.BadParameter(
            f"there is no pair {beyond[0]}; the run keeps {count(len(index.pairs), 'pair')},"
            " counted from 0",
            param_hint="--pair",
        )
    out.mkdir(parents=True, exist_ok=True)
    for number in chosen:
        # Bytes, because a path need not be text.
        click.echo(os.fsencode(_drawn(found, index, number, out)))


def require_drawing() -> None:
    """Raises SettingsError where matplotlib or OpenCV is missing."""
    from importlib.util import find_spec

    from flowtag.errors import SettingsError

    for module in ("matplotlib", "cv2"):
        if find_spec(module) is None:
            raise SettingsError(
                f"there is no module {module}; pictures need flowtag[evaluate] to be installed"
            )


def _index_of(run: OneRun) -> EvidenceIndex:
    from flowtag.contracts.evidence import EVIDENCE_INDEX, read_index
    from flowtag.errors import ObjectNotFoundError

    try:
        return read_index(run.read(EVIDENCE_INDEX))
    except ObjectNotFoundError as error:
        raise ObjectNotFoundError(
            f"{run.address}: the run keeps no evidence: an older flowtag made it, no flow could be"
            " estimated, or evidence_pairs is 0. Tag the video again to have some."
        ) from error


def _drawn(run: OneRun, index: EvidenceIndex, number: int, out: Path) -> Path:
    from flowtag.contracts.evidence import read_sample
    from flowtag.inspection.pair_picture import pair_picture
    from flowtag.whole_files import write_whole

    pair = index.pairs[number]
    video = run.metadata.video
    name = printable(video.uri.rpartition("/")[2])
    rank = "the least trusted pair" if number == 0 else f"least trusted pair {number}"
    by = pair.refined_by or index.estimator
    title = f"{name}, {pair.start.timecode}: {rank}, of {len(index.pairs)} ({by})"
    path = out / f"{video.id}-evidence-{number:04d}.png"
    write_whole(path, pair_picture(pair, read_sample(run.read(pair.name)), title))
    return path
