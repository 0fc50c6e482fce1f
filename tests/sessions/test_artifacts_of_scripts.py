"""What scripts note of the files that they store in their kernel's session."""

from pathlib import Path

from tests.sessions.conftest import Start


async def test_notes_of_a_file_are_kept(start: Start, tmp_path: Path) -> None:
    """What it is, its form, its words and what it was made of are there, however they are told."""
    kept = await start()
    file = tmp_path / "figures.dat"
    file.write_text("1,2\n")
    (made,) = await kept.run(f"""
        Session.set_current(Session.create{{name = "s"}})
        local parent = Artifact.store("", "custom", "source", "raw")
        local path = {str(file)!r}
        local notes = {{description = "Figures", mime_type = "text/csv", tags = {{"q"}},
          parent_artifact = parent}}
        local typed = Artifact.store_file("", path, "tool_result", notes)
        notes.reviewed = true
        local free = Artifact.store_file("", path, "tool_result", notes)
        for _, id in ipairs{{typed, free}} do
          local it = Artifact.get("", id).metadata
          print(it.description, it.mime_type, it.tags[1], it.custom.reviewed,
            it.parent_artifact.sequence == parent.sequence, it.parent_artifact.content_hash ==
            parent.content_hash)
        end""")
    assert (
        "Figures\ttext/csv\tq\tnil\ttrue\ttrue\nFigures\ttext/csv\tq\ttrue\ttrue\ttrue\n"
        == made.stdout
    )


async def test_a_note_that_is_none_is_refused_by_name(start: Start, tmp_path: Path) -> None:
    """Also where a script adds notes of its own."""
    kept = await start()
    file = tmp_path / "a.txt"
    file.write_text("a")
    (refused,) = await kept.run(f"""
        Session.set_current(Session.create{{name = "s"}})
        local notes = {{parent_artifact = {{sequence = 1}}, mine = 1}}
        Artifact.store_file("", {str(file)!r}, "custom", notes)
    """)
    assert refused.error is not None
    assert "metadata.parent_artifact.content_hash" in refused.error.message
