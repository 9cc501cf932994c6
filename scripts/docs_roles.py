"""A hook of MkDocs: the roles that docstrings are written with, such as ``:class:`Signal```."""

import re
from typing import Any

ROLE = re.compile(r":(?:attr|class|data|exc|func|meth|mod):\s*<code>~?([\w.]+)</code>")


def on_page_content(html: str, **_: Any) -> str:
    """Make links of them, where the reference has the name."""
    return ROLE.sub(_link, html)


def _link(role: re.Match[str]) -> str:
    name = role[1]
    path = name if name.startswith("typed_signals.") else f"typed_signals.{name}"
    shown = f"<code>{name.rpartition('.')[2]}</code>"
    return f'<autoref optional identifier="{path}">{shown}</autoref>'
