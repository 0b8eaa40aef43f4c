"""`python -m admodes …` is the command `admodes …`."""

from admodes.cli import main

if __name__ == "__main__":
    main()
