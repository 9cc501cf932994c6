"""A signal: connecting, disconnecting, receivers, and what each receiver is called with."""

import asyncio
import copy
import functools
import gc
import logging
import pickle
import warnings
import weakref
from typing import Any

import pytest

from typed_signals import (
    Mode,
    ModelSignals,
    PostRelationRemoveReceiver,
    PreRelationAddReceiver,
    PreSaveReceiver,
    Signal,
    SignalDefinitionError,
    SignalDefinitionWarning,
    SignalEmitter,
    mark_async,
)


class Album:
    signals: ModelSignals["Album"] = ModelSignals()


@pytest.fixture
def signal() -> Any:
    return Signal[PreSaveReceiver[Album]]()


@pytest.fixture
def received() -> list[str]:
    return []


def receivers_named(received: list[str], *names: str) -> list[Any]:
    def make(name: str) -> Any:
        async def receiver(sender, **kwargs):
            received.append(name)

        return receiver

    return [make(name) for name in names]


# --- connect and disconnect ----------------------------------------------------------------------


async def test_connect_is_a_decorator_that_returns_the_receiver(signal):
    async def receiver(sender, instance, **kwargs): ...

    assert signal.connect(receiver) is receiver

    @signal.connect
    async def decorated(sender, instance, **kwargs): ...

    assert signal.receivers == (receiver, decorated)


async def test_receivers_run_in_the_order_of_connection(signal, received):
    first, second, third = receivers_named(received, "first", "second", "third")
    for receiver in (second, first, third):
        signal.connect(receiver)
    await signal.send(Album, instance=Album())
    assert received == ["second", "first", "third"]
    assert signal.receivers == (second, first, third)


async def test_connecting_twice_connects_once_and_keeps_the_place(signal, received):
    first, second = receivers_named(received, "first", "second")
    for receiver in (first, second, first):
        signal.connect(receiver)
    await signal.send(Album, instance=Album())
    assert received == ["first", "second"]


async def test_bound_method_is_the_same_receiver_each_time_it_is_looked_up(signal, received):
    class Auditor:
        async def receive(self, sender, **kwargs):
            received.append("received")

        def __eq__(self, other):
            raise AssertionError("receivers are compared by identity")

        __hash__ = None

    one, other = Auditor(), Auditor()
    signal.connect(one.receive)
    signal.connect(one.receive)
    signal.connect(other.receive)
    assert len(signal.receivers) == 2
    await signal.send(Album, instance=Album())
    assert received == ["received"] * 2
    assert signal.disconnect(one.receive)
    assert not signal.disconnect(one.receive)
    assert [receiver.__self__ is other for receiver in signal.receivers] == [True]


def test_two_methods_of_one_object_are_two_receivers(signal):
    class Auditor:
        async def receive(self, sender, **kwargs): ...

        async def receive_too(self, sender, **kwargs): ...

    one = Auditor()
    signal.connect(one.receive)
    signal.connect(one.receive_too)
    assert signal.receivers == (one.receive, one.receive_too)
    assert signal.disconnect(one.receive)
    assert signal.receivers == (one.receive_too,)


async def test_static_method_is_the_same_receiver_in_the_class_body_and_outside(signal):
    class Auditor:
        @signal.connect
        @staticmethod
        async def receive(sender, **kwargs): ...

    signal.connect(Auditor.receive)
    assert len(signal.receivers) == 1
    assert signal.disconnect(Auditor.receive)
    assert signal.receivers == ()


def test_equal_receivers_that_are_not_identical_are_two(signal):
    async def receiver(sender, **kwargs): ...

    for _ in range(2):
        signal.connect(functools.partial(receiver, extra=1))
    assert len(signal.receivers) == 2


def test_disconnect_returns_whether_it_removed_anything(signal):
    async def receiver(sender, **kwargs): ...

    assert signal.disconnect(receiver) is False
    signal.connect(receiver)
    assert signal.disconnect(receiver) is True
    assert signal.disconnect(receiver) is False
    assert signal.disconnect("nothing that could be connected") is False


