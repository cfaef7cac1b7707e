"""Cells of tables -> the nouns of the package, or one sentence that says what was expected.

A cell may hold a value or, where a table knows only text, that value as JSON. None, NaN and blank
text are "nothing given".
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

from spotdiff.data.tables import did_you_mean
from spotdiff.labels import NONE_WORD, parse_cell
from spotdiff.types import IGNORE, UNKNOWN_KIND, Box, ChangeKind, LabelSets, Outside, TrueChange

LABEL_COLUMNS = {f"{kind.value}_objs": kind for kind in ChangeKind}
MASK_BITS = tuple((value, value) for value in range(1, 256))

_CODES = {kind.value: kind.bit for kind in ChangeKind} | {"unknown": UNKNOWN_KIND, "ignore": IGNORE}
_CHANGE_KEYS = ("kind", "label", "box_before", "box_after")


class FieldError(ValueError):
    """A cell is malformed; the message says what was expected and what came."""


def is_blank(cell: object) -> bool:
    """Whether a cell gives nothing."""
    if isinstance(cell, str):
        return not cell.strip()
    return cell is None or (isinstance(cell, float) and math.isnan(cell))


def text(cell: object, column: str) -> str:
    """The text of a cell, stripped; numbers as they are written; empty if nothing is given.

    Raises:
        FieldError: The cell holds something else.
    """
    if is_blank(cell):
        return ""
    if isinstance(cell, bool) or not isinstance(cell, str | int | float):
        raise FieldError(f"{column}: expected text, got {_shown(cell)}")
    return str(cell).strip()


def words(cell: object, column: str) -> tuple[str, ...]:
    """The raw words of a cell: text as in `parse_cell`, or a list of labels taken as they are.

    Raises:
        FieldError: The cell holds something else.
    """
    if is_blank(cell):
        return ()
    if isinstance(cell, str):
        return parse_cell(cell)
    if not isinstance(cell, list) or not all(isinstance(word, str) for word in cell):
        raise FieldError(f"{column}: expected words or a list of words, got {_shown(cell)}")
    return tuple(word.strip() for word in cell if word.strip().casefold() not in ("", NONE_WORD))


def label_sets(cells: Mapping[str, object]) -> LabelSets | None:
    """The words of a row, from `added_objs`, `removed_objs`, `changed_objs` or `labels`.

    None if the table has no such column. A blank cell of the three columns is known to be nothing;
    a blank `labels` is unknown.

    Raises:
        FieldError: A column is malformed, missing beside the others, or given in both ways.
    """
    given = [column for column in LABEL_COLUMNS if column in cells]
    labels = cells.get("labels")
    if given and not is_blank(labels):
        raise FieldError(f"labels: given a second time beside {', '.join(given)}; keep one")
    if given:
        missing = [column for column in LABEL_COLUMNS if column not in cells]
        if missing:
            raise FieldError(f"expected all of {', '.join(LABEL_COLUMNS)}; {missing} is missing")
        return LabelSets(*(words(cells[column], column) for column in LABEL_COLUMNS))
    if is_blank(labels):
        return None
    value = _value(labels, "labels")
    if not isinstance(value, dict) or not set(value) <= {kind.value for kind in ChangeKind}:
        raise FieldError(f"labels: expected {{kind: [words]}}, got {_shown(value)}")
    return LabelSets(*(words(value.get(kind.value), f"labels.{kind}") for kind in ChangeKind))


def true_changes(cell: object) -> tuple[TrueChange, ...] | None:
    """The annotated changes of a row: a list of `{kind, label, box_before, box_after}`.

    None if nothing is given; an empty list is known to be nothing.

    Raises:
        FieldError: The list, a key, a kind or a box is malformed.
    """
    if is_blank(cell):
        return None
    found = enumerate(items(cell, "changes"))
    return tuple(_true_change(item, f"changes[{index}]") for index, item in found)


def kind_of(cell: object, column: str) -> ChangeKind | None:
    """The kind that a word names; None, blank and `unknown` are a change of unknown kind.

    Raises:
        FieldError: There is no such kind.
    """
    name = text(cell, column).casefold()
    kinds = [kind.value for kind in ChangeKind]
    if name in ("", "unknown"):
        return None
    if name not in kinds:
        guess = did_you_mean(name, kinds)
        raise FieldError(f"{column}: expected one of {', '.join(kinds)}, got {name!r}.{guess}")
    return ChangeKind(name)


def box(cell: object, column: str) -> Box | None:
    """The box (x0, y0, x1, y1) in a cell, in pixels of its view; None if nothing is given.

    Raises:
        FieldError: These are not four finite numbers with x0 < x1 and y0 < y1.
    """
    if is_blank(cell):
        return None
    value = _value(cell, column)
    if not isinstance(value, list) or len(value) != 4 or not all(map(_is_number, value)):
        raise FieldError(f"{column}: expected four numbers x0, y0, x1, y1, got {_shown(value)}")
    x0, y0, x1, y1 = map(float, value)
    if not (x0 < x1 and y0 < y1):
        raise FieldError(f"{column}: expected x0 < x1 and y0 < y1, got {_shown(value)}")
    return x0, y0, x1, y1


def consistent(change: TrueChange, name: str) -> TrueChange:
    """The same change, if its boxes fit its kind.

    Raises:
        FieldError: It has no box at all, or one in a view that cannot show it.
    """
    if change.box_before is None and change.box_after is None:
        raise FieldError(f"{name}: expected a box in at least one view, got none")
    if change.kind is ChangeKind.ADDED and change.box_before is not None:
        raise FieldError(f"{name}: what was added has no box in the before view, got one")
    if change.kind is ChangeKind.REMOVED and change.box_after is not None:
        raise FieldError(f"{name}: what was removed has no box in the after view, got one")
    return change


def items(cell: object, column: str) -> list[object]:
    """The members of a list in a cell; none if nothing is given.

    Raises:
        FieldError: The cell holds something else.
    """
    value = [] if is_blank(cell) else _value(cell, column)
    if not isinstance(value, list):
        raise FieldError(f"{column}: expected a list, got {_shown(value)}")
    return value


def mask_codes(cell: object) -> tuple[tuple[int, int], ...] | None:
    """What the values of a mask file mean, from a cell of the column `mask_kinds`.

    Blank or `unknown`: every nonzero value is a change of unknown kind (None). `bits`: the values
    are the bits of a `Mask`. A mapping such as `{"255": "changed", "170": "ignore"}` names values.

    Raises:
        FieldError: The cell holds something else.
    """
    if is_blank(cell) or cell == "unknown":
        return None
    if cell == "bits":
        return MASK_BITS
    value = _value(cell, "mask_kinds")
    if not isinstance(value, dict):
        raise FieldError(f"mask_kinds: expected 'bits' or {{value: kind}}, got {_shown(value)}")
    return tuple(_mask_code(key, kind) for key, kind in value.items() if kind is not None)


def outside(cell: object) -> Outside | None:
    """What is known of pixels outside the boxes of a row, from its column `outside_boxes`.

    Raises:
        FieldError: The cell holds something else.
    """
    name = text(cell, "outside_boxes").casefold()
    if name in ("", "unchanged", "unknown"):
        return {"unchanged": "unchanged", "unknown": "unknown"}.get(name)  # type: ignore[return-value]
    raise FieldError(f"outside_boxes: expected 'unchanged' or 'unknown', got {_shown(cell)}")


def _true_change(value: object, name: str) -> TrueChange:
    if not isinstance(value, dict) or not set(value) <= set(_CHANGE_KEYS):
        raise FieldError(f"{name}: expected the keys {_CHANGE_KEYS}, got {_shown(value)}")
    kind = kind_of(value.get("kind"), f"{name}.kind")
    before = box(value.get("box_before"), f"{name}.box_before")
    after = box(value.get("box_after"), f"{name}.box_after")
    label = text(value.get("label"), f"{name}.label") or None
    return consistent(TrueChange(kind, label, before, after), name)


def _mask_code(key: str, kind: object) -> tuple[int, int]:
    if not (key.isdecimal() and int(key) <= 255) or str(kind) not in _CODES:
        raise FieldError(
            f"mask_kinds: expected a value from 0 to 255 and one of {', '.join(_CODES)}, "
            f"got {key!r}: {_shown(kind)}"
        )
    return int(key), _CODES[str(kind)]


def _value(cell: object, column: str) -> object:
    if not isinstance(cell, str):
        return cell
    try:
        value: object = json.loads(cell)
    except (json.JSONDecodeError, RecursionError) as error:
        raise FieldError(f"{column}: broken JSON: {error}") from error
    return value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _shown(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 80 else shown[:77] + "..."
