"""``typed-signals list``: senders, their signals, the receivers, and what looks wrong."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import click

from typed_signals.cli import _library as library
from typed_signals.cli._findings import Finding, findings_in
from typed_signals.cli._library import ReceiverInfo
from typed_signals.cli._output import remark, rows, say, text
from typed_signals.cli._senders import Sender, senders_in
from typed_signals.cli._target import RUNS_CODE, import_target


@click.command(
    "list",
    help=f"""List signals and their receivers.

    {RUNS_CODE} MODULE is a name or the path of a file. Lists every model that then exists, and
    the emitters and signals in the modules of the same project; or only ATTRIBUTE: a model, an
    emitter, a signal, or a list of those.
    """,
)
@click.argument("target", metavar="MODULE[:ATTRIBUTE]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--all", "everything", is_flag=True, help="Also signals without receivers.")
@click.option("--strict", is_flag=True, help="Exit with 1 if anything looks wrong.")
def list_signals(target: str, as_json: bool, everything: bool, strict: bool) -> None:
    imported = import_target(target)
    senders = senders_in(imported)
    findings = findings_in(senders, imported.module)
    if plain := [sender.name for sender in senders if not sender.typed]:
        remark(
            f"the signals of {', '.join(plain)} are ormar's own, so receivers are not checked "
            "when they connect: call `typed_signals.ormar.install()`"
        )
    if as_json:
        data = {"senders": [*map(_data, senders)], "findings": [*map(asdict, findings)]}
        text(json.dumps(data, indent=2))
    else:
        _print_senders(senders, everything=everything)
        _print_findings(findings)
    if strict and findings:
        raise click.exceptions.Exit(1)


def _print_senders(senders: Sequence[Sender], *, everything: bool) -> None:
    listed = {sender.cls for sender in senders if sender.cls}
    for sender in senders:
        # What is inherited is shown once, at the abstract model.
        shown = {
            signal: [_cells(each) for each in signal.receivers if each.inherited_from not in listed]
            for signal in sender.signals
        }
        every = [cells for some in shown.values() for cells in some]
        if not every and not everything:
            continue
        say(sender.name + _abstract(sender, senders), "bold")
        for signal, cells in shown.items():
            if cells or everything:
                say(signal.name + ("" if signal.declared else "  (not declared)"), "cyan", indent=2)
                rows(cells, ("", "dim", "yellow"), indent=4, beside=every or [("", "", "")])
        say()
    silent = [each.name for each in senders if not any(it.receivers for it in each.signals)]
    if silent and not everything:
        say(f"No receivers: {', '.join(silent)}.\n", "dim")


def _abstract(sender: Sender, senders: Sequence[Sender]) -> str:
    """For an abstract model, which models its receivers are called for."""
    heirs = dict.fromkeys(
        other.name
        for other in senders
        for signal in other.signals
        if any(each.inherited_from is sender.cls for each in signal.receivers)
    )
    called = f"; its receivers are called for {', '.join(heirs)}" if sender.cls and heirs else ""
    return f"  (abstract{called})" if sender.abstract else ""


def _cells(each: ReceiverInfo) -> tuple[str, str, str]:
    place = library.locate(each.receiver)
    notes = [f"durable: {each.durable.name}"] if each.durable else []
    notes += ["on commit"] if each.on_commit else []
    if each.sequential is not None:
        notes.append("sequential" if each.sequential else "concurrent")
    if each.timeout is not None:
        notes.append(f"timeout {each.timeout:g} s")
    if each.fields is not None:
        notes.append(f"if {', '.join(sorted(each.fields))} changed")
    if each.inherited_from is not None:
        notes.append(f"inherited from {each.inherited_from.__qualname__}")
    return place.name, f"{place.file}:{place.line}" if place.file else "", ", ".join(notes)


def _print_findings(findings: Sequence[Finding]) -> None:
    say("What looks wrong", "bold yellow") if findings else say("Nothing looks wrong.", "green")
    for finding in findings:
        say(finding.title, "yellow", indent=2)
        say(finding.problem, indent=4)
        say(finding.remedy, "dim", indent=4)


# --- JSON ----------------------------------------------------------------------------------------


def _data(sender: Sender) -> dict[str, Any]:
    signals = [
        {
            "name": each.name,
            "contract": f"{each.protocol.__module__}.{each.protocol.__qualname__}",
            "declared": each.declared,
            "receivers": [*map(_receiver_data, each.receivers)],
        }
        for each in sender.signals
    ]
    about = {name: getattr(sender, name) for name in ("name", "module", "abstract", "typed")}
    return about | {"signals": signals}


def _receiver_data(each: ReceiverInfo) -> dict[str, Any]:
    return asdict(library.locate(each.receiver)) | {
        "on_commit": each.on_commit,
        "sequential": each.sequential,
        "timeout": each.timeout,
        "fields": None if each.fields is None else sorted(each.fields),
        "inherited_from": each.inherited_from and each.inherited_from.__qualname__,
        "durable": each.durable and dict(each.durable.facts()),
    }