async def test_receiver_connected_again_runs_last(signal, received):
    first, second = receivers_named(received, "first", "second")
    signal.connect(first)
    signal.connect(second)
    signal.disconnect(first)
    signal.connect(first)
    await signal.send(Album, instance=Album())
    assert received == ["second", "first"]


async def test_receiver_is_kept_alive_until_it_is_disconnected(signal, received):
    class Auditor:
        async def receive(self, sender, **kwargs):
            received.append("received")

    auditor = Auditor()
    gone = weakref.ref(auditor)
    signal.connect(auditor.receive)
    del auditor
    gc.collect()
    await signal.send(Album, instance=Album())
    assert received == ["received"]

    signal.disconnect(signal.receivers[0])
    gc.collect()
    assert gone() is None


def test_receivers_is_a_snapshot(signal):
    async def receiver(sender, **kwargs): ...

    before = signal.receivers
    signal.connect(receiver)
    assert before == ()
    assert signal.receivers == (receiver,)


def test_has_receivers_says_whether_a_send_would_reach_any(signal):
    async def receiver(sender, **kwargs): ...

    assert signal.has_receivers is False
    signal.connect(receiver, on_commit=True)
    assert signal.has_receivers is True
    signal.disconnect(receiver)
    assert signal.has_receivers is False


def test_disconnect_all_returns_how_many_it_removed(signal):
    first, second = receivers_named([], "first", "second")
    assert signal.disconnect_all() == 0
    signal.connect(first)
    signal.connect(second)
    assert signal.disconnect_all() == 2
    assert signal.receivers == ()
    assert signal.connect(first, sequential=True) is first, "with any options, as if never before"


def test_underscore_receivers_can_be_read_and_cleared_as_a_dict(signal):
    """Tests that were written for ormar's own signals do both."""
    first, second = receivers_named([], "first", "second")
    kept = signal._receivers
    assert not kept
    signal.connect(first)
    signal.connect(second)
    assert len(kept) == 2
    assert list(kept.values()) == [first, second]
    assert all(kept[key] is receiver for key, receiver in kept.items())
    del kept[next(iter(kept))]
    assert signal.receivers == (second,)
    signal._receivers.clear()
    assert signal.receivers == ()
    assert not signal._receivers


def test_underscore_receivers_accepts_no_receiver_that_was_not_checked(signal):
    (receiver,) = receivers_named([], "receiver")
    with pytest.raises(TypeError, match="receivers are checked when they are connected"):
        signal._receivers[1] = receiver
    with pytest.raises(KeyError):
        del signal._receivers[1]
    assert signal.receivers == ()


# --- send ----------------------------------------------------------------------------------------


async def test_receiver_gets_exactly_the_payload(signal):
    got: list[Any] = []

    @signal.connect
    async def receiver(sender, **kwargs):
        got.append((sender, kwargs))

    instance = Album()
    await signal.send(Album, instance=instance)
    await signal.send(sender=Album, instance=instance, later=[1])
    assert got == [
        (Album, {"instance": instance}),
        (Album, {"instance": instance, "later": [1]}),
    ]


async def test_receiver_that_changes_its_kwargs_affects_no_other(signal):
    got: list[Any] = []

    async def clears_its_kwargs(sender, **kwargs):
        kwargs.clear()

    async def looks(sender, **kwargs):
        got.append(kwargs)

    signal.connect(clears_its_kwargs)
    signal.connect(looks)
    await signal.send(Album, instance=1)
    assert got == [{"instance": 1}]


async def test_send_without_receivers_does_nothing(signal):
    assert await signal.send(Album, instance=Album()) is None


async def test_payload_can_have_any_name():
    got: list[Any] = []
    signal: Any = Signal()

    @signal.connect
    async def plain(*args, **kwargs):
        got.append((args, kwargs))

    @signal.connect
    @mark_async
    def names_self(sender, self, **kwargs):
        got.append(self)
        return asyncio.sleep(0)

    payload = {"self": 1, "payload": 2, "receiver": 3, "signal": 4, "connections": 5, "name": 6}
    await signal.send(Album, **payload)
    assert got == [((), {"sender": Album, **payload}), 1]


