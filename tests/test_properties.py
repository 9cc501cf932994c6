"""Properties of generated receivers and of random histories of a signal.

Two oracles decide what connect() should accept, and neither is the code under test. The first
calls the receiver. The second reads the description that the receiver was generated from, and
knows only what the documentation says about contracts.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import warnings
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from hypothesis import event, given, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from typed_signals import (
    ModelSignals,
    Signal,
    SignalDefinitionError,
    SignalDefinitionWarning,
    SignalEmitter,
    mark_async,
)
from typed_signals._emitter import bind_emitter

# --- what is sent --------------------------------------------------------------------------------


class OrderPaid(Protocol):
    def __call__(
        self, sender: type[Any], *, order: int, note: str = "", **kwargs: object
    ) -> Awaitable[object]: ...


class Restocked(Protocol):
    def __call__(self, sender: type[Any], *, order: int, note: str = "") -> Awaitable[object]: ...


class Signals(ModelSignals[Any]):
    order_paid: Signal[OrderPaid]
    restocked: Signal[Restocked]


class Album: ...


@dataclass(frozen=True)
class Sent:
    """A signal as documented."""

    payload: tuple[str, ...]
    optional: tuple[str, ...] = ()
    alias: str = ""
    grows: bool = True
    open: bool = False

    def sends(self, receiver: Receiver) -> list[dict[str, object]]:
        """Payloads of real sends: the smallest, the largest, and one of a later version."""
        least = [name for name in self.payload if name not in self.optional]
        if self.open:
            needed = [each.name for each in receiver.named if each.required]
            least = [name for name in needed if name != "sender"]
        payloads = [least, [*least, *self.optional]]
        if self.grows:
            payloads.append([*payloads[-1], "added_in_a_later_version"])
        return [{name: f"the {name}" for name in payload} for payload in payloads]


RELATION = ("instance", "child", "relation_name")
SENT = {
    "pre_save": Sent(("instance",)),
    "pre_update": Sent(("instance", "passed_args")),
    "pre_relation_add": Sent((*RELATION, "passed_kwargs"), alias="passed_args"),
    "post_relation_remove": Sent(RELATION, alias="passed_args"),
    "post_bulk_update": Sent(("instances",)),
    "order_paid": Sent(("order", "note"), optional=("note",)),
    "restocked": Sent(("order", "note"), optional=("note",), grows=False),
    "anything_else": Sent((), open=True),
}
NAMES = sorted({name for sent in SENT.values() for name in sent.payload} | {"passed_args"})

# --- receivers and their descriptions ------------------------------------------------------------

ONLY, EITHER, KEYWORD = range(3)  # positional-only, positional or keyword, keyword-only


@dataclass(frozen=True)
class Parameter:
    name: str
    kind: int
    required: bool

    def __str__(self) -> str:
        return self.name if self.required else f"{self.name}=None"


@dataclass(frozen=True)
class Receiver:
    """Describes a receiver: its free parameters and what it returns."""

    parameters: tuple[Parameter, ...]
    args: bool
    kwargs: bool
    kind: str
    awaitable: bool  # whether it returns an awaitable, whatever is declared
    filled: frozenset[str] = frozenset()  # names that a partial has bound by position

    @property
    def named(self) -> list[Parameter]:
        return [each for each in self.parameters if each.kind != ONLY]

    def names(self, name: str) -> bool:
        """Whether its function has a parameter of that name, so that it gets what goes by it."""
        return name in self.filled or any(each.name == name for each in self.named)

    def written(self) -> str:
        """Its parameters as Python code."""
        parts: list[str] = []
        for kind in (ONLY, EITHER, KEYWORD):
            if kind == KEYWORD:
                if self.args:
                    parts.append("*args")
                elif any(each.kind == KEYWORD for each in self.parameters):
                    parts.append("*")
            parts += [str(each) for each in self.parameters if each.kind == kind]
            if kind == ONLY and parts:
                parts.append("/")
        return ", ".join([*parts, "**kwargs"] if self.kwargs else parts)

    def bound(self, count: int, names: tuple[str, ...]) -> Receiver:
        """The parameters a partial leaves: the first are bound, later ones keyword-only."""
        places = [each for each in self.parameters if each.kind != KEYWORD]
        left = [each for each in self.parameters if each not in places[:count]]
        filled = self.filled.union(each.name for each in places[:count] if each.kind == EITHER)
        named_from_here = False
        after: list[Parameter] = []
        for each in left:
            fixed = each.name in names and each.kind != ONLY
            named_from_here = named_from_here or (fixed and each.kind == EITHER)
            kind = KEYWORD if named_from_here and each.kind == EITHER else each.kind
            after.append(replace(each, kind=kind, required=each.required and not fixed))
        # No positional argument can follow a parameter that is bound by name.
        args = self.args and not named_from_here
        return replace(self, parameters=tuple(after), args=args, filled=filled)

    def breaks(self, sent: Sent) -> bool:
        """Whether it breaks the documented contract."""
        if self.kind == "undeclared" or (sent.grows and not self.kwargs):
            return True
        known = {*sent.payload, sent.alias, "sender"}
        if any(each.kind == ONLY and (sent.open or each.name in known) for each in self.parameters):
            return True
        if self.parameters and self.parameters[0].kind != KEYWORD:
            first = self.parameters[0]
            return first.name != "sender"
        hands_on = self.args and self.kwargs and all(p.name != "sender" for p in self.parameters)
        return not hands_on


KINDS = {
    "async": "async def {name}({parameters}): reached()",
    "annotated": "def {name}({parameters}) -> 'Awaitable[None]':\n    reached()\n    return done()",
    "sync": "def {name}({parameters}): reached()",
    "generator": "async def {name}({parameters}):\n    yield reached()",
}


async def done() -> None: ...


def made(receiver: Receiver, place: str, reached: Callable[[], None]) -> Any:
    """A real callable with the described parameters."""
    parameters = receiver.written()
    if place in ("method", "class method", "object"):
        parameters = f"this, {parameters}"
    name = "__call__" if place == "object" else "receiver"
    text = KINDS[receiver.kind].format(name=name, parameters=parameters)
    names: dict[str, Any] = {
        "reached": reached,
        "done": done,
        "Awaitable": Awaitable,
        "__name__": __name__,
    }
    exec(text, names)
    function = names[name]
    if place == "function":
        return function
    if place == "object":
        return type("Auditor", (), {"__call__": function})()
    if place == "static method in a class body":
        return staticmethod(function)
    wrap = {"class method": classmethod, "static method": staticmethod}.get(place, lambda f: f)
    return type("Auditor", (), {"method": wrap(function)})().method


PLACES = [
    "function",
    "method",
    "class method",
    "static method",
    "static method in a class body",
    "object",
]


def passed_through(function: Any) -> Any:
    """Wrap anything in an async function."""

    @functools.wraps(function)
    async def wrapper(*args: object, **kwargs: object) -> None:
        answer = function(*args, **kwargs)
        if inspect.isawaitable(answer):
            await answer
        elif inspect.isasyncgen(answer):
            async for _ in answer:
                pass

    return wrapper


def passed_through_sync(function: Any) -> Any:
    """Wrap anything in a sync function without a return annotation."""

    def wrapper(*args: object, **kwargs: object) -> object:
        return function(*args, **kwargs)

    wrapper.__wrapped__ = function
    return wrapper


def wrapped(function: Any, receiver: Receiver, layer: Any) -> tuple[Any, Receiver]:
    """Add one layer to a receiver and its description."""
    if isinstance(layer, tuple):
        count, names = layer
        bound = functools.partial(function, *range(count), **dict.fromkeys(names, 0))
        return bound, receiver.bound(count, names)
    if layer == "async":
        return passed_through(function), replace(receiver, kind="async", awaitable=True)
    if layer == "sync":
        return passed_through_sync(function), replace(receiver, kind="undeclared")
    return mark_async(passed_through_sync(function)), replace(receiver, kind="declared")


OTHERS = ["instnace", "chlid", "_", "self", "cls", "model", "extra"]


@st.composite
def descriptions(draw: st.DrawFn, payload: Sequence[str]) -> Receiver:
    """Receivers of all shapes, half of them almost valid."""
    if draw(st.booleans()):
        asked = draw(st.lists(st.sampled_from(payload), unique=True)) if payload else []
        names, kinds = ["sender", *asked], [EITHER] * (len(asked) + 1)
        others = draw(st.lists(st.sampled_from(OTHERS), max_size=1))
        names += others
        kinds += [draw(st.sampled_from([EITHER, KEYWORD])) for _ in others]
        args, kwargs = draw(st.booleans()), draw(st.sampled_from([True, True, True, False]))
        kind = draw(st.sampled_from(["async", "async", "async", "annotated", "sync"]))
    else:
        pool = [*payload, *NAMES, *OTHERS, "sender", "sender"]
        names = draw(st.lists(st.sampled_from(pool), unique=True, max_size=5))
        kinds = sorted(draw(st.sampled_from([ONLY, EITHER, KEYWORD])) for _ in names)
        args, kwargs = draw(st.booleans()), draw(st.booleans())
        kind = draw(st.sampled_from([*KINDS, "async", "async"]))
    parameters: list[Parameter] = []
    optional = False
    for name, place in zip(names, kinds, strict=True):
        default = draw(st.sampled_from([False, False, True]))
        optional = optional or (default and place != KEYWORD)
        required = not (default if place == KEYWORD else optional)
        parameters.append(Parameter(name, place, required))
    return Receiver(tuple(parameters), args, kwargs, kind, kind in ("async", "annotated"))


@dataclass(frozen=True)
class Case:
    """A signal's name, a real receiver, its description, and how often it has been called."""

    signal: str
    sent: Sent
    receiver: Any
    text: Receiver
    calls: list[None]

    def __repr__(self) -> str:
        text = f"{self.text.kind} ({self.text.written()})"
        return f"{self.signal}: {self.receiver!r}, that is {text}"


