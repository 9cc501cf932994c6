"""Bring README.md, or pages of the documentation, up to date with the code.

    python scripts/readme.py             # rewrite what is generated
    python scripts/readme.py --check     # only show what differs; exit status 1 if anything does
    python scripts/readme.py docs/*.md   # the same for pages

Between `<!-- generated: NAME -->` and `<!-- end -->` stands what the function of that name in
`GENERATED` returns. Everywhere else, each block of Python is run, and the block of text right below
it shows what it prints, warns or raises. The blocks of one section (`##`) of README.md, or of one
page of the documentation, are one file `shop.py`. A comment `<!-- python` holds code that readers
need not see.
"""

import argparse
import difflib
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import chdir
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from typed_signals import ModelSignals
from typed_signals._docstring import read_docstring

ROOT = Path(__file__).resolve().parents[1]

sys.path.insert(0, str(ROOT / "examples"))
from cells import Cell, cells, new_module  # noqa: E402 - found by the line above


def table_of_signals(readme: str) -> str:
    """The signals with their payloads and what sends them, as the Protocols say."""
    emitter: ModelSignals = ModelSignals()
    rows = ["| Signal | Payload | Sent by |", "| --- | --- | --- |"]
    for name in emitter:
        contract = emitter[name].contract
        payload = [f"`{each}`" for each in contract.payload]
        for alias, source in contract.aliases.items():
            sent = f"is `{source}`" if source in contract.payload else "is empty"
            payload.append(f"`{alias}` ({sent})")
        payload += ["`changed`"] if contract.changed_since else []
        triggers = read_docstring(emitter[name].protocol).sent_by
        if not triggers:
            raise ValueError(f"the Protocol of {name} does not say by what it is sent")
        rows.append(f"| `{name}` | {', '.join(payload)} | {triggers} |")
    return "\n".join(rows)


def each_signal(readme: str) -> str:
    """Each signal with all that its Protocol says."""
    emitter: ModelSignals = ModelSignals()
    lines: list[str] = []
    for name in emitter:
        contract, docs = emitter[name].contract, read_docstring(emitter[name].protocol)
        lines += [f"### {name}", "", *docs.summary, "", f"Sent by: {docs.sent_by}", ""]
        before, *parameters = re.split(
            r"(?:(?<=receiver\()|, (?=\w+:|\*))", contract.expected(None)
        )
        signature = [before, *(f"    {each.rstrip(')')}," for each in parameters), ") -> None: ..."]
        lines += [
            block("python", "\n".join(signature)),
            "",
            "| Parameter | What it is |",
            "| --- | --- |",
        ]
        lines += [f"| `{each}` | {docs.arguments[each]} |" for each in ("sender", *contract.names)]
        lines.append("")
    return "\n".join(lines).rstrip()


def refusals(readme: str) -> str:
    """Every mistake of the example shop, with what it prints or raises."""
    with processes() as pool:
        return pool.submit(make_mistakes).result()


def make_mistakes() -> str:
    os.chdir(ROOT)
    preparation, *mistakes = cells(ROOT / "examples" / "mistakes.py")
    module = new_module("mistakes")
    preparation.run(module)
    return "\n\n".join(
        f"**{each.title}**\n\n{block('python', each.code)}\n\n{block('text', each.run(module))}"
        for each in mistakes
    )


def mypy(readme: str) -> str:
    """What mypy says of the first block of Python, and of what is hidden above it."""
    code = next(code for section in sections(readme) if (code := written_in(section)))
    return block("console", f"$ mypy shop.py\n{mypy_says({'shop.py': code})}")


def mypy_says(files: Mapping[str, str]) -> str:
    """What mypy says, with the plugin, of files."""
    with tempfile.TemporaryDirectory() as folder:
        for name, code in files.items():
            Path(folder, name).write_text(code, "utf-8")
        Path(folder, "mypy.ini").write_text("[mypy]\nplugins = typed_signals.mypy\n")
        environment = {**os.environ, "MYPY_CACHE_DIR": str(ROOT / ".mypy_cache" / "readme")}
        command = [sys.executable, "-m", "mypy", *files]
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        return done.stdout + done.stderr


