"""Backends: an ORM of a few lines, found from the sender of any signal."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from typed_signals import (
    ModelSignals,
    PostUpdateReceiver,
    Signal,
    SignalDefinitionError,
    SignalEmitter,
    SignalPayloadError,
    UnknownSignalError,
    get_emitter,
    pre_save,
    receiver,
)
from typed_signals._backend import (
    Backend,
    Transaction,
    find_backend,
    has_backend,
    register_backend,
    register_class,
)
from typed_signals._describe import describe
from typed_signals._dispatch.on_commit import DeferredSend, run_deferred
from typed_signals._dispatch.shield import Shield


class TableError(SignalDefinitionError):
    """The ORM's own error."""


class UnknownTableSignalError(TableError, UnknownSignalError):
    """The ORM's own error for a name."""


class TableType(type):
    """The metaclass of the ORM's models."""


class OpenTransaction:
    """A transaction that is committed by hand."""

    def __init__(self) -> None:
        self.deferred: list[DeferredSend] = []

    async def run_on_commit(self, deferred: DeferredSend) -> None:
        self.deferred.append(deferred)

    def take_back(self, deferred: DeferredSend) -> bool:
        return False

    async def commit(self) -> None:
        await run_deferred(self.deferred, Shield())


class TableBackend(Backend):
    definition_error = TableError
    unknown_error = UnknownTableSignalError

    def __init__(self) -> None:
        self.transaction: OpenTransaction | None = None
        self.asked: list[object] = []
        self.shared: list[tuple[object, object]] = []

    def find_emitter(self, sender: Any) -> object:
        return getattr(sender, "table_signals", None)

    def field_names(self, sender: Any) -> list[str]:
        return ["title"]

    def find_transaction(self, sender: Any, payload: Mapping[str, Any]) -> Transaction | None:
        self.asked.append(sender)
        return self.transaction

    def share_transaction(self, sender: Any, task: asyncio.Task[Any]) -> None:
        self.shared.append((sender, task))


class Album(metaclass=TableType):
    table_signals: Any = ModelSignals()


class Track(metaclass=TableType):
    pass


class Plain:
    signals: Any = ModelSignals()


@pytest.fixture
def backend() -> Iterator[TableBackend]:
    backend = TableBackend()
    register_backend(TableType, backend)
    yield backend
    register_backend(TableType, Backend())


class LiveTableType(TableType):
    """A metaclass derived from the ORM's."""


def test_backend_is_found_from_the_metaclass_of_a_sender(backend):
    class LiveAlbum(metaclass=LiveTableType): ...

    assert find_backend(Album) is find_backend(LiveAlbum) is backend
    assert has_backend(Album)
    assert has_backend(Album()), "though it is refused"
    for other in (Plain, Plain(), int, None, "Album"):
        assert find_backend(other) is not backend
        assert not has_backend(other)


def test_backend_is_found_from_a_registered_class(backend):
    class Base: ...

    class LiveBase(Base): ...

    register_class(Base, backend)
    assert find_backend(Base) is find_backend(LiveBase) is backend
    assert has_backend(LiveBase()), "though it is refused"
    assert not has_backend(Plain)


def test_backend_registered_later_replaces_the_one_found_before(backend):
    assert find_backend(Album) is backend
    other = Backend()
    register_backend(TableType, other)
    assert find_backend(Album) is other


async def test_instance_is_refused_before_its_backend_is_asked(backend):
    with pytest.raises(TableError, match=r"^an `Album` sends no signals, its class does: write `A"):
        pre_save(Album())

    signal = Signal()
    signal.connect(note)
    with pytest.raises(
        SignalPayloadError, match=r"^`sender` must be a model class, not an `Album`"
    ):
        await signal.send(sender=Album())
    assert backend.asked == []


async def note(sender: object, **kwargs: object) -> None: ...


def test_looking_for_a_backend_keeps_no_class_alive():
    class Made: ...

    gone = weakref.ref(Made)
    find_backend(Made())
    find_backend(Made)
    del Made
    gc.collect()
    assert gone() is None


def test_backend_finds_the_emitter_of_its_senders(backend):
    assert get_emitter(Album) is Album.table_signals

    @pre_save(Album)
    async def on_save(sender, instance, **kwargs): ...

    assert on_save in Album.table_signals.pre_save.receivers


def test_backends_own_errors_are_raised(backend):
    with pytest.raises(TableError, match="`Track` sends no signals"):
        receiver("pre_save", Track)
    with pytest.raises(TableError, match="must be async"):
        pre_save(Album)(lambda sender, **kwargs: None)
    with pytest.raises(TableError, match="must be a signal"):
        Album.table_signals.opened = 3


def test_backends_own_error_is_raised_for_an_unknown_name(backend):
    class StrictAlbum(metaclass=TableType):
        table_signals: Any = ModelSignals(mode="strict")

    with pytest.raises(UnknownTableSignalError, match="did you mean `pre_save`"):
        StrictAlbum.table_signals.pre_svae


def test_fields_of_a_receiver_are_checked_once_the_sender_is_known(backend):
    signal = Signal[PostUpdateReceiver[Any]]()
    signal.connect(note, fields={"titel"})
    with pytest.raises(TableError) as caught:
        Album.table_signals.post_update = signal
    assert str(caught.value) == (
        f"{describe(note)} cannot be connected to signal `post_update` of Album: `titel` in "
        "`fields` is no field that an update writes: did you mean `title`?"
    )


@pytest.mark.parametrize("of_model", [True, False], ids=["signal of a model", "bare signal"])
async def test_receivers_run_sequentially_in_a_transaction_of_the_sender(backend, of_model):
    signal = SignalEmitter[Any]().opened if not of_model else Album.table_signals.opened
    caller, tasks = asyncio.current_task(), []

    @signal.connect
    async def receiver(sender, **kwargs):
        tasks.append(asyncio.current_task())

    await signal.send(sender=Album)
    backend.transaction = OpenTransaction()
    await signal.send(sender=Album)
    await signal.send(sender=Plain)  # has no transaction
    assert [task is caller for task in tasks] == [False, True, False]
    assert backend.asked == [Album, Album]
    signal.disconnect_all()


@pytest.mark.parametrize("robust", [False, True], ids=["send", "send_robust"])
async def test_receivers_of_a_bare_signal_wait_for_the_commit_of_the_sender(backend, robust):
    signal, received = Signal(), []

    @signal.connect(on_commit=True)
    async def on_commit(sender, **kwargs):
        received.append(kwargs)

    send = signal.send_robust if robust else signal.send
    backend.transaction = OpenTransaction()
    await send(sender=Album, number=1)
    assert received == []
    await backend.transaction.commit()
    assert received == [{"number": 1}]
    await send(sender=Plain, number=2)
    assert received == [{"number": 1}, {"number": 2}]


async def test_sequential_receivers_nested_too_deep_for_one_task_share_its_transaction(backend):
    signal: Any = Signal(sequential=True)
    tasks: list[Any] = []

    async def sends_again(sender: Any, **kwargs: object) -> None:
        tasks.append(asyncio.current_task())
        if len(tasks) <= 16:
            await signal.send(Album)

    signal.connect(sends_again)
    await signal.send(Album)
    assert len(tasks) == 17
    assert len({*tasks}) == 2
    assert backend.shared == [(Album, tasks[16])]
