from __future__ import annotations

import pytest

from freehold.net.resolver import host_resolver


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("nameserver 192.0.2.53\n", "192.0.2.53"),
        ("# nameserver 1.1.1.1\nsearch example\n  nameserver\t192.0.2.53\n".replace("\t", " "), "192.0.2.53"),
        ("nameserver 2001:db8::53\nnameserver 127.0.0.53\n", "2001:db8::53"),
        ("nameserver fe80::1%eth0\nnameserver fe80::1\nnameserver 127.0.0.53\n", "127.0.0.53"),
        ("nameserver\nnameserver x\n", None),
        ("", None),
        ("\xff\xfe", None),
    ],
)
def test_when_the_host_has_name_servers_then_the_first_one_is_taken(tmp_path, text, found):
    path = tmp_path / "resolv.conf"
    path.write_text(text, encoding="latin-1")
    assert host_resolver(path) == found


def test_when_the_host_has_no_such_file_then_there_is_none(tmp_path):
    assert host_resolver(tmp_path / "absent") is None
