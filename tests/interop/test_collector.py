"""Traces of procedures into OpenTelemetry's own collector: whose child each span is, and what failed."""

import asyncio
import re

import pytest

from freehold.app.all_in_one import running
from freehold.app.config import parse
from freehold.app.subscriptions import subscriber
from freehold.ue.errors import Refused
from interopkit.program import Program
from managekit import free_port

COLLECTOR = """receivers: {{otlp: {{protocols: {{http: {{endpoint: "127.0.0.1:{port}"}}}}}}}}
exporters: {{debug: {{verbosity: detailed}}}}
service:
  telemetry: {{metrics: {{level: none}}}}
  pipelines: {{traces: {{receivers: [otlp], exporters: [debug]}}}}
"""
SPAN = re.compile(
    r"Span #\d+\n\s+Trace ID\s+: (?P<trace>\w*)\n\s+Parent ID\s+: (?P<parent>\w*)\n\s+ID\s+: (?P<id>\w+)\n"
    r"\s+Name\s+: (?P<name>.+)\n\s+Kind\s+: (?P<kind>\w+)\n(?:.*\n)*?\s+Status code\s+: (?P<code>\w+)\n"
    r"\s+Status message\s*: ?(?P<message>.*)"
)
UNKNOWN = 77
"""The number of a SIM that nobody provisioned."""


def configuration(folder, port):
    return parse(
        f'store.path = "{folder}/data"\ntelemetry.otlp = "http://127.0.0.1:{port}"\n'
        f'[management]\nsocket = "{folder}/m.sock"\nlisten = ""\n'
    )


async def worked(configured):
    """One terminal registers and opens a session, and another one is refused."""
    async with running(configured) as made:
        network = made.network
        ue = network.ue()
        await ue.register()
        await ue.pdu_session()
        stranger = network.ue(subscriber(configured, UNKNOWN, network.world.environment.random))
        with pytest.raises(Refused):
            await stranger.register()
        await network.ue().register()  # by then the network has released the connection of the one that it refused
        return ue.supi.digits, stranger.supi.digits


def read(text):
    return [found.groupdict() for found in SPAN.finditer(text)]


def test_when_terminals_register_then_the_collector_has_each_procedure_with_the_calls_in_it(tmp_path, otelcol):
    port = free_port()
    (tmp_path / "collector.yaml").write_text(COLLECTOR.format(port=port))
    with Program([otelcol, "--config", f"file:{tmp_path}/collector.yaml"]) as collector:
        collector.wait_for("Everything is ready")
        digits = asyncio.run(worked(configuration(tmp_path, port)))
        collector.wait_for(r"Name +: pdu_session_establishment")
        collector.interrupt()
        text = collector.output
    found = read(text)
    by = {span["id"]: span for span in found}
    assert len(by) == len(found) == text.count("\nSpan #")
    first = {span["name"]: span for span in reversed(found)}
    for name, parent in (
        ("Nudm_UEAuthentication_Get", "Nausf_UEAuthentication_Authenticate"),
        ("Nsmf_PDUSession_CreateSMContext", "uplink_nas_transport"),
        ("pdu_session_establishment", "Nsmf_PDUSession_CreateSMContext"),
    ):
        assert by[first[name]["parent"]]["name"] == parent
        assert by[first[name]["parent"]]["trace"] == first[name]["trace"]
    assert first["pdu_session_establishment"]["kind"] == "Internal"
    assert first["Nudm_UEAuthentication_Get"]["kind"] == "Client"
    failed = [span for span in found if span["code"] == "Error" and span["name"] == "registration"]
    assert [span["message"] for span in failed] == ["404 USER_NOT_FOUND: no such subscription: provision the SIM"]
    assert {span["code"] for span in found} == {"Unset", "Error"}
    assert [each for each in digits if each in text] == []
