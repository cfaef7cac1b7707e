"""The verbs of this package, as protocols: who can be exchanged for whom. All are batch-first.

Experts get whole images and boxes, never crops: so each cuts on its own device, in one batch over
all regions of all pairs, and works on a region once, however many texts or partners it meets.
"""

from spotdiff.contracts.building import CaptionEditor, Step
from spotdiff.contracts.evidence import EvidenceStore, Shelf
from spotdiff.contracts.experts import (
    ChatModel,
    Detector,
    ImageCaptioner,
    Inpainter,
    PairProposer,
    PairSynthesizer,
    Proposer,
    RegionEmbedder,
    RegionTextScorer,
    Tagger,
    TextEmbedder,
)
from spotdiff.contracts.pairs import (
    Aligner,
    ChangeLocalizer,
    Closing,
    Comparer,
    DifferenceCaptioner,
    RegionLabeller,
    StandaloneLocalizer,
    Writer,
)
from spotdiff.contracts.sets import Album, SetJudge, SetProposer, SetRanker

__all__ = [
    "Album",
    "Aligner",
    "CaptionEditor",
    "ChangeLocalizer",
    "ChatModel",
    "Closing",
    "Comparer",
    "Detector",
    "DifferenceCaptioner",
    "EvidenceStore",
    "ImageCaptioner",
    "Inpainter",
    "PairProposer",
    "PairSynthesizer",
    "Proposer",
    "RegionEmbedder",
    "RegionLabeller",
    "RegionTextScorer",
    "SetJudge",
    "SetProposer",
    "SetRanker",
    "Shelf",
    "StandaloneLocalizer",
    "Step",
    "Tagger",
    "TextEmbedder",
    "Writer",
]
