"""Fits the thresholds of a model: python scripts/calibrate.py data.root=DIR out=NEW.ckpt."""

from spotdiff.cli import main

if __name__ == "__main__":
    main("calibrate")
