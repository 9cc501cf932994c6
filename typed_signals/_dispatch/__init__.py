"""How a send reaches its receivers.

Each module uses only those before it: :mod:`nesting` (sends within sends), :mod:`tasks` (start
tasks and wait for them), :mod:`run` (concurrently, sequentially), :mod:`on_commit` (after the
commit), :mod:`limits` (end what takes too long), :mod:`changed` (what an operation changes),
:mod:`plan` (which receivers, in which groups).
"""
