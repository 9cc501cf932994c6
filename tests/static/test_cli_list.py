"""`typed-signals list`: signals, their receivers, and what looks wrong."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.static.command_line import MODELS, ROOT, run, write

RECEIVERS = """\
import functools
from typing import Protocol

from ormar import post_bulk_update, post_save, post_update, pre_save, pre_update
from typed_signals import Signal
from typed_signals.ormar import ModelSignals, install, receiver, get_signals
from shop.models import Album, AuditLog, Base

signals = Album.ormar_config.signals

def logged(function):
    @functools.wraps(function)
    async def wrapper(*args, **kwargs):
        return await function(*args, **kwargs)
    return wrapper

# --- what looks wrong

@receiver("nobody_sends", Album)
async def waits(sender, **kwargs): ...

@receiver("pre_svae", Album)
async def misspelt(sender, **kwargs): ...

async def counted(sender, instance, **kwargs): ...
signals.post_save.connect(logged(counted))
signals.post_save.connect(logged(counted))

@pre_update(Album)
async def again(sender, instance, **kwargs):
    await instance.update(name="x")

@post_update(Album)
async def again_by_kwargs(sender, **kwargs):
    album = kwargs["instance"]
    if album.name:
        await album.upsert()

@post_bulk_update(Base)
async def swallowing(**kwargs): ...

@receiver("nobody_sends_either", Base)
async def waits_too(sender, **kwargs): ...

async def relation(sender, **kwargs): ...
Base.ormar_config.signals.pre_relation_add.connect(logged(relation))
Base.ormar_config.signals.pre_relation_add.connect(logged(relation))

# --- what does not

class Log:
    async def write(self, sender, instance, **kwargs): ...

for log in (Log(), Log()):
    signals.pre_delete.connect(log.write)

async def mailed(sender, instance, to, **kwargs): ...
for to in ("a", "b"):
    signals.post_delete.connect(functools.partial(mailed, to=to))

@post_save(Album)
async def updates(sender, instance, **kwargs):
    await instance.update(name="x")
    other = AuditLog(text="x")
    await other.save()

@receiver("sold", Album)
@receiver("priced", Album)
@receiver("packed", Album)
async def sold(sender, **kwargs): ...

@pre_save(Base)
async def everywhere(sender, instance, **kwargs): ...

async def circle(sender, instance, **kwargs): ...
circle.__wrapped__ = circle
signals.post_update.connect(circle)

signals.pre_delete.connect(everywhere, on_commit=True)
signals.post_delete.connect(everywhere, sequential=True)
"""

TASKS = """\
async def sell(album):
    await album.signals.sold.send(sender=type(album))
    priced = album.signals["priced"]
    await priced.send_robust(sender=type(album))
    await getattr(album.signals, "packed").send(sender=type(album))
"""


FORGOTTEN = """\
from shop.models import Album
for signal in ("pre_save", "post_save"):
    Album.ormar_config.signals[signal].connect(print)
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(
        tmp_path_factory.mktemp("project"),
        {
            "shop/__init__.py": "",
            "shop/models.py": MODELS.format(install="mode='lenient'"),
            "shop/receivers.py": RECEIVERS,
            "shop/tasks.py": TASKS,
            "shop/forgotten.py": FORGOTTEN,
            "shop/test_forgotten.py": FORGOTTEN,
        },
    )


@pytest.fixture(scope="module")
def listed(project: Path) -> dict[str, Any]:
    done = run("list", "shop.receivers", "--json", cwd=project)
    assert done.status == 0, done.err
    data: dict[str, Any] = json.loads(done.out)
    return data


@pytest.fixture(scope="module")
def printed(project: Path) -> str:
    done = run("list", "shop.receivers", cwd=project)
    assert (done.status, done.err) == (
        0,
        "typed-signals: imported `shop.receivers` (shop/receivers.py)\n",
    )
    return done.out


def receivers(listed: dict[str, Any], sender: str, signal: str) -> list[dict[str, Any]]:
    [found] = [each for each in listed["senders"] if each["name"] == sender]
    [found] = [each for each in found["signals"] if each["name"] == signal]
    data: list[dict[str, Any]] = found["receivers"]
    return data


def line_of(code: str) -> int:
    return RECEIVERS.splitlines().index(code) + 1


