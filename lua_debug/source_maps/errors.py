"""What is wrong with a source map."""

from kernel.core.errors import KernelError


class BadSourceMap(KernelError):
    """A source map that cannot be used; the text says why."""
