"""What a send costs, beside ormar's own signals, bare tasks and other libraries.

    make bench [ARGS=--write]

Everything is measured in one process and one run: the repetitions of all competitors take turns,
and the median counts. With `--write` the tables become the section of this Python in
docs/benchmarks.md, with a chart.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import platform
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from importlib.metadata import version
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any
from xml.etree.ElementTree import Element

import blinker
import django.dispatch
import ormar
import pygal
import sqlalchemy
from pygal.style import CleanStyle
from senders import (
    AIOSIGNAL,
    BARE,
    LEAST,
    MODEL,
    ORMAR,
    SENDERS,
    SEQUENTIAL,
    TASKS,
    TYPED,
    Album,
    OrderChanged,
    Receiver,
    base,
    database,
    plain_ormar,
    psygnal_plain,
    receivers,
    typed,
)
from timing import Many, Timing, race, weight

from typed_signals import ModelSignals, Signal
from typed_signals.ormar import install, uninstall

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "benchmarks.md"
PYTHON = "{}.{}".format(*sys.version_info[:2])
LIBRARIES = ("ormar", "aiosignal", "blinker", "django", "pyee", "psygnal")

KINDS = ("ready", "suspending")
RECEIVERS = (0, 1, 2, 3, 10, 100)
GROWTH = (30, 300, 1000)
COUNTS = sorted(RECEIVERS + GROWTH)
GROWING = (ORMAR, TYPED, SEQUENTIAL, AIOSIGNAL, BARE, TASKS)
AGAIN = "ormar.Signal again"  # against itself: how far off a ratio may be
PSYGNAL = "psygnal (plain functions)"

EAGER = sys.version_info >= (3, 12)
NO_RECEIVER_TARGET = 5  # times as fast as ormar
SEQUENTIAL_TARGET = 1.5  # times aiosignal's time
OFF_TARGET = 1.03  # times the time without; less could be noise


def ormar_target(count: int) -> int:
    """How many times as fast as ormar a send is to be; 1 is "not slower"."""
    return 1 if count else NO_RECEIVER_TARGET


def tasks_target(count: int) -> float:
    """How many times the time of bare tasks a send may take, where those start eagerly."""
    return 2.5 if count == 1 else 1.25


# --- results -------------------------------------------------------------------------------------


@dataclass
class Report:
    """Tables, printed as they come and kept for the page."""

    parts: list[str] = field(default_factory=list)
    targets: list[bool] = field(default_factory=list)

    def verdict(self, met: bool) -> str:
        self.targets.append(met)
        return "met" if met else "**missed**"

    def table(
        self, title: str, note: str, head: Sequence[str], rows: Iterable[Sequence[str]]
    ) -> None:
        lines = [head, ["---:" if index else "---" for index in range(len(head))], *rows]
        table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        self.say(f"### {title}\n\n{note}\n\n{table}")

    def say(self, text: str) -> None:
        self.parts.append(text)
        print(text, end="\n\n", flush=True)


def ratio(one: Timing, other: Timing) -> str:
    return f"{one.seconds / other.seconds:.2f}"


def micro(timing: Timing | None) -> str:
    return (
        ""
        if timing is None
        else f"{timing.micro:.3g}"
        if timing.micro < 100
        else f"{timing.micro:.0f}"
    )


# --- sends ---------------------------------------------------------------------------------------

Cell = tuple[str, int]
Cells = dict[Cell, dict[str, Timing]]


async def measure_sends(repeat: int) -> Cells:
    cells: Cells = {}
    for kind, count in product(KINDS, COUNTS):
        if kind != KINDS[0] and not count:
            continue
        names = GROWING if count in GROWTH else SENDERS
        connected = receivers(kind, count)
        competitors = {name: SENDERS[name](connected) for name in names}
        if count not in GROWTH:
            competitors[AGAIN] = plain_ormar(connected)
            if kind == KINDS[0]:
                competitors[PSYGNAL] = psygnal_plain(count)
        cells[kind, count] = await race(competitors, repeat if count < 100 else max(repeat // 2, 2))
    return cells


def report_sends(report: Report, cells: Cells) -> None:
    main = {cell: found for cell, found in cells.items() if cell[1] in RECEIVERS}

    def beside_ormar(cell: Cell, found: dict[str, Timing]) -> list[str]:
        wanted = ormar_target(cell[1])
        row = [f"{cell[1]} {cell[0]}" if cell[1] else "0", micro(found[ORMAR])]
        for name in (TYPED, MODEL):
            times = found[ORMAR].seconds / found[name].seconds
            row += [micro(found[name]), f"{times:.2f}", report.verdict(times >= wanted)]
        return [*row, f">= {wanted}" if wanted > 1 else "not slower"]

    checked = ("times", "verdict")
    off = [abs(found[AGAIN].seconds / found[ORMAR].seconds - 1) for found in main.values()]
    spread = median(each.spread for found in main.values() for each in found.values())
    report.table(
        "Beside ormar",
        "Microseconds for one send, and how many times as fast as `ormar.Signal`: a signal of its "
        "own, and one of a model outside a transaction. How noisy it was: `ormar.Signal` against "
        f"itself was off by {100 * median(off):.0f} %, at worst {100 * max(off):.0f} %; between "
        f"the quartiles of a competitor's repetitions lie {100 * spread:.0f} % of its median.",
        ["receivers", "ormar", "signal", *checked, "of a model", *checked, "target"],
        [beside_ormar(*each) for each in main.items()],
    )

    def beside_tasks(cell: Cell, found: dict[str, Timing]) -> list[str]:
        wanted = tasks_target(cell[1])
        least = found[LEAST].seconds / found[TASKS].seconds
        row = [f"{cell[1]} {cell[0]}", micro(found[TASKS]), micro(found[LEAST]), f"{least:.2f}"]
        for name in (TYPED, MODEL):
            times = found[name].seconds / found[TASKS].seconds
            row += [micro(found[name]), f"{times:.2f}"]
            row += [report.verdict(times <= wanted) if EAGER else "no target"]
        return [*row, f"<= {wanted}" if EAGER else ""]

    report.table(
        "Beside bare tasks",
        "Microseconds for one send, and how many times the time of a task for each receiver that "
        "is created and awaited, and nothing else. From Python 3.12 on tasks start eagerly; "
        "Python 3.11 cannot do that, so there is no target. The least send, in "
        "`benchmarks/senders.py`, does only what no signal with these promises can leave out: it "
        "takes the payload by name, notes itself for the sends that are nested in it, and looks "
        "at how each task has finished.",
        ["receivers", TASKS, LEAST, "times", "signal", *checked, "of a model", *checked, "target"],
        [beside_tasks(*each) for each in main.items() if each[0][1]],
    )

    names = [name for name in main["ready", 1] if name not in (AGAIN, MODEL, LEAST)]
    report.table(
        "Beside other libraries",
        "Microseconds for one send. The libraries differ in what they do: aiosignal, blinker, the "
        "bare await and typed-signals' sequential mode await one receiver after another in the "
        "caller's task; ormar, Django and typed-signals run them concurrently; pyee starts tasks, "
        "which are awaited here; psygnal calls plain functions and awaits nothing. Bare tasks are "
        "one for each receiver and nothing else.",
        ["receivers", *names],
        [
            [f"{count} {kind}" if count else "0", *(micro(found.get(name)) for name in names)]
            for (kind, count), found in main.items()
        ],
    )

    def beside_aiosignal(cell: Cell, found: dict[str, Timing]) -> list[str]:
        times = found[SEQUENTIAL].seconds / found[AIOSIGNAL].seconds
        return [
            f"{cell[1]} {cell[0]}" if cell[1] else "0",
            micro(found[AIOSIGNAL]),
            micro(found[SEQUENTIAL]),
            f"{times:.2f}",
            report.verdict(times <= SEQUENTIAL_TARGET),
        ]

    report.table(
        "Sequential",
        f"The sequential mode beside aiosignal's loop; the target is at most {SEQUENTIAL_TARGET} "
        "times its time. Both await receivers in the caller's task and context.",
        ["receivers", "aiosignal", "typed_signals", "times", "verdict"],
        [beside_aiosignal(*each) for each in main.items()],
    )

    def growth(name: str, kind: str) -> list[str]:
        found = [cells[kind if count else KINDS[0], count][name] for count in COUNTS]
        each = (cells[kind, 1000][name].micro - cells[kind, 100][name].micro) / 900
        return [f"{name}, {kind}", *map(micro, found), f"{each:.2f}"]

    report.table(
        "Growth",
        "Microseconds for one send. The last column is what each receiver adds, between 100 and "
        "1,000 of them.",
        ["", *map(str, COUNTS), "each"],
        [growth(name, kind) for kind, name in product(KINDS, GROWING)],
    )


# --- connecting and memory -----------------------------------------------------------------------


async def measure_connecting(report: Report, repeat: int) -> None:
    makers: dict[str, Callable[[], Callable[[Receiver], object]]] = {
        ORMAR: lambda: ormar.Signal().connect,
        TYPED: lambda: Signal[OrderChanged]().connect,
        "Django": lambda: partial(django.dispatch.Signal().connect, weak=False),
        "blinker": lambda: partial(blinker.Signal().connect, weak=False),
    }
    counts = (1, 10, 100, 1000)
    rows = {name: [name] for name in makers}
    for count in counts:
        samples: dict[str, list[float]] = {name: [] for name in makers}
        for _ in range(max(repeat // 3, 3)):
            for name, make in makers.items():
                # Each receiver is new: what is known of a function is not found out twice.
                rounds = [(make(), receivers("ready", count)) for _ in range(max(100 // count, 1))]
                began = time.process_time()
                for connect, connected in rounds:
                    for each in connected:
                        connect(each)
                samples[name].append((time.process_time() - began) / len(rounds) / count)
        for name, each in samples.items():
            rows[name].append(f"{median(each) * 1e6:.3g}")
    report.table(
        "Connecting",
        "Microseconds for each new receiver, when so many are connected to a new signal. ormar "
        "looks for `**kwargs`; typed-signals checks the receiver against the contract.",
        ["", *map(str, counts)],
        rows.values(),
    )


def measure_memory(report: Report) -> None:
    def ormar_touched() -> object:
        emitter = ormar.signals.SignalEmitter()
        return emitter, emitter.post_save

    def typed_touched() -> object:
        emitter: Any = ModelSignals()
        return emitter, emitter.post_save

    rows = [
        ("a signal", ormar.Signal, Signal),
        ("an emitter without signals", ormar.signals.SignalEmitter, ModelSignals),
        ("an emitter with one signal", ormar_touched, typed_touched),
    ]
    report.table(
        "Memory",
        "Bytes for each, as tracemalloc counts them.",
        ["", "ormar", "typed_signals"],
        [[name, f"{weight(one):.0f}", f"{weight(other):.0f}"] for name, one, other in rows],
    )


# --- tracing that is off -------------------------------------------------------------------------


def _in_a_process(how: str, count: int) -> float:
    if how == "off":
        from typed_signals.tracing import instrument, uninstrument

        instrument()
        uninstrument()
    many = typed(receivers("ready", count))
    return asyncio.run(race({how: many}, 15))[how].seconds


def measure_off(report: Report, repeat: int) -> None:
    """Compare processes: one that was instrumented stays one."""
    fork = multiprocessing.get_context("fork")  # so that the code lies in the same places

    def measured(how: str, count: int) -> float:
        with fork.Pool(1) as pool:
            return pool.apply(_in_a_process, (how, count))

    rows: list[list[str]] = []
    for count in (0, 1, 10):
        samples: dict[str, list[float]] = {"never": [], "again": [], "off": []}
        for _ in range(repeat):
            for how, taken in samples.items():
                taken.append(measured(how, count))
        never, again, off = (median(each) for each in samples.values())
        rows.append(
            [
                str(count),
                f"{never * 1e6:.3g}",
                f"{off * 1e6:.3g}",
                f"{off / never:.3f}",
                f"{again / never:.3f}",
                report.verdict(off / never <= OFF_TARGET),
            ]
        )
    report.table(
        "Tracing that is off",
        "Microseconds for one send to receivers that are ready, in processes that were never "
        "instrumented and in processes that were and no longer are. The target is at most "
        f"{OFF_TARGET} times the time; the noise is the former measured twice.",
        ["receivers", "never", "off", "times", "noise", "verdict"],
        rows,
    )


# --- saving --------------------------------------------------------------------------------------


async def measure_saving(report: Report, repeat: int) -> None:
    uninstall()
    engine = sqlalchemy.create_engine(database.url.replace("+aiosqlite", ""))
    base.metadata.create_all(engine)
    engine.dispose()

    async def save(times: int) -> None:
        for _ in range(times):
            await Album(name="Blue", plays=1).save()

    def new_receiver() -> Receiver:
        async def receive(sender: Any, instance: Any, **_: Any) -> None:
            pass

        return receive

    def choose(name: str) -> None:
        install(Album) if name == TYPED else uninstall()

    rows: list[list[str]] = []
    async with database:
        for count in (0, 1, 3):
            connected = [new_receiver() for _ in range(count)]
            for each in connected:
                Album.ormar_config.signals.post_save.connect(each)
            competitors: dict[str, Many] = {ORMAR: save, AGAIN: save, TYPED: save}
            found = await race(competitors, repeat, chunk=0.02, before=choose)
            uninstall()
            for each in connected:
                Album.ormar_config.signals.post_save.disconnect(each)
            rows.append(
                [
                    str(count),
                    micro(found[ORMAR]),
                    micro(found[TYPED]),
                    ratio(found[TYPED], found[ORMAR]),
                    ratio(found[AGAIN], found[ORMAR]),
                ]
            )
    report.table(
        "Saving",
        "Microseconds of processor time for `Model.save()` on a SQLite file, with receivers of "
        "`post_save` that are ready; the same model with ormar's signals and with typed ones. "
        "The noise is ormar against itself.",
        ["receivers", "ormar", "typed_signals", "times", "noise"],
        rows,
    )


# --- the page ------------------------------------------------------------------------------------

INTRODUCTION = """\
# Benchmarks

