"""``typed-signals outbox``: what waits in an outbox, what is dead, and what to do with it."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import click

from typed_signals.cli._output import CannotRun, rows as print_rows, say, text
from typed_signals.cli._worker import outbox_in

if TYPE_CHECKING:
    from typed_signals.durable import Outbox

T = TypeVar("T")

# SQLite, PostgreSQL, MariaDB.
_NO_TABLE = re.compile(r"no such table|relation .* does not exist|Table .* doesn't exist")

_target = click.argument("target", metavar="MODULE:OUTBOX")
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def outbox() -> None:
    """See what waits in an outbox and what is dead, try it again, purge it."""


@outbox.command()
@_target
@_json
def status(target: str, as_json: bool) -> None:
    """Count the events of each receiver; exit with 1 if any is dead."""
    found = outbox_in(target)
    counts = _asked(found, lambda box: box.status())
    if as_json:
        data = [{**each._asdict(), "known": each.receiver in found.receivers} for each in counts]
        text(json.dumps(data, indent=2))
    elif not counts:
        say("The outbox is empty.", "green")
    else:
        rows = [("receiver", "pending", "running", "dead", "done", "oldest", "")]
        rows += [
            (
                each.receiver, str(each.pending), str(each.running), str(each.dead),
                str(each.done), _age(each.oldest),
                "" if each.receiver in found.receivers else "unknown here",
            )
            for each in counts
        ]  # fmt: skip
        print_rows(rows, ("bold", "", "", "red", "dim", "", "yellow"), indent=0)
    if any(each.dead for each in counts):
        raise click.exceptions.Exit(1)


@outbox.command()
@_target
@_json
@click.option("--limit", default=20, show_default=True, help="How many at most.")
def dead(target: str, as_json: bool, limit: int) -> None:
    """List the events that were given up, the newest first, each with its traceback."""
    rows = _asked(outbox_in(target), lambda box: box.dead(limit=limit))
    if as_json:
        text(json.dumps([_data(row) for row in rows], indent=2))
        return
    for row in rows:
        title = f"{row['id']}  {row['receiver']}"
        what = f"{row['attempts']} attempts, given up {_time(row['finished'])}"
        say(f"{title}  {what}", "bold red")
        text(f"{(row['error'] or '').rstrip()}\n\n")
    if not rows:
        say("Nothing is dead.", "green")


@outbox.command()
@_target
@click.argument("ids", metavar="ID...", nargs=-1, type=int)
@click.option("--all", "everything", is_flag=True, help="Every dead event.")
def retry(target: str, ids: tuple[int, ...], everything: bool) -> None:
    """Have dead events handled again, with all their attempts."""
    if bool(ids) == everything:
        raise CannotRun("name the events to retry by their ID, or write --all")
    named = {*ids}
    count = _asked(outbox_in(target), lambda box: box.retry(*named))
    say(f"{count} to be handled again")
    if count < len(named):
        raise CannotRun(f"{len(named) - count} of the {len(named)} named are not dead")


@outbox.command()
@_target
@click.option("--older-than", type=float, metavar="SECONDS", help="The outbox's own if left out.")
@click.option("--dead", is_flag=True, help="Dead events, too.")
def purge(target: str, older_than: float | None, dead: bool) -> None:
    """Delete events that were handled long ago; workers do that, too."""
    found = outbox_in(target)
    count = _asked(found, lambda box: box.purge(older_than=older_than, dead=dead))
    say(f"{count} deleted")


# --- inside --------------------------------------------------------------------------------------


def _asked(found: Outbox, ask: Callable[[Outbox], Awaitable[T]]) -> T:
    from sqlalchemy.exc import SQLAlchemyError

    from typed_signals.durable import DurableError

    async def connected() -> T:
        async with found.connected():
            return await ask(found)

    try:
        return asyncio.run(connected())
    except DurableError as error:
        raise CannotRun(str(error)) from None
    except (SQLAlchemyError, OSError) as error:
        reason = str(error).partition("\n")[0]
        if _NO_TABLE.search(reason):
            raise CannotRun(
                f"the outbox has no table: {reason}; make it with `metadata.create_all()`, or by a "
                "migration"
            ) from None
        raise CannotRun(f"the outbox's database does not answer: {reason}") from None


def _data(row: Mapping[str, Any]) -> dict[str, Any]:
    times = {name: _time(row[name]) for name in ("created", "finished")}
    return {**row, **times}


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _age(seconds: float | None) -> str:
    return "" if seconds is None else str(timedelta(seconds=round(seconds)))
