"""Trains a change model: python train.py experiment=siamese data.root=DIR (see conf/train.yaml)."""

from spotdiff.cli import main

if __name__ == "__main__":
    main("train")
