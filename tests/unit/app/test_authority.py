"""Management over TLS with the network's own authority: trusted by who has its certificate, by nobody else."""

import asyncio
import http.client
import ssl

import pytest

from freehold.app import authority
from freehold.app.all_in_one import running
from freehold.app.config import parse
from freehold.store import MemoryStore
from managekit import free_port


def asked(port, context):
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=20, context=context)
    try:
        connection.request("GET", "/api/v1/setup")
        return connection.getresponse().status
    finally:
        connection.close()


def test_when_the_network_vouches_for_itself_then_who_has_its_certificate_trusts_it(tmp_path):
    port = free_port()
    text = f'[store]\npath = "{tmp_path}/data"\n[management]\nsocket = "{tmp_path}/s"\n'
    text += f'listen = "127.0.0.1:{port}"\ncertificate = "own"\n'

    async def scenario():
        async with running(parse(text), ("core", "upf")) as made:
            trusting = ssl.create_default_context(cafile=tmp_path / "data/ca.pem")
            assert await asyncio.to_thread(asked, port, trusting) == 200
            with pytest.raises(ssl.SSLCertVerificationError):
                await asyncio.to_thread(asked, port, ssl.create_default_context())
            levels = made.managed.levels()
            assert 390 < levels["certificate", f"{tmp_path}/data/tls.pem"] < 398

    asyncio.run(scenario())
    kept = (tmp_path / "data/ca.pem").read_bytes()
    asyncio.run(scenario())  # the next start has the same authority
    assert (tmp_path / "data/ca.pem").read_bytes() == kept
    assert (tmp_path / "data/tls.key").stat().st_mode & 0o777 == 0o600


def test_when_it_listens_everywhere_then_the_certificate_has_the_machines_names(tmp_path):
    from cryptography import x509

    certificate, key, _ = authority.ensure(MemoryStore(), "Harbour")
    made, _ = authority.issue((certificate, key), tmp_path, "0.0.0.0")
    found = x509.load_pem_x509_certificate(made.read_bytes())
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "localhost" in names.get_values_for_type(x509.DNSName)
    assert found.issuer == x509.load_pem_x509_certificate(certificate).subject
    assert authority.check(certificate)
    assert authority.check(key)
    with pytest.raises(ValueError, match=r"PEM|key|deserialize"):
        authority.check(b"nonsense")