def processes() -> ProcessPoolExecutor:
    """A new process for each task: signals that one installs are not for the next."""
    return ProcessPoolExecutor(1, mp_context=get_context("spawn"), max_tasks_per_child=1)


GENERATED: dict[str, Callable[[str], str]] = {
    "signals": table_of_signals,
    "refusals": refusals,
    "mypy": mypy,
    "each": each_signal,
}
REGION = re.compile(r"(<!-- generated: (\w+) -->\n)(?:.*?\n)??(<!-- end -->)", re.DOTALL)
HIDDEN = re.compile(r"<!-- python\n(.*?)-->", re.DOTALL)


def block(language: str, content: str) -> str:
    return f"```{language}\n{content.rstrip()}\n```"


def updated(readme: str, *, whole: bool = False) -> str:
    """Make the up-to-date text of the README, or of a page, which is run as a whole."""
    with processes() as pool:
        ran = run_blocks(readme, pool, whole=whole)
    return REGION.sub(lambda match: f"{match[1]}{GENERATED[match[2]](ran)}\n{match[3]}", ran)


# --- blocks of Python ----------------------------------------------------------------------------


def run_blocks(readme: str, pool: ProcessPoolExecutor, *, whole: bool = False) -> str:
    """Run every block of Python; fill the block of text below each with its output."""
    found = [list(blocks(section)) for section in sections(readme, whole=whole)]
    codes = [[python.content for python, _ in section] for section in found]
    lines = readme.splitlines()
    for section, outputs in reversed(list(zip(found, pool.map(run_section, codes), strict=True))):
        for (python, below), seen in reversed(list(zip(section, outputs, strict=True))):
            if below is not None and below.map is not None:
                lines[slice(*below.map)] = block("text", seen).splitlines()
            elif seen:
                raise SystemExit(f"unexpected output: {seen}\n{python.content}")
    return "\n".join(lines) + "\n"


def run_section(codes: list[str]) -> list[str]:
    """Run the blocks of one section as `python shop.py` would, and return the output of each."""
    module, line, outputs = new_module("__main__"), 1, []
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        for code in codes:
            cell = Cell("", code, "shop.py", line)
            outputs.append(cell.run(module))
            if not cell.failed:  # readers take out what fails, to go on
                line += code.count("\n") + 2  # as if two empty lines were between them
    return outputs


def sections(readme: str, *, whole: bool = False) -> list[list[Token]]:
    """The tokens outside what is generated, of every section or of the whole."""
    generated = [
        (readme.count("\n", 0, match.start()), readme.count("\n", 0, match.end()))
        for match in REGION.finditer(readme)
    ]
    found: list[list[Token]] = [[]]
    for token in MarkdownIt("commonmark").parse(readme):
        if token.type == "heading_open" and token.tag == "h2" and not whole:
            found.append([])
        start = token.map[0] if token.map else -1
        if not any(first <= start <= last for first, last in generated):
            found[-1].append(token)
    return found


def blocks(section: list[Token]) -> Iterator[tuple[Token, Token | None]]:
    """The blocks of Python in a section, each with the block of text right below it."""
    for token, after in pairwise([*section, None]):
        if token and token.type == "fence" and token.info == "python":
            yield token, after if after and after.type == "fence" and after.info == "text" else None
        elif token and (hidden := HIDDEN.search(token.content)) and token.type == "html_block":
            yield token.copy(content=hidden[1]), None


def written_in(section: list[Token]) -> str:
    """The first block of Python of a section, below what is hidden above it."""
    code = ""
    for python, _ in blocks(section):
        code += python.content
        if python.type == "fence":
            return code
        code += "\n\n"
    return code


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="change nothing, show what differs")
    parser.add_argument("files", nargs="*", type=Path, default=[ROOT / "README.md"])
    asked = parser.parse_args()
    differs = False
    for file in asked.files:
        before = file.read_text("utf-8")
        after = updated(before, whole=file.name != "README.md")
        differs |= before != after
        if asked.check:
            both = before.splitlines(True), after.splitlines(True)
            sys.stdout.writelines(difflib.unified_diff(*both, file.name, "up to date"))
        else:
            file.write_text(after, "utf-8")
    return int(asked.check and differs)


if __name__ == "__main__":
    sys.exit(main())
