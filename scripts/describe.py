"""Says how two sets of pictures differ: python scripts/describe.py a=DIR b=DIR out=DIR."""

from spotdiff.cli import main

if __name__ == "__main__":
    main("describe")
