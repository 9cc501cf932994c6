"""The example shop, run as the program that `make demo` runs."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(shop: Path, **environment: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, shop],
        cwd=shop.parents[1],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error", **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


@pytest.fixture(scope="module")
def output() -> str:
    status, printed = run(ROOT / "examples" / "album_shop.py", COLUMNS="100")
    assert status == 0, printed
    return printed


def part(output: str, start: str, end: str) -> str:
    """What is shown from one text to another, or to the end."""
    return output[output.index(start) : output.index(end) if end else None]


def test_shows_each_operation_with_its_signals_and_receivers(output: str) -> None:
    wanted = {
        "buy(": ["Album.pre_save", "Album.post_save", "Audit.saved", "COMMIT"],
        "horses.update": [
            "Album.pre_update",
            "count_revision   revision 2 of Album 1",
            "promote          Horses becomes a best seller",
            "Album.post_update",
        ],
        "horses.tags.add(": [
            "Album.pre_relation_add",
            "Album.post_relation_add",
            "'punk' came or went, so there are 1",
            "> await instance.update(tag_count=count)",
            "Album.pre_update",
            "Album.post_update",
        ],
        "bulk_create": ["(no signal)"],
        "sell(horses, copies=2)": [
            "Album.album_sold(instance, copies)",
            "take_from_stock  2 copies of Horses leave the shop",
            "COMMIT",
            "mail_receipt     after the commit: mails the receipt for 2 copies",
        ],
        "sell(horses, copies=9)": [
            "Album.album_sold(instance, copies)",
            "take_from_stock  9 copies of Horses leave the shop",
            "ROLLBACK",
            "sell             there are not 9 copies, so no receipt is mailed",
        ],
        "outbox.drain()": ["mail_fans        durable", "attempt 1"],
    }
    _, *operations = re.split(r"\n (?=> )", part(output, "A day", "Read back"))
    for operation, lines in wanted.items():
        [shown] = [each for each in operations if operation in each.partition("\n")[0]]
        places = [shown.find(line) for line in lines]
        assert -1 not in places, shown
        assert places == sorted(places), shown
    assert len(operations) == len(wanted)
    for once in ("mails the receipt", "mails the fans", "ROLLBACK"):
        assert output.count(once) == 1
    assert output.count("COMMIT") == 2, "statements outside a transaction are not shown"


def test_shows_what_the_database_holds_afterwards(output: str) -> None:
    left = part(output, "Read back", "One mistake")
    assert left.count("  ok  ") == 6
    assert "mails: receipt for 2, Horses is new\n" in left


def test_shows_one_mistake_of_each_kind_with_what_is_said_of_it(output: str) -> None:
    shown = part(output, "One mistake", "What to do next")
    for title, code, said in (
        (
            "A type:",
            "copies: str",
            "three_mistakes.py:16: error: `mail_receipt` cannot be connected to signal"
            " `album_sold`: `copies` is annotated `str`, and `album_sold` sends `int`:"
            " write `copies: int` [signal-receiver]",
        ),
        (
            "A receiver:",
            "coppies: int",
            "(examples/three_mistakes.py:21) cannot be connected to signal `album_sold`:"
            " - it requires `coppies`, which `album_sold` never sends: write `copies`"
            " expected: async def receiver(sender: type[Album], *, copies: int, **kwargs: object)",
        ),
        (
            "A payload:",
            "album_sold.send(sender=Album)",
            "signal `album_sold` cannot be sent with this payload: - `copies` is missing"
            " expected: send(sender: type[Album], *, copies: int, **kwargs: object)",
        ),
    ):
        [kind] = [each for each in re.split(r"\n  (?=\w)", shown) if each.startswith(title)]
        assert code in kind
        assert said in " ".join(kind.split())
    assert (
        "3 mistakes: mypy finds 3 before the program runs; the program itself refuses 2." in shown
    )


def test_ends_with_what_to_do_next(output: str) -> None:
    steps = part(output, "What to do next", "").splitlines()[1:]
    for step in steps[:2]:
        done = subprocess.run(
            [sys.executable, "-m", "typed_signals", *step.rpartition("typed-signals ")[2].split()],
            cwd=ROOT,
            env={**os.environ, "PYTHONWARNINGS": "ignore"},
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    for step in steps[2:]:
        assert (ROOT / step.split()[-1]).is_file()


def test_fits_two_screens_and_piped_it_has_no_colour(output: str) -> None:
    assert len(output.splitlines()) <= 80
    assert max(map(len, output.splitlines())) <= 100
    assert "\x1b" not in output


@pytest.mark.parametrize(
    ("file", "written", "instead"),
    [
        ("album_shop.py", "instance.is_best_seller = True", "pass"),
        ("album_shop.py", "stock=instance.stock - copies", "stock=instance.stock"),
        ("album_shop.py", "mail_receipt, on_commit=True", "mail_receipt"),
        ("album_shop.py", "await outbox.drain()", "pass"),
        ("three_mistakes.py", "copies: str", "copies: int"),
        ("three_mistakes.py", "coppies: int", "copies: int = 0"),
        ("three_mistakes.py", "send(sender=Album)", "send(sender=Album, copies=2)"),
    ],
    ids=[
        "effect missing",
        "effect wrong",
        "before the commit",
        "not drained",
        "no wrong type",
        "no wrong receiver",
        "no wrong payload",
    ],
)
def test_fails_when_it_is_not_as_it_should_be(
    tmp_path: Path, file: str, written: str, instead: str
) -> None:
    examples = shutil.copytree(
        ROOT / "examples", tmp_path / "examples", ignore=shutil.ignore_patterns("__pycache__")
    )
    code = (examples / file).read_text()
    assert code.count(written) == 1
    (examples / file).write_text(code.replace(written, instead))
    status, printed = run(examples / "album_shop.py")
    assert status == 1
    assert ("WRONG" in printed) == (file == "album_shop.py"), printed
    assert ("mypy finds 3" in printed) == (file == "album_shop.py"), printed
