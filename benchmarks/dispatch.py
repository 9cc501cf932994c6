"""What telling receivers costs, beside ormar's own signals and other libraries.

Everything is measured in one process and one run: the repetitions of all competitors take turns,
and the median counts. Run it with `make bench`.
"""

from __future__ import annotations

RECEIVERS = (0, 1, 2, 3, 10, 100)

TARGETS = {  # times as fast as ormar: (kind, receivers) -> (Python 3.11, 3.12 and later)
    ("ready", 0): (5, 5),
    ("ready", 1): (10, 10),
    ("suspending", 1): (4, 4),
    **{("ready", count): (1, 4) for count in RECEIVERS[2:]},
    **{("suspending", count): (1, 1) for count in RECEIVERS[2:]},
}
