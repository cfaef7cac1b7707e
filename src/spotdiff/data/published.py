"""Published data sets with formats of their own: the boards of DeepPCB and the pairs of SBI.

DeepPCB: https://github.com/tangsanli5201/DeepPCB. The frames of SBI are those of the Scene
Background Initialization data set (SBI2015), paired within each static camera.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from spotdiff.data import fields
from spotdiff.data.images import is_file
from spotdiff.data.tables import Record, records
from spotdiff.types import ChangeKind, PairRow, RowProblem, TrueChange

DEEPPCB_TYPES = ("open", "short", "mousebite", "spur", "copper", "pin-hole")
SBI_COLUMNS = ("image_1", "image_2", "added_boxes", "removed_boxes", "overlap_boxes")


def read_deeppcb(split_file: Path) -> Iterator[PairRow | RowProblem]:
    """The pairs of DeepPCB: the template is the before view, the tested board the after view.

    A defect has the same box in both views and no kind: the data set names what it is, not whether
    copper came or went. Lines of type 0 (background) are passed over.

    Args:
        split_file: `trainval.txt` or `test.txt` in the folder `PCBData`, a line a pair:
            `group/folder/ID.jpg group/folder_not/ID.txt`.
    """
    with split_file.open(encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, start=1):
            names = line.split()
            where = f"{split_file.name} row {number}"
            if len(names) == 2:
                yield _deeppcb_row(split_file.parent, names[0], names[1], where)
            elif names:
                reason = f"expected an image and a text file, got {line.strip()!r}"
                yield RowProblem(where, where, reason)


def _deeppcb_row(root: Path, image: str, boxes: str, where: str) -> PairRow | RowProblem:
    name = root / image
    before = name.with_name(f"{name.stem}_temp{name.suffix}")
    after = name.with_name(f"{name.stem}_test{name.suffix}")
    missing = [str(path) for path in (before, after, root / boxes) if not is_file(path)]
    if missing:
        reason = f"no such file: {', '.join(missing)}"
        return RowProblem(name.stem, where, reason, before, after)
    lines = (root / boxes).read_text(encoding="utf-8", errors="replace").splitlines()
    changes: list[TrueChange] = []
    try:
        for number, line in enumerate(lines, start=1):
            changes += _defect(line, f"{boxes} row {number}")
    except fields.FieldError as error:
        return RowProblem(name.stem, where, str(error), before, after)
    return PairRow(name.stem, before, after, changes=tuple(changes), where=where)


def _defect(line: str, where: str) -> list[TrueChange]:
    """The defect in a line "x1 y1 x2 y2 type", parted by spaces or commas; none in a blank one."""
    cells = line.replace(",", " ").split()
    if not cells or cells[4:] == ["0"]:
        return []
    if len(cells) != 5 or not all(cell.isdecimal() for cell in cells) or int(cells[4]) > 6:
        raise fields.FieldError(f"{where}: expected 'x1 y1 x2 y2 type', type 0 to 6, got {line!r}")
    box = fields.box([int(cell) for cell in cells[:4]], where)
    return [TrueChange(None, DEEPPCB_TYPES[int(cells[4]) - 1], box, box)]


def read_sbi(root: Path) -> Iterator[PairRow | RowProblem]:
    """The pairs of static cameras; a change carries the category of its sequence as its label.

    What overlaps in both views has moved: it is a change with both boxes. The masks of the set
    show objects, not changes, and are left alone.

    Args:
        root: The folder with `pairs.csv`, or such a table itself.
    """
    for record in records(root / "pairs.csv" if root.is_dir() else root):
        yield record if isinstance(record, RowProblem) else _sbi_row(record)


def _sbi_row(record: Record) -> PairRow | RowProblem:
    cells, root = record.cells, record.path.parent
    pair_id = fields.text(cells.get("pair_id"), "pair_id")
    before, after = (root / str(cells.get(column)) for column in SBI_COLUMNS[:2])
    missing = [str(path) for path in (before, after) if not is_file(path)]
    if missing:
        return record.problem(f"no such file: {', '.join(missing)}", pair_id, before, after)
    try:
        label = fields.text(cells.get("category"), "category") or None
        changes = _sbi_changes(cells, label)
    except fields.FieldError as error:
        return record.problem(str(error), pair_id, before, after)
    name = pair_id or record.default_id
    return PairRow(name, before, after, changes=changes, where=record.where)


def _sbi_changes(cells: Mapping[str, object], label: str | None) -> tuple[TrueChange, ...]:
    return (
        *(
            TrueChange(ChangeKind.ADDED, label, None, fields.box(cell, "added_boxes"))
            for cell in fields.items(cells.get("added_boxes"), "added_boxes")
        ),
        *(
            TrueChange(ChangeKind.REMOVED, label, fields.box(cell, "removed_boxes"), None)
            for cell in fields.items(cells.get("removed_boxes"), "removed_boxes")
        ),
        *(
            _sbi_overlap(cell, label)
            for cell in fields.items(cells.get("overlap_boxes"), "overlap_boxes")
        ),
    )


def _sbi_overlap(cell: object, label: str | None) -> TrueChange:
    if not isinstance(cell, dict):
        raise fields.FieldError(f"overlap_boxes: expected {{box1, box2}}, got {cell!r}")
    before = fields.box(cell.get("box1"), "overlap_boxes.box1")
    after = fields.box(cell.get("box2"), "overlap_boxes.box2")
    change = TrueChange(ChangeKind.CHANGED, label, before, after)
    return fields.consistent(change, "overlap_boxes")
