"""The example without an ORM, run as the program it is."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_prints_what_it_says():
    done = subprocess.run(
        [sys.executable, "plain_asyncio.py"],
        cwd=ROOT / "examples",
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    *printed, refusal, fault, expected = done.stdout.splitlines()
    assert (
        printed
        == textwrap.dedent(
            """\
        Sent to everyone who is connected:
          welcome aboard the Lady Jane, Ada
        Receivers run concurrently:
          loading the luggage ...
          tooot! to Dover
          ... the luggage is loaded
        One after another, if the signal is sequential:
          loading the luggage ...
          ... the luggage is loaded
          tooot! to Calais
        After disconnect(), a receiver does not run:
          tooot! to Ostend
        What a receiver raises, send() raises:
          tooot! to Dover
          stopped: no lifejackets for 1
        send_robust() returns it instead, for each receiver:
          tooot! to Calais
          blow_horn: went well
          count_lifejackets: no lifejackets for 1
        A receiver that cannot be called is refused when it connects:
        """
        ).splitlines()
    )
    assert refusal.endswith("cannot be connected to signal `departed` of Ferry:")
    assert fault.endswith("it requires `harbor`, which `departed` never sends: write `harbour`")
    assert "sender: Ferry, *, harbour: str, passengers: int" in expected