@st.composite
def cases(draw: st.DrawFn) -> Case:
    signal = draw(st.sampled_from(sorted(SENT)))
    sent = SENT[signal]
    payload = [*sent.payload, *filter(None, [sent.alias])]
    text = draw(descriptions(payload))
    calls: list[None] = []
    function = made(text, draw(st.sampled_from(PLACES)), lambda: calls.append(None))
    partial = st.tuples(
        st.integers(0, 2), st.lists(st.sampled_from([*payload, *OTHERS]), max_size=1).map(tuple)
    )
    for layer in draw(
        st.lists(st.sampled_from(["async", "sync", "declared"]) | partial, max_size=2)
    ):
        if layer == "declared" and not text.awaitable:
            layer = "async"  # declaring it would be wrong, and nothing else can show it
        function, text = wrapped(function, text, layer)
    return Case(signal, sent, function, text, calls)


async def can_be_called(case: Case, payload: Mapping[str, object]) -> bool:
    """Whether a plain call with this payload, awaited, reaches the receiver."""
    payload = dict(payload)
    if case.text.names(case.sent.alias):
        payload[case.sent.alias] = {}
    case.calls.clear()
    try:
        answer = case.receiver(sender=Album, **payload)
        if not inspect.isawaitable(answer):
            return False
        await answer
    except TypeError:
        return False
    return len(case.calls) == 1


