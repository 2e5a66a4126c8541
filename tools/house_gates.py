"""The house rules that gate: functions too long, files too long, open marks, fields of a context, binaries in git."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

MARK = re.compile(r"\b(TODO|FIXME|XXX)\b")
FUNCTION_LINES, FILE_LINES, CONTEXT_FIELDS = 60, 600, 12


def faults(path: Path) -> Iterator[str]:
    """Yield each broken rule of one source file as `file:line what`."""
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    if len(lines) > FILE_LINES:
        yield f"{path}: {len(lines)} lines"
    for number, line in enumerate(lines, 1):
        if path.name != "house_gates.py" and MARK.search(line):
            yield f"{path}:{number} an open mark"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES:
                yield f"{path}:{node.lineno} {node.name}: {length} lines"
        if isinstance(node, ast.ClassDef) and "state" in path.parts:
            fields = sum(isinstance(item, ast.AnnAssign) for item in node.body)
            if fields > CONTEXT_FIELDS:
                yield f"{path}:{node.lineno} {node.name}: {fields} fields in a context"


def binaries(names: Iterable[str]) -> Iterator[str]:
    """Yield each of these files that is no text: a reader of the source must be able to read all of it."""
    for name in names:
        octets = Path(name).read_bytes()
        try:
            octets.decode()
        except UnicodeDecodeError:
            octets = b"\0"
        if b"\0" in octets:
            yield f"{name}: a binary file"


def tracked() -> list[str]:
    """The files that git keeps; none where this is no work tree of git, or there is no git."""
    git = shutil.which("git")
    if git is None:
        return []
    finished = subprocess.run([git, "ls-files", "-z"], capture_output=True, text=True, check=False)
    return [name for name in finished.stdout.split("\0") if name and Path(name).is_file()]


def main() -> int:
    """Print every fault; the exit status says whether there was one."""
    found = [fault for path in sorted(Path("src").rglob("*.py")) if "_gen" not in path.parts for fault in faults(path)]
    found += binaries(tracked())
    sys.stdout.writelines(f"{fault}\n" for fault in found)
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
