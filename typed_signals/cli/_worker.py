"""``typed-signals worker``: runs the durable receivers of an outbox."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from typing import TYPE_CHECKING

import click

from typed_signals.cli._output import CannotRun, remark
from typed_signals.cli._target import import_target

if TYPE_CHECKING:
    from typed_signals.durable import Outbox
    from typed_signals.durable._work import Runner


@click.command()
@click.argument("target", metavar="MODULE:OUTBOX")
@click.option("--concurrency", default=8, show_default=True, help="Receivers that run at once.")
@click.option("--lease", default=60.0, show_default=True, help="Seconds that an event is claimed.")
@click.option("--poll", default=0.5, show_default=True, help="Seconds to wait when nothing is due.")
@click.option("--grace", default=25.0, show_default=True, help="Seconds to finish when stopped.")
def worker(target: str, concurrency: int, lease: float, poll: float, grace: float) -> None:
    """Run the durable receivers of an outbox until SIGTERM or Ctrl-C.

    Imports MODULE, which must import every module that connects durable receivers, and works on
    OUTBOX. Start as many as you like, on any machines. A worker that is stopped lets its receivers
    finish; a second signal has them cancelled and given back at once.
    """
    outbox = outbox_in(target, for_results=False)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    names = ", ".join(sorted(outbox.receivers))
    if not names:
        raise CannotRun(
            f"no durable receiver is connected once `{target}` is imported: name a module that "
            "imports those that connect them"
        )
    remark(f"works on {names}")
    try:
        working = outbox.runner(concurrency=concurrency, lease=lease, poll=poll, grace=grace)
    except ValueError as error:
        raise CannotRun(str(error)) from None
    from typed_signals.durable import DurableError

    try:
        asyncio.run(_run(outbox, working))
    except DurableError as error:
        raise CannotRun(str(error)) from None
    remark("stopped")


async def _run(outbox: Outbox, working: Runner) -> None:
    loop = asyncio.get_running_loop()
    if sys.platform != "win32":  # there event loops handle no signals: Ctrl-C cancels the worker
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, working.stop)
    async with outbox.connected():
        await working.run()


def outbox_in(target: str, *, for_results: bool = True) -> Outbox:
    """Import the outbox that the user named; see :func:`import_target`."""
    found = import_target(target, for_results=for_results)
    try:
        from typed_signals.durable import Outbox
    except ModuleNotFoundError as error:
        raise CannotRun(
            f"an outbox needs `{error.name}`: pip install 'typed-signals[durable]'"
        ) from None
    if not isinstance(found.value, Outbox):
        raise CannotRun(
            f"`{target}` is no outbox: write `module:outbox`, the name that your `TableOutbox(...)`"
            " or `ProcrastinateOutbox(...)` has"
        )
    return found.value
