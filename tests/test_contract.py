"""What connect() refuses, and how each refusal reads."""

import functools
import linecache
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Protocol, TypeVar
from unittest.mock import MagicMock, call

import pytest

from typed_signals import (
    Alias,
    Change,
    Fault,
    ModelSignals,
    PreUpdateReceiver,
    Signal,
    SignalDefinitionError,
    SignalDefinitionWarning,
    SignalEmitter,
)
from typed_signals._contract import Contract, incompatible, misspelt, mistyped, suggest
from typed_signals._describe import Location, locate

HERE = Path(__file__)
M_contra = TypeVar("M_contra", contravariant=True)


class Album:
    signals: ModelSignals["Album"] = ModelSignals()


SIGNALS: Any = Album.signals  # wrong receivers are connected on purpose
PRE_SAVE: Any = Album.signals.pre_save
EXPECTED = "async def receiver(sender: type[Album], *, instance: Album, **kwargs: object)"


def refusal(signal: Any, receiver: Any) -> SignalDefinitionError:
    before = signal.receivers
    with pytest.raises(SignalDefinitionError) as caught:
        signal.connect(receiver)
    assert signal.receivers == before, "a refused receiver is not connected"
    return caught.value


def lines_of(error: SignalDefinitionError) -> list[str]:
    """The lines with the faults, between the receiver and the expected signature."""
    _, *faults, expected = str(error).splitlines()
    assert expected.startswith("  expected: async def receiver(sender: ")
    assert faults == [f"  - {fault}" for fault in error.faults]
    return [str(fault) for fault in error.faults]


# --- one complete error --------------------------------------------------------------------------


def notify(instance):  # the line that the error names
    print(instance)


LINE = notify.__code__.co_firstlineno


def test_error_names_receiver_place_faults_and_expected_signature():
    error = refusal(PRE_SAVE, notify)
    assert str(error) == (
        f"`tests.test_contract.notify` (tests/test_contract.py:{LINE}) "
        "cannot be connected to signal `pre_save` of Album:\n"
        "  - it must be async, but it is a sync function: write `async def`; if it blocks, connect "
        "it with `typed_signals.in_thread`; if it does return an awaitable, declare it in its "
        "return annotation (`-> Awaitable[...]`) or with `typed_signals.mark_async`\n"
        "  - it has no `sender` parameter: write `sender` as its first parameter\n"
        "  - it does not accept `**kwargs`, and payloads may grow: "
        "add `**kwargs: object` as its last parameter\n"
        f"  expected: {EXPECTED}"
    )
    assert "the line that the error names" in linecache.getline(str(HERE), LINE)


def test_every_fault_has_a_code():
    async def everything(instnace, child, /, sender, *, thing): ...

    error = refusal(SIGNALS.pre_relation_add, everything)
    assert [fault.code for fault in error.faults] == [
        "sender-not-first",
        "unknown-parameter",
        "positional-payload",
        "unknown-parameter",
        "no-kwargs",
    ]
    assert all(isinstance(fault, Fault) for fault in error.faults)


# --- not callable, not async ---------------------------------------------------------------------

NOT_CALLABLE = (
    "it cannot be called: connect an `async def` function, a bound method or an object with "
    "`__call__`"
)
SYNC = (
    "it must be async, but it is a sync function: write `async def`; if it blocks, connect it "
    "with `typed_signals.in_thread`; if it does return an awaitable, declare it in its return "
    "annotation (`-> Awaitable[...]`) or with `typed_signals.mark_async`"
)
SYNC_CALL = (
    "it must be async, but it is an object with a sync `__call__`: write `async def __call__`"
)
LAMBDA = "it must be async, but it is a lambda: write an `async def` function"
GENERATOR = "it must be async, but it is an async generator: remove its `yield`"
CLASS = (
    "it must be async, but it is a class: connect an instance with an `async def __call__`, "
    "or one of its methods"
)
UNREADABLE = "its parameters cannot be inspected: wrap it in an `async def` function"


