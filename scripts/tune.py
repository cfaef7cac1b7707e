"""Fits the rules of objects to words: python scripts/tune.py pairs=TABLE_OF_WORDS."""

from spotdiff.cli import main

if __name__ == "__main__":
    main("tune")
