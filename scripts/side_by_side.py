"""Run make targets side by side, print the output of each in one piece, and sum up.

    python scripts/side_by_side.py --jobs 2 lint mypy test-current

A target's output appears when the target has finished, so that no two of them mix. The exit
status is zero only if every target succeeded.
"""

import argparse
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass

# The last line of pytest: "==== 12 passed, 1 skipped in 0.34s ====".
PYTEST_CLOSING = re.compile(r"^=+ (.+ in [\d.]+s.*?) =+$", re.MULTILINE)


@dataclass(frozen=True)
class Result:
    target: str
    status: int
    seconds: float
    output: str

    @property
    def verdict(self) -> str:
        return "ok" if self.status == 0 else "FAILED"

    @property
    def remark(self) -> str:
        closing = PYTEST_CLOSING.findall(self.output)
        return closing[-1] if closing else f"{self.seconds:.1f}s"


PROCESSES: list[subprocess.Popen[str]] = []


def stop(process: subprocess.Popen[str]) -> None:
    """Stop a target together with all that it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def run(make: list[str], target: str, environment: dict[str, str], limit: float) -> Result:
    sys.stdout.write(f"started {target}\n")
    sys.stdout.flush()
    start = time.monotonic()
    process = subprocess.Popen(
        [*make, "--no-print-directory", target],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    PROCESSES.append(process)
    try:
        output, _ = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        stop(process)
        output, _ = process.communicate()
        output += f"\n{target} was stopped after {limit:.0f} seconds\n"
    return Result(target, process.returncode, time.monotonic() - start, output)


def main() -> int:
    parser = argparse.ArgumentParser(description="Run make targets side by side.")
    parser.add_argument("targets", nargs="+")
    parser.add_argument("--jobs", type=int, default=2, help="how many targets run at once")
    parser.add_argument("--make", default="make", help="the make to call")
    parser.add_argument("--limit", type=float, default=1800, help="seconds a target may take")
    options = parser.parse_args()

    # A nested make must not look for the job server of the outer one. Variables given on the
    # command line of the outer make are in the environment anyway.
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {"MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES"}
    }
    results: dict[str, Result] = {}
    with ThreadPoolExecutor(options.jobs) as pool:
        running = [
            pool.submit(run, shlex.split(options.make), target, environment, options.limit)
            for target in options.targets
        ]
        try:
            for future in as_completed(running):
                result = future.result()
                results[result.target] = result
                print(f"\n--- {result.target}: {result.verdict} ---\n{result.output}", flush=True)
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in PROCESSES:
                if process.returncode is None:
                    stop(process)
            return 130

    width = max(map(len, options.targets))
    print("Summary")
    for target in options.targets:
        result = results[target]
        print(f"  {result.verdict:<6}  {target:<{width}}  {result.remark}")
    failed = [target for target in options.targets if results[target].status != 0]
    if failed:
        print(f"Not everything succeeded: {', '.join(failed)}.")
        return 1
    print("Everything succeeded.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
