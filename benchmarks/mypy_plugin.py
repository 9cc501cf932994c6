"""How much the plugin costs mypy: a generated project, checked with it and without it.

    python benchmarks/mypy_plugin.py [--models 500] [--receivers 2000] [--repeat 5]

The project has ormar models and valid receivers. Runs with and without the plugin take turns, so
that both meet the same machine: cold (no cache), warm (nothing changed) and changed (one module
was edited). Processor time of mypy is what counts, since other programs may be running; wall time
is printed beside it. The target is for the cold run, in which the plugin sees every receiver; in
the others what remains is the time to import the plugin. The exit code is 1 when it is missed.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

TARGET = 1.05
MODELS_IN_A_MODULE = 10

HEAD = """\
import ormar
from ormar import pre_save, post_save
from typed_signals.ormar import receiver

base = ormar.OrmarConfig()
"""

MODEL = """

class Model{n}(ormar.Model):
    ormar_config = base.copy(tablename="models_{n}")

    id: int = ormar.Integer(primary_key=True)
    name: str = ormar.String(max_length=100)
    count: int = ormar.Integer(default=0)
"""

RECEIVERS = [
    """

@pre_save(Model{n})
async def receiver_{r}(sender: type[Model{n}], instance: Model{n}, **kwargs: object) -> None:
    instance.count += 1
""",
    """

@post_save([Model{n}])
async def receiver_{r}(sender: type[Model{n}], **kwargs: object) -> str:
    return sender.__name__
""",
    """

@Model{n}.ormar_config.signals.post_bulk_update.connect
async def receiver_{r}(
    sender: type[Model{n}], instances: list[Model{n}], **kwargs: object
) -> None:
    for each in instances:
        each.name = each.name.strip()
""",
    """

@receiver("pre_update", Model{n})
async def receiver_{r}(
    sender: type[Model{n}], instance: Model{n}, passed_args: dict[str, object], **kwargs: object
) -> None:
    instance.name = str(passed_args.get("name", instance.name))
""",
]


def write_project(folder: Path, models: int, receivers: int) -> None:
    package = folder / "shop"
    package.mkdir()
    (package / "__init__.py").touch()
    written = 0
    for first in range(0, models, MODELS_IN_A_MODULE):
        text = [HEAD]
        for n in range(first, min(first + MODELS_IN_A_MODULE, models)):
            text.append(MODEL.format(n=n))
            while written < receivers * (n + 1) // models:
                text.append(RECEIVERS[written % len(RECEIVERS)].format(n=n, r=written))
                written += 1
        (package / f"part_{first // MODELS_IN_A_MODULE}.py").write_text("".join(text))
    for name, plugins in (("without", ""), ("with", "plugins = typed_signals.mypy\n")):
        (folder / f"{name}.ini").write_text(f"[mypy]\n{plugins}cache_dir = .cache-{name}\n")


def check(folder: Path, name: str) -> tuple[float, float]:
    """Run mypy; its processor time and wall time."""
    command = [sys.executable, "-m", "mypy", "--config-file", f"{name}.ini", "-p", "shop"]
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(f"mypy finds fault with the project ({name}):\n{done.stdout[:2000]}{done.stderr}")
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return used, wall


def measure(folder: Path, repeat: int, prepare: Callable[[str], None]) -> dict[str, list[float]]:
    """Median processor and wall time of each configuration, the two taking turns."""
    times: dict[str, list[tuple[float, float]]] = {"with": [], "without": []}
    for turn in range(repeat):
        for name in sorted(times, reverse=bool(turn % 2)):
            prepare(name)
            times[name].append(check(folder, name))
    return {name: [*map(median, zip(*rows, strict=True))] for name, rows in times.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure what the plugin costs mypy.")
    parser.add_argument("--models", type=int, default=500)
    parser.add_argument("--receivers", type=int, default=2000)
    parser.add_argument("--repeat", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        write_project(folder, arguments.models, arguments.receivers)
        edited = folder / "shop" / "part_0.py"

        def cold(name: str) -> None:
            shutil.rmtree(folder / f".cache-{name}", ignore_errors=True)

        def warm(name: str) -> None:
            pass

        def changed(name: str) -> None:
            edited.write_text(f"{edited.read_text()}# edited\n")

        print(
            f"{arguments.models} models, {arguments.receivers} receivers, "
            f"medians of {arguments.repeat} runs, {os.cpu_count()} cores\n\n"
            f"{'':10}{'without':>10}{'with':>10}{'ratio':>8}     wall: without    with"
        )
        ratios: list[float] = []
        for prepare in (cold, warm, changed):
            found = measure(folder, arguments.repeat, prepare)
            (plain, plain_wall), (plugged, plugged_wall) = found["without"], found["with"]
            ratios.append(plugged / plain)
            print(
                f"{prepare.__name__:10}{plain:9.2f}s{plugged:9.2f}s{ratios[-1]:8.3f}"
                f"{plain_wall:17.2f}s{plugged_wall:7.2f}s"
            )
        print(f"\ncold: ratio {ratios[0]:.3f}, target {TARGET}")
    return int(ratios[0] > TARGET)


if __name__ == "__main__":
    sys.exit(main())
