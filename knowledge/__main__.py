"""`python -m knowledge`: check, show, count and export the knowledge."""

from knowledge.cli import main

if __name__ == "__main__":
    main(prog_name="python -m knowledge")
