"""``python -m typed_signals``: the command line, by the interpreter that is called."""

from typed_signals.cli import main

main()
