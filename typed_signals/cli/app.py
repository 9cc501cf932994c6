"""The group of commands."""

from __future__ import annotations

import click

from typed_signals.cli.check import check
from typed_signals.cli.doctor import doctor
from typed_signals.cli.explain import explain
from typed_signals.cli.graph import graph
from typed_signals.cli.listing import list_signals
from typed_signals.cli.outbox import outbox
from typed_signals.cli.worker import worker

__all__ = ["cli"]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="typed-signals")
def cli() -> None:
    """See who listens to which signal, and check that they may.

    Results go to stdout; what is said beside them goes to stderr. Exit codes: 0 all well,
    1 something was found (by `list`, only with --strict), 2 the command could not be run.
    """


for command in (list_signals, graph, explain, doctor, check, worker, outbox):
    cli.add_command(command)
