"""What every filter of the difference areas left, summed over a run."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from spotdiff.types import Funnel
from spotdiff.writers.files import replacing
from spotdiff.writers.jsonl import read_records


def write_funnel(records: Path, out: Path) -> None:
    """Writes `out` as JSON from a file of records: counts, reasons for nothing, and the experts.

    Pairs that failed are counted apart; they are in no other number.
    """
    funnel, failed = Funnel(), 0
    reasons: Counter[str] = Counter()
    experts: dict[str, str] = {}
    for result in read_records(records):
        failed += result.status == "error"
        if result.areas is None:
            continue
        funnel += result.areas.funnel
        reasons[result.areas.reason.value if result.areas.reason else "found"] += 1
        experts = {role: info.name for role, info in result.areas.experts.items()}
    content = {
        "funnel": asdict(funnel),
        "reasons": dict(sorted(reasons.items())),
        "failed": failed,
        "experts": experts,
    }
    with replacing(out) as partial:
        partial.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
