"""Where the objects of a run stand in a store, a bucket's or a folder's."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flowtag.contracts.messages import Plan

OPEN_RUNS = "open/"
"""All marks of runs under way begin with this."""

MODELS = "models/"
"""All models that a deployed application may use begin with this; no video's id does."""

BESIDE_MOTION = ("thumbnails/", "evidence/")
"""What goes with one ``motion.json`` alone lies in these folders beside it."""

_ID = r"[a-z0-9][a-z0-9-]{0,63}"
_BELOW_A_RUN = re.compile(rf"({_ID})/({_ID})/")
_MARK_OF_A_RUN = re.compile(rf"{OPEN_RUNS}({_ID})/({_ID})\.json")


@dataclass(frozen=True)
class RunKeys:
    """Where the objects of a run stand in a store."""

    video_id: str
    run_id: str

    @classmethod
    def of(cls, plan: Plan) -> RunKeys:
        """The keys of a plan's run."""
        return cls(plan.video_id, plan.run_id)

    @property
    def folder(self) -> str:
        """All keys of the run begin with this and a slash."""
        return f"{self.video_id}/{self.run_id}"

    @property
    def plan(self) -> str:
        """Written first."""
        return f"{self.folder}/plan.json"

    @property
    def chunks(self) -> str:
        """All keys of results of chunks begin with this."""
        return f"{self.folder}/chunks/"

    def chunk(self, index: int) -> str:
        """The features of a chunk."""
        return f"{self.chunks}{index:05d}.npz"

    def failed(self, index: int) -> str:
        """Why a chunk has no features."""
        return f"{self.chunks}{index:05d}.failed.json"

    @property
    def frames(self) -> str:
        """All features of the run, for analysts."""
        return f"{self.folder}/frames.parquet"

    def beside(self, name: str) -> str:
        """An object that motion.json names, such as ``thumbnails/0000.jpg``."""
        return f"{self.folder}/{name}"

    @property
    def run(self) -> str:
        """How the run went."""
        return f"{self.folder}/run.json"

    @property
    def motion(self) -> str:
        """What an editorial UI reads; written last."""
        return f"{self.folder}/motion.json"

    @property
    def proxy(self) -> str:
        """A small copy of the video that any browser plays, where one was asked for."""
        return f"{self.folder}/proxy.mp4"

    @property
    def report(self) -> str:
        """The result as a page of its own, where one was asked for."""
        return f"{self.folder}/report.html"

    @property
    def latest(self) -> str:
        """Which run of the video a UI should read."""
        return f"{self.video_id}/latest.json"

    @property
    def source(self) -> str:
        """When the content that this run is of last came to its place."""
        return f"{self.folder}/source.json"

    @property
    def open(self) -> str:
        """Stands there while the run is under way, so that what got lost is found."""
        return f"{OPEN_RUNS}{self.folder}.json"

    @property
    def dispatches(self) -> str:
        """All keys of records of what was handed to workers begin with this."""
        return f"{self.folder}/dispatch/"

    def dispatch(self, number: int) -> str:
        """What was handed to workers at the first, second, … go."""
        return f"{self.dispatches}{number:04d}.json"

    def task(self, index: int, go: int = 1) -> str:
        """A chunk's task, for hosts that take it as an object; a key for each go."""
        again = "" if go == 1 else f".{go}"
        return f"{self.folder}/tasks/{index:05d}{again}.json"

    def begun(self, index: int) -> str:
        """That a worker took a chunk up, for the one that comes after it."""
        return f"{self.folder}/begun/{index:05d}.json"

    @classmethod
    def of_key(cls, key: str) -> RunKeys | None:
        """The keys of the run that an object belongs to; None if it belongs to none."""
        found = _MARK_OF_A_RUN.fullmatch(key) or _BELOW_A_RUN.match(key)
        return cls(*found.groups()) if found else None
