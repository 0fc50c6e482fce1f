"""Ending the process of a script that hears of nothing."""

import os
import sys
import threading
from typing import NoReturn

_FLUSH = 1.0
"""Seconds that what the script has printed has to get out when the process ends."""


def end_process(status: int) -> NoReturn:
    """End the process, from any thread, while another runs the script."""
    from kernel.execution.streams import CStdout

    sys.stderr.flush()
    # What C holds back is written, unless its stream is in the hands of somebody who waits.
    writer = threading.Thread(target=CStdout().flush, daemon=True)
    writer.start()
    writer.join(_FLUSH)
    os._exit(status)
