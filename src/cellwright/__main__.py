"""``python -m cellwright``."""

from cellwright.cli import main

if __name__ == "__main__":
    main()
