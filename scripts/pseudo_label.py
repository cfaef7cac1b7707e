"""Boxes from a table of words: python scripts/pseudo_label.py pairs=TABLE out=DIR."""

from spotdiff.cli import main

if __name__ == "__main__":
    main("pseudo_label")
