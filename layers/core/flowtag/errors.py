"""The exception tree: everything flowtag raises on purpose.

    FlowtagError
    ├── InputError                 the file, not flowtag, is at fault; a retry cannot help
    │   ├── SourceNotFoundError    no such file, or it may not be read
    │   ├── SourceChangedError     another content stands there than was planned
    │   ├── NotAVideoError         empty, text, audio only, a format that flowtag does not read
    │   ├── RefusedMediaError      would reach for other files or the network, or is a bomb
    │   ├── BrokenMediaError       a video, but nothing of it can be decoded
    │   └── GroundTruthError       a data set of known flow is incomplete or damaged
    ├── SettingsError              contradictory or unknown settings
    │   └── FilterError            a filter that cannot be read; it points to the mistake
    ├── ModelError                 a model of flow is missing, or not what it says; no retry helps
    ├── AcceleratorError           a GPU or its driver failed; a retry elsewhere may help
    ├── ContractError              an object of a run is damaged or of another version
    ├── ChunkError                 one chunk could not be analysed
    │   ├── ChunkTimeoutError      ran past its wall-clock bound
    │   └── WorkerCrashedError     its process died: memory bound, or a crash in a codec
    └── StorageError               the object store failed; a retry may help
        ├── ObjectNotFoundError    no object of that key
        ├── PreconditionFailedError  put-if-absent found an object, or If-Match another one
        └── NotHandedOutError      what takes the work refused it whole; none of it was begun

Each class says by ``retryable`` whether trying again can help. ``code`` is stable and stands in
``motion.json`` and in the table of the command line.
"""

from __future__ import annotations

from typing import ClassVar


class FlowtagError(Exception):
    """Base of all errors that flowtag raises on purpose."""

    code: ClassVar[str] = "error"
    retryable: ClassVar[bool] = False


class InputError(FlowtagError):
    """The input is at fault."""

    code = "bad_input"


class SourceNotFoundError(InputError):
    """No such file, or it may not be read."""

    code = "not_found"


class SourceChangedError(InputError):
    """Another content stands there than the one that was planned."""

    code = "source_changed"


class NotAVideoError(InputError):
    """The input holds no video that flowtag reads."""

    code = "not_a_video"


class RefusedMediaError(InputError):
    """The input would reach for other files or the network, or is out of all proportion."""

    code = "refused"


class BrokenMediaError(InputError):
    """The input is a video, but nothing of it can be decoded."""

    code = "broken"


class GroundTruthError(InputError):
    """A data set of known flow lacks a file, or one of its files is damaged."""

    code = "bad_ground_truth"


class SettingsError(FlowtagError):
    """The settings contradict each other or the input."""

    code = "bad_settings"


class FilterError(SettingsError):
    """A filter cannot be read.

    Attributes:
        text: the filter.
        column: of the mistake, from 1; one past the end where something is missing. 0: unknown.
        reason: what is wrong there, and what was expected.
    """

    code = "bad_filter"

    def __init__(self, reason: str, *, text: str = "", column: int = 0) -> None:
        super().__init__(f"column {column}: {reason}" if column else reason)
        self.text = text
        self.column = column
        self.reason = reason


class ModelError(FlowtagError):
    """A model of flow is missing, damaged, or does not do what it says of itself."""

    code = "bad_model"


class AcceleratorError(FlowtagError):
    """A GPU, or its driver, failed while a model ran on it."""

    code = "accelerator"
    retryable = True


class ContractError(FlowtagError):
    """An object of a run is damaged, or written by another version."""

    code = "bad_object"


class ChunkError(FlowtagError):
    """One chunk could not be analysed."""

    code = "chunk_failed"


class ChunkTimeoutError(ChunkError):
    """A chunk ran past its wall-clock bound."""

    code = "chunk_timeout"


class WorkerCrashedError(ChunkError):
    """The process that analysed a chunk died."""

    code = "worker_crashed"
    retryable = True


class StorageError(FlowtagError):
    """The object store failed."""

    code = "storage"
    retryable = True


class ObjectNotFoundError(StorageError):
    """There is no object of that key."""

    code = "object_not_found"
    retryable = False


class PreconditionFailedError(StorageError):
    """Put-if-absent found an object, or the object is not the one that was read."""

    code = "precondition_failed"
    retryable = False


class NotHandedOutError(StorageError):
    """Work was refused, or the call never left: certainly none of it was begun."""

    code = "not_handed_out"
