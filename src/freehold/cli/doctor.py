"""`freehold doctor`: what this machine has and lacks for a network, and what to do."""

from __future__ import annotations

import typer

from freehold.cli.options import ConfigOption, JsonOption, configuration
from freehold.cli.output import show_json, show_line

SIGNS = {"good": "ok  ", "limited": "note", "bad": "BAD "}


def doctor(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Kernel SCTP, ports, TUN, MTU, clock, and each refused NG Setup explained. Exit 1 where something is bad."""
    from msgspec import to_builtins

    from freehold.app.doctor import examine

    findings = examine(configuration(config))
    if as_json:
        show_json(to_builtins(findings))
    else:
        for finding in findings:
            show_line(f"{SIGNS[finding.state]}  {finding.what}")
            if finding.fix:
                show_line(f"      {finding.fix}")
    if any(finding.state == "bad" for finding in findings):
        raise typer.Exit(1)
