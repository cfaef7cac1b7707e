"""Writes a set of synthetic pairs: python scripts/synthesize.py photos=DIR out=DIR length=N."""

from spotdiff.cli import main

if __name__ == "__main__":
    main("synthesize")