async def test_receiver_can_disconnect_itself(signal, received):
    @signal.connect
    async def once(sender, **kwargs):
        received.append("once")
        assert signal.disconnect(once)

    await signal.send(Album, instance=Album())
    await signal.send(Album, instance=Album())
    assert received == ["once"]


# --- payload under another name ------------------------------------------------------------------


@pytest.fixture
def relation_add() -> Any:
    return Signal[PreRelationAddReceiver[Album]]()


SENT = {"instance": 1, "child": 2, "relation_name": "tracks"}


async def test_passed_args_is_the_dict_that_is_sent_as_passed_kwargs(relation_add):
    sent: dict[str, Any] = {"position": 1}
    got: dict[str, Any] = {}

    @relation_add.connect
    async def by_documented_name(sender, passed_args, **kwargs):
        got["documented"] = passed_args
        assert kwargs == {**SENT, "passed_kwargs": sent}

    @relation_add.connect
    async def by_real_name(sender, passed_kwargs, **kwargs):
        got["real"] = passed_kwargs
        assert kwargs == SENT

    @relation_add.connect
    async def by_both(sender, *, passed_kwargs, passed_args, **kwargs):
        got["both"] = passed_args
        assert passed_kwargs is passed_args

    @relation_add.connect
    async def by_none(sender, **kwargs):
        got["none"] = kwargs["passed_kwargs"]
        assert kwargs == {**SENT, "passed_kwargs": sent}

    class Auditor:
        async def receive(self, sender, passed_args, **kwargs):
            got["method"] = passed_args

    relation_add.connect(Auditor().receive)

    async def with_extra(extra, sender, passed_args, **kwargs):
        got["partial"] = passed_args

    relation_add.connect(functools.partial(with_extra, 1))

    @relation_add.connect
    @functools.wraps(with_extra)
    async def wrapper(sender, **kwargs):
        assert "passed_args" not in kwargs

    def passed_through(wrapped):
        @functools.wraps(wrapped)
        async def wrapper(*args, **kwargs):
            await wrapped(*args, **kwargs)

        return wrapper

    @relation_add.connect
    @passed_through
    async def wrapped(sender, passed_args, **kwargs):
        got["wrapped"] = passed_args

    await relation_add.send(Album, **SENT, passed_kwargs=sent)
    assert set(got) == {"documented", "real", "both", "none", "method", "partial", "wrapped"}
    assert all(each is sent for each in got.values())


async def test_alias_replaces_a_default(relation_add):
    got: list[Any] = []

    @relation_add.connect
    async def receiver(sender, passed_args=None, **kwargs):
        got.append(passed_args)

    sent = {"position": 1}
    await relation_add.send(Album, **SENT, passed_kwargs=sent)
    assert got[0] is sent


async def test_payload_sent_under_the_documented_name_is_passed_on(relation_add):
    got: list[Any] = []

    @relation_add.connect
    async def receiver(sender, passed_args, **kwargs):
        got.append((passed_args, kwargs))

    await relation_add.send(Album, **SENT, passed_args={"sent": "so"})
    assert got == [({"sent": "so"}, SENT)]


async def test_passed_args_is_an_empty_dict_on_remove_only_if_named():
    signal: Any = Signal[PostRelationRemoveReceiver[Album]]()
    got: list[Any] = []

    @signal.connect
    async def names_it(sender, passed_args, **kwargs):
        assert kwargs == SENT
        got.append(passed_args)
        passed_args["changed"] = True

    @signal.connect
    async def names_it_too(sender, passed_args, **kwargs):
        got.append(dict(passed_args))

    @signal.connect
    async def does_not(sender, **kwargs):
        assert kwargs == SENT
        got.append("nothing")

    await signal.send(Album, **SENT)
    assert got == [{"changed": True}, {}, "nothing"]


# --- repr ----------------------------------------------------------------------------------------


