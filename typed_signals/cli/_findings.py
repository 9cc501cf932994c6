"""What looks wrong, though nothing refuses it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import ModuleType

from typed_signals.cli import _library as library
from typed_signals.cli._body import body_of, unwrapped
from typed_signals.cli._library import ReceiverInfo, SignalInfo
from typed_signals.cli._senders import Sender
from typed_signals.cli._source import how_to_import, module_name, not_loaded, sent_names


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that looks wrong: a stable code, where it is, the problem, what to do about it."""

    code: str
    title: str
    problem: str
    remedy: str


def findings_in(senders: Sequence[Sender], module: ModuleType) -> list[Finding]:
    """Find what looks wrong with senders, and in the source of a module's project."""
    return [*dict.fromkeys(_findings(senders, module))]


def _findings(senders: Sequence[Sender], module: ModuleType) -> Iterator[Finding]:
    yield from _not_imported(module)
    sent, searched = sent_names(module)
    alone = {each.name: one for one in senders if one.stands_alone for each in one.signals}
    for sender in senders:
        for signal in sender.signals:
            title = f"`{signal.name}` of {sender.name}"
            ours = not sender.is_model or signal.name not in library.LIFECYCLE
            if ours and sent.isdisjoint((signal.name.rpartition(".")[2], None)):
                yield from _never_sent(sender, signal, title, searched)
            elif not signal.declared and not sender.stands_alone and signal.name in alone:
                yield from _another(signal, title, alone[signal.name])
            yield from _twice(signal, title)
            for each in signal.receivers:
                if each.inherited_from is None:  # else it is reported at the abstract model
                    yield from _about_receiver(signal, each, title)


def _not_imported(module: ModuleType) -> Iterator[Finding]:
    for file in not_loaded(module):
        name, _ = module_name(file)
        yield Finding(
            "not-imported",
            f"`{name}` ({os.path.relpath(file)})",
            f"This module connects receivers, and importing `{module.__name__}` does not import "
            "it, so they are not connected.",
            f"Import it where your program starts: {how_to_import(name)}.",
        )


def _never_sent(sender: Sender, signal: SignalInfo, title: str, searched: str) -> Iterator[Finding]:
    count = sum(each.inherited_from is None for each in signal.receivers)
    declared = [each.name for each in sender.signals if each.declared]
    near = None if signal.declared else library.suggest(signal.name, declared)
    if count:
        yield Finding(
            "never-sent",
            title,
            f"It has {count} receiver{'s' if count > 1 else ''}, but there is no "
            f"`{signal.name}.send(…)` in {searched}.",
            f"Connect to `{near}`, if that is what you mean."
            if near
            else f"Send it (`await ….{signal.name}.send(sender=…)`), or disconnect the receivers.",
        )


def _another(signal: SignalInfo, title: str, meant: Sender) -> Iterator[Finding]:
    if signal.receivers:
        yield Finding(
            "another-signal",
            title,
            f"It is not declared, so it is another signal than `{meant.name}.{signal.name}`, and "
            "sending one does not call the receivers of the other.",
            f"Connect with `@{signal.name}.connect`, if that is what you mean.",
        )


def _twice(signal: SignalInfo, title: str) -> Iterator[Finding]:
    seen: dict[object, ReceiverInfo] = {}
    places: dict[tuple[str, str | None], object] = {}
    for each in signal.receivers:
        function = unwrapped(each.receiver)[0]
        place = library.locate(function)
        code = getattr(function, "__code__", None)  # one for all functions that a loop makes
        earlier = places.setdefault((place.name, place.file), code)
        if earlier is not code and place.file and "<locals>" not in place.name:
            yield Finding(
                "reloaded",
                title,
                f"{library.describe(each.receiver)} is connected twice: its module was run again, "
                "as `importlib.reload()` does, so it runs twice.",
                "Call `disconnect_all()` on the signal before the module is run again.",
            )
        first = seen.setdefault(unwrapped(each.receiver)[-1], each)
        both_inherited = first.inherited_from is not None and each.inherited_from is not None
        if first is not each and not both_inherited:
            yield Finding(
                "twice",
                title,
                f"{library.describe(each.receiver)} is connected twice, through two wrappers, so "
                "it runs twice.",
                "Wrap it once and connect that.",
            )


def _about_receiver(signal: SignalInfo, each: ReceiverInfo, title: str) -> Iterator[Finding]:
    name = library.describe(each.receiver)
    try:
        contract = library.contract_of(signal.protocol, signal.name, each.durable)
        faults = library.find_faults(contract, each.receiver, signal=signal.name)
    except library.SignalDefinitionError:  # a bad contract; connecting has reported it
        faults = []
    for fault in faults:
        remedy = f"{fault.remedy[0].upper()}{fault.remedy[1:]}."
        yield Finding("contract", title, f"{name}: {fault.problem}.", remedy)
    body = body_of(each.receiver)
    for method in dict.fromkeys(body.instance_calls()) if body else ():
        if method in _operations(signal.protocol):
            yield Finding(
                "restarts-itself",
                title,
                f"{name} calls `instance.{method}()`, which sends `{signal.name}` again: without "
                "a condition this never ends.",
                "Set the attributes in a receiver of the `pre_` signal, which writes them anyway, "
                "or use `Model.objects.filter(…).update(…)`, which sends nothing.",
            )


def _operations(protocol: library.ContractSource) -> set[str]:
    """The methods of an instance that send a signal, as its Protocol's docstring says."""
    calls = [call.partition("Model.")[2] for call in library.read_docstring(protocol).operations]
    methods = {call.removesuffix("()") for call in calls if call}
    return methods | {"upsert"} if methods & {"save", "update"} else methods
