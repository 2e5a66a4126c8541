"""No binary stands among the files that git keeps."""

import pytest

from house_gates import binaries


@pytest.mark.parametrize("octets", [b"\x7fELF\x00", b"text\x00", b"\xff\xfe\x41"])
def test_when_a_file_is_no_text_then_it_is_named(tmp_path, octets):
    path = tmp_path / "file"
    path.write_bytes(octets)
    assert list(binaries([str(path)])) == [f"{path}: a binary file"]


def test_when_a_file_is_text_or_empty_then_it_passes(tmp_path):
    (tmp_path / "text").write_text("größer\n")
    (tmp_path / "empty").write_bytes(b"")
    assert list(binaries([str(tmp_path / "text"), str(tmp_path / "empty")])) == []
