"""Fixtures for tests that script a network; pytest loads them through the entry point `freehold`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

if TYPE_CHECKING:
    from freehold.app.network import Network

T = TypeVar("T")
Run = Callable[[Coroutine[Any, Any, T]], T]


@pytest.fixture
def freehold_run() -> Iterator[Callable[[Coroutine[Any, Any, Any]], Any]]:
    """A function that runs a coroutine of the test to its end; all calls of one test share a loop."""
    with asyncio.Runner() as runner:
        yield runner.run


@pytest.fixture
def freehold_network(freehold_run: Callable[[Coroutine[Any, Any, Any]], Any]) -> Iterator[Network]:
    """A whole network on virtual time, with its defaults and seed 0; any mistake of ours fails the test at its end."""
    from freehold.app.network import Network

    network = Network()
    freehold_run(network.__aenter__())
    mistakes: list[str] = []
    network.world.listen(lambda event: mistakes.append(event.text) if event.name == "bug" else None)
    yield network
    freehold_run(network.__aexit__(None, None, None))
    if mistakes:
        pytest.fail("; ".join(mistakes))
