"""How much is taken from whom, and how fast."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

#: Addresses and conversations that a gate remembers.
KEYS = 20_000


@dataclass(frozen=True)
class Rate:
    """So many at once, then so many a second."""

    burst: int
    a_second: float


@dataclass(frozen=True)
class Limits:
    """The rates of Direct Line.

    A whole office may stand behind one address; a person types into one conversation.
    """

    requests_of_address: Rate = Rate(1_000, 200)
    conversations_of_address: Rate = Rate(300, 5)
    messages_of_conversation: Rate = Rate(20, 1)


class Gate:
    """Lets each key through at a rate."""

    def __init__(self, rate: Rate, clock: Callable[[], float], keys: int = KEYS) -> None:
        self._step = 1 / rate.a_second
        self._room = self._step * rate.burst
        self._clock = clock
        self._keys = keys
        #: When each key would have used up everything it took so far, had it come one by one.
        self._spent: OrderedDict[str, float] = OrderedDict()

    def wait(self, key: str) -> float:
        """Return 0.0 when `key` may pass, and count it; else how many seconds it has to wait.

        >>> gate = Gate(Rate(burst=2, a_second=1), clock=lambda: 0.0)
        >>> gate.wait("a"), gate.wait("a"), gate.wait("a"), gate.wait("b")
        (0.0, 0.0, 1.0, 0.0)
        """
        now = self._clock()
        after = max(self._spent.get(key, now), now) + self._step
        if after - now > self._room + 1e-9:
            return after - now - self._room
        self._spent[key] = after
        self._spent.move_to_end(key)
        if len(self._spent) > self._keys:
            self._spent.popitem(last=False)
        return 0.0


def neighbourhood(address: str) -> str:
    """Return what counts as one address: an IPv4 address, or the network of an IPv6 one.

    >>> neighbourhood("192.0.2.7"), neighbourhood("2001:db8:1:2:3:4:5:6"), neighbourhood("x")
    ('192.0.2.7', '2001:db8:1:2::/64', 'x')
    """
    try:
        known = ip_address(address)
    except ValueError:
        return address
    return address if known.version == 4 else str(ip_network(f"{address}/64", strict=False))


def visitor(peer: str, forwarded: str, proxies: frozenset[str]) -> str:
    """Return whose request it is: the peer, or who a proxy of ours says it speaks for.

    >>> visitor("192.0.2.1", "203.0.113.9, 192.0.2.2", frozenset({"192.0.2.1", "192.0.2.2"}))
    '203.0.113.9'
    >>> visitor("198.51.100.1", "203.0.113.9", frozenset())
    '198.51.100.1'
    """
    hops = [*(hop.strip() for hop in forwarded.split(",") if hop.strip()), peer]
    while len(hops) > 1 and hops[-1] in proxies:
        hops.pop()
    return hops[-1]
