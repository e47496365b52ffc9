"""What ``flowtag tag``, ``watch`` and ``run`` have in common: all but where videos are."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from flowtag.cli.export import EXPORT_FORMATS
from flowtag.cli.moments import Range, checked_range, moment
from flowtag.local.signals import interrupts_held_back
from flowtag.wording import printable

if TYPE_CHECKING:
    from flowtag.aws.s3_places import S3Access
    from flowtag.export.formats import Format
    from flowtag.local.outcomes import Outcome
    from flowtag.local.video_run import Host
    from flowtag.places import SourcePlace, StorePlace
    from flowtag.settings import Preset

SIGNAL_EXIT = 128
"""Added to the number of the signal that ended a command."""

_Command = TypeVar("_Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option("--quiet", is_flag=True, help="Say nothing on stderr but what failed."),
    click.option("--json", "as_json", is_flag=True, help="Print a line of JSON for each input."),
    click.option(
        "--jobs",
        type=click.IntRange(1, 256),
        help="Chunks analysed at a time, a process each. Default: one per core.",
    ),
    click.option(
        "--preset",
        type=click.Choice(["fast", "balanced", "best"]),
        default="balanced",
        show_default=True,
        help="How much work goes into each frame.",
    ),
    click.option(
        "--estimator",
        metavar="NAME[@DIGEST]",
        default="dis",
        show_default=True,
        help="What estimates the flow: dis, or a model; flowtag models list names them.",
    ),
    click.option(
        "--refine",
        metavar="NAME[@DIGEST]",
        help="A model that estimates those pairs again that dis leaves in doubt.",
    ),
    click.option(
        "--models",
        "models_root",
        metavar="DIR|S3-URI",
        envvar="FLOWTAG_MODELS",
        help="Where models are, beside those built in. Also FLOWTAG_MODELS.",
    ),
    click.option(
        "--chunk-seconds",
        type=click.FloatRange(0.1, 86400),
        default=60,
        show_default=True,
        help="Length of a unit of work; results do not depend on it.",
    ),
    click.option(
        "--range",
        "moments",
        nargs=2,
        type=moment,
        metavar="START END",
        help="Analyse a part: seconds or HH:MM:SS[.mmm] since the first frame; END may be 'end'.",
    ),
)
_FORCE = click.option("--force", is_flag=True, help="Do over what is done.")
_PROXY = click.option(
    "--proxy",
    is_flag=True,
    help="Also make proxy.mp4 beside each motion.json: a small copy that any browser plays.",
)

_REPORT = click.option(
    "--report",
    is_flag=True,
    help="Also make report.html beside each motion.json: one page to look at and to send.",
)

_EXPORT = click.option(
    "--export",
    "exports",
    type=click.Choice(EXPORT_FORMATS),
    multiple=True,
    help="Also write the segments beside each video, as markers: take.mov.edl. May be repeated;"
    " see flowtag export.",
)


@dataclass(frozen=True)
class TaggingOptions:
    """The options that the commands share, as click hands them over.

    Attributes:
        force: do over what is done; not of ``watch``.
        proxy: make a playable copy too; not of ``run``.
        report: make a page too; not of ``run``.
        exports: write these formats beside each video; of ``watch`` alone.
    """

    quiet: bool
    as_json: bool
    jobs: int | None
    preset: Preset
    estimator: str
    refine: str | None
    models_root: str | None
    chunk_seconds: float
    moments: tuple[Fraction | None, Fraction | None] | None
    force: bool = False
    proxy: bool = False
    report: bool = False
    exports: tuple[Format, ...] = ()

    def __post_init__(self) -> None:
        checked_range(self.moments)

    @property
    def span(self) -> Range | None:
        """The part to analyse; None: all of it."""
        return checked_range(self.moments)


def tagging_options(command: _Command) -> _Command:
    """Gives a command the options of :class:`TaggingOptions` that all have."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def force_option(command: _Command) -> _Command:
    """Gives a command ``--force``."""
    return _FORCE(command)


def proxy_option(command: _Command) -> _Command:
    """Gives a command ``--proxy``; its results must go to a folder."""
    return _PROXY(command)


