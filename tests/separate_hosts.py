"""Hosts of their own for nodes, on one machine: network namespaces joined by cables to one bridge, which may be pulled.

This machine has a cable to the bridge as well, and the chain answers there. A host reaches nothing else than this
machine and the other hosts.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

NETWORK = "10.213.77"
"""What no interface of this machine may use."""
BRIDGE = "bridge"


def missing() -> str:
    """Say why there can be no hosts of their own here; nothing where there can."""
    if not all(shutil.which(program) for program in ("ip", "bridge")):
        return "iproute2 is not installed"
    if os.geteuid():
        return "network namespaces need root"
    tried = subprocess.run(
        ["unshare", "--net", "ip", "link", "add", "bema0", "type", "veth"], check=False, capture_output=True
    )
    if tried.returncode:
        return f"the kernel makes no namespaces with cables ({tried.stderr.decode().strip()})"
    used = json.loads(_ip("-j", "address"))
    if any(each.get("local", "").startswith(NETWORK) for link in used for each in link["addr_info"]):
        return f"{NETWORK}.0/24 is in use"
    return ""


@dataclass(frozen=True)
class Host:
    """A namespace and its address; `cable` is the bridge's end of its cable, in the namespace `switch`."""

    namespace: str
    switch: str
    cable: str
    address: str

    def command(self) -> Sequence[str]:
        """What goes before a command that is to run there."""
        return ("ip", "netns", "exec", self.namespace)

    def set_link(self, state: str) -> None:
        """Pull the cable out, "down", or put it in again, "up"."""
        _ip("-netns", self.switch, "link", "set", self.cable, state)

    def set_isolated(self, state: str) -> None:
        """Keep it from other isolated hosts, "on", or no longer, "off"."""
        _run("bridge", "-netns", self.switch, "link", "set", "dev", self.cable, "isolated", state)


@dataclass(frozen=True)
class Hosts:
    """Hosts by name, and the address of this machine's side."""

    address: str
    named: dict[str, Host]

    @contextmanager
    def cut_off(self, *names: str) -> Iterator[None]:
        """Pull their cables: they reach nobody, one another neither."""
        with ExitStack() as plugging_in:
            for name in names:
                plugging_in.callback(self.named[name].set_link, "up")
                self.named[name].set_link("down")
            yield

    @contextmanager
    def apart(self, *names: str) -> Iterator[None]:
        """Let these reach everybody but one another."""
        with ExitStack() as bringing_together:
            for name in names:
                bringing_together.callback(self.named[name].set_isolated, "off")
                self.named[name].set_isolated("on")
            yield


@contextmanager
def separate_hosts(names: Sequence[str]) -> Iterator[Hosts]:
    """Make hosts, and remove them at the end."""
    mark = f"bm{os.getpid() % 100_000}"
    switch = f"{mark}-switch"
    hosts = {
        name: Host(f"{mark}-{name}", switch, f"{mark}-{number}", f"{NETWORK}.{number + 2}")
        for number, name in enumerate(names)
    }
    made: list[str] = []
    _ip("link", "add", mark, "type", "veth", "peer", "name", f"{mark}-up")
    try:
        # In a namespace as well: this machine's packet filter has no say in what passes through the bridge.
        for namespace in (switch, *(host.namespace for host in hosts.values())):
            _ip("netns", "add", namespace)
            made.append(namespace)
        _ip("-netns", switch, "link", "add", BRIDGE, "type", "bridge")
        _ip("-netns", switch, "link", "set", BRIDGE, "up")
        _ip("link", "set", f"{mark}-up", "netns", switch)
        _ip("address", "add", f"{NETWORK}.1/24", "dev", mark)
        _ip("link", "set", mark, "up")
        _plug_in(switch, f"{mark}-up")
        for host in hosts.values():
            _connect(host)
        yield Hosts(f"{NETWORK}.1", hosts)
    finally:
        _ip("link", "delete", mark)
        for namespace in made:
            _ip("netns", "delete", namespace)  # and with it the cables


def _connect(host: Host) -> None:
    inside = ("-netns", host.namespace)
    _ip(*inside, "link", "add", "eth0", "type", "veth", "peer", "name", host.cable, "netns", host.switch)
    _ip(*inside, "address", "add", f"{host.address}/24", "dev", "eth0")
    for each in ("lo", "eth0"):
        _ip(*inside, "link", "set", each, "up")
    _plug_in(host.switch, host.cable)


def _plug_in(switch: str, cable: str) -> None:
    _ip("-netns", switch, "link", "set", cable, "master", BRIDGE, "up")


def _ip(*arguments: str) -> bytes:
    return _run("ip", *arguments)


def _run(*command: str) -> bytes:
    done = subprocess.run(command, check=False, capture_output=True)
    if done.returncode:
        raise OSError(f"{' '.join(command)}: {done.stderr.decode().strip()}")
    return done.stdout
