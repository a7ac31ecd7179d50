"""Where a webhook may go: https to public addresses, so that nobody reaches the studio's own network through it."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from copystudio.errors import InvalidInputError, Text

PORTS = {"https": 443, "http": 80}
# IPv6 ranges that carry an IPv4 address to somewhere else: NAT64, 6to4, Teredo
CARRIERS = [ipaddress.ip_network(text) for text in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")]
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True)
class Target:
    """A checked address: whoever connects to ``ip`` connects to what was checked, whatever the name means later."""

    scheme: str
    host: str
    port: int
    ip: str
    path: str

    @property
    def url(self) -> str:
        ip = f"[{self.ip}]" if ":" in self.ip else self.ip
        return f"{self.scheme}://{ip}:{self.port}{self.path}"

    @property
    def host_header(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


def is_public(address: Address) -> bool:
    """Whether an address is neither private, loopback, link-local, reserved nor a way around that."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if any(address in carrier for carrier in CARRIERS):
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def target_of(url: str) -> Target:
    """Check a webhook's URL and look its host up now. Raises InvalidInputError with the field ``url``.

    Every address of the host has to be public, not only the one that is used: a name must not be half a way in.
    """
    scheme, host, port, path = _parts(url)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise _refused(_("There is no host of this name.")) from None
    addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    if not addresses:
        raise _refused(_("There is no host of this name."))
    if not settings.WEBHOOKS_INSIDE and not all(is_public(address) for address in addresses):
        raise _refused(_("This address leads into a private network. Webhooks go to public addresses only."))
    return Target(scheme=scheme, host=host, port=port, ip=str(addresses[0]), path=path)


def _parts(url: str) -> tuple[str, str, int, str]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _refused(_("This is not a web address.")) from None
    if any(ord(character) <= 32 or ord(character) == 127 or character == "\\" for character in url):
        raise _refused(_("This is not a web address."))
    if parts.scheme not in PORTS or not parts.hostname or port == 0:
        raise _refused(_("This is not a web address."))
    if parts.scheme != "https" and not settings.WEBHOOKS_INSIDE:
        raise _refused(_("Use https://, so that nobody on the way reads the messages."))
    if "@" in parts.netloc:
        raise _refused(_("Leave name and password out of the address: messages are signed instead."))
    if parts.fragment:
        raise _refused(_("Leave out what follows “#”: it is never sent."))
    try:
        host = parts.hostname.encode("idna").decode("ascii")
    except UnicodeError:
        raise _refused(_("There is no host of this name.")) from None
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return parts.scheme, host, port or PORTS[parts.scheme], path


def _refused(text: Text) -> InvalidInputError:
    return InvalidInputError(fields={"url": [text]})
