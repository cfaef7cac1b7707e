"""Fits a model's thresholds on pairs with truth: python scripts/calibrate.py ckpt=… data.root=… out=…"""

from spotdiff.cli import main

if __name__ == "__main__":
    main("calibrate")
