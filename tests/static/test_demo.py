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
        "Album.objects.create": ["Album.pre_save", "Album.post_save", "Audit.write"],
        "horses.update": [
            "Album.pre_update",
            "count_revision   revision 2 of Album 1",
            "promote          Horses becomes a best seller",
            "Album.post_update",
        ],
        "horses.tags.add(punk)": [
            "Album.pre_relation_add",
            "Album.post_relation_add",
            "'punk' came or went, so there are 1",
            "> await instance.update(tag_count=count)",
            "Album.pre_update",
            "Album.post_update",
        ],
        "bulk_create": ["(no signal)"],
        "sell(horses, copies=2)": [
            "Album.sold(instance, copies)",
            "take_from_stock  2 copies of Horses leave the shop",
            "mail_receipt     mails the receipt for 2 copies, after the commit",
        ],
        "sell(horses, copies=9)": [
            "Album.sold(instance, copies)",
            "take_from_stock  9 copies of Horses leave the shop",
            "sell             there are not 9 copies: rolled back, so no receipt is mailed",
        ],
        "punk.delete()": ["Tag.pre_delete", "Audit.write", "Tag.post_delete"],
    }
    operations = re.split(r"\n (?=> )", part(output, " > ", "Read back"))
    for operation, lines in wanted.items():
        [shown] = [each for each in operations if operation in each.partition("\n")[0]]
        places = [shown.find(line) for line in lines]
        assert -1 not in places, shown
        assert places == sorted(places), shown
    assert output.count("mails the receipt") == 1


def test_shows_what_the_database_holds_afterwards(output: str) -> None:
    left = part(output, "Read back", "Mistakes")
    assert left.count("  ok  ") == 6
    assert "receipts: 2 copies\n" in left


def test_shows_each_mistake_with_what_is_wrong_with_it(output: str) -> None:
    _, *lines = part(output, "Mistakes", "What to do next").splitlines()
    pairs = [*zip(lines[::2], lines[1::2], strict=False)]
    for code, gist in (
        (") def check(sender, instance, **kwargs)", "a sync function: write `async def`"),
        ("async def promote(sender, instance)", "it does not accept `**kwargs`"),
        ("instnace", "it requires `instnace`, which `pre_save` never sends: write `instance`"),
        ("check(_, instance", "its first parameter is `_`, not `sender`"),
        ("instance, child, **kwargs", "it requires `child`, which `post_save` never sends"),
        ("def promote(album, passed_arg)", "(and 3 more)"),
        ('connect("shop.receivers.check")', "it cannot be called"),
        ("[Album, Catalogue]", "`Catalogue` sends no signals"),
        ('@pre_save("Album")', "not a `str`"),
        ("pre_save = print", "`pre_save` of Album must be a signal"),
        ('"pre_svae"', "Album has no signal `pre_svae`: did you mean `pre_save`?"),
        ('install(mode="strict")', "Album has no signal `bulk_post_update`: did you mean"),
    ):
        [shown] = [below for line, below in pairs if code in line]
        assert gist in shown
    assert "12 mistakes: 11 refused, nothing connected; 1 warned about." in lines


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
        ("mistakes.py", "sender, instnace, **kwargs", "sender, instance, **kwargs"),
        ("mistakes.py", "pre_svae", "cleaned_up"),
    ],
    ids=["effect missing", "effect wrong", "before the commit", "no mistake", "no warning"],
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
    assert "WRONG" in printed or "11 refused" not in printed or "0 warned" in printed
