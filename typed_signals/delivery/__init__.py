"""How a send reaches its receivers, from who hears it to what is told after the commit.

Each room uses only those before it: :mod:`nesting` (sends within sends), :mod:`connection` (a
receiver and how to call it), :mod:`starting` (a task for a receiver), :mod:`ways` (together,
one after another), :mod:`later` (after the commit), :mod:`audience` (who hears a send, and in
which steps).
"""
