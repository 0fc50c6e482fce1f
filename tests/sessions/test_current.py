"""The session that a kernel is in, and who learns of it."""

import pytest

from kernel.core.errors import UserError
from tests.sessions.conftest import Start

pytestmark = pytest.mark.anyio


async def test_a_session_deleted_elsewhere_is_left(start: Start) -> None:
    """The next cell is refused and says so; then cells are run, and another session is chosen."""
    it, other = await start(), await start()
    await it.handle.sessions("create", name="work", use=True)
    await other.handle.sessions("delete", id="work")
    assert None is (await it.handle.sessions("current"))["session"]
    assert None is (await it.handle.sessions("list"))["current"]
    refused, ran = await it.run("x = 1", "print(x)")
    assert refused.error is not None
    assert "the kernel is in none now" in refused.error.message
    assert "nil\n" == ran.stdout
    await it.handle.sessions("use", id="next", create=True)
    await it.run("x = 1")
    assert 1 == len(await it.log("next"))


async def test_strangers_do_not_learn_which_session_a_kernel_is_in(start: Start) -> None:
    """Whoever may not see it is answered as if the kernel were in none, and no id is told."""
    it = await start()
    made = await it.handle.sessions("create", name="hers", use=True)
    id = made["session"]["id"]
    for actor in ({"user": "ann"}, {"user": "ann", "tenant": "other", "admin": True}):
        assert None is (await it.handle.sessions("current", actor=actor))["session"]
        for request in ("show", "history", "suspend"):
            with pytest.raises(UserError, match="The kernel is in no session"):
                await it.handle.sessions(request, actor=actor)
        for word in ("hers", "nothing"):
            with pytest.raises(UserError, match=f"There is no session '{word}'"):
                await it.handle.sessions("use", id=word, actor=actor)
    trail = await it.handle.sessions(
        "trail", all=True, actor={"user": "ann", "tenant": "other", "admin": True}
    )
    assert id not in str(trail)
