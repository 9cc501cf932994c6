"""What durable receivers cost, and how many events a second their workers handle.

    make bench-durable                             # SQLite, and the servers that answer
    make bench-durable ARGS="postgresql --rows 5000 --pending 100000"
    make bench-durable ARGS=--write                # and write the table of docs/durable.md

Everything is measured in one run and put beside what it is a ratio of: saves without an outbox, one
worker, an outbox that is nearly empty, and the engines alone. The receiver does nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import uuid
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import asyncpg

PARTS = Path(__file__).with_name("durable_parts.py")
PAGE = Path(__file__).parents[1] / "docs" / "durable.md"
POSTGRESQL = "postgresql+asyncpg://postgres@127.0.0.1:5432/"

ENGINES = {
    "sqlite": ("SQLite", "table", ""),
    "postgresql": ("PostgreSQL", "table", f"{POSTGRESQL}postgres"),
    "mariadb": ("MariaDB", "table", "mysql+aiomysql://root@127.0.0.1:3306/test"),
    "procrastinate": ("procrastinate", "procrastinate", POSTGRESQL),
}


def measured(name: str, rows: int, pending: int) -> list[list[Any]]:
    """The report's rows for one engine; empty if it cannot be measured here."""
    where, engine, url = ENGINES[name]
    prefix = f"ts_bench_{uuid.uuid4().hex[:8]}_"
    with tempfile.TemporaryDirectory() as folder:
        if name == "sqlite":
            url = f"sqlite+aiosqlite:///{Path(folder) / 'bench.db'}"
        if engine == "procrastinate":
            url = f"{POSTGRESQL}{prefix}jobs"
            asyncio.run(administer(f"CREATE DATABASE {prefix}jobs"))
        found = Path(folder) / "found.json"
        command = [sys.executable, str(PARTS), where, str(rows), str(pending), str(found)]
        own = {"BENCH_URL": url, "BENCH_PREFIX": prefix, "BENCH_ENGINE": engine}
        try:
            done = subprocess.run(command, env={**os.environ, **own}, check=False)
        finally:
            if engine == "procrastinate":
                asyncio.run(administer(f"DROP DATABASE {prefix}jobs WITH (FORCE)"))
        if done.returncode:
            print(f"{where}: could not be measured (see above)", file=sys.stderr)
            return []
        rows_of_it: list[list[Any]] = json.loads(found.read_text())
        return rows_of_it


async def administer(statement: str) -> None:
    server = await asyncpg.connect(host="127.0.0.1", user="postgres", database="postgres")
    await server.execute(statement)
    await server.close()


def show(rows: list[list[Any]]) -> None:
    for where, what, figure, ratio, of in rows:
        beside = f"{ratio:.2f}x {of}" if ratio is not None else ""
        print(f"{where:<28}{what:<36}{figure:>16}  {beside}", flush=True)


def write(rows: list[list[Any]], command: str) -> None:
    """Write the table into the page."""
    lines = [
        f"Measured by `{command}` on {date.today()}, with Python {platform.python_version()}.",
        "",
        "| | | | ratio |",
        "| --- | --- | --- | --- |",
    ]
    last = ""
    for where, what, figure, ratio, of in rows:
        beside = f"{ratio:.2f} of {of}" if ratio is not None else ""
        lines.append(f"| {where if where != last else ''} | {what} | {figure} | {beside} |")
        last = where
    text = PAGE.read_text()
    table = "\n".join(lines)
    pattern = r"(<!-- written by benchmarks/durable\.py -->\n).*?(<!-- end -->)"
    written, count = re.subn(
        pattern, lambda found: f"{found[1]}{table}\n{found[2]}", text, flags=re.DOTALL
    )
    if count != 1:
        raise SystemExit(f"{PAGE.name} has no place for the table")
    PAGE.write_text(written)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("engines", nargs="*", default=[*ENGINES], help=", ".join(ENGINES))
    parser.add_argument("--rows", type=int, default=2_000, help="events that are handled")
    parser.add_argument("--pending", type=int, default=100_000, help="events that wait besides")
    parser.add_argument("--write", action="store_true", help="write the table of the page")
    chosen = parser.parse_args()
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {chosen.rows:,} events each")
    found: list[list[Any]] = []
    for name in chosen.engines:
        rows = measured(name, chosen.rows, chosen.pending)
        show(rows)
        found += rows
    if chosen.write:
        write(found, f'make bench-durable ARGS="{" ".join(sys.argv[1:])}"')


if __name__ == "__main__":
    main()