Saving a model takes as long with typed signals as with ormar's own, and sending a signal to a few
receivers takes microseconds: connect receivers without worrying about speed.

`make bench ARGS=--write` measured all that follows; each Python version has its run. All
competitors of a table ran in one process and took turns, and each figure is the median of their
processor time. Receivers do nothing ("ready") or await `asyncio.sleep(0)` ("suspending"), and get
two keyword arguments beside the sender. The targets were set before measuring; those that are
missed stay on the page.

Where the time goes: receivers that run concurrently each have a task and a copy of the caller's
context, so a single receiver observes the same as one of many: its own cancellation, its own
timeout, its own `asyncio.current_task()`. "Bare tasks" is what such tasks cost alone; what the
signal adds is the plan, the check for endless recursion and the wait for all. Receivers that run
sequentially have no task.
"""


def draw(cells: Cells) -> str:
    """Draw how sends grow, and give the chart's file name."""
    style = CleanStyle(
        font_family="sans-serif",
        background="white",
        plot_background="white",
        guide_stroke_color="#dddddd",
        major_guide_stroke_color="#dddddd",
        colors=("#d55e00", "#009e73", "#0072b2", "#cc79a7", "#777777", "#000000"),
    )
    chart = pygal.Line(
        style=style,
        js=(),
        title=f"Microseconds for one send to receivers that are ready, Python {PYTHON}",
        x_title="receivers",
        logarithmic=True,
        legend_at_bottom=True,
        legend_at_bottom_columns=3,
        width=900,
        height=520,
        no_prefix=True,
        explicit_size=True,
        stroke_style={"width": 2},
        value_formatter=lambda value: f"{value:g}",
    )
    chart.add_xml_filter(_without_scripts)
    chart.y_labels = [0.1, 1, 10, 100, 1000]
    chart.x_labels = list(map(str, COUNTS))
    for name in GROWING:
        chart.add(name, [cells[KINDS[0], count][name].micro for count in COUNTS])
    file = ROOT / "docs" / "assets" / f"benchmarks-{PYTHON}.svg"
    file.write_text(chart.render(is_unicode=True, disable_xml_declaration=True) + "\n")
    return file.name