def report_option(command: _Command) -> _Command:
    """Gives a command ``--report``; its results must go to a folder."""
    return _REPORT(command)


def export_option(command: _Command) -> _Command:
    """Gives a command ``--export``; its videos must lie on a disk."""
    return _EXPORT(command)


def carry_out(
    ctx: click.Context,
    options: TaggingOptions,
    videos: Sequence[SourcePlace],
    results: StorePlace,
    refused: Sequence[Outcome],
    access: S3Access | None = None,
) -> None:
    """Tags videos, tells how it goes, and exits.

    Args:
        ctx: of the command; its object says whether to show tracebacks.
        options: how.
        videos: what.
        results: where to.
        refused: inputs of which it is known by now that they cannot be tagged.
        access: how S3 is reached, for models that are there; None: as the environment says.
    """
    # A Ctrl-C within generated text, as dataclasses are made of, ends Python by the signal itself.
    with interrupts_held_back():
        from flowtag.cli.reporting import Reporter
        from flowtag.local.runner import tag_videos

    host = tagging_host(results, options, access)
    with Reporter(quiet=options.quiet, as_json=options.as_json, debug=bool(ctx.obj)) as reporter:
        for outcome in refused:
            reporter.settled(outcome)
        report = tag_videos(videos, host, reporter)
    outcomes = (*report.outcomes, *refused)
    reporter.conclude(outcomes, stopped=report.stopped_by is not None)
    if report.stopped_by is not None:
        ctx.exit(SIGNAL_EXIT + report.stopped_by)
    ctx.exit(0 if all(outcome.is_as_asked for outcome in outcomes) else 1)


def writable_folder(out: Path) -> StorePlace:
    """A folder for results, made where there is none.

    Raises:
        click.BadParameter: it cannot be written to.
    """
    from flowtag.local.disk_places import FolderPlace

    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out):
            return FolderPlace(out)
    except OSError as error:
        reason = error.strerror or str(error)
        raise click.BadParameter(f"{printable(out)}: {reason}", param_hint="--out") from error


def tagging_host(
    results: StorePlace, options: TaggingOptions, access: S3Access | None = None
) -> Host:
    """Where results go and how they are made, as the options say.

    Raises:
        SettingsError: something that the options need is not installed, or there is no such model.
    """
    with interrupts_held_back():
        from flowtag.cli.model_places import registry_at
        from flowtag.local.video_run import Host
        from flowtag.models.choosing import choose, choose_refiner, pinned
        from flowtag.report.writing import require_template_engine
        from flowtag.settings import AnalysisSettings, ExecutionSettings
        from flowtag.storage import FolderStore

    if options.report:
        require_template_engine()
    if options.exports:
        from flowtag.export.formats import require_packages

        require_packages(options.exports)
    settings = AnalysisSettings.for_preset(options.preset, options.span)
    chunk_seconds = Fraction(str(options.chunk_seconds))
    execution = ExecutionSettings(chunk_seconds=chunk_seconds, jobs=options.jobs or _cores())
    models = registry_at(options.models_root, access)
    with _as_option("--estimator"):
        model = choose(options.estimator, models)
    with _as_option("--refine"):
        refiner = choose_refiner(options.refine, models)
        settings, execution = pinned(model, settings, execution, refiner)
    if (model or refiner) is not None:
        _require_onnxruntime()
    store = results.open() if options.proxy or options.report else None
    folder = store if isinstance(store, FolderStore) else None
    proxies, reports = (folder if wanted else None for wanted in (options.proxy, options.report))
    return Host(
        results,
        settings,
        execution,
        options.force,
        proxies=proxies,
        reports=reports,
        exports=options.exports,
        models=models,
    )


@contextmanager
def _as_option(name: str) -> Iterator[None]:
    from flowtag.errors import ModelError, SettingsError, StorageError

    try:
        yield
    except (ModelError, StorageError) as error:
        raise SettingsError(f"{name}: {error}") from error


def _require_onnxruntime() -> None:
    from importlib.util import find_spec

    from flowtag.errors import SettingsError

    if find_spec("onnxruntime") is None:
        raise SettingsError("models need onnxruntime; install flowtag[onnx]")


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
