"""``python -m llmspell``."""

import sys

from llmspell.cli.app import main

if __name__ == "__main__":
    sys.exit(main())
