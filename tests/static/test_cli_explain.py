"""`typed-signals explain`: a signal, the signals of a model, and the verdict on a receiver."""

import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.static.command_line import MODELS, Done, run, write
from typed_signals._declared import declared_signals
from typed_signals._read_contract import read_contract
from typed_signals.lifecycle import ModelSignals

RECEIVERS = """\
from typing import Optional, Protocol
from collections.abc import Awaitable, Mapping
from ormar import post_save
from typed_signals import Signal, signal
from typed_signals.ormar import ModelSignals, install, get_signals
from models import Album

class Buyer: ...

class SoldOut(Protocol):
    '''The last copy was sold.

    Sent by: the shop

    Args:
        sender: The model class.
        buyer: Who bought it,
            by name.
    '''
    def __call__(
        self,
        sender: type[Album],
        *,
        price: int = ...,
        buyers: Mapping[str, Optional[Buyer]],
        buyer: str,
        **kwargs: object,
    ) -> Awaitable[object]: ...

class Bad(Protocol):
    async def __call__(self, sender: type[Album], amount: int) -> None: ...

class AlbumSignals(ModelSignals[Album]):
    sold_out: Signal[SoldOut]

install(Album, signals=AlbumSignals)
signals = get_signals(Album, AlbumSignals)
sold = Signal[SoldOut]()

@signal
async def shipped(
    sender: type[Album],
    *,
    price: int = 1,
    buyers: Mapping[str, Optional[Buyer]],
    buyer: str,
    **kwargs: object,
) -> None:
    '''The parcel left the house.

    Args:
        buyer: Who bought it.
    '''

class Door:
    signals = AlbumSignals()

@post_save(Album)
@signals.sold_out.connect
async def connected(sender, **kwargs): ...

@shipped.connect
async def note(sender, **kwargs): ...

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
        "Sent by `.add()` on a ManyToMany or reverse ForeignKey relation",
        "passed_kwargs The keyword arguments given to `add()`; changes go to the through model.",
        "async def react( sender: type[Album], *, instance: Album, child: Any, relation_name: str, "
        "passed_kwargs: dict[str, Any], passed_args: dict[str, Any], **kwargs: object, ) -> None:",
    ):
        assert each in said


def test_each_example_is_code_that_runs_and_each_payload_is_explained(tmp_path: Path) -> None:
    code = MODELS.format(install="")
    for signal, (protocol, _) in declared_signals(ModelSignals).items():
        out = explain(signal, cwd=tmp_path).out
        for name in read_contract(protocol).names:
            assert re.search(rf"^  {name} +\w", out, re.MULTILINE)
        code += example(out)
        code += f"\nassert Album.ormar_config.signals.{signal}.receivers == (react,)\n"
    code += example(explain("custom", cwd=tmp_path).out)
    code += "\nassert Album.ormar_config.signals.sold_out.receivers == (react,)\n"
    runs(code, tmp_path)


ANNOTATED = (
    "    sender: type[Album],\n    *,\n    price: int = ...,\n"
    "    buyers: Mapping[str, Buyer | None],\n    buyer: str,\n    **kwargs: object,\n"
)


@pytest.mark.parametrize(
    ("target", "decorator", "signal"),
    [
        ("sold", "@sold.connect", "sold"),
        ("signals.sold_out", "@signals.sold_out.connect", "signals.sold_out"),
        ("Album.sold_out", '@receiver("sold_out", Album)', "signals.sold_out"),
        ("Door.sold_out", '@receiver("sold_out", Door)', "Door.signals.sold_out"),
        ("Album.pre_save", "@pre_save(Album)", "signals.pre_save"),
        ("SoldOut", "@sold_out.connect", ""),
        ("shipped", "@shipped.connect", "shipped"),
    ],
)
def test_the_example_is_for_that_contract(
    project: Path, target: str, decorator: str, signal: str
) -> None:
    out = explain(f"receivers:{target}", cwd=project).out
    code = example(out)
    assert f"\n{decorator}\n" in code
    assert ("pre_save" in target) is not (ANNOTATED in code)
    connected = f"receivers.{signal}" if signal else "sold_out"
    runs(f"import receivers\n{code}\nassert react in {connected}.receivers\n", project)


PLAIN = """
from typing import ClassVar
from typed_signals import ModelSignals
class Bike:
    signals: ClassVar["ModelSignals[Bike]"] = ModelSignals()
