"""`python -m admodes …` runs the command line, as `admodes …` does."""

import sys

if __name__ == "__main__":
    try:
        from admodes.cli import main
    except KeyboardInterrupt:
        print("admodes: interrupted", file=sys.stderr)
        sys.exit(130)
    main()
