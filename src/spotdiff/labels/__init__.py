"""Labels: words as data sets write them, what they mean, and the vocabulary that a model speaks."""

from spotdiff.labels.meanings import Meanings
from spotdiff.labels.vocabulary import Vocabulary, VocabularyRecipe
from spotdiff.labels.words import NONE_WORD, Synonyms, parse_cell

__all__ = ["NONE_WORD", "Meanings", "Synonyms", "Vocabulary", "VocabularyRecipe", "parse_cell"]
