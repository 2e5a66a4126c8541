"""Commands as the documents show them: each is there, with its options."""

import re
import shlex
from pathlib import Path

import pytest
from typer.main import get_command

from freehold.cli.main import program

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"```(?:sh|bash|console|text)?\n(.*?)```|((?:^ {4}\S.*\n)+)", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`\n]+)`")


def shown(text):
    """What a page tells its reader to type, without `freehold`."""
    text = re.sub(r"\\\n\s*", " ", text)
    pieces = [first or second for first, second in BLOCK.findall(text)]
    lines = [line for piece in pieces for line in piece.splitlines()]
    for line in [*lines, *INLINE.findall(text)]:
        found = re.match(r"\s*(?:\$ )?(?:sudo |\w+=\S+ |timeout \d+ )*(?:\S*/bin/)?freehold ([a-z-].*)", line)
        if found:
            yield re.split(r" \\?\| |  +#|  {2,}| > | && | &$|;", found[1])[0]


def wrong(line):
    """What is not there of a command line; empty where everything is."""
    command, path = get_command(program()), []
    words = shlex.split(line.replace("'", "") if line.count("'") % 2 else line, comments=True)
    while words and hasattr(command, "commands") and not words[0].startswith("-"):
        if words[0] not in command.commands:
            return "" if path and command.invoke_without_command else f"no command {' '.join([*path, words[0]])}"
        path.append(words[0])
        command = command.commands[words.pop(0)]
    known = {name for option in command.params for name in (*option.opts, *option.secondary_opts)} | {"-h", "--help"}
    strange = [word for word in words if re.match(r"--?[a-z]", word) and word.split("=")[0] not in known]
    return f"{' '.join(path)} has no {' '.join(strange)}" if strange else ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_when_a_page_shows_a_command_then_it_is_there_with_its_options(page):
    found = [(line, wrong(line)) for line in shown(page.read_text())]
    assert [(line, why) for line, why in found if why] == []


def test_when_a_command_is_not_there_then_the_check_says_so():
    text = "`freehold nope`\n\n    freehold ue list --supis\n\n```\n.venv/bin/freehold ue show 1\n```\n"
    assert [wrong(line) for line in shown(text)] == ["ue list has no --supis", "", "no command nope"]


def test_when_pages_are_read_then_many_commands_are_found():
    assert sum(len(list(shown(page.read_text()))) for page in PAGES) > 150
