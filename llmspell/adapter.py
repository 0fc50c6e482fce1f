"""``python -m llmspell.adapter``: what `llmspell dap` is in its workers and in terminals.

The command line is that of ``python -m dap_server``.
"""

import sys

from llmspell.wiring import serve_dap

if __name__ == "__main__":
    sys.exit(serve_dap(sys.argv[1:]))
