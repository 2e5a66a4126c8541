"""What every test may ask for."""

import os
from pathlib import Path

import pytest

from freehold.sim.clock import VirtualEnvironment

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def shared_tool():
    """Finds a program by name in FREEHOLD_TOOLS or a folder shared/tools beside or above the checkout."""

    def find(name):
        chosen = os.environ.get("FREEHOLD_TOOLS")
        folders = [Path(chosen)] if chosen else [place / "shared/tools" for place in (ROOT, *ROOT.parents)]
        found = next((folder / name for folder in folders if (folder / name).exists()), None)
        if found is None:
            pytest.skip(f"no {name} here: set FREEHOLD_TOOLS to its folder")
        return found

    return find


@pytest.fixture(autouse=True, scope="session")
def _memory_of_the_run():
    """A store opened in this process does not make the whole run one that leaves no dumps."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("freehold.app.sealing.keep_in_memory", lambda: True)
        yield


@pytest.fixture
def environment():
    """The outside world of network functions on virtual time, repeatable from seed 0."""
    return VirtualEnvironment()
