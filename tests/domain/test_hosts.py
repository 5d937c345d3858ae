"""Whether hosts are on this machine, on a private network or public: one answer for all who ask."""

import pytest

from newsletter.domain.hosts import is_loopback, is_nearby_address, is_public_address, is_public_host


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "192.0.2.1",
     "198.18.0.1", "224.0.0.1", "255.255.255.255", "240.0.0.1", "::1", "::", "fe80::1%lo", "fc00::1", "ff02::1",
     "2001:db8::1",      "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::",
     "fec0::1", "::7f00:1", "::93.184.215.14", "64:ff9b:1::1", "64:ff9b:1:ffff::93.184.215.14",
     "::ffff:0:93.184.215.14",
     "192.0.0.8", "192.0.0.10", "192.88.99.1", "100::1", "2001:2::1", "2001:20::1", "3fff::1", "5f00::1", "4000::1",
     "2001:0:5db8:d70e:0:0:80ff:fffe", "2001:0:7f00:1:0:0:a247:28f1", "2002:a00:1::"],
)  # fmt: skip
def test_special_addresses_are_not_public(address: str) -> None:
    assert not is_public_address(address)
    assert not is_public_host(address)


@pytest.mark.parametrize(
    "address",
    [
        "93.184.215.14",
        "2606:2800:21f:cb07:6820:80da:af6b:8b2c",
        "::ffff:93.184.215.14",
        "64:ff9b::5db8:d70e",
        "2002:5db8:d70e::1",
        "2001:0:5db8:d70e:0:0:a247:28f1",
    ],
)
def test_public_addresses_are_public(address: str) -> None:
    assert is_public_address(address)
    assert is_public_host(address)


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST.", "news.localhost", "127.0.0.1", "127.0.0.2", "::1", "[::1]", "::ffff:127.0.0.1"],
)
def test_this_machine(host: str) -> None:
    assert is_loopback(host)
    assert not is_public_host(host)


@pytest.mark.parametrize(
    "host", ["mail.example.org", "localhost.example.org", "10.0.0.1", "93.184.215.14", "fe80::1", ""]
)
def test_other_hosts_are_not_this_machine(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(
    ("host", "public"),
    [
        ("blog.example.org", True),
        ("blog.example.org.", True),
        ("[2606:2800:21f:cb07:6820:80da:af6b:8b2c]", True),
        ("intranet", False),
        ("printer.local", False),
        ("wiki.internal", False),
        ("nas.home.arpa", False),
        ("router.lan.", False),
        ("", False),
    ],
)
def test_names_that_public_dns_can_not_have_are_not_public(host: str, public: bool) -> None:
    assert is_public_host(host) is public


@pytest.mark.parametrize(
    ("address", "nearby"),
    [
        ("127.0.0.1", True),
        ("192.168.1.9", True),
        ("fd00::1", True),
        ("93.184.215.14", False),
        ("2001:0:7f00:1:0:0:a247:28f1", False),  # Teredo: what is inside was written by the client
        ("64:ff9b::7f00:1", False),
        ("localhost", False),
        ("", False),
    ],
)
def test_clients_are_let_in_only_from_addresses_that_are_nearby_for_certain(address: str, nearby: bool) -> None:
    assert is_nearby_address(address) is nearby