def test_shows_each_receiver_with_its_place(listed: dict[str, Any]) -> None:
    [again] = receivers(listed, "Album", "pre_update")
    assert again == {
        "name": "shop.receivers.again",
        "file": "shop/receivers.py",
        "line": line_of("@pre_update(Album)"),
        "on_commit": False,
        "sequential": None,
        "timeout": None,
        "fields": None,
        "durable": None,
        "inherited_from": None,
    }


def test_shows_how_receivers_are_connected(listed: dict[str, Any]) -> None:
    assert receivers(listed, "Album", "pre_delete")[-1]["on_commit"] is True
    assert receivers(listed, "Album", "post_delete")[-1]["sequential"] is True
    [inherited] = receivers(listed, "Album", "pre_save")
    assert inherited["inherited_from"] == "Base"
    assert [each["name"] for each in receivers(listed, "Base", "pre_save")] == [inherited["name"]]


def test_shows_all_eleven_signals_and_custom_ones_in_json(listed: dict[str, Any]) -> None:
    [album] = [each for each in listed["senders"] if each["name"] == "Album"]
    declared = {each["name"]: each["declared"] for each in album["signals"]}
    assert len([name for name, known in declared.items() if known]) == 11
    assert declared["sold"] is False
    assert album["typed"] is True


def test_finds_what_looks_wrong_and_nothing_else(listed: dict[str, Any]) -> None:
    found = [(each["code"], each["title"]) for each in listed["findings"]]
    assert sorted(found) == [
        ("contract", "`post_bulk_update` of Base"),
        ("never-sent", "`nobody_sends_either` of Base"),
        ("never-sent", "`nobody_sends` of Album"),
        ("never-sent", "`pre_svae` of Album"),
        ("not-imported", "`shop.forgotten` (shop/forgotten.py)"),
        ("restarts-itself", "`post_update` of Album"),
        ("restarts-itself", "`pre_update` of Album"),
        ("twice", "`post_save` of Album"),
        ("twice", "`pre_relation_add` of Base"),
    ]


def test_says_what_looks_wrong_and_what_to_do(printed: str) -> None:
    wrong = printed[printed.index("What looks wrong") :]
    for said in (
        "This module connects receivers, and importing `shop.receivers` does not import it",
        "Import it where your program starts: `import shop.forgotten`.",
        "Connect to `pre_save`, if that is what you mean.",
        "It has 1 receiver, but there is no `nobody_sends.send(…)` in the 5 files of `shop`.",
        "`shop.receivers.counted` (shop/receivers.py:",
        "is connected twice, through two wrappers, so it runs twice.",
        "calls `instance.update()`, which sends `pre_update` again",
        "calls `instance.upsert()`, which sends `post_update` again",
        "it has no `sender` parameter of its own, `**kwargs` swallows it.",
    ):
        assert said in wrong


def test_reports_receivers_that_a_reload_has_connected_again(tmp_path: Path) -> None:
    files = {
        "signals.py": "from typed_signals import Signal\n\nsold = Signal()\n",
        "receivers.py": """\
            from signals import sold

            @sold.connect
            async def mail(sender, **kwargs): ...

            """,
        "app.py": """\
            import importlib
            import receivers
            from signals import sold

            importlib.reload(receivers)

            async def sell():
                await sold.send(sender=None)
            """,
    }
    out = run("list", "app", cwd=write(tmp_path, files)).out
    said = out[out.index("What looks wrong") :]
    assert "`receivers.mail` (receivers.py:3) is connected twice: its module was run again" in said
    assert "Call `disconnect_all()` on the signal before the module is run again." in said


def test_prints_models_signals_and_receivers_in_columns(printed: str) -> None:
    lines = printed.splitlines()
    start = lines.index("Album")
    album = lines[start : lines.index("", start)]
    at = album.index("  pre_delete")
    place = f"shop/receivers.py:{line_of('@pre_save(Base)')}"
    assert re.split(r"  +", album[at + 3].strip()) == [
        *("shop.receivers.everywhere", place, "on commit")
    ]
    assert len({line.index("shop/receivers.py:") for line in album if ".py:" in line}) == 1


def test_prints_inherited_receivers_once_at_the_abstract_model(printed: str) -> None:
    base = "Base  (abstract; its receivers are called for Album, AuditLog)"
    assert base in printed.splitlines()
    assert printed.count(f"shop/receivers.py:{line_of('@pre_save(Base)')}") == 3  # two elsewhere
    assert "inherited from" not in printed
    assert "No receivers:" not in printed  # the audit log inherits some


