"""Finding artifacts."""

from dataclasses import dataclass
from fnmatch import fnmatchcase

from kernel.sessions.artifacts.model import Artifact, ArtifactType


@dataclass(frozen=True, slots=True)
class ArtifactQuery:
    """Which artifacts; what is not given is any. Times are seconds since 1970, sizes bytes."""

    session: str | None = None
    """None: of all sessions that the actor may read."""
    type: ArtifactType | None = None
    name_pattern: str = "*"
    """As file names are matched: ``*``, ``?`` and ``[…]``; case matters."""
    tags: tuple[str, ...] = ()
    """All of these."""
    created_after: float | None = None
    created_before: float | None = None
    min_size: int | None = None
    max_size: int | None = None
    is_latest: bool = False
    """Only the last version of each name."""
    limit: int | None = None

    def matches(self, artifact: Artifact) -> bool:
        """Whether it is one of those asked for, versions apart."""
        return (
            self.type in (None, artifact.type)
            and fnmatchcase(artifact.name, self.name_pattern)
            and set(self.tags) <= set(artifact.tags)
            and (self.created_after is None or artifact.created > self.created_after)
            and (self.created_before is None or artifact.created < self.created_before)
            and (self.min_size is None or artifact.size >= self.min_size)
            and (self.max_size is None or artifact.size <= self.max_size)
        )


def latest_of(artifacts: list[Artifact]) -> list[Artifact]:
    """Of each session and name the last version, in the order they were given."""
    last: dict[tuple[str, str], int] = {}
    for each in artifacts:
        key = (each.id.session, each.name)
        last[key] = max(last.get(key, 0), each.version)
    return [each for each in artifacts if last[each.id.session, each.name] == each.version]
