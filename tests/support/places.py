"""What stories of places ask of a scenario."""

from dap_server.protocol import generated as dap


def stops(d):
    """The lines of all stops of the program."""
    stop = d.client.run()
    return [stop.line, *rest(d)] if stop else []


def rest(d):
    """The lines of all further stops."""
    found = []
    while d.client.stop is not None:
        d.requests.continue_(thread_id=d.client.stop.thread)
        stop = d.wait_for_stop()
        if stop is not None:
            found.append(stop.line)
    return found


def place(d, *lines):
    """Set breakpoints on lines of the main file; the answers."""
    d.start()
    return d.client.set_breakpoints(d.path, *(dap.SourceBreakpoint(line=line) for line in lines))


def placed(answers):
    """The lines breakpoints came to stand on, and whether they say why."""
    return [(each.verified, each.line, each.message) for each in answers]
