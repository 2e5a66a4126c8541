"""Forms of the management: each name stands once (TS 33.117 4.3.6.3)."""

from typing import Any

import msgspec
import pytest

from freehold.manage.forms import decode


def test_when_each_name_stands_once_then_the_form_is_read():
    assert decode(b'{"a": {"a": 1}, "b": [{"a": 1}, {"a": 2}]}', dict[str, Any])["b"][1] == {"a": 2}


@pytest.mark.parametrize(
    "octets",
    [b'{"a": 1, "a": 1}', b'{"b": [{"a": 1, "a": 2}]}', b'{"a": 1, "\\u0061": 2}', b'{"a": ' + b"9" * 5000 + b"}",
     b'{"a":' * 3000 + b"1" + b"}" * 3000, b"{", b"\xff"],
)  # fmt: skip
def test_when_a_name_stands_twice_or_it_is_no_form_then_it_is_refused(octets):
    with pytest.raises((msgspec.DecodeError, UnicodeDecodeError)):
        decode(octets, dict[str, Any])
