"""Writes a set of synthetic pairs: python scripts/synthesize.py photos=DIR out=DIR (see conf/synthesize.yaml)."""

from spotdiff.cli import main

if __name__ == "__main__":
    main("synthesize")
