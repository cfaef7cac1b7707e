"""One picture a pair, for people: before, after, heatmap and boxes under a line that sums up.

Where a captioner said what changed, its words stand below.

Before and after wear the outlines of what each shows; the last panel lays all changes over the
after view, with tags, and an arrow from where a thing was to where it is.
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from jaxtyping import Float32
from PIL import Image as Pillow
from PIL import ImageDraw

from spotdiff.ops.coverage import coverage
from spotdiff.ops.heatmap import any_kind
from spotdiff.types import Box, ChangeKind, Image, Pair, PairResult, ViewInfo
from spotdiff.writers import drawing
from spotdiff.writers.drawing import Canvas, Outline, Panel
from spotdiff.writers.files import file_name, write_png
from spotdiff.writers.letters import printable
from spotdiff.writers.views import outlined, tag_of, view_panel

MIN_SIDE, MAX_SIDE = 640, 960  # pixels of a panel's longer side
MIN_WIDTH, MIN_HEIGHT = 420, 160  # room for a title and a tag beside a needle of a picture
MAX_TAGS = 40  # beyond it tags would cover the picture; the best are tagged, all are outlined
GAP, TITLE, HEADER = 16, 34, 58
LETTERS, LINE, MAX_LINES = 20, 28, 4  # of the caption: size, distance and number of its lines
PAPER, INK, FAINT, RULE = (255, 255, 255), (28, 30, 34), (112, 116, 124), (208, 210, 214)


class OverlayWriter:
    """Writes each answered pair's picture as `folder`/PAIR_ID.png, percent-encoded where needed."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing stays open between two results."""

    def path_of(self, pair_id: str) -> Path:
        """Where the picture of a pair lies, or will."""
        return self.folder / file_name(pair_id, ".png")

    def write(self, result: PairResult) -> PairResult:
        """Writes one picture and gives the result back as it came; an error has no picture.

        Raises:
            ValueError: An answered pair comes without its pixels.
        """
        if result.status == "ok":
            write_png(draw_panels(result), self.path_of(result.pair_id))
        return result


