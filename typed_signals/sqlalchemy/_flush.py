"""What a session sends while it flushes."""

# SQLAlchemy's mappers and states are generic in what is not known here.
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple, get_args
from weakref import WeakKeyDictionary, ref

from sqlalchemy import exc
from sqlalchemy.ext.asyncio import async_session
from sqlalchemy.orm import Mapper, Session, object_session

from typed_signals._describe import describe
from typed_signals._dispatch.nesting import limits
from typed_signals._dispatch.plan import NO_RECEIVERS, plan_for
from typed_signals._errors import SignalLoopError
from typed_signals._registry import state_of
from typed_signals._signal import Signal
from typed_signals.sqlalchemy._compat import await_, in_greenlet
from typed_signals.sqlalchemy._errors import SessionError
from typed_signals.sqlalchemy._history import (
    collections_of,
    column_changes,
    is_orphan,
    owners_of,
    relation_changes,
)
from typed_signals.sqlalchemy._models import Model, emitter_of, sends
from typed_signals.sqlalchemy._transactions import current_session

__all__ = ["LISTENERS"]

Operation = Literal["save", "update", "delete"]

_OPERATIONS: Final[Sequence[Operation]] = get_args(Operation)
_RELATED: Final = [f"{w}_relation_{what}" for w in ("pre", "post") for what in ("add", "remove")]
_SIGNALS: Final = [*(f"{w}_{what}" for w in ("pre", "post") for what in _OPERATIONS), *_RELATED]


class _Send(NamedTuple):
    """A signal to send, for one instance."""

    signal: Signal[Any]
    sender: Model
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Route:
    """The signals of a model that reach anybody, by name; and the model's relationships."""

    model: Model
    signals: Mapping[str, Signal[Any]]
    collections: Sequence[str]
    owners: Sequence[tuple[Model, str]]

    def send(self, name: str, **payload: object) -> Iterator[_Send]:
        """The send of a signal, if it reaches anybody."""
        if (signal := self.signals.get(name)) is not None:
            yield _Send(signal, self.model, payload)


class _Flush:
    """One flush: what was sent before it, and what it has written.

    Args:
        session: The session.
        only: The only instances to flush, if not all.
    """

    def __init__(self, session: Session, only: Iterable[object] | None) -> None:
        self._session = ref(session)  # one whose flush fails stays in `_open` as long as it lives
        self._is_written = False
        self._posts: list[_Send] = []
        self._only = None if only is None else {id(each) for each in only}
        self._routes: dict[Model, _Route | None] = {}
        self._announced: dict[tuple[Operation, int], object] = {}
        self._announced_relations: dict[tuple[int, str, str, int], object] = {}
        self._written: list[tuple[Operation, object, _Route]] = []

    @property
    def session(self) -> Session:
        """The session; the code that flushes holds it."""
        session = self._session()
        assert session is not None
        return session

    def route(self, model: Model) -> _Route | None:
        """The signals of a model that reach anybody; ``None`` if none does."""
        try:
            return self._routes[model]
        except KeyError:
            route = self._routes[model] = self._find_route(model)
            return route

    def _find_route(self, model: Model) -> _Route | None:
        emitter = emitter_of(model) if sends(model, self.session) else None
        if emitter is None:
            return None
        signals = {
            name: signal
            for name in _SIGNALS
            if plan_for(state_of(signal := emitter[name])) is not NO_RECEIVERS
        }
        if not signals:
            return None
        collections = collections_of(model) if signals.keys() & set(_RELATED) else ()
        return _Route(model, signals, collections, owners_of(model))

    # --- before ----------------------------------------------------------------------------------

    def before(self) -> None:
        """Send the ``pre_`` signals, until receivers add and change nothing new."""
        rounds = 0
        while found := list(self._next()):
            rounds += 1
            if rounds > limits.repeats:
                raise _endless(found)
            self._send_all(found)

    def _next(self) -> Iterator[_Send]:
        session = self.session
        given: Mapping[Operation, Iterable[object]] = {
            "save": session.new,
            "update": session.dirty,
            "delete": session.deleted,
        }
        for operation, instances in given.items():
            for instance in instances:
                route = self.route(type(instance))
                if route is None or (self._only is not None and id(instance) not in self._only):
                    continue
                orphan = operation == "update" and is_orphan(instance, route.owners)
                yield from self._announce("delete" if orphan else operation, instance, route)
                if operation != "delete":
                    yield from self._announce_relations(instance, route)

    def _announce(self, operation: Operation, instance: object, route: _Route) -> Iterator[_Send]:
        """The ``pre_`` signal of an operation, once."""
        key = (operation, id(instance))
        if key in self._announced or (payload := _payload(operation, instance)) is None:
            return
        self._announced[key] = instance
        for name in (f"pre_{operation}", f"post_{operation}"):
            self._refuse_plain_session(route.signals.get(name))
        yield from route.send(f"pre_{operation}", **payload)

    def _announce_relations(self, instance: object, route: _Route) -> Iterator[_Send]:
        for what, payload in _related(instance, route):
            child = payload["child"]
            key = (id(instance), payload["relation_name"], what, id(child))
            if key not in self._announced_relations:
                self._announced_relations[key] = child
                yield from route.send(f"pre_relation_{what}", **payload)

    # --- while it writes -------------------------------------------------------------------------

    def writes(self, operation: Operation, instance: object) -> None:
        """Send the ``pre_`` signal of an operation that only the flush itself has discovered."""
        if (route := self.route(type(instance))) is not None:
            self._send_all([*self._announce(operation, instance, route)])

    def wrote(self, operation: Operation, instance: object) -> None:
        """Note an operation that was written."""
        if (route := self.route(type(instance))) is not None:
            self._written.append((operation, instance, route))

    # --- after -----------------------------------------------------------------------------------

    def capture(self) -> None:
        """Collect the ``post_`` signals, while the instances still have their history."""
        seen = {id(each): each for each in self._announced.values()}
        for operation, instance, route in self._written:
            seen[id(instance)] = instance
            if (payload := _payload(operation, instance)) is not None:
                self._posts += route.send(f"post_{operation}", **payload)
        seen |= {id(each): each for each in (*self.session.new, *self.session.dirty)}
        for instance in seen.values():
            if (found := self.route(type(instance))) is not None:
                for what, payload in _related(instance, found):
                    self._posts += found.send(f"post_relation_{what}", **payload)

    def after(self) -> None:
        """Send the ``post_`` signals."""
        self._is_written = True
        self._send_all(self._posts)

    # --- sending ---------------------------------------------------------------------------------

    def _send_all(self, found: Sequence[_Send]) -> None:
        """Await the receivers, one after another, in the task that flushes."""
        if found:
            self._refuse_plain_session(found[0].signal)
            await_(self._send(found))

    def _refuse_plain_session(self, signal: Signal[Any] | None) -> None:
        if signal is not None and not (in_greenlet() and async_session(self.session)):
            raise SessionError(
                f"{signal.title} cannot be sent: a plain `Session` cannot await its receivers. "
                "Use an `AsyncSession`, whose `run_sync()` runs synchronous code"
            )

    async def _send(self, found: Sequence[_Send]) -> None:
        token = current_session.set(self.session)
        try:
            for signal, sender, payload in found:
                instance = payload["instance"]
                if object_session(instance) is not self.session:
                    continue  # an earlier receiver has removed it
                if "changed" in payload and not self._is_written:
                    payload["changed"] = column_changes(instance)  # earlier receivers may change it
                await signal.send(sender=sender, **payload)
        except exc.InvalidRequestError as error:
            error.add_note(
                "A receiver runs inside the flush of this session, which cannot flush, commit or "
                "roll back until that is over: what a pre_* receiver changes is written by it, and "
                "what a post_* receiver changes by the next one."
            )
            raise
        finally:
            current_session.reset(token)