async def is_valid(case: Case) -> bool:
    calls = [await can_be_called(case, payload) for payload in case.sent.sends(case.text)]
    return all(calls) and not case.text.breaks(case.sent)


def connects(signal: Any, receiver: Any) -> bool:
    try:
        assert signal.connect(receiver) is receiver
    except SignalDefinitionError:
        assert signal.receivers == ()
        return False
    assert signal.receivers == (receiver,)
    return True


async def assert_every_send_reaches(signal: Any, case: Case) -> None:
    for payload in case.sent.sends(case.text):
        case.calls.clear()
        await signal.send(Album, **payload)
        assert len(case.calls) == 1


@settings(max_examples=500)
@given(cases())
async def test_connect_accepts_exactly_what_keeps_the_contract_and_can_be_called(case):
    signal: Any = Signals()[case.signal]
    valid = await is_valid(case)
    event("valid" if valid else "not valid")
    accepted = connects(signal, case.receiver)
    assert accepted == valid
    if accepted:
        await assert_every_send_reaches(signal, case)


@settings(max_examples=500)
@given(cases())
async def test_receiver_that_lenient_mode_accepts_can_be_called(case):
    strict: Any = Signals()[case.signal]
    lenient: Any = Signals(mode="lenient")[case.signal]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        accepted = connects(lenient, case.receiver)
    found = [each for each in caught if issubclass(each.category, SignalDefinitionWarning)]
    if accepted:
        await assert_every_send_reaches(lenient, case)
    is_normal = connects(strict, case.receiver)
    event(f"normal {is_normal}, lenient {accepted}")
    assert len(found) == (accepted and not is_normal)
    assert accepted or not is_normal


