"""What looks wrong with who listens to what, though nothing refuses it."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from types import ModuleType
from typing import Any

from typed_signals.cli.loading import Sender
from typed_signals.cli.sources import Sent, body_of, sends_in
from typed_signals.contract import near_miss
from typed_signals.emitter import ModelSignals, declared_signals
from typed_signals.errors import SignalDefinitionError
from typed_signals.inspection import contract_of, describe, faults_of
from typed_signals.overview import Listener, Overview
from typed_signals.prose import prose_of

__all__ = ["Finding", "findings_in"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that looks wrong.

    Attributes:
        code: A short stable name of the kind of finding.
        title: Where: the signal, or the receiver.
        problem: What looks wrong, as a sentence.
        remedy: What to do about it, as a sentence.
    """

    code: str
    title: str
    problem: str
    remedy: str

    def data(self) -> dict[str, str]:
        """The finding as plain data."""
        return asdict(self)


def findings_in(senders: Sequence[Sender], module: ModuleType) -> list[Finding]:
    """Look for what looks wrong.

    Args:
        senders: What sends signals.
        module: The user's module; what its package sends is read from the source.

    Returns:
        The findings, by sender and signal; each once, though it may be inherited.
    """
    sent = sends_in(module)
    found: dict[Finding, None] = {}
    for sender in senders:
        for signal in sender.signals:
            title = f"{signal.signal} of {sender.name}"
            found |= dict.fromkeys(_about_name(sender, signal, title))
            if sender.model is None or signal.signal not in declared_signals(ModelSignals):
                found |= dict.fromkeys(_unsent(signal, title, sent))
            found |= dict.fromkeys(_twice(signal, title))
            for listener in signal.listeners:
                if listener.inherited_from is None:  # else it is told at the abstract model
                    found |= dict.fromkeys(_about_receiver(signal, listener, title))
    return list(found)


def _about_name(sender: Sender, signal: Overview, title: str) -> Iterator[Finding]:
    if signal.declared:
        return
    known = [each.signal for each in sender.signals if each.declared]
    near = near_miss(signal.signal, known)
    if near:
        yield Finding(
            "near-miss",
            title,
            f"No signal of that name is declared, and it is close to `{near}`.",
            f"Connect to `{near}`; if it is meant, declare it in an emitter class.",
        )


def _unsent(signal: Overview, title: str, sent: Sent) -> Iterator[Finding]:
    count = sum(each.inherited_from is None for each in signal.listeners)
    if not count or sent.may_send(signal.signal):
        return
    yield Finding(
        "never-sent",
        title,
        f"{count} receiver{'s' if count > 1 else ''}, and no `….{signal.signal}.send(…)` in "
        f"{sent.searched}.",
        f"Send it (`await signals.{signal.signal}.send(sender=…)`), or disconnect the receivers.",
    )


def _twice(signal: Overview, title: str) -> Iterator[Finding]:
    seen: dict[object, Listener] = {}
    for listener in signal.listeners:
        first = seen.setdefault(_innermost(listener.receiver), listener)
        both_inherited = first.inherited_from is not None and listener.inherited_from is not None
        if first is not listener and not both_inherited:
            yield Finding(
                "twice",
                title,
                f"{describe(listener.receiver)} is connected twice, through two wrappers, and "
                "runs twice.",
                "Wrap it once and connect that.",
            )


def _innermost(receiver: Any) -> object:
    """What really runs: the function, on which object, with what bound."""
    bound: list[object] = []
    while True:
        if isinstance(receiver, functools.partial):
            bound += [
                *map(id, receiver.args),
                *sorted((k, id(v)) for k, v in receiver.keywords.items()),
            ]
            receiver = receiver.func
        elif inspect.ismethod(receiver):
            bound.append(id(receiver.__self__))
            receiver = receiver.__func__
        elif hasattr(receiver, "__wrapped__"):
            receiver = receiver.__wrapped__
        else:
            return id(receiver), *bound


def _about_receiver(signal: Overview, listener: Listener, title: str) -> Iterator[Finding]:
    name = describe(listener.receiver)
    try:
        faults = faults_of(contract_of(signal.protocol), listener.receiver, signal=signal.signal)
    except SignalDefinitionError:
        faults = []
    for fault in faults:
        yield Finding("contract", title, f"{name}: {fault.problem}.", f"{fault.remedy}.")
    body = body_of(listener.receiver)
    for method in dict.fromkeys(body.instance_calls()) if body else ():
        if method in _operations(signal.protocol):
            yield Finding(
                "restarts-itself",
                title,
                f"{name} calls `instance.{method}()`, which sends `{signal.signal}` again: unless "
                "a condition ends it, it never ends.",
                "Set the attributes in a receiver of the `pre_` signal, where they are written "
                "anyway, or update through `Model.objects.filter(…).update(…)`, which sends "
                "nothing.",
            )


def _operations(protocol: type) -> set[str]:
    """The methods of an instance that send a signal, as its Protocol's docstring says."""
    calls = [call.partition("Model.")[2] for call in prose_of(protocol).operations]
    methods = {call.removesuffix("()") for call in calls if call}
    return methods | {"upsert"} if methods & {"save", "update"} else methods
