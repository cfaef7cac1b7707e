"""Short names of texts by which equal ones are found, whatever is agreed not to count."""

from __future__ import annotations

import hashlib
import re
import string

_NO_WORDS = re.compile(rf"\s+|\d+|[{re.escape(string.punctuation)}]")


def text_hash(text: str, lowercase: bool = False, ignore_non_character: bool = False) -> str:
    """The MD5 of a text in UTF-8, as 32 hexadecimal digits; a name, no protection.

    Args:
        text: Any text. White space around it never counts.
        lowercase: Capital letters count as small ones.
        ignore_non_character: White space, digits of any script and ASCII punctuation do not count.

    Example:
        >>> text_hash("a red car") == text_hash(" a red car ")
        True
        >>> text_hash("Car 7!", lowercase=True, ignore_non_character=True) == text_hash("car")
        True
        >>> text_hash("")
        'd41d8cd98f00b204e9800998ecf8427e'
    """
    if lowercase:
        text = text.lower()
    if ignore_non_character:
        text = _NO_WORDS.sub("", text)
    # half of a surrogate pair, as JSON may hold it, is hashed as it is
    content = text.strip().encode("utf-8", "surrogatepass")
    return hashlib.md5(content, usedforsecurity=False).hexdigest()
