"""A PostgreSQL server of the tests' own, on 127.0.0.1, with a port and a folder of its own."""

import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.ports import free_port

ROOT = Path(__file__).resolve().parents[3]
INSTALLED = ROOT / "var" / "postgres"
"""Where ``tools/install_postgres.sh`` unpacks what Debian's package brings."""

DEADLINE = 60
SETTINGS = "-c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
"""Without ``fsync`` a server that is killed keeps what it wrote, unless the machine ends too."""


class Unusable(Exception):
    """There is no server, or it cannot be run; the text says what is missing."""


def programs() -> Path:
    """The folder with ``initdb`` and ``pg_ctl``."""
    on_path = shutil.which("pg_ctl")
    folders = [
        *sorted(INSTALLED.glob("usr/lib/postgresql/*/bin"), reverse=True),
        *([Path(on_path).resolve().parent] if on_path else []),
        *sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True),
    ]
    for folder in folders:
        if (folder / "initdb").exists() and (folder / "pg_ctl").exists():
            return folder
    raise Unusable("PostgreSQL is not installed (tools/install_postgres.sh)")


class PostgresServer:
    """One cluster; started, stopped, killed and started again by tests."""

    def __init__(self, folder: Path) -> None:
        self._programs, self._folder = programs(), folder
        self._data = folder / "data"
        self.port = free_port()
        self._password = secrets.token_hex(8)
        self.url = f"postgresql://tester:{self._password}@127.0.0.1:{self.port}/postgres"

    def make(self) -> None:
        """Make the cluster."""
        secret = self._folder / "password"
        secret.write_text(self._password, encoding="utf-8")
        if os.geteuid() == 0:
            user = pwd.getpwnam("nobody")
            for path in (self._folder, secret):
                os.chown(path, user.pw_uid, user.pw_gid)
        how = ["--encoding=UTF8", "--locale=C", "--auth=scram-sha-256", "--no-sync"]
        self._run("initdb", "-U", "tester", f"--pwfile={secret}", *how, "-D", str(self._data))

    def start(self) -> None:
        """Start the server and wait until it takes connections."""
        log = str(self._folder / "log")
        options = f"-p {self.port} {SETTINGS}"
        self._run("pg_ctl", "start", "-w", "-t", "30", "-l", log, "-o", options)

    def stop(self, mode: str = "fast") -> None:
        """End it: "fast" in order, "immediate" as a crash would."""
        if (self._data / "postmaster.pid").exists():
            self._run("pg_ctl", "stop", "-w", "-t", "30", "-m", mode)

    def _run(self, program: str, *arguments: str) -> None:
        # The server refuses to run as root: it runs as nobody then, in a folder that is nobody's.
        rights = _rights_of_nobody() if os.geteuid() == 0 else {}
        libraries = ":".join(str(each) for each in INSTALLED.glob("usr/lib/*-linux-gnu"))
        done = subprocess.run(
            [self._programs / program, *arguments],
            env={**os.environ, "PGDATA": str(self._data), "LD_LIBRARY_PATH": libraries},
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=(self._folder / "said").open("w"),
            stderr=subprocess.STDOUT,
            timeout=DEADLINE,
            check=False,
            **rights,
        )
        if done.returncode != 0:
            said = (self._folder / "said").read_text(encoding="utf-8", errors="replace")
            raise Unusable(f"{program} failed: {said[-500:]}")


@contextmanager
def serve() -> Iterator[PostgresServer]:
    """A running server; raises `Unusable`."""
    with tempfile.TemporaryDirectory(prefix="postgres-") as folder:
        server = PostgresServer(Path(folder))
        try:
            server.make()
            server.start()
        except OSError as error:  # nobody may not enter the folder, say
            raise Unusable(f"PostgreSQL cannot be run here: {error}") from error
        try:
            yield server
        finally:
            server.stop("immediate")


def _rights_of_nobody() -> dict[str, object]:
    user = pwd.getpwnam("nobody")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
