"""Takes rows through a chain of steps: python scripts/build.py in=TABLE_OR_DIR out=DIR."""

from spotdiff.cli import main

if __name__ == "__main__":
    main("build")
