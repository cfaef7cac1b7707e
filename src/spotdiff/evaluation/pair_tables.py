"""The tables of a suite of pairs; each note names the convention of its columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from spotdiff.evaluation.boxes import KINDS, size_names
from spotdiff.evaluation.figures import Figures
from spotdiff.evaluation.ranking import Interval
from spotdiff.evaluation.tables import ABSENT, Table, number

_BOXES = {
    "ap50": "AP50 (COCO)",
    "centre_ap": "centre AP",
    "voc_ap50": "AP50 (VOC, +1)",
    "deeppcb_ap": "AP (DeepPCB)",
    "deeppcb_f": "F (DeepPCB)",
}
_F_SCORES = {
    "f1": "F1, all pixels",
    "f1_mean_of_pairs": "F1, mean of pairs",
    "f1_of_means": "F1 of mean P and R",
}
_PAIRS = {
    "auroc": "AUROC",
    "false_alarms_at_90_recall": "false alarms at 90 % recall",
    "calibration_error": "calibration error",
    "changed_pairs": "changed",
    "unchanged_pairs": "unchanged",
}
_REPORTED = ", as reported"
_BEST = (
    "without calibrated thresholds every value is that of the point of a grid (threshold, smallest "
    "area) that suits it best, chosen on these pairs, in favour of the method"
)
_SPREAD = "in brackets the 95 % interval of a bootstrap over pairs"


def tables(figures: Sequence[Figures], margin: float) -> tuple[Table, ...]:
    """Those that the truth of the pairs allows."""
    shown: list[Table] = []
    if any(one.best for one in figures):
        shown += [_boxes(figures, margin), _sizes(figures)]
    if any(one.part("pixels").pairs for one in figures):
        shown.append(_pixels(figures))
    if any(one.part("pairs").pairs for one in figures):
        shown.append(_whole_pairs(figures))
    if any(one.part("kinds").pairs for one in figures):
        shown.append(_kinds(figures))
    if any(one.part("labels").pairs for one in figures):
        shown.append(_labels(figures))
    if any(one.swap for one in figures):
        shown.append(_swaps(figures))
    return tuple(shown)


def _boxes(figures: Sequence[Figures], margin: float) -> Table:
    rows = []
    for one in figures:
        if one.best:
            best = {name: found.value for name, found in one.best.items()}
            min_heat, min_area = one.best["ap50"].point
            point = f"{min_heat:.2f}, {min_area} px"
            cells = _cells(best, one.intervals, _BOXES)
            rows.append((one.name, *cells, point, f"{one.seconds:.2f}"))
        if one.reports:
            part = one.part("boxes")
            cells = _cells(part.values, part.intervals, _BOXES)
            rows.append((one.name + _REPORTED, *cells, "calibrated", f"{one.seconds:.2f}"))
    grown = f"; {margin:g} px added to every predicted box" if margin else ""
    note = (
        f"At most 100 boxes a pair{grown}; {_BEST}; {_SPREAD}. COCO: IoU 0.5, 101 recalls. Centre: "
        "a box is right if its centre lies in a true box. VOC, +1: as CYWS, in a frame of "
        "256 x 256. DeepPCB: IoU above 0.33 in the order of the files, whatever the class. The "
        "point is that of AP50 (COCO)."
    )
    return Table("Boxes", ("method", *_BOXES.values(), "point", "s/pair"), tuple(rows), note)


def _sizes(figures: Sequence[Figures]) -> Table:
    rows, names = [], size_names()
    for one in figures:
        if one.sizes:
            rows.append((one.name, *_recalls(one.sizes)))
        if one.reports:
            rows.append((one.name + _REPORTED, *_recalls(one.part("sizes").values)))
    counts = next((one.sizes for one in figures if one.sizes), {})
    shown = (f"{n.replace('_', ' ')} px ({counts.get(f'boxes_{n}', 0):g})" for n in names)
    note = (
        "Share of true boxes found (IoU 0.5), by the root of their area; in brackets how many "
        "there are. Without calibrated thresholds at the point of the best AP50."
    )
    return Table("Recall by size", ("method", *shown), tuple(rows), note)


def _recalls(values: Mapping[str, float | None]) -> list[str]:
    return [number(values.get(f"recall_{name}")) for name in size_names()]


def _pixels(figures: Sequence[Figures]) -> Table:
    rows = []
    for one in figures:
        part = one.part("pixels")
        ap = number(part.values.get("average_precision"), part.intervals.get("average_precision"))
        best = [number(part.values.get(f"best_{name}")) for name in _F_SCORES]
        heat = number(part.values.get("best_heat"))
        rows.append((one.name, ap, *best, heat))
        if "f1" in part.values:
            calibrated = [number(part.values[name]) for name in _F_SCORES]
            rows.append((one.name + _REPORTED, ap, *calibrated, "calibrated"))
    note = (
        f"Average precision over all pixels of all pairs, {_SPREAD}. F1 over all pixels (one "
        "confusion); of each pair, then the mean, where a pair without change scores 0 even if the "
        "answer is perfect; of mean precision and mean recall. The threshold is the one with the "
        "largest F1 over all pixels, chosen on these pairs, or the calibrated one."
    )
    columns = ("method", "AP", *_F_SCORES.values(), "threshold")
    return Table("Pixels", columns, tuple(rows), note)


def _whole_pairs(figures: Sequence[Figures]) -> Table:
    rows = tuple(
        (one.name, *(number(one.part("pairs").values.get(name)) for name in _PAIRS))
        for one in figures
    )
    note = (
        "From the change score. Calibration error: 15 bins of equal width, weighted by their pairs."
    )
    return Table("Whole pairs", ("method", *_PAIRS.values()), rows, note)


def _kinds(figures: Sequence[Figures]) -> Table:
    rows = []
    for one in figures:
        values = one.part("kinds").values
        for true in KINDS if values else ():
            cells = (number(values.get(f"{true}_as_{said}")) for said in KINDS)
            rows.append((one.name, true, *cells))
    note = "Boxes that were found (IoU 0.5), as reported: how many of each true kind got which."
    return Table("Kinds", ("method", "true kind", *KINDS), tuple(rows), note)


def _labels(figures: Sequence[Figures]) -> Table:
    rows = []
    for one in figures:
        labels, boxes = one.part("labels").values, one.part("boxes").values
        if labels:
            names = ("deeppcb_ap_with_labels", "deeppcb_f_with_labels")
            protocol = (number(boxes.get(name)) for name in names)
            means = (number(labels[name]) for name in ("map50", "image_f1"))
            rows.append((one.name, *means, *protocol))
    note = (
        "As reported. mAP50: COCO's AP50 of each class of the truth, then the mean. Image F1: is "
        "the class in the pair, from the labels of reported boxes; mean over classes. DeepPCB: its "
        "protocol with its classes."
    )
    columns = ("method", "mAP50", "image F1", "AP (DeepPCB, classes)", "F (DeepPCB, classes)")
    return Table("Labels", columns, tuple(rows), note)


def _swaps(figures: Sequence[Figures]) -> Table:
    rows = tuple(
        (
            one.name,
            number(one.swap["same_changes"]),
            number(int(one.swap["changes"])),
            f"{one.swap['largest_heat_difference']:.1e}",
        )
        for one in figures
        if one.swap
    )
    pairs = max(int(one.swap["pairs"]) for one in figures if one.swap)
    note = (
        f"{pairs} pairs asked again with before and after exchanged: share of changes that come "
        "back with their kind exchanged and the same boxes (IoU above 0.9), of how many; largest "
        f"difference of heat. {ABSENT}: reports no changes."
    )
    columns = ("method", "same changes", "changes", "largest difference of heat")
    return Table("Exchanged views", columns, rows, note)


def _cells(
    values: Mapping[str, float | None], ends: Mapping[str, Interval], names: Mapping[str, str]
) -> list[str]:
    return [number(values.get(name), ends.get(name)) for name in names]
