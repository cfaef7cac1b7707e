"""What pages for people are made of: a frame that needs nothing beside itself, texts, pictures.

Names and reasons come from files that anybody may have written: every text goes through `text`, and
the frames forbid whatever is not part of the page.
"""

from __future__ import annotations

import base64
import html
from importlib.resources import files
from string import Template

from spotdiff.writers.letters import printable

MAX_LETTERS = 300  # of a text


def text(value: object, max_letters: int = MAX_LETTERS) -> str:
    """Any value as text that can be nothing but text, on one line and of bounded length.

    Example:
        >>> text("<b onclick='x'>")
        '&lt;b onclick=&#x27;x&#x27;&gt;'
    """
    return html.escape(printable(str(value), max_letters), quote=True)


def image(jpeg: bytes, description: str) -> str:
    """A picture as a part of the page; `description` is any text."""
    data = base64.b64encode(jpeg).decode("ascii")
    return f'<img src="data:image/jpeg;base64,{data}" alt="{text(description)}">'


def frame(name: str, title: str) -> tuple[str, str]:
    """What comes before and after the body of a page.

    Args:
        name: Of a file beside this one, with the places `$title` and `$body`.
        title: Any text.
    """
    page = files("spotdiff.writers").joinpath(name).read_text("utf-8")
    opening, closing = page.split("$body")
    return Template(opening).substitute(title=text(title)), closing