# --- histories -----------------------------------------------------------------------------------


class Auditor:
    def __init__(self, received: list[object], name: str) -> None:
        self.received = received
        self.name = name

    async def receive(self, sender: object, **kwargs: object) -> None:
        self.received.append(self.name)

    async def __call__(self, sender: object, **kwargs: object) -> None:
        self.received.append(f"{self.name} called")


PARENT, CHILD = 0, 1


class Histories(RuleBasedStateMachine):
    """Connecting, disconnecting and sending against a list, on a parent emitter and a child."""

    def __init__(self) -> None:
        super().__init__()
        self.received: list[object] = []
        self.runner = asyncio.Runner()
        receivers = [Auditor(self.received, name) for name in "abc"]
        # A method is a new object each time, so receivers are numbered and looked up here.
        self.makers: list[tuple[str, Callable[[], Any]]] = [
            *((each.name, lambda each=each: each.receive) for each in receivers),
            *((f"{each.name} called", lambda each=each: each) for each in receivers[:2]),
        ]
        partial = functools.partial(receivers[0].receive, extra=1)
        self.makers.append(("a", lambda: partial))
        self.connected: tuple[dict[int, int], dict[int, int]] = ({}, {})
        self.time = 0

    @initialize(kind=st.sampled_from([SignalEmitter, ModelSignals]))
    def start(self, kind: type[SignalEmitter[Any]]) -> None:
        self.emitters = (kind(), kind())
        bind_emitter(self.emitters[CHILD], Album, (self.emitters[PARENT],))

    def teardown(self) -> None:
        self.runner.close()

    def signal(self, where: int) -> Any:
        return self.emitters[where].post_delete

    def expected(self, where: int) -> list[int]:
        """The numbers of the expected receivers, in the order of connection."""
        order = dict(self.connected[where])
        if where == CHILD:
            for number, time in self.connected[PARENT].items():
                order[number] = min(time, order.get(number, time))
        return sorted(order, key=order.__getitem__)

    @rule(where=st.sampled_from([PARENT, CHILD]), number=st.integers(0, 5))
    def connect(self, where: int, number: int) -> None:
        receiver = self.makers[number][1]()
        assert self.signal(where).connect(receiver) is receiver
        self.time += 1
        self.connected[where].setdefault(number, self.time)

    @rule(where=st.sampled_from([PARENT, CHILD]), number=st.integers(0, 5))
    def disconnect(self, where: int, number: int) -> None:
        was = self.connected[where].pop(number, None) is not None
        assert self.signal(where).disconnect(self.makers[number][1]()) is was

    @rule(where=st.sampled_from([PARENT, CHILD]))
    def refuse(self, where: int) -> None:
        try:
            self.signal(where).connect(lambda: None)
        except SignalDefinitionError:
            return
        raise AssertionError("a lambda was accepted")

    @rule(where=st.sampled_from([PARENT, CHILD]))
    def send(self, where: int) -> None:
        self.received.clear()
        self.runner.run(self.sent(where))
        assert self.received == [self.makers[number][0] for number in self.expected(where)]

    async def sent(self, where: int) -> None:
        await self.signal(where).send(Album, instance=Album())

    @rule()
    def assign_again(self) -> None:
        """Replace the parent's signal; the child keeps its own receivers."""
        self.emitters[PARENT].post_delete = Signal()
        self.connected[PARENT].clear()

    @invariant()
    def receivers_are_those_of_the_model(self) -> None:
        for where in (PARENT, CHILD):
            expected = [self.makers[number][1]() for number in self.expected(where)]
            assert list(self.signal(where).receivers) == expected


Histories.TestCase.settings = settings(max_examples=100, stateful_step_count=30)
TestHistories = Histories.TestCase
