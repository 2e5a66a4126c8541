"""The pytest plugin `freehold`: a network's objects as fixtures, on virtual time."""

from __future__ import annotations

import pytest

from freehold.sim.clock import VirtualEnvironment


@pytest.fixture
def environment() -> VirtualEnvironment:
    """The outside world of network functions on virtual time, repeatable from seed 0."""
    return VirtualEnvironment()
