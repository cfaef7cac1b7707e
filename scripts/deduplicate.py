"""Finds rows that show the same: python scripts/deduplicate.py images=DIR_OR_TABLE out=DIR."""

from spotdiff.cli import main

if __name__ == "__main__":
    main("deduplicate")
