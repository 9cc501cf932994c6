"""The command line, ``typed-signals``: one command a module. Nothing else imports it."""

from __future__ import annotations

import sys

__all__ = ["main"]

_EXTRA = "typed-signals: the command line needs more packages: pip install 'typed-signals[cli]'"


def main() -> None:
    """Run the command line; the entry point ``typed-signals``, and ``python -m typed_signals``."""
    try:
        from typed_signals.cli._app import cli
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("click", "packaging", "rich"):
            raise
        print(_EXTRA, file=sys.stderr)
        raise SystemExit(2) from None
    cli(prog_name="typed-signals")
