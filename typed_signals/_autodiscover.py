"""Import the modules of a project that connect receivers."""

from __future__ import annotations

import os
import pkgutil
from collections.abc import Iterator, Sequence
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from typed_signals._describe import kind_of

__all__ = ["autodiscover"]


def autodiscover(*packages: str, name: str = "receivers") -> tuple[ModuleType, ...]:
    """Import the ``receivers`` modules of packages, so that their receivers are connected.

    Call it once where the program starts, after the models are defined::

        typed_signals.autodiscover("shop")  # shop.receivers, shop.orders.receivers, ...

    Searches each package and its subpackages, at any depth. If a package has that name, all its
    modules are imported. Other modules are not imported, nor are subpackages without any such
    module.

    Args:
        packages: The names of the packages, as in ``import``.
        name: The name of the modules.

    Returns:
        The modules, in the order in which they were imported: per package, sorted by name.

    Raises:
        ModuleNotFoundError: There is no such package.
        ImportError: It is a module, not a package.
        Exception: Whatever a module raises while it is imported.
        ValueError: ``name`` is not the plain name of a module.
        TypeError: No package is given, or one is not given by its name.
    """
    if not packages:
        raise TypeError('autodiscover() expects the name of a package: autodiscover("shop")')
    given: tuple[Any, ...] = packages
    for each in given:
        if not isinstance(each, str):
            raise TypeError(
                f"autodiscover() expects the name of a package, not {kind_of(each)}: "
                'autodiscover("shop")'
            )
    if not name.isidentifier():
        raise ValueError(
            f"`name` must be the plain name of a module, such as 'receivers', not {name!r}"
        )
    places = [(package, _folders(package)) for package in packages]
    found = [module for place in places for module in _modules(*place, name, frozenset())]
    return tuple(import_module(module) for module in dict.fromkeys(found))


def _folders(package: str) -> Sequence[str]:
    """The folders of a package."""
    spec = None
    if package and not package.startswith("."):
        try:
            spec = find_spec(package)
        except ModuleNotFoundError as error:
            if not f"{package}.".startswith(f"{error.name}."):
                raise  # a parent package exists, and imports a module that does not
        except ValueError:  # a module without `__spec__`, which was not imported
            spec = None
    if spec is None:
        raise ModuleNotFoundError(
            f"autodiscover() finds no package {package!r}: write its name as in `import`, and "
            "start the program where Python finds it",
            name=package,
        )
    folders = spec.submodule_search_locations
    if folders is None:
        raise ImportError(
            f"autodiscover() expects a package, and {package!r} is a module: write "
            f"`import {package}`, or the name of its package",
            name=package,
        )
    return [*folders]


def _modules(
    package: str, folders: Sequence[str], wanted: str | None, above: frozenset[str]
) -> Iterator[str]:
    """The modules below a package with the wanted name; ``None`` stands for any name."""
    real = frozenset(map(os.path.realpath, folders))
    if real & above:  # a link to a folder that it is in
        return
    known = {each.name: each for each in reversed([*pkgutil.iter_modules([*folders])])}
    for name in sorted({*known, *_plain_names(folders)} - {"__main__"}):
        module = f"{package}.{name}"
        is_wanted = wanted in (None, name)
        if name in known and is_wanted:
            yield module
        if name not in known:  # Python also imports folders without `__init__.py`
            inner = [path for each in folders if os.path.isdir(path := os.path.join(each, name))]
        elif known[name].ispkg:
            finder: Any = known[name].module_finder
            inner = [*finder.find_spec(module).submodule_search_locations]
        else:
            continue
        yield from _modules(module, inner, None if is_wanted else wanted, above | real)


def _plain_names(folders: Sequence[str]) -> Iterator[str]:
    """The names in the folders that may be packages without an ``__init__.py``."""
    for folder in filter(os.path.isdir, folders):
        yield from filter(str.isidentifier, os.listdir(folder))