"""


def example(out: str) -> str:
    return "\n" + textwrap.dedent(out.partition("\nWrite\n")[2])


def runs(code: str, folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=folder
    )
    assert done.returncode == 0, code + done.stderr


def test_explains_a_model_by_its_signals(project: Path) -> None:
    out = explain("receivers:Album", cwd=project).out
    rows = {line.split()[0]: line.split()[1] for line in out.splitlines()[1:] if line[:2] == "  "}
    assert rows.pop("signal") == "receivers"
    assert len(rows) == 12
    assert (rows["post_save"], rows["pre_save"], rows["sold_out"]) == ("1", "-", "1")
    assert out.count("The last copy was sold.") == 1
    assert out.endswith("More: typed-signals explain receivers:Album.sold_out\n")
    assert explain("receivers:Door", cwd=project).out.startswith("Door\n")


def test_names_a_common_signal_of_a_model_without_its_own(project: Path) -> None:
    (project / "plain.py").write_text(PLAIN)
    out = explain("plain:Bike", cwd=project).out
    assert out.endswith("More: typed-signals explain plain:Bike.post_save\n")


def test_wraps_what_it_says_of_a_payload_below_itself(project: Path) -> None:
    out = run("explain", "pre_relation_add", cwd=project, COLUMNS="40").out
    _, _, payload = out.partition("Payload\n")
    lines = payload.partition("\n\n")[0].splitlines()
    assert len(lines) > 6
    assert {len(line) - len(line.lstrip()) for line in lines} == {2, 17}


def test_explains_a_declared_signal_and_its_protocol(project: Path) -> None:
    by_signal = explain("receivers:signals.sold_out", cwd=project).out
    by_protocol = explain("receivers:SoldOut", cwd=project).out
    assert by_signal.startswith("sold_out of Album\n  The last copy was sold.\n")
    for out in (by_signal, by_protocol):
        said = " ".join(out.split())
        assert "Sent by the shop" in said
        assert "buyer Who bought it, by name." in said


def test_explains_a_signal_that_was_made_of_a_function(project: Path) -> None:
    out = explain("receivers:shipped", cwd=project).out
    assert out.startswith("shipped\n  The parcel left the house.\n\nPayload\n")
    assert "\n  buyer   Who bought it.\n" in out
    verdict = explain("receivers:note", cwd=project).out
    assert verdict.endswith("keeps the contract of `shipped`.\n")


def test_checks_a_receiver_by_the_signals_it_is_connected_to(project: Path) -> None:
    done = explain("receivers:connected", cwd=project)
    assert done.status == 0
    assert [line[line.index("keeps") :] for line in done.out.splitlines()] == [
        "keeps the contract of `post_save` of Album.",
        "keeps the contract of `sold_out` of Album.",
    ]


def test_lists_every_fault_of_a_receiver(project: Path) -> None:
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
    assert expected.strip().startswith(
        "expected: async def receiver(sender: type[Album], *, price: "
    )


def test_says_which_faults_lenient_mode_forgives(project: Path) -> None:
    done = explain("receivers:Tools.swallowing", "--signal", "pre_save", cwd=project)
    assert done.status == 1
    assert "(it works: in lenient mode this is a warning)" in done.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["pre_svae"], "there is no signal `pre_svae`: did you mean `pre_save`?"),
        (["sold"], "there is no signal `sold`: known are pre_save, "),
        (["receivers:wrong"], "`receivers:wrong` is not connected to a signal: name the one"),
        (["receivers:wrnog"], "`receivers` has no `wrnog`: did you mean `wrong`?"),
        (["receivers:signals.sold_uot"], "has no `signals.sold_uot`: did you mean `sold_out`?"),
        (
            ["receivers:wrong", "--signal", "receivers:wrong"],
            "is neither a signal nor the Protocol",
        ),
        (["receivers:Bad"], "`Bad` cannot be a signal's contract: its payload `amount` is not"),
        (["receivers:wrong", "--signal", "receivers:Bad"], "`Bad` cannot be a signal's contract"),
        (["receivers:Tools.nothing"], "`receivers` has no `Tools.nothing`"),
        (["receivers.py"], "`receivers.py` names a module: add `:attribute`"),
    ],
    ids=[
        "near",
        "unknown",
        "unconnected",
        "attribute",
        "emitter",
        "no signal",
        "no contract",
        "no contract to check by",
        "no sender",
        "module",
    ],
)
def test_says_in_one_sentence_why_it_cannot_explain(
    project: Path, arguments: list[str], said: str
) -> None:
    done = run("explain", *arguments, cwd=project)
    assert (done.status, done.out) == (2, "")
    assert said in [line for line in done.err.splitlines() if not line.startswith(" ")][-1]
