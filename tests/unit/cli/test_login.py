"""Commands for a network on another machine: HTTPS with the network's own authority, a log-in or a token."""

import json
import stat

import pytest

from clikit import command
from freehold.app import authority
from freehold.manage.accounts.passwords import PasswordPolicy
from freehold.manage.accounts.roles import Role
from freehold.store import MemoryStore
from managekit import OPC, PASSWORD, SUPI, K, Web


class Secure(Web):
    """Served with a certificate of an authority of its own, in the folder `tls`."""

    def __init__(self, folder):
        super().__init__(folder)
        self.tls = folder / "tls"
        self.tls.mkdir()
        certificate, key, _ = authority.ensure(MemoryStore(), "Freehold")
        self.certificate = authority.issue((certificate, key), self.tls, "127.0.0.1")


@pytest.fixture
def home(tmp_path, monkeypatch):
    for variable in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.setenv(variable, str(tmp_path / variable))
    for variable in ("FREEHOLD_URL", "FREEHOLD_TOKEN", "FREEHOLD_TOKEN_FILE", "FREEHOLD_CA"):
        monkeypatch.delenv(variable, raising=False)
    return tmp_path


@pytest.fixture
def run(home, monkeypatch, capsys):
    def runner(*arguments, given=""):
        return command(monkeypatch, capsys, *arguments, given=given)

    return runner


@pytest.fixture
def web(home):
    with Secure(home) as made:
        made.call(made.accounts.initialise("anna", PASSWORD))
        made.url = f"https://127.0.0.1:{made.address[1]}"
        made.ca = str(made.tls / "ca.pem")
        yield made


def token(web, role=Role.ADMIN, days=1.0):
    return web.call(web.accounts.token("anna", role, days * 86400, "script"))[1]


def test_when_somebody_logs_in_then_commands_are_for_that_network_until_the_log_out(run, web, home):
    status, out, err = run("login", web.url, "--name", "anna", "--ca", web.ca, given=f"{PASSWORD}\n")
    assert status == 0, err
    assert "as anna" in out
    kept = home / "XDG_CONFIG_HOME/freehold/login.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert PASSWORD not in kept.read_text()
    assert json.loads(run("status", "--json")[1])["name"] == "Freehold"
    form = ("subscriber", "add", SUPI, "--k", K, "--opc", OPC)
    assert run(*form)[0] == 0, run(*form)
    assert SUPI in run("subscriber", "list")[1]
    assert "subscriber.add" in run("ledger", "show")[1]
    assert run("logout")[0] == 0
    assert not kept.exists()
    status, _, err = run("status")
    assert status == 2
    assert "no network runs here" in err
    assert web.do(lambda: list(web.accounts._logins)) == []


def test_when_a_new_password_is_due_then_it_is_asked_for_and_the_log_in_goes_on(run, web):
    web.policy = PasswordPolicy(own=True)
    web.call(web.accounts.add("otto", PASSWORD, Role.OPERATOR, given=True))
    login = ("login", web.url, "--name", "otto", "--ca", web.ca)
    status, _, err = run(*login, given=f"{PASSWORD}\n{PASSWORD}\n")
    assert (status, err.count("\n"), "present password" in err) == (2, 1, True)
    status, out, err = run(*login, given=f"{PASSWORD}\nAnother horse battery\n")
    assert (status, "as otto" in out) == (0, True), err
    assert run("status")[0] == 0
    assert web.call(web.accounts.login("otto", "Another horse battery", "here"))


def test_when_the_authority_is_not_known_then_one_line_says_what_to_give(run, web):
    status, _, err = run("login", web.url, "--name", "anna", given=f"{PASSWORD}\n")
    assert status == 2
    assert err.count("\n") == 1
    assert "its certificate is not trusted" in err
    assert "--ca ca.pem" in err


def test_when_the_environment_names_network_and_token_then_no_log_in_is_needed(run, web, home, monkeypatch):
    monkeypatch.setenv("FREEHOLD_URL", web.url)
    monkeypatch.setenv("FREEHOLD_CA", web.ca)
    status, _, err = run("status")
    assert (status, "log in first" in err) == (2, True)
    monkeypatch.setenv("FREEHOLD_TOKEN", token(web))
    assert run("status")[0] == 0
    monkeypatch.delenv("FREEHOLD_TOKEN")
    file = home / "token"
    file.write_text(token(web) + "\n")
    monkeypatch.setenv("FREEHOLD_TOKEN_FILE", str(file))
    file.chmod(0o644)
    assert "others may read the token" in run("status")[2]
    file.chmod(0o600)
    assert run("ue", "list")[0] == 0


def test_when_a_token_is_over_or_may_not_then_one_line_says_so(run, web):
    assert run("login", web.url, "--ca", web.ca, "--token", given=f"{token(web, Role('read-only'))}\n")[0] == 0
    status, _, err = run("ue", "deregister", SUPI)
    assert status == 2
    assert "the role read-only may not: this needs the permission to operate" in err
    status, _, err = run("login", web.url, "--ca", web.ca, "--token", given=f"{token(web, days=-1)}\n")
    assert status == 2
    assert "the token or log-in is not valid, or no longer" in err
    assert run("login", web.url, "--ca", web.ca, "--name", "anna", given="wrong wrong wrong\n")[0] == 2


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://192.0.2.1:5380", "in clear"),
        ("ftp://x", "not the address of a network"),
        ("https://", "not the address of a network"),
        ("https://x:99999", "not the address of a network"),
        ("https://a@x/", "not the address of a network"),
    ],
)
def test_when_an_address_is_none_then_nothing_is_asked(run, url, said):
    status, _, err = run("login", url, "--name", "anna", given="x\n")
    assert status == 2
    assert said in err


def test_when_nobody_listens_there_then_one_line_says_so(run, web):
    status, _, err = run("login", "https://127.0.0.1:1", "--name", "anna", given="x\n")
    assert (status, "nobody listens there" in err) == (2, True)
    status, _, err = run("login", "http://127.0.0.1:1", "--name", "anna", given="x\n")
    assert (status, "nobody listens there" in err) == (2, True)


def test_when_the_file_of_the_log_in_is_open_to_others_then_it_is_not_used(run, web, home):
    assert run("login", web.url, "--ca", web.ca, "--token", given=f"{token(web)}\n")[0] == 0
    (home / "XDG_CONFIG_HOME/freehold/login.json").chmod(0o644)
    status, _, err = run("status")
    assert (status, "others may read it" in err) == (2, True)
