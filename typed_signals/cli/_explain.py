"""``typed-signals explain``: a signal, the signals of a model, or what is wrong with a receiver."""

from __future__ import annotations

import os
import re
import sys
import typing
from collections.abc import Iterator
from dataclasses import dataclass

import click
from typing_extensions import is_protocol

from typed_signals.cli import _library as library
from typed_signals.cli._output import CannotRun, code, rows, say
from typed_signals.cli._senders import Sender, every_sender, senders_in
from typed_signals.cli._target import RUNS_CODE, Target, import_target

_COMMON = "post_save"


@click.command(
    help=f"""Explain a signal, a model or a receiver.

    SIGNAL is one of a model's lifecycle (`pre_save`), or `custom`: shows when it is sent, with
    what, and what to write. MODULE:ATTRIBUTE is a signal, its Protocol, a model or an emitter
    (shows its signals), or a receiver (lists every fault, and exits with 1 if there is any).

    {RUNS_CODE}
    """
)
@click.argument("target", metavar="SIGNAL|MODULE:ATTRIBUTE")
@click.option(
    "--signal",
    metavar="SIGNAL|MODULE:ATTRIBUTE",
    help="The signal that a receiver is for, if it is not connected.",
)
def explain(target: str, signal: str | None) -> None:
    if not any(mark in target for mark in (":", ".", os.sep)):
        _print_signal(_named(target))
        return
    imported = import_target(target)
    if not imported.path:
        raise CannotRun(f"`{target}` names a module: add `:attribute`, a signal, model or receiver")
    if (subject := _subject(imported)) is not None:
        _print_signal(subject)
    elif (sender := _sender(imported)) is not None:
        _print_sender(sender, imported)
    else:
        subjects = [_named(signal)] if signal else _connected(imported)
        verdicts = [_print_verdict(each, imported.value) for each in subjects]  # all are printed
        if not all(verdicts):
            raise click.exceptions.Exit(1)


@dataclass(frozen=True, slots=True)
class _Subject:
    """A signal to explain, or to check a receiver against; and where a user's own was found."""

    name: str
    protocol: library.ContractSource
    model: type | None = None
    target: Target | None = None
    durable: library.DurableOption[object] | None = None

    def title(self, quote: str = "") -> str:
        """Its name, and whose it is."""
        name = f"{quote}{self.name or self.protocol.__name__}{quote}"
        return f"{name} of {self.model.__name__}" if self.model else name


def _named(text: str) -> _Subject:
    if ":" in text:
        if (subject := _subject(import_target(text))) is not None:
            return subject
        raise CannotRun(f"`{text}` is neither a signal nor the Protocol of one")
    known = {**library.LIFECYCLE, "custom": library.CustomReceiver}
    if text in known:
        return _Subject(text, known[text])
    if near := library.suggest(text, known):
        raise CannotRun(f"there is no signal `{text}`: did you mean `{near}`?")
    raise CannotRun(
        f"there is no signal `{text}`: known are {', '.join(known)}; name one of your own as "
        "`module:attribute`"
    )


def _subject(target: Target) -> _Subject | None:
    value = target.value
    if library.is_signal(value):
        senders = every_sender(target.module)
        owner = next((sender.cls for sender in senders if sender.find(value)), None)
        name = value.name or target.path.rpartition(".")[2]
        return _Subject(name, value.protocol, owner, target)
    if isinstance(value, type) and is_protocol(value):
        return _Subject("", value, None, target)
    return None


def _sender(target: Target) -> Sender | None:
    try:
        [sender] = senders_in(target)
    except (CannotRun, ValueError):
        return None
    return sender


def _connected(target: Target) -> list[_Subject]:
    """The signals that a receiver is connected to, each contract once."""
    found = {
        (signal.name, signal.protocol): _Subject(
            signal.name, signal.protocol, sender.cls, durable=each.durable
        )
        for sender in reversed(every_sender(target.module))
        for signal in reversed(sender.signals)
        for each in signal.receivers
        if each.receiver == target.value
    }
    if found:
        return [*reversed(found.values())]
    raise CannotRun(
        f"`{target}` is not connected to a signal: name the one it is for with `--signal NAME`"
    )


def _contract(subject: _Subject) -> library.Contract:
    try:
        return library.contract_of(subject.protocol, subject.name, subject.durable)
    except library.SignalDefinitionError as error:
        raise CannotRun(str(error)) from None


# --- a model -------------------------------------------------------------------------------------


