"""The mypy plugin, through the real mypy program."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.static import (
    plugin_cases,
    plugin_declaration_cases,
    plugin_install_cases,
    plugin_receiver_cases,
)
from tests.static.mypy_program import Mypy
from tests.static.plugin_cases import HEAD, ORMAR
from typed_signals import ModelSignals, SignalDefinitionError, SignalNameWarning, pre_save

MODULES = (
    plugin_receiver_cases,
    plugin_cases,
    plugin_declaration_cases,
    plugin_install_cases,
)
CASES = [case for module in MODULES for case in module.CASES]


@pytest.fixture
def mypy(tmp_path: Path) -> Mypy:
    return Mypy(tmp_path)


@pytest.fixture(scope="module")
def all_said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What mypy says of all the cases, in one run."""
    mypy = Mypy(tmp_path_factory.mktemp("cases"))
    for number, case in enumerate(CASES):
        mypy.write(f"case_{number}", case.code, case.head)
    return mypy.check()


@pytest.mark.parametrize("number", range(len(CASES)), ids=[case.name for case in CASES])
def test_mypy_says(number: int, all_said: dict[str, list[str]]) -> None:
    texts = all_said.get(f"case_{number}", [])
    assert len(texts) == len(CASES[number].said), texts
    for text, expected in zip(texts, CASES[number].said, strict=True):
        assert text.endswith(expected)


# --- the whole of a message ----------------------------------------------------------------------


def test_an_error_reads_as_that_of_connect(mypy: Mypy) -> None:
    mypy.write(
        "shop",
        """
        @pre_save(Album)
        def promote(instance: Album) -> None: ...
        """,
        HEAD,
    )
    lines = mypy.run("--no-error-summary", "shop.py").splitlines()
    texts = [re.sub(r"^shop\.py:\d+: (error|note): |  \[[\w-]+\]$", "", line) for line in lines]

    class Album:
        signals: ModelSignals["Album"] = ModelSignals()

    def promote(instance: Any) -> None: ...

    receiver: Any = promote
    with pytest.raises(SignalDefinitionError) as caught:
        pre_save(Album)(receiver)
    verdict, *faults, expected = str(caught.value).splitlines()
    assert len(faults) == 3
    verdict = re.sub(r"^`.*promote` \(.*?\)", "`promote`", verdict)
    assert texts == [
        *(fault.replace("  - ", f"{verdict} ") for fault in faults),
        expected.strip(),
    ]


def test_a_misspelt_signal_reads_as_the_warning(mypy: Mypy) -> None:
    class Album:
        signals: ModelSignals["Album"] = ModelSignals()

    with pytest.warns(SignalNameWarning) as caught:
        _ = Album.signals.pre_svae
    mypy.write("shop", "signals.pre_svae", HEAD)
    [text] = mypy.check()["shop"]
    texts = text.removeprefix("error: ").removesuffix("  [signal-name]")
    assert str(caught[0].message).startswith(texts)


# --- the ways of running mypy --------------------------------------------------------------------

CONTRACT = """from collections.abc import Awaitable
from typing import Protocol
from typed_signals import Signal, SignalEmitter

class Shop: ...
class Paid(Protocol):
    def __call__(
        self, sender: type[Shop], *, amount: {type}, **kwargs: object
    ) -> Awaitable[object]: ...
class ShopSignals(SignalEmitter[Shop]):
    paid: Signal[Paid]
signals = ShopSignals()
"""
LISTENER = """from contract import Shop, signals
from receivers import behind_a_slash

@signals.paid.connect
async def paid(sender: type[Shop], amount: int, **kwargs: object) -> None: ...
signals.paid.connect(behind_a_slash)
signals.piad
"""
RECEIVERS = """from contract import Shop

async def behind_a_slash(sender: type[Shop], /, **kwargs: object) -> None: ...
"""
BEHIND_A_SLASH = (
    "`behind_a_slash` cannot be connected to signal `paid` of Shop: `sender` is positional-only, "
    "and it is sent by keyword: remove the `/`  [signal-receiver]"
)
MISSPELT = "Shop has no signal `piad`: did you mean `paid`?  [signal-name]"
CHANGED = "`amount` is annotated `int`, and `paid` sends `bytes`: write `amount: bytes`"


def write_shop(mypy: Mypy, kind: str) -> None:
    mypy.write("contract", CONTRACT.format(type=kind))
    mypy.write("receivers", RECEIVERS)
    mypy.write("listener", LISTENER)


def faults(output: str) -> list[str]:
    return [line.partition("error: ")[2] for line in output.splitlines() if "error: " in line]


def test_a_changed_contract_is_seen_through_the_cache(mypy: Mypy) -> None:
    write_shop(mypy, "int")
    cold = mypy.run("listener.py")
    assert faults(cold) == [BEHIND_A_SLASH, MISSPELT]
    assert mypy.run("listener.py") == cold, "nothing changed"
    mypy.write("contract", CONTRACT.format(type="bytes"))
    changed = mypy.run("listener.py")
    assert CHANGED in changed
    assert MISSPELT in changed
    mypy.write("listener", f"{LISTENER}# edited")
    assert mypy.run("listener.py") == changed, "all but the listener comes from the cache"


