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
    status, printed = run(ROOT / "examples" / "album_shop.py", COLUMNS="80")
    assert status == 0, printed
    return printed


def part(output: str, start: str, end: str) -> str:
    return output[output.index(start) : output.index(end)]


def test_shows_each_operation_with_its_signals_and_receivers(output: str) -> None:
    wanted = {
        "patti.save()": ["Artist.pre_save", "Artist.post_save", "Audit.saved"],
        "Album.objects.create": ["Album.pre_save", "Album.post_save", "Audit.saved"],
        "horses.update": [
            "Album.pre_update",
            "count_revision   revision 2 of Album 1",
            "promote          Horses becomes a best seller",
            "Album.post_update",
        ],
        "horses.tags.add(debut)": [
            "Album.pre_relation_add",
            "Album.post_relation_add",
            "'debut' came or went, that makes 2",
            "> await instance.update(tag_count=count)",
            "Album.pre_update",
            "Album.post_update",
        ],
        "horses.tags.remove(punk)": [
            "Album.pre_relation_remove",
            "Album.post_relation_remove",
            "'punk' came or went, that makes 1",
        ],
        "bulk_create": ["(no signal)"],
        "horses.tracks.add": [
            "Album.pre_relation_add",
            "Track.pre_update",
            "count_revision   revision 2 of Track 1",
            "Track.post_update",
            "Album.post_relation_add",
        ],
        "bulk_update": ["Track.post_bulk_update(instances)", "12 plays of 2 tracks"],
        "sold.send": [
            "Album.sold(instance, copies)",
            "Audit.sold",
            "take_from_stock  2 copies of Horses leave the shop",
            "> await instance.update(stock",
        ],
        "kimberly.delete()": ["Track.pre_delete", "Audit.deleted", "Track.post_delete"],
    }
    for operation, lines in wanted.items():
        shown = next(
            s for s in output.split("\n\n") if s.lstrip().startswith(">") and operation in s
        )
        places = [shown.find(line) for line in lines]
        assert -1 not in places, shown
        assert places == sorted(places), shown


def test_shows_what_the_database_holds_afterwards(output: str) -> None:
    left = part(output, "Read back", "Mistakes")
    assert left.count("  ok  ") == 5
    assert "Artist 1 saved, Album 1 saved, 2 copies sold, Track 2 deleted" in left


def test_shows_every_refusal_as_the_user_reads_it(output: str) -> None:
    text = re.sub(r"\n  \|\s+", " ", output[output.index("Mistakes") :])
    for said in (
        "it must be async, but it is a sync function: write `async def`",
        "it does not accept `**kwargs`, and payloads may grow",
        "it requires `instnace`, which `pre_save` never sends: write `instance`",
        "its first parameter is `_`, not `sender`",
        "it requires `child`, which `post_save` never sends",
        "it cannot be called",
        "`Catalogue` sends no signals",
        "not a `str`: write `@pre_save(Album)`",
        "`pre_save` of Album must be a signal",
        "SignalNameWarning: Album has no signal `pre_svae`: did you mean `pre_save`?",
        "UnknownSignalError: Album has no signal `bulk_post_update`: did you mean",
        "12 mistakes: 11 refused and nothing connected, 1 warned about.",
    ):
        assert said in text


def test_fits_80_columns_and_piped_it_has_no_colour(output: str) -> None:
    assert max(map(len, output.splitlines())) <= 80
    assert "\x1b" not in output


@pytest.mark.parametrize(
    ("file", "written", "instead"),
    [
        ("album_shop.py", "instance.is_best_seller = True", "pass"),
        ("album_shop.py", "stock=instance.stock - copies", "stock=instance.stock"),
        ("mistakes.py", "sender, instnace, **kwargs", "sender, instance, **kwargs"),
        ("mistakes.py", "pre_svae", "cleaned_up"),
    ],
    ids=["an effect is missing", "an effect is wrong", "nothing to refuse", "nothing to warn of"],
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
