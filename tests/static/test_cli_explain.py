"""`typed-signals explain`: a signal in words, and the verdict on a receiver."""

import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.static.command_line import MODELS, Done, run, write
from typed_signals._emitter import ModelSignals, declared_signals
from typed_signals._inspect import read_contract

RECEIVERS = """\
from typing import Protocol
from collections.abc import Awaitable
from ormar import post_save
from typed_signals import Signal
from typed_signals.ormar import ModelSignals, install, get_signals
from models import Album

class SoldOut(Protocol):
    '''Hears that the last copy was sold.

    Sent by: the shop

    Args:
        sender: The model class.
        buyer: Who bought it,
            by name.
    '''
    def __call__(
        self, sender: type[Album], *, buyer: str, **kwargs: object
    ) -> Awaitable[object]: ...

class AlbumSignals(ModelSignals[Album]):
    sold_out: Signal[SoldOut]

install(Album, signals=AlbumSignals)
signals = get_signals(Album, AlbumSignals)

@post_save(Album)
@signals.sold_out.connect
async def connected(sender, **kwargs): ...

def wrong(_, instance, buyr): ...

class Tools:
    async def swallowing(**kwargs): ...
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(
        tmp_path_factory.mktemp("project"),
        {"models.py": MODELS.format(install=""), "receivers.py": RECEIVERS},
    )


def explain(*arguments: str, cwd: Path) -> Done:
    done = run("explain", *arguments, cwd=cwd)
    assert done.status in (0, 1), done.err
    return done


def test_explains_a_signal_from_its_protocol(tmp_path: Path) -> None:
    out = explain("pre_relation_add", cwd=tmp_path).out
    said = " ".join(out.split())
    for each in (
        "Hears of a child about to be added to a relation.",
        "Sent by `.add()` on a ManyToMany or reverse ForeignKey relation",
        "passed_kwargs The keyword arguments given to `add()`. Changing this dict changes the",
        "async def receiver(sender: type[Model], *, instance: Model, child: Any, relation_name: "
        "str, passed_kwargs: dict[str, Any], passed_args: dict[str, Any], **kwargs: object)",
    ):
        assert each in said


def test_each_example_is_code_that_runs_and_each_payload_is_explained(tmp_path: Path) -> None:
    code = MODELS.format(install="")
    for signal, protocol in declared_signals(ModelSignals).items():
        out = explain(signal, cwd=tmp_path).out
        for name in read_contract(protocol).names:
            assert re.search(rf"^  {name} +\w", out, re.MULTILINE)
        _, _, example = out.partition("For example\n")
        code += textwrap.dedent(example)
        code += f"\nassert Album.ormar_config.signals.{signal}.receivers == (react,)\n"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr


def test_explains_a_declared_signal_and_its_protocol(project: Path) -> None:
    by_signal = explain("receivers:signals.sold_out", cwd=project).out
    by_protocol = explain("receivers:SoldOut", cwd=project).out
    assert by_signal.startswith("sold_out of Album\n  Hears that the last copy was sold.\n")
    for out in (by_signal, by_protocol):
        said = " ".join(out.split())
        assert "Sent by the shop" in said
        assert "buyer Who bought it, by name." in said
        assert "async def receiver(sender: type[Album], *, buyer: str, **kwargs: object)" in said


def test_judges_a_receiver_by_the_signals_it_is_connected_to(project: Path) -> None:
    done = explain("receivers:connected", cwd=project)
    assert done.status == 0
    assert [line[line.index("keeps") :] for line in done.out.splitlines()] == [
        "keeps the contract of `post_save` of Album.",
        "keeps the contract of `sold_out` of Album.",
    ]


def test_tells_every_fault_of_a_receiver(project: Path) -> None:
    done = explain("receivers:wrong", "--signal", "receivers:signals.sold_out", cwd=project)
    assert done.status == 1
    head, *faults, expected = done.out.splitlines()
    assert head.startswith("`receivers.wrong` (receivers.py:")
    assert head.endswith("cannot be connected to `sold_out` of Album:")
    for fault, said in zip(
        faults,
        (
            "it must be async, but it is a sync function: write `async def`",
            "its first parameter is `_`, not `sender`",
            "it requires `instance`, which `sold_out` never sends",
            "it requires `buyr`, which `sold_out` never sends: write `buyer`",
            "it does not accept `**kwargs`",
        ),
        strict=True,
    ):
        assert said in fault
    assert expected.strip().startswith("expected: async def receiver(sender: type[Album], *, buyer")


def test_says_which_faults_lenient_mode_forgives(project: Path) -> None:
    done = explain("receivers:Tools.swallowing", "--signal", "pre_save", cwd=project)
    assert done.status == 1
    assert "(works; taken with a warning in lenient mode)" in done.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["pre_svae"], "there is no signal `pre_svae`: did you mean `pre_save`?"),
        (["sold"], "there is no signal `sold`: known are pre_save, "),
        (["receivers:wrong"], "`receivers:wrong` is connected to no signal: say which it is for"),
        (["receivers:wrnog"], "`receivers` has no `wrnog`: did you mean `wrong`?"),
        (["receivers:signals.sold_uot"], "has no `signals.sold_uot`: did you mean `sold_out`?"),
        (
            ["receivers:wrong", "--signal", "receivers:wrong"],
            "is neither a signal nor the Protocol",
        ),
        (["receivers.py"], "`receivers.py` names a module: add `:attribute`"),
    ],
    ids=["near", "unknown", "unconnected", "attribute", "emitter", "no signal", "module"],
)
def test_says_in_one_sentence_why_it_cannot_explain(
    project: Path, arguments: list[str], said: str
) -> None:
    done = run("explain", *arguments, cwd=project)
    assert (done.status, done.out) == (2, "")
    assert said in done.err.splitlines()[-1]