@pytest.mark.parametrize("columns", [20, 40, 79])
def test_wraps_at_words_at_any_width(project: Path, columns: int) -> None:
    def words(text: str) -> list[str]:
        return text.split()

    wide = run("list", "shop.receivers", cwd=project).out
    done = run("list", "shop.receivers", cwd=project, COLUMNS=str(columns))
    whole = {word for word in words(wide) if len(word) < columns - 6}
    assert whole <= {*words(done.out)}
    for line in done.out.splitlines():
        assert len(line) <= columns


def test_exits_with_1_when_asked_to_be_strict(project: Path) -> None:
    assert run("list", "shop.receivers", "--strict", cwd=project).status == 1
    write(project, {"plain.py": "import shop.models\nModels = [shop.models.Album]\n"})
    assert run("list", "plain:Models", "--strict", cwd=project).status == 0


def test_lists_one_model_with_what_it_inherits(project: Path) -> None:
    one = run("list", "shop.receivers:AuditLog", cwd=project).out
    assert one.startswith("AuditLog\n")
    assert "\nAlbum\n" not in one
    assert one.count("  inherited from Base\n") == 5


def test_lists_models_that_still_have_ormars_own_signals(tmp_path: Path) -> None:
    models = MODELS.replace("typed_signals.ormar.install({install})", "")
    code = "from ormar import pre_save\n@pre_save(Album)\nasync def f(sender, **kwargs): ...\n"
    done = run("list", "models.py", "--json", cwd=write(tmp_path, {"models.py": models + code}))
    data = json.loads(done.out)
    assert [each["name"] for each in receivers(data, "Album", "pre_save")] == ["models.f"]
    assert not any(each["typed"] for each in data["senders"])
    assert "the signals of Base, Album, AuditLog are ormar's own" in done.err


HOUSE = {
    "house/__init__.py": "",
    "house/signals.py": """\
        import os
        import sys

        from typed_signals import CustomReceiver, Signal, SignalEmitter, signal

        print("hello")
        os.system("echo hello, too")

        class Signals(SignalEmitter):
            opened: Signal[CustomReceiver]
            closed: Signal[CustomReceiver]

        class Door:
            signals = Signals()
            knocked = Signal()

        loose = Signals()
        rung = Signal()

        @signal
        async def painted(sender, *, colour: str, **kwargs) -> None: ...
        """,
    "house/rooms.py": """\
        import atexit
        import os

        from house.signals import Door, loose, rung
        from house import signals

        atexit.register(os.system, "echo goodbye")
        closed = loose.closed

        @Door.signals.opened.connect
        async def ring(sender, **kwargs): ...

        @rung.connect
        async def answer(sender, **kwargs): ...
        Door.knocked.connect(answer, on_commit=True)

        @signals.painted.connect
        async def dry(sender, colour, **kwargs): ...

        @closed.connect
        async def lock(sender, **kwargs): ...

        async def close():
            await loose.closed.send(sender=None)
            await signals.rung.send(sender=None)
            await signals.painted.send(sender=None, colour="red")
            await Door.knocked.send(sender=None)
        """,
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("house"), HOUSE)


def test_lists_standalone_signals_and_emitters_of_plain_classes(house: Path) -> None:
    done = run("list", "house.rooms", "--json", cwd=house)
    data = json.loads(done.out)
    assert {each["name"] for each in data["senders"]} == {"Door", "loose", "house.signals"}
    assert [each["name"] for each in receivers(data, "Door", "opened")] == ["house.rooms.ring"]
    assert [each["name"] for each in receivers(data, "loose", "closed")] == ["house.rooms.lock"]
    [answer] = receivers(data, "house.signals", "rung")
    assert answer["name"] == "house.rooms.answer"
    [dry] = receivers(data, "house.signals", "painted")
    assert dry["name"] == "house.rooms.dry"
    [by_function] = [
        each
        for sender in data["senders"]
        for each in sender["signals"]
        if each["name"] == "painted"
    ]
    assert by_function["contract"] == "house.signals.painted"
    [knocked] = receivers(data, "house.signals", "Door.knocked")
    assert knocked["on_commit"] is True
    assert [each["title"] for each in data["findings"]] == ["`opened` of Door"]


def test_nothing_that_the_users_modules_print_is_among_the_results(house: Path) -> None:
    done = run("list", "house.rooms", "--json", cwd=house)
    json.loads(done.out)
    for printed in ("hello\n", "hello, too\n", "goodbye\n"):
        assert printed in done.err


