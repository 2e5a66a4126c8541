"""What a process holds for a network: a leak shows as a container, by name, that grew."""

import gc
import os
import sys
from collections import Counter, deque
from pathlib import Path

CONTAINERS = (dict, list, set, deque, bytearray)


def census():
    """How many things every container attribute of every live freehold object holds, summed by `Class.attribute`."""
    gc.collect()
    found = Counter()
    for thing in gc.get_objects():
        kind = type(thing)
        if str(kind.__module__).startswith("freehold."):  # some C classes keep a descriptor there
            found[kind.__qualname__] += 1
            for name in attributes(thing, kind):
                value = getattr(thing, name, None)
                if isinstance(value, CONTAINERS):
                    found[f"{kind.__qualname__}.{name}"] += len(value)
    return found


def attributes(thing, kind):
    """The names of an object's attributes, in its slots, fields and dictionary."""
    for base in kind.__mro__:
        slots = base.__dict__.get("__slots__", ())
        yield from (slots,) if isinstance(slots, str) else slots
    yield from getattr(kind, "__struct_fields__", ())
    yield from getattr(thing, "__dict__", ())


def blocks():
    """Blocks of memory that Python objects take, after every cycle was collected."""
    gc.collect()
    return sys.getallocatedblocks()


def resident():
    """Resident memory of this process in octets: native engines are in it."""
    statistics = Path("/proc/self/statm").read_text(encoding="ascii")
    return int(statistics.split()[1]) * os.sysconf("SC_PAGE_SIZE")


def grown(before, after, by=1):
    """What there is at least `by` more of, by name."""
    return {name: (before[name], count) for name, count in after.items() if count >= before[name] + by}
