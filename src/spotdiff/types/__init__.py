"""The nouns of this package: everything that crosses a folder border is one of these.

The two photographs of a pair are `before` and `after`. Boxes are (x0, y0, x1, y1) in pixels of the
image they belong to; scores lie in [0, 1]; images are uint8 RGB arrays of shape (h, w, 3). Where an
axis runs over the kinds of change, its order is that of `ChangeKind`.
"""

from spotdiff.types.areas import AreaReport, Funnel, ModelInfo, NoAreas
from spotdiff.types.arrays import (
    Box,
    Boxes,
    Embeddings,
    Image,
    LabelScores,
    Mask,
    Matrix,
    Scores,
    TextScores,
)
from spotdiff.types.changes import (
    IGNORE,
    UNKNOWN_KIND,
    ChangeKind,
    LabelSets,
    TrueChange,
    Truth,
    swap_mask,
)
from spotdiff.types.chats import Chat, Part, Reply
from spotdiff.types.combination import Combination, Tuned, Witnesses, WitnessWeights
from spotdiff.types.duplicates import ImageHash, ViewHashes
from spotdiff.types.exchanges import Exchange
from spotdiff.types.image_rows import ImageRow, Source
from spotdiff.types.maps import ChangeMap, Thresholds
from spotdiff.types.mistakes import (
    ColumnMistakes,
    Confusion,
    GateCounts,
    Mistakes,
    WordMistakes,
    WorstPair,
)
from spotdiff.types.objects import (
    HEAT_LEVELS,
    HeatFusion,
    ObjectEvidence,
    ObjectRules,
    SeenObjects,
    WholePair,
)
from spotdiff.types.pairs import Outside, Pair, PairRow, RowProblem
from spotdiff.types.regions import Detections, PartOfSpeech, Token
from spotdiff.types.results import (
    Alignment,
    Answer,
    Change,
    PairResult,
    Registering,
    Registration,
    ViewInfo,
)
from spotdiff.types.row_hashes import RowHashes
from spotdiff.types.samples import Plain, Sample, Swap, Verdict
from spotdiff.types.sets import (
    Histogram,
    Hypothesis,
    ImageSets,
    Measure,
    Ranked,
    SetItem,
    SetReport,
)

__all__ = [
    "HEAT_LEVELS",
    "IGNORE",
    "UNKNOWN_KIND",
    "Alignment",
    "Answer",
    "AreaReport",
    "Box",
    "Boxes",
    "Change",
    "ChangeKind",
    "ChangeMap",
    "Chat",
    "ColumnMistakes",
    "Combination",
    "Confusion",
    "Detections",
    "Embeddings",
    "Exchange",
    "Funnel",
    "GateCounts",
    "HeatFusion",
    "Histogram",
    "Hypothesis",
    "Image",
    "ImageHash",
    "ImageRow",
    "ImageSets",
    "LabelScores",
    "LabelSets",
    "Mask",
    "Matrix",
    "Measure",
    "Mistakes",
    "ModelInfo",
    "NoAreas",
    "ObjectEvidence",
    "ObjectRules",
    "Outside",
    "Pair",
    "PairResult",
    "PairRow",
    "Part",
    "PartOfSpeech",
    "Plain",
    "Ranked",
    "Registering",
    "Registration",
    "Reply",
    "RowHashes",
    "RowProblem",
    "Sample",
    "Scores",
    "SeenObjects",
    "SetItem",
    "SetReport",
    "Source",
    "Swap",
    "TextScores",
    "Thresholds",
    "Token",
    "TrueChange",
    "Truth",
    "Tuned",
    "Verdict",
    "ViewHashes",
    "ViewInfo",
    "WholePair",
    "WitnessWeights",
    "Witnesses",
    "WordMistakes",
    "WorstPair",
    "swap_mask",
]
