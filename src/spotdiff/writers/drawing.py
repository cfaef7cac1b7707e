"""What the overlay is drawn with: pictures fitted to panels, boxes with tags, heat, words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

import cv2
import numpy as np
import supervision as sv
from jaxtyping import Bool, Float32
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from spotdiff.types import Box, ChangeKind, Image
from spotdiff.writers.letters import printable
from spotdiff.writers.tags import place_tags

Canvas: TypeAlias = Pillow.Image
Colour: TypeAlias = tuple[int, int, int]
Font: TypeAlias = ImageFont.FreeTypeFont | ImageFont.ImageFont

# Told apart by lightness too, for eyes that do not tell red from green; the second is for words.
KIND_COLOURS: dict[ChangeKind, tuple[Colour, Colour]] = {
    ChangeKind.ADDED: ((0, 150, 110), (255, 255, 255)),
    ChangeKind.REMOVED: ((205, 38, 62), (255, 255, 255)),
    ChangeKind.CHANGED: ((255, 183, 3), (20, 20, 20)),
}
GROUND: Colour = (246, 246, 244)  # around pictures that do not fill their panel
TAG_FONT, TAG_PADDING = 15, 5
MAX_TEXT = 2000  # letters that are looked at
HATCH = 12  # pixels from one stripe to the next


@dataclass(frozen=True, slots=True)
class Outline:
    """A box to draw, in pixels of its photograph or of a canvas, and the words of its tag."""

    kind: ChangeKind
    box: Box
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """A picture in the middle of a canvas.

    Attributes:
        canvas: The panel with the picture drawn on it.
        picture: Where on the canvas the picture lies.
        natural: Width and height of the photograph, in whose pixels boxes are given; the picture
            may show it smaller or larger.
    """

    canvas: Canvas
    picture: tuple[int, int, int, int]
    natural: tuple[int, int]

    def on_canvas(self, box: Box) -> Box:
        """A box of the photograph in pixels of the canvas, cut off at the picture's border."""
        start, end = np.array(self.picture[:2]), np.array(self.picture[2:])
        corners = np.reshape(box, (2, 2)) * (end - start) / self.natural + start
        x0, y0, x1, y1 = corners.clip(start, end - 1).ravel().tolist()
        return x0, y0, x1, y1


def fit(image: Image, size: tuple[int, int], natural: tuple[int, int] | None = None) -> Panel:
    """The image as large as it can be on a canvas of `size` (width, height), proportions kept."""
    height, width = image.shape[:2]
    ratio = min(size[0] / width, size[1] / height)
    shown = max(round(width * ratio), 1), max(round(height * ratio), 1)
    x, y = (size[0] - shown[0]) // 2, (size[1] - shown[1]) // 2
    canvas = Pillow.new("RGB", size, GROUND)
    canvas.paste(Pillow.fromarray(_resized(image, shown, ratio)), (x, y))
    return Panel(canvas, (x, y, x + shown[0], y + shown[1]), natural or (width, height))


def _resized(image: Image, size: tuple[int, int], ratio: float) -> Image:
    enlarge = cv2.INTER_NEAREST if ratio >= 8 else cv2.INTER_CUBIC  # few pixels: as they are
    method = enlarge if ratio > 1 else cv2.INTER_AREA
    return np.asarray(cv2.resize(image, size, interpolation=method), np.uint8)


def draw_outlines(canvas: Canvas, outlines: Sequence[Outline], thickness: int) -> Canvas:
    """The canvas with every box in its kind's colour and a pale rim, later ones on top."""
    if not outlines:
        return canvas
    kinds = list(ChangeKind)
    boxes = sv.Detections(
        xyxy=np.array([outline.box for outline in outlines], np.float32),
        class_id=np.array([kinds.index(outline.kind) for outline in outlines]),
    )
    colours = sv.ColorPalette([sv.Color(*KIND_COLOURS[kind][0]) for kind in kinds])
    rim = sv.BoxAnnotator(sv.Color(255, 255, 255), thickness + 2)
    drawn: Canvas = sv.BoxAnnotator(colours, thickness).annotate(rim.annotate(canvas, boxes), boxes)
    return drawn


def draw_tags(canvas: Canvas, outlines: Sequence[Outline]) -> None:
    """Writes the tag of each box where there is room for it; earlier ones choose first."""
    draw = ImageDraw.Draw(canvas)
    sizes = [
        (round(draw.textlength(outline.tag, font=font(TAG_FONT))) + 2 * TAG_PADDING, TAG_FONT + 8)
        for outline in outlines
    ]
    corners = place_tags([outline.box for outline in outlines], sizes, canvas.size)
    for outline, (width, height), corner in zip(outlines, sizes, corners, strict=True):
        if corner is not None:
            x, y = corner
            fill, ink = KIND_COLOURS[outline.kind]
            draw.rounded_rectangle((x, y, x + width - 1, y + height - 1), 4, fill)
            draw_words(draw, (x + TAG_PADDING, y + height // 2), outline.tag, TAG_FONT, ink)


def blend_heat(image: Image, heat: Float32[np.ndarray, "h w"]) -> Image:
    """The image in dim grey under the heat, whose colours mean the same in every picture.

    Heat 0 leaves the grey alone, heat 1 lets a tenth of it through. Heat of another size is
    stretched over the image.
    """
    height, width = image.shape[:2]
    method = cv2.INTER_AREA if heat.size > height * width else cv2.INTER_LINEAR
    cover = np.asarray(cv2.resize(heat.clip(0, 1), (width, height), interpolation=method))
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)[..., None] * 0.55
    levels = np.rint(cover * 255).astype(np.uint8)
    colours = cv2.applyColorMap(levels, cv2.COLORMAP_INFERNO)[..., ::-1].astype(np.float32)
    blended = grey + 0.9 * cover[..., None] * (colours - grey)
    return np.asarray(np.rint(blended).clip(0, 255), np.uint8)


def hatch(panel: Panel, unknown: Bool[np.ndarray, "h w"]) -> None:
    """Lays pale stripes over what nothing is known of; the mask is stretched over the picture."""
    x0, y0, x1, y1 = panel.picture
    size = (x1 - x0, y1 - y0)
    veil = np.asarray(cv2.resize(unknown.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST))
    stripe = np.indices(size[::-1]).sum(axis=0) % HATCH < HATCH // 2
    cover = Pillow.fromarray(np.where(stripe, 190, 110).astype(np.uint8) * veil)
    panel.canvas.paste(GROUND, (x0, y0), cover)


@cache
def font(size: int) -> Font:
    """Pillow's own letters, so that pictures look alike on every machine."""
    return ImageFont.load_default(size)


def wrapped(text: str, width: int, size: int, max_lines: int) -> list[str]:
    """The text in lines of at most `width` pixels; of more than `max_lines` the last ends in "…".

    Words that are wider than a line are cut to it; no text is no line.
    """
    letters = font(size)
    lines: list[str] = []
    for word in printable(text, MAX_TEXT).split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and letters.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    if len(lines) > max_lines:
        lines[max_lines - 1] += "…"
    return [_cut(line, width, letters) for line in lines[:max_lines]]


def _cut(line: str, width: int, letters: Font) -> str:
    while letters.getlength(line) > width:
        line = printable(line, len(line) - 1)
    return line


def draw_words(
    draw: ImageDraw.ImageDraw, position: tuple[int, int], text: str, size: int, colour: Colour
) -> int:
    """Writes one line from its left middle point; gives the x where it ends."""
    draw.text(position, text, fill=colour, font=font(size), anchor="lm")
    return position[0] + round(draw.textlength(text, font=font(size)))
