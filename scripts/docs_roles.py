"""A hook of MkDocs: what docstrings write in reStructuredText.

These are roles, such as ``:class:`Signal```, and examples, which follow ``::``.
"""

import html
import re
from typing import Any

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

ROLE = re.compile(r":(?:attr|class|data|exc|func|meth|mod):\s*<code>~?([\w.]+)</code>")
EXAMPLE = re.compile(
    r'::</p>\s*<div class="language-text highlight"><pre>(.*?)<code>(.*?)</code></pre></div>',
    re.DOTALL,
)


def on_page_content(html: str, **_: Any) -> str:
    """Make links of roles, where the reference has the name, and Python of examples."""
    return EXAMPLE.sub(_python, ROLE.sub(_link, html))


def _link(role: re.Match[str]) -> str:
    name = role[1]
    path = name if name.startswith("typed_signals.") else f"typed_signals.{name}"
    shown = f"<code>{name.rpartition('.')[2]}</code>"
    return f'<autoref optional identifier="{path}">{shown}</autoref>'


def _python(example: re.Match[str]) -> str:
    shown = highlight(html.unescape(example[2]), PythonLexer(), HtmlFormatter(nowrap=True))
    code = f"<pre>{example[1]}<code>{shown}</code></pre>"
    return f':</p>\n<div class="language-python highlight">{code}</div>'
