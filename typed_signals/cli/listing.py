"""``typed-signals list``: models, their signals, who listens, and what looks wrong."""

from __future__ import annotations

import json
from itertools import islice
from typing import Any

import click
from rich.text import Text

from typed_signals.cli.console import aligned, out, remark
from typed_signals.cli.findings import Finding, findings_in
from typed_signals.cli.loading import Sender, import_target, senders_in
from typed_signals.inspection import place_of
from typed_signals.overview import Listener, Overview

__all__ = ["list_signals"]


@click.command("list")
@click.argument("target", metavar="MODULE[:ATTRIBUTE]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--all", "everything", is_flag=True, help="Also signals that nobody listens to.")
@click.option("--strict", is_flag=True, help="Exit with 1 if anything looks wrong.")
def list_signals(target: str, as_json: bool, everything: bool, strict: bool) -> None:
    """List who listens to which signal of which model.

    Imports MODULE (a name, or the path of a file) and lists every model that then exists; or only
    ATTRIBUTE: a model, an emitter, or a list of those.
    """
    imported = import_target(target)
    senders = senders_in(imported)
    findings = findings_in(senders, imported.module)
    if plain := [sender.name for sender in senders if not sender.typed]:
        remark(
            f"{', '.join(plain)}: the signals are ormar's own, and nothing is checked when a "
            "receiver connects; call `typed_signals.ormar.install()` to have that"
        )
    if as_json:
        told = {
            "senders": [_sender_data(sender) for sender in senders],
            "findings": [finding.data() for finding in findings],
        }
        click.echo(json.dumps(told, indent=2))
    else:
        for line in _lines(senders, everything=everything):
            out.print(line)
        _print_findings(findings)
    if strict and findings:
        raise click.exceptions.Exit(1)


def _lines(senders: list[Sender], *, everything: bool) -> list[Text]:
    lines: list[Text] = []
    for sender in senders:
        shown = [each for each in sender.signals if everything or each.listeners]
        if not shown:
            continue
        lines.append(Text(sender.name, "bold").append(" (abstract)" if sender.abstract else ""))
        rows = [_row(each) for signal in shown for each in signal.listeners]
        receivers = iter(aligned(rows, ("", "dim", "yellow"), indent=4))
        for signal in shown:
            lines.append(Text(f"  {signal.signal}", "cyan").append(_marks(signal), "dim"))
            lines += islice(receivers, len(signal.listeners))
        lines.append(Text())
    silent = [sender.name for sender in senders if not any(s.listeners for s in sender.signals)]
    if silent and not everything:
        lines += [Text(f"Nobody listens to {', '.join(silent)}.", "dim"), Text()]
    return lines


def _marks(signal: Overview) -> str:
    return "" if signal.declared else "  (not declared)"


def _row(listener: Listener) -> tuple[str, str, str]:
    place = place_of(listener.receiver)
    where = f"{place.file}:{place.line}" if place.file else ""
    return place.name, where, ", ".join(_flags(listener))


def _flags(listener: Listener) -> list[str]:
    flags: list[str] = []
    if listener.on_commit:
        flags.append("on commit")
    if listener.sequential is not None:
        flags.append("sequential" if listener.sequential else "together")
    if listener.inherited_from is not None:
        flags.append(f"inherited from {listener.inherited_from.__qualname__}")
    return flags


def _print_findings(findings: list[Finding]) -> None:
    if not findings:
        out.print(Text("Nothing looks wrong.", "green"))
        return
    out.print(Text("What looks wrong", "bold"))
    for finding in findings:
        out.print(Text(f"  {finding.title}", "yellow"))
        out.print(Text(f"    {finding.problem}"))
        out.print(Text(f"    {finding.remedy}", "dim"))


# --- JSON ----------------------------------------------------------------------------------------


def _sender_data(sender: Sender) -> dict[str, Any]:
    return {
        "name": sender.name,
        "module": sender.model.__module__ if sender.model else None,
        "abstract": sender.abstract,
        "typed": sender.typed,
        "signals": [
            {
                "name": each.signal,
                "contract": f"{each.protocol.__module__}.{each.protocol.__qualname__}",
                "declared": each.declared,
                "receivers": [_listener_data(listener) for listener in each.listeners],
            }
            for each in sender.signals
        ],
    }


def _listener_data(listener: Listener) -> dict[str, Any]:
    place, origin = place_of(listener.receiver), listener.inherited_from
    return {
        "name": place.name,
        "file": place.file,
        "line": place.line,
        "on_commit": listener.on_commit,
        "sequential": listener.sequential,
        "inherited_from": origin.__qualname__ if origin else None,
    }