def test_repr_names_the_owner_and_the_receivers(signal):
    async def receiver(sender, secret="secret", **kwargs): ...

    place = f"(tests/test_signal.py:{receiver.__code__.co_firstlineno})"
    name = f"`tests.test_signal.{receiver.__qualname__}` {place}"
    assert repr(signal) == "<a signal: no receivers>"
    signal.connect(receiver)
    signal.connect(functools.partial(receiver, secret="secret"))
    assert repr(signal) == f"<a signal: {name}, partial of {name}>"

    owned = Album.signals.post_save
    assert repr(owned) == "<signal `post_save` of Album: no receivers>"
    owned.connect(receiver)
    assert repr(owned) == f"<signal `post_save` of Album: {name}>"
    assert owned.disconnect(receiver)


def test_signal_has_name_title_protocol_and_contract(signal):
    assert (signal.name, signal.title) == ("", "a signal")
    assert signal.protocol is PreSaveReceiver
    assert signal.contract.names == ("instance",)
    owned = Album.signals.pre_relation_add
    assert (owned.name, owned.title) == ("pre_relation_add", "signal `pre_relation_add` of Album")
    assert owned.protocol is PreRelationAddReceiver
    assert owned.contract.aliases == {"passed_args": "passed_kwargs"}


# --- copies and pickles --------------------------------------------------------------------------


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
async def test_copy_has_contract_and_receivers_and_is_independent(signal, received, copied):
    first, second, third = receivers_named(received, "first", "second", "third")
    signal.connect(first)
    twin = copied(signal)
    assert type(twin) is type(signal)
    assert twin.protocol is signal.protocol
    assert twin.receivers == (first,)

    twin.connect(second)
    signal.connect(third)
    await twin.send(Album, instance=Album())
    assert received == ["first", "second"]
    assert signal.receivers == (first, third)

    async def wrong(sender, child, **kwargs): ...

    with pytest.raises(SignalDefinitionError):
        twin.connect(wrong)


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_copy_of_an_emitters_signal_keeps_its_contract_elsewhere(copied):
    twin = copied(Album.signals.pre_save)
    assert twin.protocol is PreSaveReceiver
    emitter: Any = SignalEmitter()
    emitter.anything = twin
    assert emitter.anything is twin
    assert twin.protocol is PreSaveReceiver
    assert twin.title == "signal `anything` of SignalEmitter"


def test_copy_is_sequential_like_its_original():
    assert copy.copy(Signal(sequential=True)).sequential is True


def test_copy_has_the_mode_of_its_original(signal):
    async def swallows(**kwargs): ...

    lenient: Any = Signal[PreSaveReceiver[Album]](mode="lenient")
    with pytest.warns(SignalDefinitionWarning):
        copy.copy(lenient).connect(swallows)
    with pytest.raises(SignalDefinitionError):
        copy.copy(signal).connect(swallows)


def test_pickling_is_refused_with_a_reason(signal):
    with pytest.raises(TypeError) as caught:
        pickle.dumps(signal)
    assert str(caught.value) == (
        "a signal cannot be pickled: its receivers are functions of this process. "
        "Connect them again where it is needed."
    )


# --- modes ---------------------------------------------------------------------------------------

WORKS = {
    "swallowed by kwargs": "(**kwargs)",
    "payload alone": "(instance, **kwargs)",
    "sender second": "(instance, sender, **kwargs)",
    "sender keyword-only": "(*, sender, **kwargs)",
    "sender keyword-only after args": "(*args, sender, **kwargs)",
    "something optional in its place": "(model=None, **kwargs)",
}
CANNOT_WORK = {
    "no kwargs": "(sender, instance)",
    "renamed": "(_, instance, **kwargs)",
    "a method without its object": "(self, sender, instance, **kwargs)",
    "never sent": "(sender, child, **kwargs)",
    "something required before sender": "(model, sender, **kwargs)",
    "positional-only": "(sender, instance, /, **kwargs)",
    "sender second and never sent": "(instance, sender, child, **kwargs)",
}


def written(parameters: str, kind: str = "async def") -> Any:
    names: dict[str, Any] = {}
    exec(f"{kind} receiver{parameters}: ...", names)
    return names["receiver"]


def lenient_signals() -> dict[str, Any]:
    class Track:
        signals: ModelSignals[Any] = ModelSignals(mode="lenient")

    return {
        "a lenient signal": Signal[PreSaveReceiver[Album]](mode="lenient"),
        "a signal of a lenient emitter": Track.signals.pre_save,
    }


