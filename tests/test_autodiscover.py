"""`autodiscover()`: imports the modules of packages that connect receivers."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from typed_signals import autodiscover


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that Python finds modules in; what is imported from it is forgotten after."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]


def write(folder: Path, *files: str, **code: str) -> None:
    for name in files:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(code.get(file.stem, ""), "utf-8")


def names(*packages: str, **options: str) -> list[str]:
    return [module.__name__ for module in autodiscover(*packages, **options)]


# --- what is imported ----------------------------------------------------------------------------

LAYOUTS: dict[str, tuple[tuple[str, ...], list[str]]] = {
    "a module": (("shop/__init__.py", "shop/receivers.py"), ["shop.receivers"]),
    "of subpackages at any depth, sorted": (
        (
            "shop/__init__.py",
            "shop/stock/__init__.py",
            "shop/stock/items/__init__.py",
            "shop/stock/items/receivers.py",
            "shop/orders/__init__.py",
            "shop/orders/receivers.py",
            "shop/receivers.py",
        ),
        ["shop.orders.receivers", "shop.receivers", "shop.stock.items.receivers"],
    ),
    "a package, with all of its modules": (
        (
            "shop/__init__.py",
            "shop/receivers/__init__.py",
            "shop/receivers/__main__.py",
            "shop/receivers/mails.py",
            "shop/receivers/stock/__init__.py",
            "shop/receivers/stock/counts.py",
        ),
        [
            "shop.receivers",
            "shop.receivers.mails",
            "shop.receivers.stock",
            "shop.receivers.stock.counts",
        ],
    ),
    "in folders without `__init__.py`": (
        ("shop/orders/receivers.py", "shop/stock/receivers/mails.py", "shop/old-code/receivers.py"),
        ["shop.orders.receivers", "shop.stock.receivers.mails"],
    ),
    "no such module": (("shop/__init__.py", "shop/receiver.py", "shop/my_receivers.py"), []),
}


@pytest.mark.parametrize(("files", "expected"), LAYOUTS.values(), ids=LAYOUTS)
def test_imports_and_returns_the_modules(
    project: Path, files: tuple[str, ...], expected: list[str]
) -> None:
    write(project, *files)
    found = autodiscover("shop")
    assert [module.__name__ for module in found] == expected
    assert all(sys.modules[name] is module for name, module in zip(expected, found, strict=True))
    assert "shop.receiver" not in sys.modules


def test_imports_nothing_else(project: Path) -> None:
    write(project, "shop/__init__.py", "shop/models.py", "shop/pages/__init__.py")
    write(project, "shop/receivers.py")
    assert names("shop") == ["shop.receivers"]
    assert {"shop.models", "shop.pages"}.isdisjoint(sys.modules)


def test_receivers_are_connected_once(project: Path) -> None:
    code = "from typed_signals import Signal\nsold = Signal()\n"
    write(project, "shop/__init__.py", "shop/signals.py", signals=code)
    code = "from shop.signals import sold\n@sold.connect\nasync def f(sender, **kwargs): ...\n"
    write(project, "shop/receivers.py", receivers=code)
    first, again = autodiscover("shop"), autodiscover("shop")
    assert first == again
    sold: Any = sys.modules["shop.signals"].__dict__["sold"]
    assert [each.__name__ for each in sold.receivers] == ["f"]


def test_several_packages_and_another_name(project: Path) -> None:
    write(project, "shop/__init__.py", "shop/hooks.py", "shop/receivers.py", "crm/hooks.py")
    assert names("crm", "shop", name="hooks") == ["crm.hooks", "shop.hooks"]
    assert names("shop", "shop") == ["shop.receivers"]


def test_package_within_a_package(project: Path) -> None:
    write(project, "shop/__init__.py", "shop/receivers.py", "shop/orders/__init__.py")
    write(project, "shop/orders/receivers.py")
    assert names("shop.orders") == ["shop.orders.receivers"]


def test_package_in_an_archive(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = project / "shop.zip"
    with ZipFile(archive, "w") as written:
        written.writestr("shop/__init__.py", "")
        written.writestr("shop/receivers.py", "")
    monkeypatch.syspath_prepend(archive)
    assert names("shop") == ["shop.receivers"]


def test_link_to_the_folder_above_is_not_followed(project: Path) -> None:
    write(project, "shop/__init__.py", "shop/receivers.py")
    try:
        (project / "shop" / "again").symlink_to(project / "shop", target_is_directory=True)
    except OSError:
        pytest.skip("this system cannot make symbolic links")
    assert names("shop") == ["shop.receivers"]


# --- what is raised ------------------------------------------------------------------------------


def test_import_error_inside_a_module_is_raised(project: Path) -> None:
    code = "import no_such_module_at_all\n"
    write(project, "shop/__init__.py", "shop/orders/receivers.py", receivers=code)
    with pytest.raises(ModuleNotFoundError, match="no_such_module_at_all") as caught:
        autodiscover("shop")
    assert caught.value.name == "no_such_module_at_all"


def test_import_error_inside_a_package_is_raised(project: Path) -> None:
    write(project, "shop/__init__.py", __init__="import no_such_module_at_all\n")
    write(project, "shop/orders/receivers.py")
    with pytest.raises(ModuleNotFoundError, match="No module named 'no_such_module_at_all'"):
        autodiscover("shop")
    with pytest.raises(ModuleNotFoundError, match="No module named 'no_such_module_at_all'"):
        autodiscover("shop.orders")


@pytest.mark.parametrize("name", ["shpo", "shop.ordres", "shpo.orders", ".shop", ""])
def test_package_that_does_not_exist_is_named(project: Path, name: str) -> None:
    write(project, "shop/__init__.py", "shop/receivers.py")
    with pytest.raises(ModuleNotFoundError) as caught:
        autodiscover(name)
    assert str(caught.value) == (
        f"autodiscover() finds no package {name!r}: write its name as in `import`, and start the "
        "program where Python finds it"
    )
    assert caught.value.name == name


@pytest.mark.parametrize("name", ["alone", "shop.models"])
def test_module_in_place_of_a_package_is_refused(project: Path, name: str) -> None:
    write(project, "alone.py", "shop/__init__.py", "shop/models.py")
    with pytest.raises(ImportError) as caught:
        autodiscover(name)
    assert str(caught.value) == (
        f"autodiscover() expects a package, and {name!r} is a module: write `import {name}`, or "
        "the name of its package"
    )
    assert caught.value.name == name


def test_nothing_is_imported_if_one_of_several_packages_is_wrong(project: Path) -> None:
    write(project, "shop/__init__.py", "shop/receivers.py")
    with pytest.raises(ModuleNotFoundError, match="'shpo'"):
        autodiscover("shop", "shpo")
    assert "shop.receivers" not in sys.modules


def test_no_package_at_all_is_refused() -> None:
    with pytest.raises(TypeError, match=r'autodiscover\("shop"\)'):
        autodiscover()


@pytest.mark.parametrize("name", ["shop.receivers", "", "receivers.py", "*"])
def test_name_that_is_none_of_a_module_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="plain name of a module") as caught:
        autodiscover("shop", name=name)
    assert str(caught.value).endswith(f"not {name!r}")
