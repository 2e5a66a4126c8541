"""Whole messages as people see them; the pages beside the octets change only when somebody means it.

`python tests/unit/codecs/display/test_golden.py` writes them again.
"""

from pathlib import Path

import pytest

from freehold.codecs.display import PROTOCOLS, render

VECTORS = Path(__file__).parents[3] / "vectors"
PAGES = {
    "ngap_initial_ue": ("ngap", ""),
    "ngap_ics_request": ("ngap", ""),
    "ngap_pdusess_setup": ("ngap", ""),
    "ngap_pdusess_setup_transfer": ("ngap", "PDUSessionResourceSetupRequestTransfer"),
}


def page(name):
    """The text of one vector's message."""
    protocol, type_name = PAGES[name]
    octets = bytes.fromhex((VECTORS / "codec" / f"{name}.hex").read_text())
    return "\n".join(render(PROTOCOLS[protocol].decode(octets, type_name))) + "\n"


@pytest.mark.parametrize("name", PAGES)
def test_when_a_known_message_is_shown_then_its_page_is_the_golden_one(name):
    assert page(name) == (VECTORS / "codec" / f"{name}.txt").read_text()


if __name__ == "__main__":
    for each in PAGES:
        (VECTORS / "codec" / f"{each}.txt").write_text(page(each))
