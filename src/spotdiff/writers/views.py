"""Both views of a pair with what each shows of the changes."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image as Pillow

from spotdiff.types import Box, Change, Image, PairResult, ViewInfo
from spotdiff.writers import drawing
from spotdiff.writers.drawing import Canvas, Outline, Panel
from spotdiff.writers.letters import printable

SIDE, GAP = 420, 8  # pixels: the side of the square that a view fits into, and between both
MAX_TAGS = 12  # of a small picture; all boxes are outlined
QUALITY = 85  # of JPEG


def draw_views(result: PairResult) -> Image:
    """Before and after beside each other, small, with the boxes found in each and their tags.

    Raises:
        ValueError: The result comes without its pair.
    """
    if result.pair is None:
        raise ValueError(f"pair {result.pair_id!r}: a picture needs the pair, got a light result.")
    changes = sorted(result.changes, key=lambda change: -change.score)
    before = [(change, change.box_before) for change in changes]
    after = [(change, change.box_after) for change in changes]
    views = [
        _view(result.pair.before, result.before, before),
        _view(result.pair.after, result.after, after),
    ]
    height = max(view.height for view in views)
    sheet = Pillow.new("RGB", (sum(view.width for view in views) + GAP, height), drawing.GROUND)
    sheet.paste(views[0], (0, 0))
    sheet.paste(views[1], (views[0].width + GAP, 0))
    return np.asarray(sheet, np.uint8)


def views_as_jpeg(result: PairResult) -> bytes | None:
    """The same as a JPEG file; None for a pair whose views could not be read."""
    if result.pair is None:
        return None
    image = draw_views(result)
    done, data = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    if not done:
        message = f"pair {result.pair_id!r}: an image of shape {image.shape} cannot be JPEG"
        raise ValueError(message)
    return bytes(data)


def view_panel(image: Image, size: tuple[int, int], info: ViewInfo) -> Panel:
    """A view on a canvas of `size` (width, height); boxes are in pixels of its photograph."""
    height, width = image.shape[:2]
    return drawing.fit(image, size, (info.width or width, info.height or height))


def outlined(panel: Panel, outlines: Sequence[Outline]) -> Canvas:
    """The panel with boxes of the photograph drawn in, the first ones on top."""
    placed = [Outline(o.kind, panel.on_canvas(o.box), o.tag) for o in outlines]
    return drawing.draw_outlines(panel.canvas, placed[::-1], thickness=2)


def tag_of(change: Change) -> str:
    """Kind, label and score, as they stand beside a box."""
    label = printable(change.label or "", 24)
    return " ".join(filter(None, (change.kind.value, label, f"{change.score:.2f}")))


def _view(image: Image, info: ViewInfo, changes: Sequence[tuple[Change, Box | None]]) -> Canvas:
    height, width = image.shape[:2]
    ratio = SIDE / max(height, width)
    size = max(round(width * ratio), 1), max(round(height * ratio), 1)
    panel = view_panel(image, size, info)
    found = [Outline(change.kind, box, tag_of(change)) for change, box in changes if box]
    canvas = outlined(panel, found)
    tagged = [Outline(o.kind, panel.on_canvas(o.box), o.tag) for o in found[:MAX_TAGS]]
    drawing.draw_tags(canvas, tagged)
    return canvas
