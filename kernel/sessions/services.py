"""All services of sessions, put together over one store."""

from dataclasses import dataclass

from kernel.core.clock import Clock
from kernel.core.errors import UserError
from kernel.hooks.runner import HookRunner
from kernel.sessions.admission import Admission
from kernel.sessions.analytics import Analytics
from kernel.sessions.artifacts.artifacts import Artifacts
from kernel.sessions.artifacts.blocks import COMPRESSION_THRESHOLD, BlockStore
from kernel.sessions.cells import CellRunner, MakeRunner
from kernel.sessions.gate import Gate, Publish
from kernel.sessions.hooked import SessionHooks
from kernel.sessions.policies.base import Policy
from kernel.sessions.policies.registry import PolicyRegistry, default_policy
from kernel.sessions.replay.debugging import MakeDebugged
from kernel.sessions.replay.replays import Replays
from kernel.sessions.replay.schedules import Schedules
from kernel.sessions.runs import Runs
from kernel.sessions.sessions import Sessions
from kernel.sessions.snapshot import Snapshots
from kernel.sessions.sweeper import Sweeper
from kernel.sessions.trails import AuditTrail
from kernel.state.store import StateStore


@dataclass(frozen=True, slots=True)
class SessionServices:
    """What can be done with sessions. Every method asks for an `Actor` first."""

    sessions: Sessions
    runs: Runs
    artifacts: Artifacts
    snapshots: Snapshots
    replays: Replays
    schedules: Schedules
    analytics: Analytics
    audit: AuditTrail
    sweeper: Sweeper


def _no_runner(language: str) -> CellRunner:
    raise UserError(f"Nothing runs {language} here; sessions can be replayed in mode simulate.")


def open_sessions(
    store: StateStore,
    blocks: BlockStore,
    clock: Clock,
    publish: Publish,
    *,
    policy: Policy | None = None,
    registry: PolicyRegistry | None = None,
    max_active: int = 1000,
    make_runner: MakeRunner = _no_runner,
    make_debugged: MakeDebugged | None = None,
    hooks: HookRunner | None = None,
    compresses_from: int = COMPRESSION_THRESHOLD,
) -> SessionServices:
    """The services over a store and its blocks, which somebody else closes.

    ``policy``: by default all of `POLICIES`. ``compresses_from``: bytes of a block from which on it
    is compressed. Tasks of the caller's are to run `Sweeper.run` and
    `Schedules.keep_running`.
    """
    gate = Gate(store, clock, publish, SessionHooks(hooks) if hooks else None)
    chosen = policy if policy is not None else default_policy()
    admission = Admission(chosen, registry or PolicyRegistry(), max_active)
    artifacts = Artifacts(gate, admission, blocks, compresses_from)
    replays = Replays(gate, admission, make_runner, make_debugged)
    return SessionServices(
        sessions=Sessions(gate, admission),
        runs=Runs(gate, admission),
        artifacts=artifacts,
        snapshots=Snapshots(gate, admission, blocks),
        replays=replays,
        schedules=Schedules(gate, replays),
        analytics=Analytics(gate),
        audit=AuditTrail(gate),
        sweeper=Sweeper(gate, admission, artifacts),
    )
