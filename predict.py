"""Finds the changes of pairs: python predict.py before=a.jpg after=b.jpg; see conf/predict.yaml."""

from spotdiff.cli import main

if __name__ == "__main__":
    main("predict")
