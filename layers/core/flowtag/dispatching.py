"""Handing chunks to workers, and remembering what was handed out.

A dispatch record is written, put-if-absent, before anything is handed out, and marked when all is.
An event that comes twice so finds that the work is on its way; one whose function died in between
finds a record that is not marked. Where nothing was begun for certain, since it was refused, the
record says so, and the next go hands it out.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Protocol

from pydantic import Field, ValidationError

from flowtag.chunk_results import chunk_names
from flowtag.contracts.messages import Plan
from flowtag.errors import ContractError, NotHandedOutError, PreconditionFailedError, StorageError
from flowtag.frozen_model import Model
from flowtag.run_keys import RunKeys
from flowtag.runs import find_with_etag, readable_json
from flowtag.storage import ObjectStore


class DispatchRecord(Model):
    """``dispatch/0001.json``: the chunks that went to workers together."""

    schema_name: Literal["flowtag.dispatch/1"] = Field("flowtag.dispatch/1", alias="schema")
    chunks: tuple[int, ...]
    sent: bool = Field(description="Whether all of them are known to have been handed out.")
    by_hand: bool = Field(False, description="A person asked for it.")
    refused: bool = Field(False, description="Certainly none of them was handed out.")


class Dispatcher(Protocol):
    """A way to get chunks to workers.

    Attributes:
        may_repeat: whether handing out the same chunk twice costs little. A queue's message that
            finds its chunk done is dropped; a job is started and paid.
    """

    may_repeat: bool

    def hand_out(self, plan: Plan, chunks: Sequence[int], record_key: str) -> None:
        """Hands chunks to workers.

        Args:
            plan: of the run.
            chunks: indices of its chunks.
            record_key: of the dispatch record, which holds the same indices.

        Raises:
            NotHandedOutError: certainly none of them was handed out; a retry may help.
            StorageError: not all of them could be handed out; a retry may help.
        """
        ...

    def has_backlog(self) -> bool:
        """Whether chunks that were handed out wait for a worker; False where nothing tells.

        Raises:
            StorageError: what was asked did not answer.
        """
        ...


def dispatch(store: ObjectStore, plan: Plan, dispatcher: Dispatcher) -> tuple[int, ...]:
    """Hands out the chunks of a plan that have no result yet, unless they are on their way.

    Returns:
        Those that were handed out by this call.

    Raises:
        StorageError: not all of them could be handed out; a retry may help.
    """
    keys = RunKeys.of(plan)
    standing = find_with_etag(store, keys.dispatch(1))
    if standing is None:
        return _dispatch_anew(store, plan, dispatcher, 1, only=("missing",))
    data, etag = standing
    record = _read_record(data, keys.dispatch(1))
    # After a second record, the chunks of the first may be on their way by that one.
    if record.refused and dispatch_count(store, plan) == 1:
        return _dispatch_refused(store, plan, dispatcher, record, etag)
    if record.sent or not dispatcher.may_repeat:
        return ()
    return _hand_out(store, plan, dispatcher, 1, record)


def redispatch(
    store: ObjectStore, plan: Plan, dispatcher: Dispatcher, *, by_hand: bool
) -> tuple[int, ...]:
    """Hands out again what has no result, whatever was handed out before.

    Args:
        store: where the run is.
        plan: of the run.
        dispatcher: the way to the workers.
        by_hand: a person asks for it: also for the chunks that are recorded as failed.

    Returns:
        Those that were handed out. None if another call is just doing so.
    """
    only = ("missing", "failed") if by_hand else ("missing",)
    number = dispatch_count(store, plan) + 1
    return _dispatch_anew(store, plan, dispatcher, number, only, by_hand=by_hand)


def dispatch_count(store: ObjectStore, plan: Plan) -> int:
    """How many times chunks of a plan were handed out."""
    return sum(1 for _ in store.list(RunKeys.of(plan).dispatches))


def goes_since_asked(store: ObjectStore, plan: Plan) -> int:
    """How many times chunks were handed out since a person last asked for it, that go included.

    The upload asks first. So a redrive by hand uses up none of the goes that reconciliation has.

    Raises:
        ContractError: a record cannot be read.
    """
    keys, count = RunKeys.of(plan), dispatch_count(store, plan)
    for number in range(count, 0, -1):
        if read_dispatch(store, keys.dispatch(number)).by_hand:
            return count - number + 1
    return count


def dispatched_at(store: ObjectStore, plan: Plan) -> datetime | None:
    """When chunks of a plan were last handed out; None if never."""
    count = dispatch_count(store, plan)
    return store.written_at(RunKeys.of(plan).dispatch(count)) if count else None


def read_dispatch(store: ObjectStore, key: str) -> DispatchRecord:
    """A dispatch record.

    Raises:
        ObjectNotFoundError: there is none of that key.
        ContractError: it cannot be read.
    """
    return _read_record(store.get(key), key)


def _dispatch_anew(
    store: ObjectStore,
    plan: Plan,
    dispatcher: Dispatcher,
    number: int,
    only: tuple[str, ...],
    *,
    by_hand: bool = False,
) -> tuple[int, ...]:
    states = chunk_names(store, plan)
    chunks = tuple(index for index, state in enumerate(states) if state in only)
    if not chunks:
        return ()
    record = DispatchRecord(schema="flowtag.dispatch/1", chunks=chunks, sent=False, by_hand=by_hand)
    try:
        store.put_if_absent(RunKeys.of(plan).dispatch(number), readable_json(record))
    except PreconditionFailedError:
        return ()
    return _hand_out(store, plan, dispatcher, number, record)


def _dispatch_refused(
    store: ObjectStore, plan: Plan, dispatcher: Dispatcher, record: DispatchRecord, etag: str
) -> tuple[int, ...]:
    claimed = record.model_copy(update={"refused": False})
    # Of two calls at once one takes it up: the other would start the same job again.
    try:
        store.replace(RunKeys.of(plan).dispatch(1), readable_json(claimed), etag)
    except PreconditionFailedError:
        return ()
    return _hand_out(store, plan, dispatcher, 1, claimed)


def _hand_out(
    store: ObjectStore, plan: Plan, dispatcher: Dispatcher, number: int, record: DispatchRecord
) -> tuple[int, ...]:
    key = RunKeys.of(plan).dispatch(number)
    try:
        dispatcher.hand_out(plan, record.chunks, key)
    except NotHandedOutError:
        # Unless it is noted, reconciliation alone finds out, and late; the refusal says more.
        with contextlib.suppress(StorageError):
            store.put(key, readable_json(record.model_copy(update={"refused": True})))
        raise
    store.put(key, readable_json(record.model_copy(update={"sent": True})))
    return record.chunks


def _read_record(data: bytes, key: str) -> DispatchRecord:
    try:
        return DispatchRecord.model_validate_json(data, extra="ignore")
    except ValidationError as error:
        raise ContractError(f"{key} is damaged") from error
