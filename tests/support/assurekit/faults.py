"""Replacing what a function of the network under test does, for one test, and putting it back."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

MUTANTS: dict[tuple[str, str], tuple[str, Callable[["Fault"], None]]] = {}
"""By document and clause: the name of the fault, and what brings it about."""


class Fault:
    """Replaces attributes of modules, classes and objects until it ends."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack

    def replace(self, place: Any, name: str, new: Any) -> Any:
        """Put `new` in the place of an attribute; what was there."""
        there = vars(place).get(name) if hasattr(place, "__dict__") else None
        old = getattr(place, name)
        setattr(place, name, new)
        if there is None and isinstance(place, type):
            self._stack.callback(delattr, place, name)
        else:
            self._stack.callback(setattr, place, name, old if there is None else there)
        return old


def mutant(document: str, clause: str, name: str) -> Callable[[Callable[[Fault], None]], Callable[[Fault], None]]:
    """Register what must turn a test to FAIL; `name` says the fault in a few words."""

    def mark(make: Callable[[Fault], None]) -> Callable[[Fault], None]:
        assert (document, clause) not in MUTANTS, (document, clause)
        MUTANTS[document, clause] = (name, make)
        return make

    return mark


@contextmanager
def faulty(document: str, clause: str) -> Iterator[str]:
    """The network with a test's fault, while the block runs."""
    name, make = MUTANTS[document, clause]
    with ExitStack() as stack:
        make(Fault(stack))
        yield name
