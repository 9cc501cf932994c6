"""``typed-signals explain``: a signal's contract, or the verdict on a receiver, in words."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from typing import Any

import click
from rich.text import Text

from typed_signals.cli.console import CannotRun, aligned, out
from typed_signals.cli.loading import Target, import_target, senders_in
from typed_signals.contract import Fault, near_miss
from typed_signals.emitter import ModelSignals, declared_signals
from typed_signals.errors import SignalDefinitionError
from typed_signals.inspection import contract_of, describe, faults_of
from typed_signals.prose import prose_of
from typed_signals.receivers import CustomReceiver
from typed_signals.signal import Signal

__all__ = ["explain"]

_CUSTOM = "custom"


@click.command()
@click.argument("target", metavar="SIGNAL|MODULE:ATTRIBUTE")
@click.option(
    "--signal",
    metavar="SIGNAL|MODULE:ATTRIBUTE",
    help="The signal that a receiver is for, if it is not connected to one.",
)
def explain(target: str, signal: str | None) -> None:
    """Explain a signal, or judge a receiver.

    SIGNAL is one of a model's lifecycle (`pre_save`), or `custom`: when it is sent, with what, and
    what to write. MODULE:ATTRIBUTE is a signal, the Protocol of one, or a receiver: then the
    verdict and every fault. Exits with 1 if the receiver would be refused.
    """
    if ":" not in target and not target.endswith(".py"):
        for line in _explained(_named(target)):
            out.print(line)
        return
    imported = import_target(target)
    if not imported.path:
        raise CannotRun(f"`{target}` names a module: add `:attribute`, a signal or a receiver")
    if (subject := _subject(imported)) is not None:
        for line in _explained(subject):
            out.print(line)
        return
    judged = [_named(signal)] if signal else _connected(imported)
    verdicts = [_print_verdict(each, imported.value) for each in judged]  # all are printed
    if not all(verdicts):
        raise click.exceptions.Exit(1)


@dataclass(frozen=True, slots=True)
class _Subject:
    """A signal to explain, or to judge a receiver by."""

    name: str
    protocol: type
    model: type | None = None


def _named(text: str) -> _Subject:
    if ":" in text:
        subject = _subject(import_target(text))
        if subject is None:
            raise CannotRun(f"`{text}` is neither a signal nor the Protocol of one")
        return subject
    known = {**declared_signals(ModelSignals), _CUSTOM: CustomReceiver}
    if text in known:
        return _Subject(text, known[text])
    near = near_miss(text, known)
    hint = f"did you mean `{near}`?" if near else f"known are {', '.join(known)}"
    raise CannotRun(
        f"there is no signal `{text}`: {hint}"
        + ("" if near else "; name one of your own as `module:attribute`")
    )


def _subject(target: Target) -> _Subject | None:
    value = target.value
    if isinstance(value, Signal):
        owner = value._home.owner if value._home else None
        return _Subject(value.name or target.path, value.protocol, owner)
    if inspect.isclass(value) and getattr(value, "_is_protocol", False):
        return _Subject("", value)
    return None


def _connected(target: Target) -> list[_Subject]:
    """The signals that a receiver is connected to, each contract once."""
    module = Target(target.module, "", target.module)
    try:
        senders = senders_in(module)
    except CannotRun:
        senders = []
    found: dict[object, _Subject] = {}
    for sender in senders:
        for signal in sender.signals:
            if any(each.receiver == target.value for each in signal.listeners):
                subject = _Subject(signal.signal, signal.protocol, sender.model)
                found.setdefault((subject.name, subject.protocol), subject)
    if not found:
        raise CannotRun(
            f"`{target}` is connected to no signal: say which it is for with `--signal NAME`"
        )
    return list(found.values())


# --- a signal ------------------------------------------------------------------------------------


def _explained(subject: _Subject) -> list[Text]:
    try:
        contract = contract_of(subject.protocol)
    except SignalDefinitionError as error:
        raise CannotRun(str(error)) from None
    told = prose_of(subject.protocol)
    of = f" of {subject.model.__name__}" if subject.model else ""
    lines = [Text(f"{subject.name or subject.protocol.__name__}{of}", "bold cyan")]
    lines += [Text(f"  {each}") for each in told.summary]
    if told.sent_by:
        lines += [Text(), Text("Sent by", "bold"), Text(f"  {told.sent_by}")]
    names = ["sender", *contract.names]
    rows = [(name, told.arguments.get(name, "")) for name in names]
    lines += [Text(), Text("Sent with", "bold"), *aligned(rows, ("cyan", ""), indent=2)]
    if contract.open_payload:
        lines.append(Text("  Any other payload, by keyword."))
    lines += [
        Text(),
        Text("Write", "bold"),
        Text(f"  {contract.expected(subject.model)} -> None: ..."),
        Text(),
        Text(
            "  Payload is sent by keyword: any of it may be left to `**kwargs`, in any order.",
            "dim",
        ),
        Text(),
        Text("For example", "bold"),
        *(Text(f"  {line}".rstrip()) for line in _example(subject)),
    ]
    return lines


def _example(subject: _Subject) -> list[str]:
    contract = contract_of(subject.protocol)
    model = subject.model.__name__ if subject.model else "Album"
    payload = next(iter(contract.payload), None)
    shown = f"sender: type[{model}]" + (f", {_parameter(subject, payload)}" if payload else "")
    name = subject.name if subject.name not in ("", _CUSTOM) else "sold_out"
    if name in declared_signals(ModelSignals):
        decorator = f"@{name}({model})"
        head = [f"from typed_signals.ormar import {name}", ""]
    else:
        decorator, head = f"@signals.{name}.connect", []
    return [
        *head,
        decorator,
        f"async def react({shown}, **kwargs: object) -> None:",
        f"    print({payload or 'sender'})",
    ]


def _parameter(subject: _Subject, name: str) -> str:
    text = contract_of(subject.protocol).expected(subject.model)
    found: Any = re.search(rf"\b({name}: [^,)]*)", text)
    return str(found[1]).replace("Model", "Album") if found else name


# --- a receiver ----------------------------------------------------------------------------------


def _print_verdict(subject: _Subject, receiver: object) -> bool:
    contract = contract_of(subject.protocol)
    faults: list[Fault] = faults_of(contract, receiver, signal=subject.name)
    what = f"`{subject.name}`" if subject.name else f"`{subject.protocol.__name__}`"
    of = f" of {subject.model.__name__}" if subject.model else ""
    if not faults:
        out.print(Text(f"{describe(receiver)} keeps the contract of {what}{of}.", "green"))
        return True
    out.print(Text(f"{describe(receiver)} cannot be connected to {what}{of}:", "bold red"))
    for fault in faults:
        mark = "" if fault.fatal else "  (works; taken with a warning in lenient mode)"
        out.print(Text(f"  - {fault}").append(mark, "dim"))
    out.print(Text(f"  expected: {contract.expected(subject.model)}", "cyan"))
    return False
