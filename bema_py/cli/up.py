"""`bema up`, `bema down`: a whole network on this machine, with one command."""

import json
import time
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer
from rich.live import Live
from rich.table import Table
from rich.text import Text

from bema_py.cli.output import JsonOption, console, emit, errors
from bema_py.core.errors import InputError
from bema_py.local.anvil import find_anvil
from bema_py.local.ipfs import IPFS, find_ipfs
from bema_py.local.network import LocalNetwork, NodeView, Settings
from bema_py.local.plan import LocalPlan, load_plan, make_plan
from bema_py.local.processes import Processes

DirectoryOption = Annotated[Path, typer.Option("--dir", help="Where the network lives: all of it.")]
DEFAULT_DIRECTORY = Path("runs/network")
REFRESH = 1.0
ILL = "red"


def up(
    directory: DirectoryOption = DEFAULT_DIRECTORY,
    founders: Annotated[int, typer.Option(help="Original parties.")] = 3,
    parties: Annotated[int, typer.Option(help="Regular parties.")] = 2,
    miners: Annotated[int, typer.Option(help="Miners, which compete.")] = 2,
    auditors: Annotated[int, typer.Option(help="Auditors.")] = 1,
    architecture: Annotated[str, typer.Option(help="Their kind of model.")] = "mlp",
    window: Annotated[int, typer.Option(min=1, help="Challenge window in seconds.")] = 60,
    port: Annotated[
        int, typer.Option(min=0, help="The chain's port, the nodes' follow; 0: free ones.")
    ] = 8545,
    anvil: Annotated[str, typer.Option(help="The anvil binary; without it the one on the PATH.")] = "",
    ipfs: Annotated[
        str, typer.Option(help="Kubo's binary, for instance ipfs: contents go through an IPFS node.")
    ] = "",
    detach: Annotated[bool, typer.Option(help="Leave the network running and return.")] = False,
    timeout: Annotated[float, typer.Option(help="Seconds until every node must be well.")] = 300.0,
    as_json: JsonOption = False,
) -> None:
    """Start a network: a development chain, the contract, and each node as a process of its own.

    With --ipfs an IPFS node as well, alone and on loopback; each node then has a directory of its own before it.

    A directory that holds one already goes on with it, whatever the other options say. Without --detach a table
    is shown, and an interrupt stops the network. `bema down` does so otherwise.

    Example: bema up --parties 4 --detach
    """
    binary = find_anvil(anvil)
    root = directory.resolve()
    root.mkdir(parents=True, exist_ok=True)
    plan = load_plan(root)
    if plan is None:
        plan = make_plan(founders, parties, miners, auditors, port, ipfs=bool(ipfs))
    network = LocalNetwork(root, plan, Processes(root))
    if plan.ipfs_port:
        network.ipfs = find_ipfs(ipfs or IPFS)
    plan.save(root)
    settings = Settings(architecture=architecture, window=window)
    if detach:
        network.up(binary, settings, timeout, errors.print)
        network.wait_until_well(timeout)
        emit(
            as_json,
            _values(network, plan),
            f"{len(plan.nodes)} nodes are well; `bema down --dir {directory}`",
        )
        return
    try:
        with suppress(KeyboardInterrupt):
            network.up(binary, settings, timeout, errors.print)
            _watch(network, plan)
    finally:
        stopped = network.down()
        errors.print(f"stopped {', '.join(stopped)}; the same command goes on")


def down(directory: DirectoryOption = DEFAULT_DIRECTORY, as_json: JsonOption = False) -> None:
    """Stop what `bema up` started in a directory, and nothing else; its state stays.

    Example: bema down
    """
    root = directory.resolve()
    plan = load_plan(root)
    if plan is None:
        raise InputError(f"{directory} holds no network")
    stopped = LocalNetwork(root, plan, Processes(root)).down()
    emit(as_json, {"stopped": stopped}, f"stopped {', '.join(stopped) or 'nothing: nothing ran'}")


def _watch(network: LocalNetwork, plan: LocalPlan) -> None:
    """Show the table for ever; a node that ends stays ended."""
    with Live(console=console, auto_refresh=False) as live:
        while True:
            live.update(_table(network, plan), refresh=True)
            time.sleep(REFRESH)


def _table(network: LocalNetwork, plan: LocalPlan) -> Table:
    shown = Table(
        "node",
        "role",
        "pid",
        "MiB",
        "state",
        "height",
        "samples",
        "last log line",
        header_style="bold",
        caption=f"{network.directory}, chain {plan.chain_url}; an interrupt stops all of it",
        caption_justify="left",
    )
    for node in plan.nodes:
        view = network.view(node)
        memory = "" if view.memory is None else view.memory // 2**20
        cells = (view.name, view.role, view.pid, memory, view.state, view.height, view.samples)
        last = _sentence(network.processes.last_line(node.name)) or view.detail
        style = _style(view)
        # One line for a node that is well, all the words for one that is not.
        words = Text(last, no_wrap=style != ILL, overflow="ellipsis")
        shown.add_row(*("" if cell is None else str(cell) for cell in cells), words, style=style)
    return shown


def _style(view: NodeView) -> str:
    return {"waiting": "", "working": "", "starting": "dim"}.get(view.state, ILL)


def _sentence(line: str) -> str:
    """Return a log line as a person reads it."""
    try:
        plain = json.loads(line)
    except ValueError:
        return line[:200]
    rest = {key: value for key, value in plain.items() if key not in ("time", "level", "role", "event")}
    return f"{plain.get('event')} " + " ".join(f"{key}={value}" for key, value in rest.items())[:160]


def _values(network: LocalNetwork, plan: LocalPlan) -> dict[str, object]:
    views = [network.view(node) for node in plan.nodes]
    nodes = [
        {"name": view.name, "role": view.role, "pid": view.pid, "state": view.state, "port": node.port}
        for node, view in zip(plan.nodes, views, strict=True)
    ]
    return {"directory": str(network.directory), "chain": plan.chain_url, "nodes": nodes}
