"""Lists the weights, fetches and verifies them: python scripts/models.py [fetch NAME | verify]."""

from spotdiff.cli import main

if __name__ == "__main__":
    main("models")
