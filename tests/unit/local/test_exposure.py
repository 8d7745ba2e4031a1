"""What others can reach is safe, or `up` says a word and does not start."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from mesh.config import load_settings
from mesh.local.control import UpOptions
from mesh.local.diagnosis import Check, diagnose
from mesh.local.errors import StackError
from mesh.local.exposure import problems
from mesh.local.plan import SERVICES, Plan, make_plan
from mesh.local.setup_code import FILE

OPEN = UpOptions(host="0.0.0.0", port=0, public_url="https://video.example")


@pytest.fixture
def files(tmp_path: Path) -> str:
    """The lines of a configuration that name a good certificate."""
    return certificate(tmp_path, timedelta(days=30))


def certificate(folder: Path, lifetime: timedelta) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "video.example")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=60))
        .not_valid_after(now + lifetime)
        .sign(key, hashes.SHA256())
    )
    (folder / "edge.pem").write_bytes(made.public_bytes(Encoding.PEM))
    (folder / "edge.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return f'tls_certificate = "{folder}/edge.pem"\ntls_key = "{folder}/edge.key"\n'


def planned(folder: Path, edge: str = "", options: UpOptions = OPEN, more: str = "") -> Plan:
    config = folder / "mine.toml"
    config.write_text(f"[edge]\n{edge}{more}")
    chosen = UpOptions(folder / "data", config, options.host, options.port, options.public_url)
    return make_plan(chosen)


def reach(folder: Path, edge: str) -> Check:
    config = folder / "mine.toml"
    config.write_text(f"[edge]\n{edge}")
    return next(check for check in diagnose(folder, config) if check.name == "reach")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "video.example", "192.0.2.1", "2001:db8::1"])
def test_without_tls_nothing_listens_beyond_this_machine(host: str) -> None:
    settings = load_settings()
    edge = settings.edge.model_copy(update={"host": host, "public_url": "https://video.example"})
    (problem,) = problems(settings.model_copy(update={"edge": edge}))
    assert "read on the way" in problem


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost"])
def test_this_machine_needs_no_tls(host: str) -> None:
    settings = load_settings()
    assert not list(problems(settings.model_copy(update={"edge": settings.edge.model_copy(update={"host": host})})))


def test_without_tls_the_word_names_every_way_out(tmp_path: Path) -> None:
    with pytest.raises(StackError) as refused:
        planned(tmp_path)
    for way in ("tls_certificate", "tls_key", "trusted_proxies", "insecure = true"):
        assert way in str(refused.value)


@pytest.mark.parametrize("way", ["insecure = true\n", "trusted_proxies = 1\n"])
def test_who_says_that_the_network_is_safe_is_believed(tmp_path: Path, way: str) -> None:
    assert planned(tmp_path, way).settings.edge.host == "0.0.0.0"


def test_with_tls_viewers_are_sent_to_https(tmp_path: Path, files: str) -> None:
    assert planned(tmp_path, files).edge_url == "https://video.example"
    plan = planned(tmp_path, files, UpOptions(host="127.0.0.1", port=0))
    assert plan.edge_url == f"https://127.0.0.1:{plan.settings.edge.port}"


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (UpOptions(host="0.0.0.0", port=0), "no address that viewers could be sent to"),
        (UpOptions(host="0.0.0.0", port=0, public_url="http://video.example"), "speaks TLS alone"),
        (UpOptions(host="0.0.0.0", port=0, public_url="video.example"), "no address of the form"),
        (UpOptions(host="0.0.0.0", port=0, public_url="https://video.example/sub"), "no address of the form"),
    ],
)
def test_an_address_that_does_not_work_for_viewers_is_refused(
    tmp_path: Path, files: str, options: UpOptions, complaint: str
) -> None:
    with pytest.raises(StackError, match=complaint):
        planned(tmp_path, files, options)


def test_a_certificate_that_nobody_could_be_shown_is_refused(tmp_path: Path, files: str) -> None:
    with pytest.raises(StackError, match="go together"):
        planned(tmp_path, files.splitlines()[0] + "\n")
    with pytest.raises(StackError, match="cannot be read"):
        planned(tmp_path, files.replace("edge.pem", "gone.pem"))
    with pytest.raises(StackError, match="expired on"):
        planned(tmp_path, certificate(tmp_path, -timedelta(days=1)))


@pytest.mark.parametrize(("left", "levels"), [(timedelta(days=13), ["warn"]), (timedelta(days=15), [])])
def test_the_doctor_speaks_of_a_certificate_two_weeks_before_its_end(
    tmp_path: Path, left: timedelta, levels: list[str]
) -> None:
    config = tmp_path / "near.toml"
    reach = 'host = "0.0.0.0"\nport = 0\npublic_url = "https://video.example"\n'
    config.write_text("[edge]\n" + reach + certificate(tmp_path, left).replace("[edge]\n", ""))
    found = [check for check in diagnose(tmp_path / "data", config) if check.name == "certificate"]
    assert [check.level for check in found] == levels


def test_whatever_the_edge_listens_on_the_other_parts_stay_on_loopback(tmp_path: Path, files: str) -> None:
    plan = planned(tmp_path, files)
    assert {plan.settings.services[name].rpartition(":")[0] for name in SERVICES} == {"127.0.0.1"}
    with pytest.raises(StackError, match="stay on loopback"):
        planned(tmp_path, files, more='[services]\nsvc_social = "0.0.0.0:9000"\n')


def test_the_first_account_of_a_reachable_stack_takes_a_code_which_is_kept(tmp_path: Path, files: str) -> None:
    codes = {planned(tmp_path, files).settings.identity.setup_code.get_secret_value() for _ in range(2)}
    assert len(codes) == 1
    assert len(codes.pop()) >= 16
    assert (tmp_path / "data" / "secrets" / FILE).stat().st_mode & 0o777 == 0o600


def test_behind_a_proxy_on_this_machine_a_stack_is_reachable_too(tmp_path: Path) -> None:
    options = UpOptions(host="127.0.0.1", port=0, public_url="https://video.example")
    assert planned(tmp_path, "trusted_proxies = 1\n", options).settings.identity.setup_code.get_secret_value()


def test_on_this_machine_alone_no_code_is_asked_for(tmp_path: Path) -> None:
    assert not planned(tmp_path, options=UpOptions(port=0)).settings.identity.setup_code.get_secret_value()


def test_a_code_of_ones_own_is_kept(tmp_path: Path, files: str) -> None:
    plan = planned(tmp_path, files, more='[identity]\nsetup_code = "mine"\n')
    assert plan.settings.identity.setup_code.get_secret_value() == "mine"


def test_the_doctor_says_who_can_reach_the_edge(tmp_path: Path, files: str) -> None:
    public = 'host = "0.0.0.0"\npublic_url = "https://video.example"\n'
    assert reach(tmp_path, "").finding == "this machine alone"
    assert reach(tmp_path, public).level == "fail"
    assert reach(tmp_path, public + "insecure = true\n").level == "warn"
    assert reach(tmp_path, 'public_url = "https://video.example"\n').level == "warn"
    assert reach(tmp_path, public + "trusted_proxies = 1\n").level == "ok"
    good = reach(tmp_path, public + files)
    assert good.level == "ok"
    assert "good until" in good.finding
