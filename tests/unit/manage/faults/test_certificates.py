"""How long a certificate is good: by what openssl made, and never an error of ours whatever the file holds."""

import random
import shutil
import subprocess

import pytest

from freehold.manage.faults import ber
from freehold.manage.faults.certificates import days_left

NOW = 1_767_225_600.0
VALIDITY = ber.sequence((ber.tlv(ber.UTC_TIME, b"250101000000Z"), ber.tlv(ber.UTC_TIME, b"260201000000Z")))
CERTIFICATE = ber.sequence(
    (ber.sequence((ber.tlv(0xA0, ber.integer(2)), ber.integer(7), ber.sequence(()), ber.sequence(()), VALIDITY)),)
)


def pem(octets):
    import base64

    return f"-----BEGIN CERTIFICATE-----\n{base64.encodebytes(octets).decode()}-----END CERTIFICATE-----\n"


def test_when_a_certificate_is_read_then_its_days_are_counted(tmp_path):
    path = tmp_path / "tls.pem"
    path.write_text("a chain may have words before it\n" + pem(CERTIFICATE))
    assert days_left(path, NOW) == 31.0
    assert days_left(path, NOW + 40 * 86400) == -9.0


def test_when_the_year_is_written_in_four_digits_then_it_is_read_too():
    validity = ber.sequence(
        (ber.tlv(ber.UTC_TIME, b"250101000000Z"), ber.tlv(ber.GENERALIZED_TIME, b"20510101000000Z"))
    )
    whole = ber.sequence((ber.sequence((ber.integer(7), ber.sequence(()), ber.sequence(()), validity)),))
    assert ber.not_after(whole) == 2556144000.0


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_when_openssl_makes_a_certificate_then_its_days_are_those_it_was_given(tmp_path):
    import time

    arguments = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=x"]
    files = ["-keyout", str(tmp_path / "k.pem"), "-out", str(tmp_path / "c.pem"), "-days", "20"]
    subprocess.run(["openssl", *arguments, *files], check=True, capture_output=True)
    assert days_left(tmp_path / "c.pem", time.time()) == pytest.approx(20, abs=0.01)


@pytest.mark.parametrize("text", ["", "x", pem(b""), pem(b"\x30"), pem(b"\x30\x80"), pem(b"\x30\x84\xff\xff\xff\xff")])
def test_when_a_file_holds_no_certificate_then_nothing_is_said(tmp_path, text):
    (tmp_path / "x.pem").write_text(text)
    assert days_left(tmp_path / "x.pem", NOW) is None
    assert days_left(tmp_path / "none.pem", NOW) is None


def test_when_octets_are_damaged_then_it_is_a_date_or_nothing(tmp_path):
    chance = random.Random(1)
    path = tmp_path / "x.pem"
    for _ in range(2000):
        damaged = bytearray(CERTIFICATE)
        for _ in range(chance.randint(1, 4)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        path.write_text(pem(bytes(damaged)))
        assert isinstance(days_left(path, NOW), float | None)
