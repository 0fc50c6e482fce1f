"""The Debug Adapter Protocol over the kernel."""