@pytest.mark.parametrize("which", lenient_signals())
@pytest.mark.parametrize("parameters", WORKS.values(), ids=WORKS.keys())
async def test_lenient_mode_warns_of_what_works_but_breaks_the_contract(which, parameters, signal):
    receiver = written(parameters)
    with pytest.raises(SignalDefinitionError):
        signal.connect(receiver)

    lenient = lenient_signals()[which]
    with pytest.warns(SignalDefinitionWarning) as caught:
        assert lenient.connect(receiver) is receiver
    assert [warning.filename for warning in caught] == [__file__]
    await lenient.send(Album, instance=Album())


@pytest.mark.parametrize("which", lenient_signals())
@pytest.mark.parametrize("parameters", CANNOT_WORK.values(), ids=CANNOT_WORK.keys())
def test_lenient_mode_refuses_what_cannot_work(which, parameters):
    lenient = lenient_signals()[which]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(SignalDefinitionError, match="cannot be connected to"):
            lenient.connect(written(parameters))
    assert lenient.receivers == ()


def test_lenient_mode_refuses_what_is_not_async():
    with pytest.raises(SignalDefinitionError, match="it must be async, but it is a sync function"):
        lenient_signals()["a lenient signal"].connect(written("(**kwargs)", "def"))


def test_warning_has_the_text_of_the_error():
    receiver = written("(instance, sender, **kwargs)")
    with pytest.warns(SignalDefinitionWarning) as caught:
        lenient_signals()["a signal of a lenient emitter"].connect(receiver)
    assert str(caught[0].message) == (
        "`receiver` (<string>:1) breaks the contract of signal `pre_save` of Track:\n"
        "  - `sender` is not its first parameter: write `sender` as its first parameter\n"
        "  expected: async def receiver(sender: type[Track], *, instance: Track, "
        "**kwargs: object)"
    )


async def test_lenient_mode_accepts_a_custom_receiver_with_payload_only():
    emitter: Any = SignalEmitter(mode="lenient")
    with pytest.warns(SignalDefinitionWarning):
        emitter.order_paid.connect(written("(order, **kwargs)"))
    await emitter.order_paid.send(Album, order=1)
    with pytest.raises(SignalDefinitionError):
        emitter.order_paid.connect(written("(_, **kwargs)"))


def test_valid_receiver_is_connected_without_a_warning_in_every_mode():
    modes: tuple[Mode, ...] = ("lenient", "normal", "strict")
    for mode in modes:
        signal: Any = Signal[PreSaveReceiver[Album]](mode=mode)
        signal.connect(written("(sender, instance, **kwargs)"))  # a warning would be an error


def test_signal_can_be_stricter_or_more_lenient_than_its_emitter():
    emitter: Any = SignalEmitter(mode="lenient")
    emitter.order_paid = Signal(mode="normal")
    with pytest.raises(SignalDefinitionError):
        emitter.order_paid.connect(written("(**kwargs)"))
    emitter = SignalEmitter()
    emitter.order_paid = Signal(mode="lenient")
    with pytest.warns(SignalDefinitionWarning):
        emitter.order_paid.connect(written("(**kwargs)"))


# --- no field values in notes and logs -----------------------------------------------------------


async def test_notes_and_logs_hold_no_field_values(signal, caplog):
    async def fails(sender, instance, **kwargs):
        raise ValueError(f"first, {instance}")

    async def fails_too(sender, instance, secret="secret", **kwargs):
        raise KeyError(instance)

    signal.connect(fails)
    signal.connect(functools.partial(fails_too, secret="secret"))
    with caplog.at_level(logging.DEBUG), pytest.raises(ValueError, match="first") as caught:
        await signal.send(Album, instance="secret")
    place = f"(tests/test_signal.py:{fails_too.__code__.co_firstlineno})"
    name = f"`{__name__}.{fails_too.__qualname__}` {place}"
    note = f"receiver partial of {name} of a signal failed too: KeyError"
    assert caught.value.__notes__ == [note]
    assert caplog.record_tuples == [("typed_signals", logging.ERROR, note)]
