"""Backups and SIMs from the console: made, looked into, restored at the next start; keys leave encrypted."""

import json

import pytest

from consolekit import faults, shoot
from freehold.app import restoring
from freehold.manage.subscribers import SliceForm, SubscriberForm, subscriber_of
from managekit import OPC, PASSWORD, SUPI, K
from secretkit import holder

pytestmark = [pytest.mark.interop, pytest.mark.xdist_group("console")]

PASSPHRASE = "a passphrase of some length"


def initialise(page, site):
    page.goto(site.first)
    page.get_by_label("Name").fill("anna")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password again").fill(PASSWORD)
    page.get_by_role("button", name="Make the account").click()
    page.get_by_role("heading", name="Dashboard").wait_for()


def visit(page, site, name, suffix):
    page.goto(f"{site.url}/{name}")
    page.get_by_role("heading", level=1).wait_for()
    page.wait_for_load_state("load")
    shoot(page, f"{name}-{suffix}")
    assert faults(page) == []


def test_when_a_backup_is_made_then_it_can_be_looked_into_and_waits_for_the_next_start(page, site, tmp_path):
    initialise(page, site)
    sim = subscriber_of(SubscriberForm(SUPI, K, OPC), (SliceForm(),), None)
    site.do(site.made.network.core.udr.put, sim)
    visit(page, site, "backup", "light")
    page.get_by_label("Passphrase", exact=True).fill(PASSPHRASE)
    page.get_by_label("Passphrase again").fill(PASSPHRASE)
    with page.expect_download() as expected:
        page.get_by_role("button", name="Make a backup").click()
    file = tmp_path / expected.value.suggested_filename
    expected.value.save_as(file)
    assert file.read_bytes().startswith(b"FREEHOLD BACKUP\n")
    page.get_by_label("Backup", exact=True).set_input_files(file)
    page.get_by_label("Its passphrase").fill(PASSPHRASE)
    page.get_by_role("button", name="Look into it").click()
    page.get_by_role("button", name="Restore at the next start").click()
    page.get_by_role("dialog").get_by_role("button", name="Restore at the next start").click()
    page.get_by_role("region", name="A backup waits for the next start").wait_for()
    assert restoring.waiting(site.made.network.configuration).content.tables["subscriber"].keys() == {SUPI}
    page.get_by_role("button", name="Restore nothing").click()
    page.get_by_role("region", name="A backup waits for the next start").wait_for(state="detached")
    assert restoring.waiting(site.made.network.configuration) is None
    with page.expect_download() as expected:
        page.get_by_role("button", name="Download").click()
    assert expected.value.suggested_filename.endswith("-support.zip")


def test_when_sims_are_made_then_their_encrypted_file_is_saved(page, site, tmp_path):
    initialise(page, site)
    _, certificate = holder()
    (tmp_path / "vendor.pem").write_bytes(certificate)
    visit(page, site, "sims", "dark")
    page.get_by_label("How many").fill("3")
    page.get_by_label("Certificate", exact=True).set_input_files(tmp_path / "vendor.pem")
    with page.expect_download() as expected:
        page.get_by_role("button", name="Make them").click()
    assert expected.value.suggested_filename == "sims.csv.p7m"
    page.get_by_role("region", name="Made").wait_for()
    acts = [json.loads(entry) for entry in site.made.managed.ledger()]
    assert [act["subject"] for act in acts if act["act"] == "sim.generate"] == ["3 subscribers"]
