"""`python cli.py …` from a checkout is the installed command `admodes …`."""

from admodes.cli import main

if __name__ == "__main__":
    main()
