"""Measures a model on pairs with truth: python scripts/evaluate.py data=DIR ckpt=MODEL.ckpt."""

from spotdiff.cli import main

if __name__ == "__main__":
    main("evaluate")
