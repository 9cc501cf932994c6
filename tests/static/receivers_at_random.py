"""Receivers of every shape, written at random into one module: what test_agreement checks."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

HEAD = '''\
import functools
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, ParamSpec, Protocol

import typed_signals.sqlalchemy.lifecycle as mapped
from typed_signals import *


class Album: ...
class Track: ...


class Strict(Protocol):
    """No `**kwargs`, and a payload that may be left out."""

    def __call__(
        self, sender: type[Album], *, amount: int, note: str = ...
    ) -> Awaitable[object]: ...


class Plain(Protocol):
    """Written as the receivers mostly are, with a result that no receiver has to have."""

    async def __call__(
        self, sender: type[Album], *, amount: int, note: str, **kwargs: object
    ) -> None: ...


@signal
async def decorated(
    sender: type[Album], *, amount: int, note: str, **kwargs: object
) -> None:
    """A contract that is given by a function."""


@signal(mode="normal")
async def decorated_strictly(sender: type[Album], *, amount: int, note: str = "") -> int:
    """No `**kwargs`, and a payload that may be left out."""
    return 0


anything: Any = None


async def done() -> None: ...


K = ParamSpec("K")


def passed_on(function: Callable[K, Awaitable[object]]) -> Callable[K, Awaitable[object]]:
    @functools.wraps(function)
    async def wrapper(*args: K.args, **kwargs: K.kwargs) -> object:
        return await function(*args, **kwargs)

    return wrapper


def hidden(function: Callable[..., Awaitable[object]]) -> Callable[..., Awaitable[object]]:
    return passed_on(function)


'''


ODD = ["extra", "instnace", "sendr", "_", "payload"]


@dataclass(frozen=True)
class Kind:
    """A signal, what it sends, what one writes for it, and what it never sends.

    It is a Protocol, or the name of a signal that was made of a function.
    """

    contract: str
    types: Mapping[str, str]
    payloads: Sequence[Mapping[str, str]]
    odd: Sequence[str] = tuple(ODD)

    @property
    def is_function(self) -> bool:
        """Whether the contract is that of a function."""
        return self.contract.islower()


EVERYTHING = dict.fromkeys((*ODD, "amount", "note"), "anything")
MODEL = {"instance": "Album"}
ADDED = {**MODEL, "child": "Any", "relation_name": "str"}
RELATION = {**ADDED, "passed_kwargs": "dict[str, Any]", "passed_args": "dict[str, Any]"}
UPDATED = {**MODEL, "changed": "Mapping[str, Change]"}
SENT = {"instance": "Album()", "child": "Track()", "relation_name": "'tracks'"}
KINDS = [
    Kind("PreSaveReceiver[Album]", MODEL, [{"instance": "Album()"}]),
    Kind(
        "PreUpdateReceiver[Album]",
        {**MODEL, "passed_args": "dict[str, Any]"},
        [{"instance": "Album()", "passed_args": "{}"}],
    ),
    Kind("PreRelationAddReceiver[Album]", RELATION, [{**SENT, "passed_kwargs": "{}"}]),
    Kind(
        "PostRelationRemoveReceiver[Album]",
        {name: RELATION[name] for name in (*SENT, "passed_args")},
        [SENT],
    ),
    Kind("PostBulkUpdateReceiver[Album]", {"instances": "list[Album]"}, [{"instances": "[]"}]),
    *[
        Kind(f"mapped.{name}Receiver[Album]", types, [payload], [*ODD, "passed_args"])
        for name, types, payload in (
            ("PreSave", MODEL, {"instance": "Album()"}),
            ("PostDelete", MODEL, {"instance": "Album()"}),
            ("PreUpdate", UPDATED, {"instance": "Album()", "changed": "{}"}),
            ("PostUpdate", UPDATED, {"instance": "Album()", "changed": "{}"}),
            ("PreRelationAdd", ADDED, SENT),
            ("PostRelationRemove", ADDED, SENT),
        )
    ],
    Kind("CustomReceiver[Album]", {"amount": "int", "note": "str"}, [EVERYTHING]),
    Kind("Plain", {"amount": "int", "note": "str"}, [{"amount": "1", "note": "''"}]),
    Kind(
        "Strict", {"amount": "int", "note": "str"}, [{"amount": "1"}, {"amount": "1", "note": "''"}]
    ),
    Kind("decorated", {"amount": "int", "note": "str"}, [{"amount": "1", "note": "''"}]),
    Kind(
        "decorated_strictly",
        {"amount": "int", "note": "str"},
        [{"amount": "1"}, {"amount": "1", "note": "''"}],
    ),
]


@dataclass(frozen=True)
class Case:
    """One receiver: what stands before it, the expression that is it, and its signal."""

    kind: Kind
    definition: Sequence[str]
    receiver: str

    def lines(self, number: int) -> Iterator[str]:
        """A function that connects the receiver to the signal that it is given."""
        contract, signal = self.kind.contract, self.signal
        given = "" if self.kind.is_function else f"{signal}: Signal[{contract}]"
        yield f"def case_{number}({given}) -> object:"
        yield from (f"    {line}" for line in self.definition)
        yield f"    return {signal}.connect({self.receiver})"

    @property
    def signal(self) -> str:
        """What the signal is called in the case."""
        return self.kind.contract if self.kind.is_function else "given_to"


@dataclass
class Parameters:
    """A parameter list that Python accepts."""

    named: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    by_position: int = 0

    def __str__(self) -> str:
        return ", ".join(self.words)


WRONG = ["Track", "type[Track]", "str", "list[str]", "list[Album] | None"]


class Writer:
    """Writes cases, the same ones for the same seed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def often(self, chance: float) -> bool:
        return self.random.random() < chance

    def annotation(self, right: str, odd: Sequence[str] = WRONG) -> str:
        free = ["", "", ": Any", ": object"]
        word = f": {right}" if self.often(0.7) else self.random.choice(free)
        return word if self.often(0.95) else f": {self.random.choice(odd)}"

    def parameters(self, kind: Kind, first: Sequence[str] = ()) -> Parameters:
        types = {"sender": "type[Album]", **kind.types}
        payload = [name for name in kind.types if self.often(0.5)]
        odd = [name for name in kind.odd if self.often(0.04)]
        names = [*payload, *odd]
        self.random.shuffle(names)
        if self.often(0.93):
            names.insert(0 if self.often(0.95) else self.random.randint(0, len(names)), "sender")
        only_named = self.random.randint(0, len(names)) if self.often(0.4) else len(names)
        slash = self.random.randint(1, 2) if self.often(0.05) else 0
        star = self.often(0.12)
        made = Parameters()
        made.words += first
        optional = False
        for index, name in enumerate(names):
            if index == only_named and not star:
                made.words.append("*")
            if index == only_named and star:
                made.words.append("*args" + self.annotation("object"))
            rarely = 0.5 if name in odd else 0.12
            optional = (optional and index < only_named) or self.often(rarely)
            default = " = anything" if optional else ""
            made.words.append(name + self.annotation(types.get(name, "int")) + default)
            made.named.append(name)
            if index + 1 == slash and index < only_named:
                made.words.append("/")
                del made.named[:]
        made.by_position = min(only_named, len(names)) + len(first)
        if star and only_named == len(names):
            made.words.append("*args" + self.annotation("object"))
        if self.often(0.9):
            made.words.append("**kwargs" + self.annotation("object", ["str", "Album"]))
        return made

    def case(self) -> Case:
        kind = self.random.choice(KINDS)
        form = self.random.choice(FORMS)
        return form(self, kind)

    # --- forms -----------------------------------------------------------------------------------

    def some(self, name: str, kind: Kind, first: Sequence[str] = ()) -> str:
        return self.headed(name, self.parameters(kind, first))

    def headed(self, name: str, parameters: Parameters) -> str:
        """A function in a line, mostly async."""
        if self.often(0.9):
            result = self.random.choice([" -> None", " -> int", ""])
            return f"async def {name}({parameters}){result}: ..."
        return f"def {name}({parameters}){self.sync_result()}: return anything or done()"

    def sync_result(self) -> str:
        results = ["Awaitable[None]", "Awaitable[object]", "Any", "None", "int", "object"]
        return self.random.choice(["", *(f" -> {each}" for each in results)])

    def function(self, kind: Kind) -> Case:
        return Case(kind, [self.some("given", kind)], "given")

    def sync(self, kind: Kind) -> Case:
        head = f"def given({self.parameters(kind)}){self.sync_result()}:"
        return Case(kind, [head, "    return anything or done()"], "given")

    def lambda_(self, kind: Kind) -> Case:
        return Case(kind, [], "lambda sender, **kwargs: " + self.random.choice(["done()", "None"]))

    def generator(self, kind: Kind) -> Case:
        result = self.random.choice(["", " -> AsyncIterator[None]"])
        return Case(
            kind, [f"async def given({self.parameters(kind)}){result}:", "    yield None"], "given"
        )

    def method(self, kind: Kind) -> Case:
        decorator, first, receiver = self.random.choice(
            [
                ("", ["self"], "Receivers().given"),
                ("", ["self"], "Receivers.given"),
                ("@staticmethod", [], "Receivers.given"),
                ("@staticmethod", [], "Receivers().given"),
                ("@classmethod", ["cls"], "Receivers.given"),
            ]
        )
        lines = ["class Receivers:", f"    {decorator}"] if decorator else ["class Receivers:"]
        return Case(kind, [*lines, f"    {self.some('given', kind, first)}"], receiver)

    def instance(self, kind: Kind) -> Case:
        receiver = self.random.choice(["Receiver()", "Receiver()", "Receiver"])
        call = self.some("__call__", kind, ["this"])
        return Case(kind, ["class Receiver:", f"    {call}"], receiver)

    def partial(self, kind: Kind) -> Case:
        parameters = self.parameters(kind)
        bound = [f"{name}=anything" for name in parameters.named if self.often(0.3)]
        given = ", ".join(["given", *bound])
        return Case(kind, [self.headed("given", parameters)], f"functools.partial({given})")

    def partial_by_position(self, kind: Kind) -> Case:
        parameters = self.parameters(kind, ["first: int"] if self.often(0.7) else [])
        count = min(self.random.choice([1, 1, 2]), max(parameters.by_position, 1))
        given = ", ".join(["given", *["anything"] * count])
        line = f"async def given({parameters}) -> None: ..."
        return Case(kind, [line], f"functools.partial({given})")

    def alias(self, kind: Kind) -> Case:
        inner = self.random.choice([self.function, self.sync])(kind)
        return Case(kind, [*inner.definition, "other = given"], "other")

    def decorated(self, kind: Kind) -> Case:
        inner = self.function(kind)
        return Case(kind, [f"@{inner.signal}.connect", *inner.definition], "given")

    def wrapped(self, kind: Kind) -> Case:
        inner = self.function(kind)
        return Case(kind, ["@passed_on", *inner.definition], "given")

    def hidden(self, kind: Kind) -> Case:
        inner = self.function(kind)
        return Case(kind, ["@hidden", *inner.definition], "given")

    def marked(self, kind: Kind) -> Case:
        inner = self.sync(kind)
        return Case(kind, ["@mark_async", *inner.definition], "given")

    def uncallable(self, kind: Kind) -> Case:
        return Case(kind, [], self.random.choice(["None", "1", "'pre_save'", "Album()", "Album"]))


FORMS = [
    *[Writer.function] * 6,
    *[Writer.sync] * 3,
    *[Writer.method] * 3,
    *[Writer.instance] * 2,
    *[Writer.partial] * 2,
    Writer.partial_by_position,
    Writer.alias,
    Writer.decorated,
    Writer.wrapped,
    Writer.hidden,
    Writer.marked,
    Writer.generator,
    Writer.lambda_,
    Writer.uncallable,
]