def test_lists_one_standalone_signal(house: Path) -> None:
    out = run("list", "house.rooms:rung", cwd=house).out
    assert out.startswith("house.signals\n  rung\n    house.rooms.answer  house/rooms.py:")
    assert "lock" not in out


def test_lists_what_only_an_instance_holds(tmp_path: Path) -> None:
    held = "from typed_signals import Signal, SignalEmitter\n"
    held += "async def answer(sender, **kwargs): ...\n"
    held += "class Bell:\n    def __init__(self):\n        self.rung = Signal()\n"
    held += "        self.signals = SignalEmitter()\nbell = Bell()\n"
    held += "bell.rung.connect(answer, timeout=2)\nbell.signals.rung.connect(answer)\n"
    write(tmp_path, {"house.py": held})
    for path in ("bell.rung", "bell.signals"):
        out = run("list", f"house:{path}", cwd=tmp_path).out
        assert "house.answer  house.py:2" in out
        assert ("timeout 2 s" in out) is (path == "bell.rung")


def test_says_which_modules_to_name_when_a_package_imports_nothing(house: Path) -> None:
    done = run("list", "house", cwd=house)
    assert (done.status, done.out) == (2, "")
    assert done.err.endswith(
        "typed-signals: `house` imports no models and no signals: name a module that does, such "
        "as `house.rooms`, `house.signals`\n"
    )


def test_finds_receivers_beside_a_module_that_it_does_not_import(tmp_path: Path) -> None:
    """In a flat folder, those of other programs are none of its business."""
    receiver = "from ormar import pre_save\n@pre_save(Album)\nasync def f(sender, **kwargs): ...\n"
    files = {"models.py": MODELS.format(install=""), "main.py": "import models\n"}
    files |= {"receivers.py": f"from models import Album\n{receiver}", "other.py": receiver}
    done = run("list", "main", "--json", cwd=write(tmp_path, files))
    found = [(each["code"], each["title"]) for each in json.loads(done.out)["findings"]]
    assert found == [("not-imported", "`receivers` (receivers.py)")]


def test_says_to_let_modules_called_receivers_be_discovered(tmp_path: Path) -> None:
    receiver = "from shop.models import Album\nfrom ormar import pre_save\n"
    receiver += "@pre_save(Album)\nasync def f(sender, **kwargs): ...\n"
    files = {"shop/__init__.py": "", "shop/models.py": MODELS.format(install="")}
    files |= {"shop/orders/__init__.py": "", "shop/orders/receivers.py": receiver}
    write(tmp_path, files)
    [found] = json.loads(run("list", "shop.models", "--json", cwd=tmp_path).out)["findings"]
    assert found["remedy"] == (
        "Import it where your program starts: `import shop.orders.receivers`, or "
        '`typed_signals.autodiscover("shop")` for all that are called so.'
    )
    start = "import typed_signals\nimport shop.models\ntyped_signals.autodiscover('shop')\n"
    write(tmp_path, {"shop/app.py": start})
    assert json.loads(run("list", "shop.app", "--json", cwd=tmp_path).out)["findings"] == []


def test_reports_receivers_of_a_name_instead_of_the_signal_of_that_name(tmp_path: Path) -> None:
    rung = "from typed_signals import receiver, signal\nfrom house.door import Door\n"
    rung += "@signal\nasync def rung(sender: object, **kwargs: object) -> None: ...\n"
    rung += "@{}\nasync def answer(sender, **kwargs): ...\n"
    rung += "async def ring():\n    await rung.send(sender=None)\n"
    door = "from typed_signals import ModelSignals\n"
    door += "class Door:\n    signals: ModelSignals['Door'] = ModelSignals()\n"
    for connect, codes in (('receiver("rung", Door)', ["another-signal"]), ("rung.connect", [])):
        files = {"house/__init__.py": "", "house/door.py": door}
        write(tmp_path, {**files, "house/bell.py": rung.format(connect)})
        data = json.loads(run("list", "house.bell", "--json", cwd=tmp_path).out)
        assert [each["code"] for each in data["findings"]] == codes
        if codes:
            [found] = data["findings"]
            assert found["title"] == "`rung` of Door"
            assert "`house.bell.rung`" in found["problem"]
            assert "`@rung.connect`" in found["remedy"]


def test_lists_the_example_shop() -> None:
    done = run("list", "examples/album_shop.py")
    assert done.status == 0, done.err
    assert done.out.endswith("Nothing looks wrong.\n")
    assert "  album_sold\n" in done.out
    assert "album_shop.promote" in done.out
    assert not (ROOT / "shop.db").exists()