def _print_sender(sender: Sender, target: Target) -> None:
    say(sender.name, "bold cyan")
    cells = [("signal", "receivers", "")]
    for each in sender.signals:
        summary = " ".join(library.read_docstring(each.protocol).summary) or each.protocol.__name__
        cells.append((each.name, str(len(each.receivers) or "-"), summary))
    rows(cells, ("cyan", "", "dim"), indent=2)
    names = [each.name for each in sender.signals]
    example = _COMMON if _COMMON in names and names[-1] in library.LIFECYCLE else names[-1]
    say(f"\nMore: typed-signals explain {target}.{example}", "dim")


# --- a signal ------------------------------------------------------------------------------------


def _print_signal(subject: _Subject) -> None:
    contract = _contract(subject)
    prose = library.read_docstring(subject.protocol)
    say(subject.title(), "bold cyan")
    for line in prose.summary:
        say(line, indent=2)
    if prose.sent_by:
        say("\nSent by", "bold")
        say(prose.sent_by, indent=2)
    say("\nPayload", "bold")
    rows(
        [(name, prose.arguments.get(name, "")) for name in ("sender", *contract.names)],
        ("cyan", ""),
        indent=2,
    )
    if contract.accepts_any_payload:
        say("Any other keyword arguments.", indent=2)
    say()
    say(
        "Everything except `sender` comes by keyword: a receiver names what it uses, in any "
        "order, and leaves the rest to `**kwargs`.",
        "dim",
        indent=2,
    )
    say("\nWrite", "bold")
    for line in _example(subject):
        code(line, indent=2)


def _example(subject: _Subject) -> Iterator[str]:
    """A receiver with that contract, as code that runs once the example's models exist."""
    contract = _contract(subject)
    model = subject.model.__name__ if subject.model else "Album"
    signature = contract.signature.replace("{model}", model)
    imports, decorator = _connecting(subject, model)
    for name in {model, *re.findall(r"[^\W\d]\w*(?!\w*:)", signature)}:
        imports |= _import_of(name, subject)
    yield from sorted(imports, key=lambda line: (not line.startswith("from typing "), line))
    yield from ("", *decorator)
    if len(signature) > 70:
        parameters = re.split(r", (?=\*,|\**\w+: )", signature)
        yield from ("async def react(", *(f"    {each}," for each in parameters), ") -> None:")
    else:
        yield f"async def react({signature}) -> None:"
    yield f"    print({next(iter(contract.names), 'sender')})"


def _connecting(subject: _Subject, model: str) -> tuple[set[str], list[str]]:
    """The imports and the lines that connect the receiver below them."""
    path = subject.target.path if subject.target else ""
    if subject.name in library.LIFECYCLE:
        module = library.decorators_of(subject.protocol)
        return {f"from {module} import {subject.name}"}, [f"@{subject.name}({model})"]
    if subject.target is None or path.endswith(f"{model}.{subject.name}"):
        name = subject.name if subject.target else "sold_out"
        return {"from typed_signals import receiver"}, [f'@receiver("{name}", {model})']
    imports = {f"from {subject.target.module.__name__} import {path.partition('.')[0]}"}
    if subject.name:
        return imports, [f"@{path}.connect"]
    name = re.sub(r"(?<=[a-z\d])(?=[A-Z])", "_", subject.protocol.__name__).lower()
    made = [f"{name} = Signal[{path}]()", "", "", f"@{name}.connect"]
    return {*imports, "from typed_signals import Signal"}, made


def _import_of(name: str, subject: _Subject) -> set[str]:
    """The import that a name in an annotation of the contract needs."""
    module = subject.protocol.__module__
    value = getattr(sys.modules.get(module), name, None)
    if value is not None:
        home = getattr(value, "__module__", module)
        home = home if hasattr(sys.modules.get(home), name) else module
        public = home.partition("._")[0]
        return {f"from {public if hasattr(sys.modules.get(public), name) else home} import {name}"}
    if subject.model is not None and name == subject.model.__name__:
        return {f"from {subject.model.__module__} import {name}"}
    return {f"from typing import {name}"} if hasattr(typing, name) else set()


# --- a receiver ----------------------------------------------------------------------------------


def _print_verdict(subject: _Subject, receiver: object) -> bool:
    """Print whether a receiver keeps the contract of a signal, or every fault."""
    contract = _contract(subject)
    faults = library.find_faults(contract, receiver, signal=subject.name)
    what = subject.title("`") + (
        f", durably as `{subject.durable.name}`" if subject.durable else ""
    )
    if not faults:
        say(f"{library.describe(receiver)} keeps the contract of {what}.", "green")
        return True
    say(f"{library.describe(receiver)} cannot be connected to {what}:", "bold red")
    for fault in faults:
        lenient = "" if fault.fatal else "  (it works: in lenient mode this is a warning)"
        say(f"- {fault}{lenient}", indent=2)
    say(f"expected: {contract.expected(subject.model)}", "cyan", 2)
    return False