def test_the_daemon_sees_a_changed_contract(mypy: Mypy) -> None:
    write_shop(mypy, "int")
    mypy.daemon("start", "--", "--config-file", "mypy.ini")
    try:
        assert faults(mypy.daemon("check", "listener.py")) == [BEHIND_A_SLASH, MISSPELT]
        mypy.write("contract", CONTRACT.format(type="bytes"))
        changed = mypy.daemon("check", "listener.py")
        assert CHANGED in changed
        assert MISSPELT in changed
        write_shop(mypy, "int")
        assert faults(mypy.daemon("check", "listener.py")) == [BEHIND_A_SLASH, MISSPELT]
    finally:
        mypy.daemon("stop")


ASSIGNED = """from contract import Paid, Shop, signals
from typed_signals import Signal

signals.sold = Signal[Paid]()
reveal_type(signals.sold)
"""


def test_the_daemon_sees_that_another_contract_is_assigned(mypy: Mypy) -> None:
    write_shop(mypy, "int")
    mypy.write("assigned", ASSIGNED)
    mypy.daemon("start", "--", "--config-file", "mypy.ini")
    try:
        assert "Signal[contract.Paid]" in mypy.daemon("check", "assigned.py")
        mypy.write("assigned", ASSIGNED.replace("signals.sold =", "_ ="))
        assert "CustomReceiver[" in mypy.daemon("check", "assigned.py")
    finally:
        mypy.daemon("stop")


def test_parallel_workers_find_the_same(mypy: Mypy) -> None:
    if "--num-workers" not in mypy.run("--help"):
        pytest.skip("this mypy has no parallel checking")
    write_shop(mypy, "bytes")
    parallel = mypy.run("--num-workers", "2", "--cache-dir", "parallel", "listener.py")
    assert CHANGED in parallel
    assert MISSPELT in parallel


# --- what a module installs for others ------------------------------------------------------------

SHOP = """
class AlbumSignals(ModelSignals["Album"]):
    sold: Signal[Sold]
    kept: Signal[Sold]
class OtherSignals(ModelSignals["Album"]):
    sold: Signal[Sold]
{install}
"""
READER = """from shop import Album, AlbumSignals, OtherSignals
from typed_signals import get_signals

reveal_type(Album.ormar_config.signals)
get_signals(Album, OtherSignals)
"""
INSTALLED = [
    'Revealed type is "shop.AlbumSignals"',
    "the signals of `Album` are `AlbumSignals`, not `OtherSignals`: install them with "
    "`install(Album, signals=OtherSignals)`  [signal-install]",
]


def test_what_a_module_installs_is_known_to_those_that_import_it(mypy: Mypy) -> None:
    head = ORMAR.replace("import Signal\n", "import Signal\nfrom typed_signals.ormar import *\n")
    head = head.replace("Paid", "Sold")
    installs = "install(Album, signals=AlbumSignals)"

    def texts() -> list[str]:
        return [text.partition(": ")[2] for text in mypy.check("reader.py").get("reader", [])]

    mypy.write("shop", SHOP.format(install=installs), head)
    mypy.write("reader", READER)
    assert texts() == INSTALLED
    mypy.write("reader", f"{READER}# touched")
    assert texts() == INSTALLED, "the shop comes from the cache"
    mypy.write("shop", SHOP.format(install="install()"), head)
    assert texts() == ['Revealed type is "typed_signals.lifecycle.ModelSignals[shop.Album]"']
    mypy.write("shop", SHOP.format(install="def start() -> None: " + installs), head)
    assert texts() == ['Revealed type is "typed_signals.lifecycle.ModelSignals[shop.Album]"']


def test_the_daemon_sees_a_contract_that_can_no_longer_be_one(mypy: Mypy) -> None:
    write_shop(mypy, "int")
    mypy.write(
        "emitter",
        "import contract\nfrom typed_signals import Signal, SignalEmitter\n"
        "class Signals(SignalEmitter[contract.Shop]):\n    paid: Signal[contract.Paid]\n",
    )
    mypy.daemon("start", "--", "--config-file", "mypy.ini")
    try:
        assert faults(mypy.daemon("check", "emitter.py")) == []
        mypy.write("contract", CONTRACT.format(type="int").replace("*, amount", "amount"))
        [here, there] = faults(mypy.daemon("check", "emitter.py"))
        assert here == there
        assert "its payload `amount` is not keyword-only" in here
    finally:
        mypy.daemon("stop")


# --- what it does not import ----------------------------------------------------------------------


def test_nothing_of_the_project_is_imported(mypy: Mypy) -> None:
    mypy.write("project", CASES[0].code, f'raise SystemExit("imported")\n{HEAD}')
    assert "imported" not in mypy.run("project.py")


def test_the_plugin_imports_no_orm() -> None:
    code = "import sys, typed_signals.mypy; print({'ormar', 'pydantic'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
