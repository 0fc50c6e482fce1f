"""Requests about state and sessions without a kernel: in this process, over what kernels keep."""

import contextlib
from collections.abc import Iterator

from llmspell.kernel_requests import ServiceRequests
from llmspell.kernel_services import KernelServices


@contextlib.contextmanager
def local_services() -> Iterator[KernelServices]:
    """What kernels of this user stand on; raises `UserError` for a configuration that is wrong."""
    services = KernelServices()
    try:
        yield services
    finally:
        services.close()


@contextlib.contextmanager
def local_requests() -> Iterator[ServiceRequests]:
    """Who serves requests about them."""
    with local_services() as services:
        yield ServiceRequests(services)