def _payload(operation: Operation, instance: object) -> dict[str, Any] | None:
    """The payload of an operation; ``None`` if it is an update that changes nothing."""
    if operation != "update":
        return {"instance": instance}
    changed = column_changes(instance)
    return {"instance": instance, "changed": changed} if changed else None


def _related(instance: object, route: _Route) -> Iterator[tuple[str, dict[str, Any]]]:
    """What an instance's collections gained and lost: ``add`` or ``remove``, and the payload."""
    for name in route.collections:
        for what, children in zip(("add", "remove"), relation_changes(instance, name), strict=True):
            for child in children:
                yield what, {"instance": instance, "child": child, "relation_name": name}


def _endless(found: Sequence[_Send]) -> SignalLoopError:
    """Name the signals of the last round, and the receivers that may cause the loop."""
    lines = {
        f"  {each.signal.title} → receiver {describe(receiver)}": None
        for each in found
        for receiver in each.signal.receivers
    }
    return SignalLoopError(
        f"a flush does not come to its end: after {limits.repeats} rounds of pre_* signals there "
        "still are instances for which none was sent. They are made or changed in:\n"
        + "\n".join(lines)
        + "\nLet the receiver add or change instances only when there still is something to add "
        "or to change."
    )


# --- events --------------------------------------------------------------------------------------

_open: Final[WeakKeyDictionary[Session, _Flush]] = WeakKeyDictionary()
"""The flush of each session that flushes."""


def _before_flush(session: Session, context: object, only: Iterable[object] | None) -> None:
    flush = _open[session] = _Flush(session, only)
    flush.before()


def _on_row(note: Callable[[_Flush, Operation, object], None], operation: Operation) -> Any:
    """Make the listener for each row that a flush writes."""

    def listener(mapper: object, connection: object, target: object) -> None:
        session = object_session(target)
        if session is not None and (flush := _open.get(session)):
            note(flush, operation, target)

    return listener


def _after_flush(session: Session, context: object) -> None:
    if flush := _open.get(session):
        flush.capture()


def _after_flush_postexec(session: Session, context: object) -> None:
    """Send the ``post_`` signals: the instances have their final state now."""
    if flush := _open.pop(session, None):
        flush.after()


def _before_commit(session: Session) -> None:
    """Refuse to commit a session during its flush."""
    if current_session.get() is session and session.get_nested_transaction() is None:
        raise SessionError(
            "a receiver cannot commit the session whose flush it is called in: the flush is not "
            "over. Leave the commit to the code that flushes. To do something after the commit, "
            "connect a receiver with `on_commit=True`"
        )


LISTENERS: Final[Sequence[tuple[type, str, Callable[..., None]]]] = (
    (Session, "before_flush", _before_flush),
    (Mapper, "before_insert", _on_row(_Flush.writes, "save")),
    (Mapper, "before_update", _on_row(_Flush.writes, "update")),
    (Mapper, "before_delete", _on_row(_Flush.writes, "delete")),
    (Mapper, "after_insert", _on_row(_Flush.wrote, "save")),
    (Mapper, "after_update", _on_row(_Flush.wrote, "update")),
    (Mapper, "after_delete", _on_row(_Flush.wrote, "delete")),
    (Session, "after_flush", _after_flush),
    (Session, "after_flush_postexec", _after_flush_postexec),
    (Session, "before_commit", _before_commit),
)
"""The listeners for flushes: the target, the event's name, and the function."""