def _without_scripts(picture: Element) -> Element:
    """Leave out what pygal prepares for its tooltips: a picture in a page runs no scripts."""
    for parent in list(picture.iter()):
        for script in parent.findall("script"):
            parent.remove(script)
    return picture


def write(report: Report, cells: Cells) -> None:
    sections = PAGE.read_text().split("\n## ")[1:] if PAGE.exists() else []
    name = f"Python {PYTHON}"
    kept = {section.splitlines()[0]: section.rstrip() for section in sections}
    chart = f"![How the cost of a send grows with its receivers](assets/{draw(cells)})"
    kept[name] = "\n\n".join([name, report.parts[0], chart, *report.parts[1:]])
    PAGE.write_text("\n## ".join([INTRODUCTION, *(kept[key] + "\n" for key in sorted(kept))]))


async def measure(report: Report, repeat: int) -> Cells:
    cells = await measure_sends(repeat)
    report_sends(report, cells)
    await measure_connecting(report, repeat)
    measure_memory(report)
    await measure_saving(report, repeat)
    return cells


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="write the page and the chart")
    parser.add_argument("--repeat", type=int, default=25, help="repetitions (default: 25)")
    arguments = parser.parse_args()
    began = time.monotonic()
    report = Report()
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    report.say(
        f"{date.today().isoformat()}, {platform.python_implementation()} "
        f"{platform.python_version()}, {platform.system()} on {platform.machine()}; {libraries}."
    )
    measure_off(report, 5)  # before there are threads
    cells = asyncio.run(measure(report, arguments.repeat))
    missed = report.targets.count(False)
    report.say(f"Of {len(report.targets)} targets, {len(report.targets) - missed} were met.")
    if arguments.write:
        write(report, cells)
    print(f"The run took {time.monotonic() - began:.0f} s.")


if __name__ == "__main__":
    main()
