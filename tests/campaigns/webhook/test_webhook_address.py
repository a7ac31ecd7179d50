"""Where webhooks may go: nowhere but to public addresses by https, outside a machine on its own."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from campaigns.services.webhook_address import target_of
from copystudio.errors import InvalidInputError

PRIVATE = [
    "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255",
    "192.168.1.1", "169.254.169.254", "100.64.0.1", "192.0.0.1", "198.18.0.1", "192.0.2.1", "203.0.113.7", "224.0.0.1",
    "240.0.0.1", "255.255.255.255", "[::]", "[::1]", "[fe80::1]", "[fc00::1]", "[fd12::1]", "[ff02::1]", "[2001:db8::1]",
    "[::ffff:127.0.0.1]", "[::ffff:10.0.0.1]", "[::ffff:169.254.169.254]", "[64:ff9b::7f00:1]", "[64:ff9b::a9fe:a9fe]",
    "[2002:7f00:1::]", "[2001:0:7f00:1::]", "localhost",
]  # fmt: skip
MALFORMED = [
    "", "x", "//93.184.216.34/", "ftp://93.184.216.34/", "file:///etc/passwd", "gopher://93.184.216.34/",
    "https://", "https:///x", "https://93.184.216.34:0/", "https://93.184.216.34:99999/", "https://93.184.216.34:x/",
    "https://93.184.216.34/ x", "https://93.184.216.34/\r\nX: y", "https://a\\@93.184.216.34/", "https://[::1",
    "https://93.184.216.34/#part", "https://user@93.184.216.34/", "https://user:word@93.184.216.34/",
    "https://127.0.0.1@93.184.216.34/", "https://" + "a" * 70 + ".example/", "http://93.184.216.34/",
]  # fmt: skip


@pytest.mark.parametrize("host", PRIVATE)
@pytest.mark.parametrize("port", ["", ":8443"])
def test_an_address_inside_is_refused(host: str, port: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        target_of(f"https://{host}{port}/hook")
    assert set(refusal.value.fields) == {"url"}


@pytest.mark.parametrize("url", MALFORMED)
def test_what_is_no_plain_https_address_is_refused(url: str) -> None:
    with pytest.raises(InvalidInputError):
        target_of(url)


def resolver(*addresses: str) -> Any:
    def look_up(host: str, port: int, **options: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    return look_up


def test_a_name_is_refused_where_one_of_its_addresses_is_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", resolver("93.184.216.34", "10.0.0.7"))
    with pytest.raises(InvalidInputError):
        target_of("https://half.example/")


def test_a_name_that_nobody_knows_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*args: Any, **options: Any) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(InvalidInputError):
        target_of("https://nowhere.example/")


def test_a_public_one_is_what_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", resolver("93.184.216.34"))
    target = target_of("https://Shop.Example/hook?a=1")
    assert target.url == "https://93.184.216.34:443/hook?a=1"
    assert (target.host, target.host_header) == ("shop.example", "shop.example")
    assert target_of("https://shop.example:8443").host_header == "shop.example:8443"
    assert target_of("https://bücher.example/").host == "xn--bcher-kva.example"
    assert target_of("https://[2606:2800:220:1:248:1893:25c8:1946]/").host_header.startswith("[2606:")


def test_on_a_machine_on_its_own_a_receiver_may_stand_beside_it(settings: Any) -> None:
    settings.WEBHOOKS_INSIDE = True
    assert target_of("http://127.0.0.1:9000/hook").url == "http://127.0.0.1:9000/hook"
    with pytest.raises(InvalidInputError):
        target_of("ftp://127.0.0.1/")


def test_only_the_local_stage_is_such_a_machine(settings: Any) -> None:
    assert settings.STAGE == "test" and settings.WEBHOOKS_INSIDE is False
