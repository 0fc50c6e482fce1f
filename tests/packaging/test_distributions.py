"""What users install is complete: the sdist builds, and the wheel works anywhere."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.project import PACKAGES, ROOT, tracked_files

needs_man = pytest.mark.skipif(not shutil.which("man"), reason="there is no man here")

pytestmark = [pytest.mark.timeout(600), pytest.mark.long]


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    """What a command prints; fails with all it said when it fails."""
    outcome = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    return outcome.stdout


@pytest.fixture(scope="session")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist and the wheel that was built from it."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", folder, ROOT, cwd=folder)
    return folder


@pytest.fixture(scope="session")
def installed(distributions: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a fresh environment in which nothing but the wheel was installed."""
    folder = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", folder, cwd=folder)
    (wheel,) = distributions.glob("*.whl")
    pip = [folder / "bin" / "python", "-m", "pip", "install", "--quiet"]
    run(*pip, "-c", ROOT / "constraints.txt", wheel, cwd=folder)
    return folder / "bin"


def pages_found(programs: Path) -> Iterator[Path]:
    """What `man llmspell` would show for somebody who has these programs."""
    path = os.pathsep.join([str(programs), os.defpath])
    said = run("man", "-w", "llmspell", cwd=programs, PATH=path, MANPATH="")
    yield from map(Path, said.split())


def shipped_files() -> set[str]:
    """The files of our packages, all of which belong into a wheel."""
    roots = tuple(f"{name}/" for name in PACKAGES)
    return {path for path in tracked_files() if path.startswith(roots)}


def test_wheel_has_the_manual(distributions: Path) -> None:
    """`man llmspell` finds the page that is checked in."""
    (wheel,) = distributions.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [each for each in archive.namelist() if each.endswith("/man1/llmspell.1")]
        assert (ROOT / "docs" / "man" / "llmspell.1").read_bytes() == archive.read(name)


@needs_man
def test_the_manual_is_found_in_an_environment(installed: Path) -> None:
    """`man llmspell` finds it where the environment's programs are on the path."""
    assert [installed.parent / "share/man/man1/llmspell.1"] == [*pages_found(installed)]


@needs_man
def test_the_manual_is_found_in_a_clone(tmp_path: Path) -> None:
    """So it is after `make setup`, and it is the page that is checked in."""
    (tmp_path / "bin").mkdir()
    run(ROOT / "tools" / "link_manual.sh", tmp_path, cwd=tmp_path)
    assert [ROOT / "docs" / "man" / "llmspell.1"] == [*pages_found(tmp_path / "bin")]


def test_wheel_holds_every_file_of_the_packages(distributions: Path) -> None:
    """Lua files, C files, schemas and type markers are shipped, not only Python modules."""
    (wheel,) = distributions.glob("*.whl")
    assert set() == shipped_files() - set(zipfile.ZipFile(wheel).namelist())


def test_wheel_holds_nothing_else(distributions: Path) -> None:
    """No tests, tools or documents end up among the user's modules, beside them only the manual."""
    (wheel,) = distributions.glob("*.whl")
    paths = [Path(name) for name in zipfile.ZipFile(wheel).namelist()]
    names = {path.parts[0] for path in paths if not path.parts[0].endswith(".data")}
    (metadata,) = {name for name in names if name.endswith(".dist-info")}
    assert set(PACKAGES) | {metadata} == names
    beside = [path.name for path in paths if path.parts[0].endswith(".data")]
    assert ["llmspell.1"] == beside


def test_wheel_holds_the_accelerator_where_there_is_a_compiler(distributions: Path) -> None:
    """Building builds the C extension, without asking for anything but a compiler."""
    (wheel,) = distributions.glob("*.whl")
    built = [name for name in zipfile.ZipFile(wheel).namelist() if name.endswith(".so")]
    assert bool(built) == bool(shutil.which("cc"))


def test_wheel_builds_without_a_compiler(distributions: Path, tmp_path: Path) -> None:
    """Where no compiler is, a wheel without the accelerator comes out, and nothing fails."""
    (sdist,) = distributions.glob("*.tar.gz")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", tmp_path]
    run(*pip, sdist, cwd=tmp_path, CC="false")
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert set() == shipped_files() - names
    assert [] == [name for name in names if name.endswith(".so")]


def test_sdist_holds_what_builds_and_tests_the_project(distributions: Path) -> None:
    """From the sdist alone the project can be built, tested and read."""
    (sdist,) = distributions.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    wanted = {"LICENSE", "README.md", "Makefile", "constraints.txt", "pyproject.toml"}
    tests = {path for path in tracked_files() if path.startswith(("tests/", "docs/"))}
    assert set() == (wanted | tests | shipped_files()) - names


def test_installed_wheel_has_what_it_needs(installed: Path, tmp_path: Path) -> None:
    """The dependencies it names are enough and fit together."""
    run(installed / "python", "-m", "pip", "check", cwd=tmp_path)
    program = f"import {', '.join(PACKAGES)}; print(kernel.__file__)"
    place = run(installed / "python", "-P", "-c", program, cwd=tmp_path)
    assert str(ROOT) not in place


def test_installed_program_runs_a_script_from_another_folder(
    installed: Path, tmp_path: Path
) -> None:
    """``llmspell run`` works where there is nothing of the project but the wheel."""
    (tmp_path / "hello.lua").write_text("print('hello', ...)", encoding="utf-8")
    assert "hello\tyou\n" == run(installed / "llmspell", "run", "hello.lua", "you", cwd=tmp_path)