def draw_panels(result: PairResult) -> Image:
    """The picture of one answered pair: a header over before, after, heatmap and boxes, two by two.

    Panels have the after view's proportions and a longer side of 640 to 960 pixels.

    Difference areas have no heatmap: their panel shows how different each of them looks. Stripes
    lie over what before does not show, of which nothing is known.

    Raises:
        ValueError: The result comes without its pair, or without both change map and areas.
    """
    if result.pair is None or (result.change_map is None and result.areas is None):
        raise ValueError(
            f"pair {result.pair_id!r}: a picture needs the pair and its change map, got a light "
            "result; draw it before calling light()"
        )
    size = _panel_size(result.pair.after)
    panels = [
        (_view_title("before", result.before), _before(result, result.pair, size)),
        (_view_title("after", result.after), _after(result, result.pair, size)),
        _heat_panel(result, result.pair, size),
        ("boxes", _boxes(result, result.pair, size)),
    ]
    width, bottom = 2 * size[0] + 3 * GAP, _top(size, 2) + GAP // 2
    lines = drawing.wrapped(result.caption or "", width - 2 * GAP, LETTERS, MAX_LINES)
    sheet = Pillow.new("RGB", (width, bottom + LINE * len(lines) + GAP * bool(lines)), PAPER)
    draw = ImageDraw.Draw(sheet)
    _draw_header(draw, result, sheet.width)
    for number, line in enumerate(lines):
        drawing.draw_words(draw, (GAP, bottom + LINE // 2 + number * LINE), line, LETTERS, INK)
    for place, (title, panel) in enumerate(panels):
        x, y = GAP + place % 2 * (size[0] + GAP), _top(size, place // 2)
        drawing.draw_words(draw, (x, y + TITLE // 2), title, 18, INK)
        sheet.paste(panel, (x, y + TITLE))
        draw.rectangle((x - 1, y + TITLE - 1, x + size[0], y + TITLE + size[1]), outline=RULE)
    _paste_scale(sheet, GAP + size[0], _top(size, 1) + TITLE // 2)
    return np.asarray(sheet, np.uint8)


def _panel_size(after: Image) -> tuple[int, int]:
    height, width = after.shape[:2]
    longer = max(height, width)
    ratio = min(max(longer, MIN_SIDE), MAX_SIDE) / longer
    return max(round(width * ratio), MIN_WIDTH), max(round(height * ratio), MIN_HEIGHT)


def _top(size: tuple[int, int], row: int) -> int:
    return HEADER + row * (TITLE + size[1] + GAP // 2)


def _view_title(view: str, info: ViewInfo) -> str:
    name = printable(Path(info.path).name, 28)
    return f"{view}  ·  {name}" if name else view


def _before(result: PairResult, pair: Pair, size: tuple[int, int]) -> Canvas:
    outlines = [Outline(c.kind, c.box_before) for c in result.changes if c.box_before]
    return outlined(view_panel(pair.before, size, result.before), outlines)


def _after(result: PairResult, pair: Pair, size: tuple[int, int]) -> Canvas:
    outlines = [Outline(c.kind, c.box_after) for c in result.changes if c.box_after]
    return outlined(view_panel(pair.after, size, result.after), outlines)


def _heat_panel(result: PairResult, pair: Pair, size: tuple[int, int]) -> tuple[str, Canvas]:
    if result.change_map is not None:
        return "heatmap", _heat(result, pair, any_kind(result.change_map.heat), size)
    heat = np.zeros(pair.after.shape[:2], np.float32)
    for change in sorted(result.changes, key=lambda change: change.score):
        box = change.box_after or (change.box_before and _moved(change.box_before, result))
        if box:
            x0, y0, x1, y1 = (round(max(0.0, edge)) for edge in box)
            heat[y0:y1, x0:x1] = change.score
    return "difference of areas", _heat(result, pair, heat, size)


def _heat(
    result: PairResult, pair: Pair, heat: Float32[np.ndarray, "h w"], size: tuple[int, int]
) -> Canvas:
    panel = drawing.fit(pair.after, size)
    picture = np.asarray(panel.canvas.crop(panel.picture), np.uint8)
    blended = drawing.blend_heat(picture, heat)
    panel.canvas.paste(Pillow.fromarray(blended), panel.picture[:2])
    _hatch_unknown(panel, result, pair)
    return panel.canvas


def _hatch_unknown(panel: Panel, result: PairResult, pair: Pair) -> None:
    """Stripes over what before does not show, in a panel of the after view."""
    if result.alignment is not None:
        matrix = np.array(result.alignment.matrix)
        covered = coverage(matrix, pair.before.shape[:2], pair.after.shape[:2])
        drawing.hatch(panel, ~covered)


def _boxes(result: PairResult, pair: Pair, size: tuple[int, int]) -> Canvas:
    panel = view_panel(pair.after, size, result.after)
    _hatch_unknown(panel, result, pair)
    outlines: list[Outline] = []
    for change in sorted(result.changes, key=lambda change: -change.score):
        old = change.box_before and panel.on_canvas(_moved(change.box_before, result))
        new = change.box_after and panel.on_canvas(change.box_after)
        shown = new or old
        if shown is not None:
            outlines.append(Outline(change.kind, shown, tag_of(change)))
        if old and new:
            _draw_move(panel.canvas, change.kind, old, new)
    canvas = drawing.draw_outlines(panel.canvas, outlines[::-1], thickness=3)
    drawing.draw_tags(canvas, outlines[:MAX_TAGS])
    return canvas


def _moved(box: Box, result: PairResult) -> Box:
    """The hull of a box of the before view in pixels of the after view."""
    if result.alignment is None:
        return box
    x0, y0, x1, y1 = box
    corners = np.array([[x0, x1, x1, x0], [y0, y0, y1, y1], [1, 1, 1, 1]])
    x, y, depth = np.array(result.alignment.matrix) @ corners
    x, y = x / depth, y / depth
    return float(x.min()), float(y.min()), float(x.max()), float(y.max())


def _draw_move(canvas: Canvas, kind: ChangeKind, old: Box, new: Box) -> None:
    start, end = (np.array([(b[0] + b[2]) / 2, (b[1] + b[3]) / 2]) for b in (old, new))
    length = float(np.hypot(*(end - start)))
    if length < 32:  # it changed where it stands
        return
    along = (end - start) / length
    across = np.array([-along[1], along[0]])
    head = [end, end - 14 * along + 7 * across, end - 14 * along - 7 * across]
    draw = ImageDraw.Draw(canvas)
    colour, _ = drawing.KIND_COLOURS[kind]
    draw.rectangle(old, outline=colour, width=1)
    draw.line([*start, *(end - 10 * along)], fill=colour, width=3)
    draw.polygon([tuple(point) for point in head], fill=colour)


def _draw_header(draw: ImageDraw.ImageDraw, result: PairResult, width: int) -> None:
    middle = HEADER // 2 + 4
    start = _draw_legend(draw, result, width - GAP, middle)
    score = "" if result.change_score is None else f"change score {result.change_score:.2f}"
    if result.areas is not None and result.areas.reason is not None:
        score = result.areas.reason.replace("_", " ")
    room = start - draw.textlength(score, font=drawing.font(18)) - 4 * GAP
    name = printable(result.pair_id, 100)
    while draw.textlength(name, font=drawing.font(26)) > room:
        name = printable(name, len(name) - 1)
    end = drawing.draw_words(draw, (GAP, middle), name, 26, INK)
    drawing.draw_words(draw, (end + GAP, middle + 2), score, 18, FAINT)


def _draw_legend(draw: ImageDraw.ImageDraw, result: PairResult, right: int, middle: int) -> int:
    """The kinds' colours and counts, left of `right`; gives the x where they begin."""
    x = right
    for kind in reversed(ChangeKind):
        count = sum(change.kind is kind for change in result.changes)
        words = f"{kind.value} {count}"
        x -= round(draw.textlength(words, font=drawing.font(18))) + 23
        fill, _ = drawing.KIND_COLOURS[kind]
        draw.rounded_rectangle((x, middle - 7, x + 15, middle + 8), 3, fill)
        drawing.draw_words(draw, (x + 23, middle + 1), words, 18, INK if count else FAINT)
        x -= GAP
    return x


def _paste_scale(sheet: Canvas, right: int, middle: int) -> None:
    """The bar that says which colour is which probability, left of `right`."""
    ramp = np.tile(np.linspace(0, 1, 120, dtype=np.float32), (12, 1))
    bar = drawing.blend_heat(np.full((12, 120, 3), 128, np.uint8), ramp)
    draw = ImageDraw.Draw(sheet)
    drawing.draw_words(draw, (right - 152, middle), "0", 16, FAINT)
    sheet.paste(Pillow.fromarray(bar), (right - 136, middle - 6))
    drawing.draw_words(draw, (right - 10, middle), "1", 16, FAINT)
