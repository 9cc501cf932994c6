# ruff: noqa: B018 - a name alone is what is checked
"""Signals by name."""

import ormar
from shop import any_album

from typed_signals import Signal

signals = any_album().signals

signals.my_own
signals.my_own = ormar.Signal()
signals.my_own = Signal()
signals.my_own = 3  # E[not-a-signal] all
signals.pre_svae  # E[misspelt-signal] plugin: did you mean `pre_save`?
signals.bulk_post_update  # E[misspelt-signal] plugin: did you mean `post_bulk_update`?
signals.update
signals["pre_save"]
there: bool = "pre_save" in signals
