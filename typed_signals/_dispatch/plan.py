"""Which receivers a send reaches, in which groups, through which middleware."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple, Protocol, TypeAlias, TypeVar

from typed_signals._backend import Transaction, find_backend
from typed_signals._connection import Connection
from typed_signals._contract import CHANGED, Mistake
from typed_signals._dispatch.changed import (
    begin,
    called,
    find_changed,
    has_asking_guest,
    is_read_at,
    without,
)
from typed_signals._dispatch.limits import limited
from typed_signals._dispatch.on_commit import DeferredSend
from typed_signals._dispatch.run import (
    Run,
    check_payload,
    explained,
    payload_error,
    run_concurrently,
    run_sequentially,
    without_frame,
)
from typed_signals._middleware import Middleware, SentSignal, applying
from typed_signals._registry import BaseSignal, SignalState, changes, state_of

__all__ = ["NO_RECEIVERS", "DispatchPlan", "Outcome", "deliver", "deliver_robustly", "plan_for"]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

Groups: TypeAlias = tuple[tuple[Run, tuple[Connection, ...]], ...]


class Outcome(NamedTuple):
    """How one receiver finished.

    Attributes:
        receiver: The receiver as it was connected.
        result: What it returned; ``None`` if it failed.
        exception: What it raised; ``None`` if it did not fail.
    """

    receiver: Callable[..., Awaitable[object]]
    result: object
    exception: BaseException | None


@dataclass(frozen=True, slots=True)
class DispatchPlan:
    """How the receivers of a signal are called.

    A group is run concurrently or sequentially; it begins once the one before it has finished
    without failure.

    Attributes:
        connections: All connections, in the order of connection.
        outside: The groups outside a transaction.
        inside: The groups inside a transaction.
        deferred: The connections that run after the commit.
        middleware: What each send passes first.
        own: The plan without inherited receivers, if there are any of those.
        strict: Whether each payload is compared with the contract.
        reads: Whether a send reads old values; see :mod:`changed`.
        asks: Whether a receiver asks for what changed.
        compares: Whether a receiver asks for it, or one that middleware may add.
        direct: Whether a send only calls receivers, without anything of the above.
    """

    connections: tuple[Connection, ...] = ()
    outside: Groups = ()
    inside: Groups = ()
    deferred: tuple[Connection, ...] = ()
    middleware: tuple[Middleware, ...] = ()
    own: DispatchPlan | None = None
    strict: bool = False
    reads: bool = False
    asks: bool = False
    compares: bool = False
    direct: bool = True


NO_RECEIVERS: Final = DispatchPlan()

SENDER_APART: Final = "is no part of it: pass on `dataclasses.replace(sent, sender=...)`"


def plan_for(state: SignalState) -> DispatchPlan:
    """Find the plan of a signal in its state, or make it."""
    known: DispatchPlan | None = state.plan
    if known is not None:
        return known
    version = changes.version  # what changes from here on makes the plan outdated
    connections, own = state.all_connections(), tuple(state.connections.values())
    plan = _plan(state, connections)
    strict, middleware = state.effective_mode == "strict", applying(state)
    reads, compares = is_read_at(state), plan.asks or has_asking_guest(state)
    if connections or strict or middleware or reads:
        inherits = len(own) < len(connections) or any(
            each.connections.keys() & state.connections.keys() for each in state.parents()
        )
        more: dict[str, Any] = {
            "middleware": middleware,
            "strict": strict,
            "reads": reads,
            "compares": compares,
            "direct": not (inherits or middleware or strict or reads or compares),
        }
        mine = replace(_plan(state, own), **more) if inherits else None
        plan = replace(plan, own=mine, **more)
    changes.keep_plan(state, version, plan)
    return plan


def _plan(state: SignalState, connections: Sequence[Connection]) -> DispatchPlan:
    if not connections:
        return NO_RECEIVERS
    asks = any(each.asks_since for each in connections)
    ready = [
        limited(state, without(each) if asks and not each.names_changed else each)
        for each in connections
    ]
    now = [connection for connection in ready if not connection.on_commit]
    return DispatchPlan(
        connections=tuple(connections),
        outside=_groups(now, sequential=bool(state.sequential)),
        inside=_groups(now, sequential=state.sequential is not False),
        deferred=tuple(connection for connection in ready if connection.on_commit),
        asks=asks,
    )


def _groups(connections: Sequence[Connection], *, sequential: bool) -> Groups:
    groups: list[tuple[Run, tuple[Connection, ...]]] = []
    for connection in connections:
        alone = sequential if connection.sequential is None else connection.sequential
        run: Run = run_sequentially if alone else run_concurrently
        if groups and groups[-1][0] is run:
            groups[-1] = (run, (*groups[-1][1], connection))
        else:
            groups.append((run, (connection,)))
    return tuple(groups)


# --- delivery ------------------------------------------------------------------------------------


class CallAll(Protocol[T_co]):
    """Calls the receivers of a plan: :func:`_call_all` or :func:`_call_all_robustly`."""

    def __call__(
        self, state: SignalState, plan: DispatchPlan, sender: object, payload: Mapping[str, Any]
    ) -> Coroutine[Any, Any, T_co]: ...


def deliver(
    signal: BaseSignal, plan: DispatchPlan, sender: object, payload: dict[str, Any]
) -> Coroutine[Any, Any, None]:
    """Call the receivers of a send; the first failure is raised."""
    if plan.direct:
        return _call_all(state_of(signal), plan, sender, payload)
    return _deliver(_call_all, signal, plan, sender, payload)


async def deliver_robustly(
    signal: BaseSignal, plan: DispatchPlan, sender: object, payload: dict[str, Any]
) -> list[Outcome]:
    """Call the receivers of a send, and collect how each finished; see :func:`deliver`."""
    return await _deliver(_call_all_robustly, signal, plan, sender, payload)


async def _deliver(
    call_all: CallAll[T],
    signal: BaseSignal,
    plan: DispatchPlan,
    sender: object,
    payload: dict[str, Any],
) -> T:
    if plan.strict and (error := check_payload(signal, payload)):
        raise error
    # From here on only its state is used: the signal may be turned back into an ORM's own.
    state, middleware = state_of(signal), plan.middleware
    if plan.own is not None and find_backend(sender).is_repeat(sender, payload):
        plan = plan.own
    operation = await begin(state, sender, payload) if plan.reads else None
    changed = find_changed(state, sender, payload) if plan.compares else None

    def call_next(index: int) -> Callable[[SentSignal], Coroutine[Any, Any, T]]:
        def call(sent: SentSignal) -> Coroutine[Any, Any, T]:
            if index < len(middleware):
                return middleware[index](sent, call_next(index + 1))
            if "sender" in sent.payload:
                raise payload_error(state, [Mistake("sender", SENDER_APART)])
            connections = called(state, sent.connections, changed)
            unchanged = connections is plan.connections
            chosen = plan if unchanged else _plan(state, connections)
            more = {**sent.payload, CHANGED: changed} if chosen.asks else sent.payload
            return call_all(state, chosen, sent.sender, more)

        return call

    connections = called(state, plan.connections, changed)
    sent = SentSignal(signal, sender, payload, connections)
    if operation is None:
        return await call_next(0)(sent)
    result = await call_next(0)(sent)
    try:
        await operation.end_first(sender, payload)
        return result
    finally:
        del result  # tracebacks of exceptions in it may hold this frame: a reference cycle


def _call_all(
    state: SignalState, plan: DispatchPlan, sender: object, payload: Mapping[str, Any]
) -> Coroutine[Any, Any, None]:
    transaction = find_backend(sender).find_transaction(sender, payload)
    groups = plan.outside if transaction is None else plan.inside
    if len(groups) == 1 and not plan.deferred:
        run, connections = groups[0]
        return run(state, connections, sender, payload)
    deferred = DeferredSend(state, plan.deferred, sender, payload)
    return _call_groups(groups, deferred, transaction)


async def _call_groups(
    groups: Groups, deferred: DeferredSend, transaction: Transaction | None
) -> None:
    for run, connections in groups:
        await run(deferred.signal, connections, deferred.sender, deferred.payload)
    await deferred.run_on_commit(transaction)


async def _call_all_robustly(
    state: SignalState, plan: DispatchPlan, sender: object, payload: Mapping[str, Any]
) -> list[Outcome]:
    transaction = find_backend(sender).find_transaction(sender, payload)
    caller = asyncio.current_task()
    outcomes: dict[int, Outcome] = {}
    try:
        for run, connections in plan.outside if transaction is None else plan.inside:
            capturing = [
                replace(each, call=_capturing(state, each, caller, outcomes))
                for each in connections
            ]
            await run(state, capturing, sender, payload)
        await DeferredSend(state, plan.deferred, sender, payload).run_on_commit(transaction)
        return [outcomes[each.order] for each in plan.connections if each.order in outcomes]
    finally:
        outcomes.clear()  # tracebacks of exceptions in it hold this frame: a reference cycle


def _capturing(
    state: SignalState,
    connection: Connection,
    caller: asyncio.Task[Any] | None,
    outcomes: dict[int, Outcome],
) -> Callable[..., Coroutine[Any, Any, None]]:
    def capture(result: object, exception: BaseException | None) -> None:
        outcomes[connection.order] = Outcome(connection.receiver, result, exception)

    async def call(sender: object, **payload: Any) -> None:
        before = caller.cancelling() if caller else 0
        try:
            capture(await connection.call(sender=sender, **payload), None)
        except asyncio.CancelledError as error:
            if caller is asyncio.current_task() and caller and caller.cancelling() > before:
                raise  # sequentially: the caller is cancelled, not this receiver alone
            capture(None, without_frame(error))
        except (KeyboardInterrupt, SystemExit, GeneratorExit):
            raise  # these end the program, or this coroutine
        except BaseException as error:
            capture(None, without_frame(explained(state, error, payload)))

    return call