def sync(sender, instance, **kwargs): ...


def sync_with_unknown_return(sender, instance, **kwargs) -> "Nowhere[None]": ...  # noqa: F821 - what nobody defines


def sync_with_another_fault(sender, instance) -> "Nowhere[None]": ...  # noqa: F821 - as above


def sometimes_awaitable(sender, instance, **kwargs) -> Awaitable[None] | None: ...


async def generator(sender, instance, **kwargs):
    yield instance


async def good(sender, instance, **kwargs): ...


def passed_through(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


def passed_through_async(function):
    @functools.wraps(function)
    async def wrapper(*args, **kwargs):
        return await function(*args, **kwargs)

    return wrapper


class Receivers:
    def __init__(self, sender=None, instance=None, **kwargs): ...

    def __call__(self, sender, instance, **kwargs): ...

    async def method(self, sender, instance, **kwargs): ...

    def sync_method(self, sender, instance, **kwargs): ...

    @classmethod
    async def class_method(cls, sender, instance, **kwargs): ...

    @staticmethod
    def sync_static_method(sender, instance, **kwargs): ...

    async def generator_method(self, sender, instance, **kwargs):
        yield instance


UNKNOWN_RETURN = (
    "it must be async, but it is a sync function: its annotations name `Nowhere`, which cannot be "
    "found at run time: define or import it at the top of the module, not in a function or under "
    "`if TYPE_CHECKING`; or write `async def`"
)
NOT_ASYNC = {
    "a string": ("pre_save", [NOT_CALLABLE]),
    "None": (None, [NOT_CALLABLE]),
    "a class method that no class has yet": (
        Receivers.__dict__["class_method"],
        ["it cannot be called: connect it through its class once that exists (`Receivers.method`)"],
    ),
    "a sync function": (sync, [SYNC]),
    "a sync function with an annotation that leads nowhere": (
        sync_with_unknown_return,
        [UNKNOWN_RETURN],
    ),
    "such a function with another fault": (
        sync_with_another_fault,
        [
            UNKNOWN_RETURN,
            "it does not accept `**kwargs`, and payloads may grow: add `**kwargs: object` as its "
            "last parameter",
        ],
    ),
    "a sync function that may return None": (sometimes_awaitable, [SYNC]),
    "a lambda": (lambda sender, instance, **kwargs: None, [LAMBDA]),
    "an async generator": (generator, [GENERATOR]),
    "a class": (Receivers, [CLASS]),
    "an object with a sync __call__": (Receivers(), [SYNC_CALL]),
    "a sync method": (Receivers().sync_method, [SYNC]),
    "a sync static method": (Receivers.sync_static_method, [SYNC]),
    "a sync static method in a class body": (Receivers.__dict__["sync_static_method"], [SYNC]),
    "an async generator method": (Receivers().generator_method, [GENERATOR]),
    "a partial of a sync function": (functools.partial(sync, extra=1), [SYNC]),
    "a partial of a partial of a lambda": (
        functools.partial(functools.partial(lambda sender, **kwargs: None, a=1), b=2),
        [LAMBDA],
    ),
    "a partial of a class": (functools.partial(Receivers, extra=1), [CLASS]),
    "a sync wrapper around an async function": (passed_through(good), [SYNC]),
    "MagicMock": (MagicMock(), [SYNC_CALL]),
    "an object that is anything one asks for": (call, [SYNC_CALL, UNREADABLE]),
    "a builtin that has no signature": (max, [SYNC, UNREADABLE]),
}


@pytest.mark.parametrize(("receiver", "faults"), NOT_ASYNC.values(), ids=NOT_ASYNC.keys())
def test_receiver_that_is_not_async_is_refused(receiver, faults):
    assert lines_of(refusal(PRE_SAVE, receiver)) == faults


# --- signatures ----------------------------------------------------------------------------------

NO_KWARGS = (
    "it does not accept `**kwargs`, and payloads may grow: "
    "add `**kwargs: object` as its last parameter"
)
FIRST = "write `sender` as its first parameter"
NO_SENDER = f"it has no `sender` parameter: {FIRST}"
SWALLOWED = f"it has no `sender` parameter of its own, `**kwargs` swallows it: {FIRST}"
NOT_FIRST = f"`sender` is not its first parameter: {FIRST}"
KEYWORD_ONLY = f"`sender` is keyword-only: {FIRST}"
POSITIONAL = "`sender` is positional-only, and it is sent by keyword: remove the `/`"
METHOD = "connect the bound method (`obj.method`), or make it a static method"


def renamed(name: str) -> str:
    return f"its first parameter is `{name}`, not `sender`: name it `sender`; it is sent by keyword"


def never(name: str, signal: str, remedy: str = "give it a default or remove it") -> str:
    return f"it requires `{name}`, which `{signal}` never sends: {remedy}"


def positional(name: str) -> str:
    return f"`{name}` is positional-only, and payload is sent by keyword: remove the `/`"


SIGNATURES_WITH_FAULTS = {
    # **kwargs
    "(sender, instance)": ("pre_save", [NO_KWARGS]),
    "(sender, instance, *args)": ("pre_save", [NO_KWARGS]),
    "(sender)": ("pre_save", [NO_KWARGS]),
    # sender
    "()": ("pre_save", [NO_SENDER, NO_KWARGS]),
    "(**kwargs)": ("pre_save", [SWALLOWED]),
    "(instance, **kwargs)": ("pre_save", [SWALLOWED]),
    "(*, instance, **kwargs)": ("pre_save", [SWALLOWED]),
    "(_, instance, **kwargs)": ("pre_save", [renamed("_")]),
    "(model, instance, **kwargs)": ("pre_save", [renamed("model")]),
    "(model, /, instance, **kwargs)": ("pre_save", [f"{renamed('model')} (remove the `/`)"]),
    "(model=None, **kwargs)": (
        "pre_save",
        [f"its first parameter is `model`, not `sender`: {FIRST}"],
    ),
    "(self, sender, instance, **kwargs)": (
        "pre_save",
        [f"its first parameter is `self`, not `sender`: {METHOD}"],
    ),
    "(cls, instance, **kwargs)": (
        "pre_save",
        [f"its first parameter is `cls`, not `sender`: {METHOD}"],
    ),
    "(instance, sender, **kwargs)": ("pre_save", [NOT_FIRST]),
    "(*args, sender, **kwargs)": ("pre_save", [NOT_FIRST]),
    "(*, sender, instance, **kwargs)": ("pre_save", [KEYWORD_ONLY]),
    "(sender, /, instance, **kwargs)": ("pre_save", [POSITIONAL]),
    "(sender, /, *args, **kwargs)": ("pre_save", [POSITIONAL]),
    # payload that is never sent
    "(sender, instance, child, **kwargs)": ("post_save", [never("child", "post_save")]),
    "(sender, instnace, **kwargs)": (
        "pre_save",
        [never("instnace", "pre_save", "write `instance`")],
    ),
    "(sender, *, instnace, **kwargs)": (
        "pre_save",
        [never("instnace", "pre_save", "write `instance`")],
    ),
    "(sender, instances, **kwargs)": (
        "pre_delete",
        [never("instances", "pre_delete", "write `instance`")],
    ),
    "(sender, instance, instances, **kwargs)": ("pre_save", [never("instances", "pre_save")]),
    "(sender, instance, passed_args, **kwargs)": (
        "post_update",
        [never("passed_args", "post_update")],
    ),
    "(sender, instance, chlid, **kwargs)": (
        "pre_relation_add",
        [never("chlid", "pre_relation_add", "write `child`")],
    ),
    "(sender, instance, child, realtion_name, **kwargs)": (
        "pre_relation_remove",
        [never("realtion_name", "pre_relation_remove", "write `relation_name`")],
    ),
    "(sender, instance, child, relation_name, passed_args, **kwargs)": (
        "pre_relation_remove",
        [never("passed_args", "pre_relation_remove")],
    ),
    "(sender, instance, **kwargs)": (
        "post_bulk_update",
        [never("instance", "post_bulk_update", "write `instances`")],
    ),
    # positional-only payload
    "(sender, instance, /, **kwargs)": ("pre_save", [POSITIONAL, positional("instance")]),
    "(instance, /, sender, **kwargs)": ("pre_save", [NOT_FIRST, positional("instance")]),
    "(instance, /, **kwargs)": ("pre_save", [SWALLOWED, positional("instance")]),
    # several at once
    "(_, instnace, *, child)": (
        "pre_save",
        [
            renamed("_"),
            never("instnace", "pre_save", "write `instance`"),
            never("child", "pre_save"),
            NO_KWARGS,
        ],
    ),
}


def compiled(parameters: str, kind: str = "async def") -> Callable[..., Any]:
    names: dict[str, Any] = {}
    exec(f"{kind} written{parameters}: ...", names)
    return names["written"]


@pytest.mark.parametrize(
    ("parameters", "signal", "faults"),
    [(parameters, *case) for parameters, case in SIGNATURES_WITH_FAULTS.items()],
    ids=SIGNATURES_WITH_FAULTS.keys(),
)
def test_signature_that_breaks_the_contract_is_refused(parameters, signal, faults):
    assert lines_of(refusal(SIGNALS[signal], compiled(parameters))) == faults


def test_faults_of_the_signature_come_after_not_async():
    assert lines_of(refusal(PRE_SAVE, compiled("(_, child)", "def"))) == [
        SYNC,
        renamed("_"),
        never("child", "pre_save"),
        NO_KWARGS,
    ]


# --- partials and wrappers -----------------------------------------------------------------------


def bound(name: str) -> str:
    return (
        f"`{name}` is already bound by position, and the signal sends it by keyword: "
        f"leave `{name}` free"
    )


async def needs_child(sender, child, **kwargs): ...


class WrappedCall:
    @passed_through_async
    async def __call__(self, sender, child, **kwargs): ...

    @passed_through_async
    async def method(self, sender, child, **kwargs): ...


NEEDS_CHILD = [never("child", "pre_save")]

WRAPPERS = {
    "sender bound": (functools.partial(good, Album), [bound("sender")]),
    "sender and payload bound": (
        functools.partial(good, Album, 1),
        [bound("sender"), bound("instance")],
    ),
    "payload bound in two steps": (
        functools.partial(functools.partial(compiled("(instance, x, sender, **kwargs)"), 1), 2),
        [bound("instance")],
    ),
    "payload bound in a partial that has attributes": (
        functools.partial(functools.update_wrapper(functools.partial(good, Album), good), extra=1),
        [bound("sender")],
    ),
    "more bound than there is": (
        functools.partial(good, 1, 2, 3),
        [
            "it binds arguments that the function inside does not take: "
            "bind only parameters that the function has"
        ],
    ),
    "a partial of a wrapper around a partial that binds more than there is": (
        functools.partial(passed_through_async(functools.partial(good, 1, 2, 3)), extra=1),
        [UNREADABLE],
    ),
    "a partial of a wrapper around a partial that binds self once more": (
        functools.partial(
            passed_through_async(functools.partial(Receivers().method, self=0)), extra=1
        ),
        [UNREADABLE],
    ),
    "a partial of a builtin that has no signature": (
        functools.partial(max, 1),
        [SYNC, UNREADABLE],
    ),
    "sender bound by keyword": (functools.partial(good, sender=Album), [KEYWORD_ONLY]),
    "sender of a method bound by keyword": (
        functools.partial(Receivers().method, sender=Album),
        [KEYWORD_ONLY],
    ),
    "a wrapper that passes on": (passed_through_async(needs_child), NEEDS_CHILD),
    "two wrappers that pass on": (
        passed_through_async(passed_through_async(needs_child)),
        NEEDS_CHILD,
    ),
    "a partial of a wrapper that passes on": (
        functools.partial(passed_through_async(needs_child), extra=1),
        NEEDS_CHILD,
    ),
    "a wrapper around a partial": (
        passed_through_async(functools.partial(needs_child, extra=1)),
        NEEDS_CHILD,
    ),
    "a wrapper around a partial that binds the payload": (
        passed_through_async(functools.partial(good, Album)),
        [bound("sender")],
    ),
    "a wrapped __call__": (WrappedCall(), NEEDS_CHILD),
    "a wrapped method": (WrappedCall().method, NEEDS_CHILD),
    "an unbound method": (
        Receivers.method,
        [f"its first parameter is `self`, not `sender`: {METHOD}"],
    ),
    "an unbound wrapped method": (
        WrappedCall.method,
        [f"its first parameter is `self`, not `sender`: {METHOD}", *NEEDS_CHILD],
    ),
}


@pytest.mark.parametrize(("receiver", "faults"), WRAPPERS.values(), ids=WRAPPERS.keys())
def test_signature_that_a_call_meets_is_checked(receiver, faults):
    assert lines_of(refusal(PRE_SAVE, receiver)) == faults


def test_wrapper_that_wraps_itself_is_refused():
    async def endless(*args, **kwargs): ...

    endless.__wrapped__ = endless
    error = refusal(PRE_SAVE, endless)
    assert lines_of(error) == [UNREADABLE]
    assert f"endless` {at(endless)} cannot be connected" in str(error)


# --- names of receivers and signals --------------------------------------------------------------


def at(function: Any) -> str:
    return f"(tests/test_contract.py:{function.__code__.co_firstlineno})"


class NoReceiver: ...


OF_THE_PROGRAM: dict[str, Any] = {"__name__": "__main__"}
exec("async def of_the_program(): ...", OF_THE_PROGRAM)

NAMED = {
    "a function": (sync, f"`tests.test_contract.sync` {at(sync)}"),
    "a partial": (
        functools.partial(sync, extra="secret"),
        f"partial of `tests.test_contract.sync` {at(sync)}",
    ),
    "a method": (
        Receivers().sync_method,
        f"`tests.test_contract.Receivers.sync_method` {at(Receivers.sync_method)}",
    ),
    "an object": (
        Receivers(),
        f"`tests.test_contract.Receivers object` {at(Receivers.__call__)}",
    ),
    "a class": (Receivers, "`tests.test_contract.Receivers`"),
    "a wrapper, by what it wraps": (
        passed_through(good),
        f"`tests.test_contract.good` {at(good)}",
    ),
    "a class method of a class body": (
        Receivers.__dict__["class_method"],
        f"`tests.test_contract.Receivers.class_method` {at(Receivers.class_method)}",
    ),
    "a builtin": (max, "`max`"),
    "a function of the program that runs": (
        OF_THE_PROGRAM["of_the_program"],
        "`of_the_program` (<string>:1)",
    ),
    "an object that cannot be called": (NoReceiver(), "`tests.test_contract.NoReceiver object`"),
    "a value": ("secret", "`str object`"),
}


@pytest.mark.parametrize(("receiver", "name"), NAMED.values(), ids=NAMED.keys())
def test_error_names_receiver_and_place_but_no_value(receiver, name):
    error = refusal(PRE_SAVE, receiver)
    first = str(error).splitlines()[0]
    assert first == f"{name} cannot be connected to signal `pre_save` of Album:"
    assert "secret" not in str(error)


def test_builtin_receiver_has_no_place():
    assert locate(max) == Location("max", None, None)


def test_file_outside_the_working_directory_is_named_in_full(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert f"({HERE}:{LINE})" in str(refusal(PRE_SAVE, notify))


def test_file_is_named_in_full_without_a_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    try:
        tmp_path.rmdir()
    except OSError as error:
        pytest.skip(f"this system keeps the directory that it works in: {error.strerror}")
    assert f"({HERE}:{LINE})" in str(refusal(PRE_SAVE, notify))


def test_signal_without_a_name_is_called_a_signal():
    assert str(refusal(Signal(), compiled("(_, **kwargs)"))) == (
        "`written` (<string>:1) cannot be connected to a signal:\n"
        f"  - {renamed('_')}\n"
        "  expected: async def receiver(sender: type[Model], **kwargs: Any)"
    )
    nameless: Any = Signal[PreUpdateReceiver[Album]]()
    assert lines_of(refusal(nameless, compiled("(sender, instance, child, **kwargs)"))) == [
        "it requires `child`, which the signal never sends: give it a default or remove it"
    ]


def test_emitter_without_owner_is_named_by_its_class():
    error = refusal(SignalEmitter().order_paid, sync)
    assert "connected to signal `order_paid` of SignalEmitter:" in str(error)


# --- the expected signature ----------------------------------------------------------------------

INSTANCE = "instance: Album"
CHILD = f"{INSTANCE}, child: Any, relation_name: str"

CHANGED = "changed: Mapping[str, Change]"
SIGNATURES = {
    "pre_save": INSTANCE,
    "post_save": INSTANCE,
    "pre_update": f"{INSTANCE}, passed_args: dict[str, Any], {CHANGED}",
    "post_update": f"{INSTANCE}, {CHANGED}",
    "pre_delete": INSTANCE,
    "post_delete": INSTANCE,
    "pre_relation_add": f"{CHILD}, passed_kwargs: dict[str, Any], passed_args: dict[str, Any]",
    "post_relation_add": f"{CHILD}, passed_kwargs: dict[str, Any], passed_args: dict[str, Any]",
    "pre_relation_remove": CHILD,
    "post_relation_remove": f"{CHILD}, passed_args: dict[str, Any]",
    "post_bulk_update": "instances: list[Album]",
}


def test_expected_signatures_cover_all_signals():
    assert list(SIGNATURES) == list(ModelSignals())


@pytest.mark.parametrize(("signal", "payload"), SIGNATURES.items(), ids=SIGNATURES.keys())
def test_expected_signature_is_shown_and_accepted(signal, payload):
    *_, last = str(refusal(SIGNALS[signal], compiled("()"))).splitlines()
    expected = f"(sender: type[Album], *, {payload}, **kwargs: object)"
    assert last == f"  expected: async def receiver{expected}"

    names: dict[str, Any] = {"Album": Album, "Any": Any}
    names |= {"Mapping": Mapping, "Change": Change}
    exec(f"async def receiver{expected}: ...", names)
    receiver = names["receiver"]
    assert SIGNALS[signal].connect(receiver) is receiver
    assert SIGNALS[signal].disconnect(receiver)


class Cart: ...


T = TypeVar("T")


class Priced(Protocol[M_contra, T]):
    def __call__(
        self,
        sender: type[M_contra],
        *,
        cart: Annotated[Cart | None, "the cart"],
        rate: float = 1.5,
        tag: T,
        extra: Annotated[dict[str, list[T]], Alias("extras")],
        **kwargs: object,
    ) -> Awaitable[object]: ...


def test_expected_signature_reads_as_code():
    *_, last = str(refusal(Signal[Priced[Album, int]](), compiled("()"))).splitlines()
    assert last == (
        "  expected: async def receiver(sender: type[Model], *, cart: Cart | None, "
        "rate: float = ..., tag: T, extra: dict[str, list[T]], **kwargs: object)"
    )


class Unannotated(Protocol):
    def __call__(self, sender, *, cart, **kwargs) -> Awaitable[object]: ...


def test_contract_without_annotations_accepts_anything():
    *_, last = str(refusal(Signal[Unannotated](), compiled("()"))).splitlines()
    assert last == ("  expected: async def receiver(sender: Any, *, cart: Any, **kwargs: Any)")


@pytest.mark.skipif(sys.version_info < (3, 12), reason="the syntax is new in Python 3.12")
def test_protocol_in_python_3_12_syntax_reads_the_same():
    names: dict[str, Any] = {"Protocol": Protocol, "Awaitable": Awaitable, "__name__": __name__}
    exec(
        "class Paid[M](Protocol):\n"
        "    def __call__(self, sender: type[M], *, cart: M | None, **kwargs: object)"
        " -> Awaitable[object]: ...\n",
        names,
    )
    *_, last = str(refusal(Signal[names["Paid"]](), compiled("()"))).splitlines()
    assert last == (
        "  expected: async def receiver(sender: type[Model], *, cart: Model | None, "
        "**kwargs: object)"
    )


# --- custom contracts ----------------------------------------------------------------------------


class Fixed(Protocol):
    def __call__(self, sender: type[Any], *, cart: int, note: str = "") -> Awaitable[object]: ...


FIXED_PAYLOAD = {
    "(sender, cart, note='', **kwargs)": [],
    "(sender, cart, note='')": [],
    "(sender, **kwargs)": [],
    "(sender, cart)": [
        "it does not accept `note`, which the signal sends: add `note`, or `**kwargs: object`"
    ],
    "(sender)": [
        "it does not accept `cart`, which the signal sends: add `cart`, or `**kwargs: object`",
        "it does not accept `note`, which the signal sends: add `note`, or `**kwargs: object`",
    ],
    "(cart, sender)": [
        NOT_FIRST,
        "it does not accept `note`, which the signal sends: add `note`, or `**kwargs: object`",
    ],
    "(sender, cart, note, **kwargs)": [
        "it requires `note`, which the signal may leave out: give `note` a default"
    ],
}


@pytest.mark.parametrize(("parameters", "faults"), FIXED_PAYLOAD.items(), ids=FIXED_PAYLOAD.keys())
def test_contract_without_kwargs_requires_its_payload_only(parameters, faults):
    signal: Any = Signal[Fixed]()
    receiver = compiled(parameters)
    if faults:
        assert lines_of(refusal(signal, receiver)) == faults
    else:
        assert signal.connect(receiver) is receiver


def filled(name: str) -> Any:
    """A partial that fills a parameter by position."""
    return functools.partial(compiled(f"({name}, sender, **kwargs)"), {})


CODES: list[tuple[str, Any, list[str]]] = [
    ("pre_save", None, ["not-callable"]),
    ("pre_save", sync, ["not-async"]),
    ("pre_save", max, ["not-async", "unreadable"]),
    ("pre_save", functools.partial(good, 1, 2, 3), ["unreadable"]),
    ("pre_save", functools.partial(good, Album), ["bound-payload"]),
    ("pre_relation_add", filled("passed_args"), ["bound-payload"]),
    ("post_relation_remove", filled("passed_args"), ["bound-payload"]),
    ("post_update", filled("changed"), ["bound-payload"]),
    ("pre_save", compiled("()"), ["no-sender", "no-kwargs"]),
    ("pre_save", compiled("(**kwargs)"), ["no-sender"]),
    ("pre_save", compiled("(self, **kwargs)"), ["sender-not-first"]),
    ("pre_save", compiled("(model, **kwargs)"), ["sender-not-first"]),
    ("pre_save", compiled("(instance, sender, **kwargs)"), ["sender-not-first"]),
    ("pre_save", compiled("(sender, /, **kwargs)"), ["positional-payload"]),
    ("pre_save", compiled("(sender, instance, /, **kwargs)"), ["positional-payload"] * 2),
    ("pre_save", compiled("(sender, child, **kwargs)"), ["unknown-parameter"]),
    ("fixed", compiled("(sender, cart, note, **kwargs)"), ["unknown-parameter"]),
    ("fixed", compiled("(sender, cart)"), ["unaccepted-payload"]),
]


class FixedSignals(ModelSignals[Any]):
    fixed: Signal[Fixed]


@pytest.mark.parametrize(("signal", "receiver", "codes"), CODES)
def test_code_of_a_fault_names_its_kind(signal, receiver, codes):
    assert [fault.code for fault in refusal(FixedSignals()[signal], receiver).faults] == codes


@pytest.mark.parametrize("name", ["passed_args", "changed"])
async def test_lenient_signal_accepts_a_bound_name_that_is_only_sent_on_request(name: str):
    kind = "post_update" if name == "changed" else "pre_relation_add"
    signal = ModelSignals[Any](mode="lenient")[kind]
    with pytest.warns(SignalDefinitionWarning, match=f"`{name}` is already bound by position"):
        signal.connect(filled(name))
    await signal.send(sender=Album, **dict.fromkeys(signal.contract.payload))


@pytest.mark.parametrize("signal", ["pre_save", ""])
def test_faults_that_only_type_checkers_find_use_the_same_words(signal):
    sending = "`pre_save`" if signal else "the signal"
    assert mistyped("instance", "Track", "Album", signal=signal) == Fault(
        "wrong-type",
        f"`instance` is annotated `Track`, and {sending} sends `Album`",
        "write `instance: Album`",
    )
    assert mistyped("**kwargs", "int", "object", signal=signal) == Fault(
        "wrong-type",
        "`**kwargs` is annotated `int`, and payload of any type may be added",
        "write `**kwargs: object`",
    )
    for parameter, sent in (("**kwargs", "str"), ("instance", "object")):
        assert (
            f"{sending} sends `{sent}`" in mistyped(parameter, "int", sent, signal=signal).problem
        )
    assert misspelt("instnace", "instance", signal=signal) == Fault(
        "unknown-parameter",
        f"it accepts `instnace`, which {sending} never sends",
        "write `instance`",
        fatal=False,
    )
    assert incompatible("type[Album]", signal=signal) == Fault(
        "wrong-type",
        f"its type is `type[Album]`, which cannot be called with what {sending} sends",
        "write it with the parameters that are expected",
    )


def test_contract_requires_no_more_than_it_was_given():
    contract = Contract({"price": True})
    assert contract == Contract({"price": True}, {}, False, True, "")
    assert contract.names == ("price",)
    assert contract.expected(None) == "async def receiver()"


@pytest.mark.parametrize(
    ("written", "known", "meant"),
    [
        ("updat_bulk_post", ["post_update", "post_bulk_update"], "post_bulk_update"),
        ("bluk_save_pre", ["pre_save", "pre_bulk_save"], "pre_bulk_save"),
        ("Post_Savee", ["pre_save", "post_save"], "post_save"),
        ("pre_save", ["sold_out"], None),
        ("pre_save", [], None),
    ],
)
def test_misspelling_with_swapped_words_is_recognized(written, known, meant):
    assert suggest(written, known) == meant


ANY_PAYLOAD = {
    "(sender, **kwargs)": [],
    "(sender, anything, at, *, all, **kwargs)": [],
    "(*args, **kwargs)": [],
    "(**kwargs)": [SWALLOWED],
    "(sender, order)": [NO_KWARGS],
    "(order, **kwargs)": [renamed("order")],
    "(sender, order, /, **kwargs)": [POSITIONAL, positional("order")],
}


@pytest.mark.parametrize(("parameters", "faults"), ANY_PAYLOAD.items(), ids=ANY_PAYLOAD.keys())
def test_signal_without_declared_payload_sends_anything(parameters, faults):
    signal: Any = SignalEmitter().order_paid
    receiver = compiled(parameters)
    if faults:
        assert lines_of(refusal(signal, receiver)) == faults
    else:
        assert signal.connect(receiver) is receiver


@pytest.mark.parametrize("name", ["receive", "wrapped"])
async def test_partial_of_a_method_cannot_bind_self_again(name):
    class Auditor:
        async def receive(self, sender: object, **kwargs: object) -> None: ...

        wrapped = passed_through_async(receive)

    receiver: Any = functools.partial(getattr(Auditor(), name), self=0)
    with pytest.raises(SignalDefinitionError, match="binds arguments that the function inside"):
        Signal().connect(receiver)
    with pytest.raises(TypeError, match="multiple values for argument 'self'"):
        await receiver(sender=object)
