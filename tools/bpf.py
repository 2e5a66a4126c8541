"""Compiles the XDP programs under bpf/ with the pinned compiler, the same octets in every folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FLAGS = (
    "-target",
    "bpfel-freestanding",
    "-nostdinc",
    "-O2",
    "-g",  # the maps are declared in the type information
    "-Wall",
    "-Wextra",
    "-Werror",
    f"-ffile-prefix-map={ROOT}=/src",
    "-fdebug-compilation-dir=/src",
)


def write_all(folder: Path) -> None:
    """Compile every `NAME.bpf.c` to `folder`/NAME.bpf.o."""
    cache = str(ROOT / ".build" / "zig")
    environment = {**os.environ, "ZIG_GLOBAL_CACHE_DIR": cache, "ZIG_LOCAL_CACHE_DIR": cache}
    for source in sorted((ROOT / "bpf").glob("*.bpf.c")):
        target = folder.resolve() / f"{source.stem}.o"
        command = (sys.executable, "-m", "ziglang", "cc", *FLAGS, "-c", f"bpf/{source.name}", "-o", str(target))
        subprocess.run(command, cwd=ROOT, env=environment, check=True)
