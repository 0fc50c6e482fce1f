"""AuditTrail: the audit records, for those who may read them."""

from kernel.sessions import audit
from kernel.sessions.access import Actor
from kernel.sessions.audit import AuditQuery, AuditRecord
from kernel.sessions.gate import Gate


class AuditTrail:
    """Who did what when. Nothing here changes or removes a record."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def trail(
        self, actor: Actor, session: str, query: AuditQuery | None = None
    ) -> list[AuditRecord]:
        """What was done in one session, oldest first."""
        records, found = self._gate.look(actor, session, "trail")
        wanted = query or AuditQuery()
        return [*audit.read(records, wanted.about(found.id))]

    def tenant_trail(self, actor: Actor, query: AuditQuery | None = None) -> list[AuditRecord]:
        """What was done in the actor's tenant, in deleted sessions, too; for its admins."""
        records = self._gate.join(actor, "tenant_trail")
        return [*audit.read(records, query or AuditQuery())]
