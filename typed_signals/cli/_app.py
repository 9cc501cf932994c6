"""The group of commands."""

from __future__ import annotations

import click

from typed_signals.cli._check import check
from typed_signals.cli._doctor import doctor
from typed_signals.cli._explain import explain
from typed_signals.cli._graph import graph
from typed_signals.cli._list import list_signals
from typed_signals.cli._outbox import outbox
from typed_signals.cli._worker import worker


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="typed-signals")
def cli() -> None:
    """Show which receivers your signals have, and check them.

    `check` and `doctor` only read your code; every other command imports the module that you
    name, so its code runs. Results go to stdout, everything else to stderr. Exit codes: 0 all is
    well, 1 something was found (`list`: only with --strict), 2 the command could not run.
    """


for command in (list_signals, graph, explain, doctor, check, worker, outbox):
    cli.add_command(command)
