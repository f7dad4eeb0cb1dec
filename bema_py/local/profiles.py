"""The profiles of a local network's nodes: small models of scikit-learn's digits, accounts that the chain unlocks."""

from collections.abc import Sequence
from pathlib import Path

from bema_py.core.types import Address, hex0x
from bema_py.local.plan import LocalPlan, PlannedNode, held_classes

CASE = "case.toml"
ETHER = 10**18
NODE = """\
[chain]
url = "{url}"
chain_id = 31337

[account]
address = "{account}"

[party]
state = "{name}"
steps = {steps}
seed = {number}

[data]
dataset = "digits"
case = "case.toml"
party = {share}

{content}[publication]
publish_samples = true
cleared = "scikit-learn's digits, which are public"
budget = 100000

[validation]
omega = 0.9
omega_min = 0.00001

[node]
role = "{role}"
listen = "{host}:{port}"
founders = [{founders}]
poll = {poll}
samples = 10
scan = 200
gather = {gather}
empty_after = 30
"""
CONTENT = """\
[content]
directory = "{name}/content"
nodes = ["{address}"]
search_seconds = 0

"""
DEPLOY = """
[deploy]
work_bits = 16
least_work_bits = 8
block_spacing = 15
challenge_window = {window}
quorum = {quorum}
bond = 100000000000000000
max_reward_per_block = 50000000000000000
founders = [
{founders}
]

[rules]
classes = 10
input = [1, 28, 28]
alpha = [1, 1]
delta = 5033165          # 0.3 in 2^-24
sigma = 8388608          # 0.5
step_initial = 3221225   # 0.003 in 2^-30
step_decay = 1063004405  # 0.99
step_minimum = 107374
cap = 262144
mode = "log"
wrong_class = "largest"
round_size = 20
max_samples = 100
max_batch_samples = 32
block_reward = 10000000000000000
sample_reward = 100000000000000
"""


def write_profiles(
    directory: Path,
    plan: LocalPlan,
    accounts: Sequence[Address],
    *,
    architecture: str,
    steps: int,
    window: int,
    poll: float = 1.0,
    gather: int = 3,
) -> None:
    """Write one profile a node and the partition; the first founder's profile also says what to deploy."""
    urls = ", ".join(f'"{each.url}"' for each in plan.founders)
    for node in plan.nodes:
        text = NODE.format(
            url=plan.chain_url,
            account=hex0x(accounts[node.number]),
            name=node.name,
            steps=steps,
            number=node.number,
            share=max(node.share, 0),
            role=node.role,
            host=node.host,
            port=node.port,
            founders=urls,
            poll=float(poll),
            content=CONTENT.format(name=node.name, address=plan.ipfs_address) if plan.ipfs_port else "",
            gather=gather,
        )
        if node == plan.founders[0]:
            text += _deployment(plan, accounts, window)
        profile_of(directory, node).write_text(text)
    (directory / CASE).write_text(_case(plan, architecture))


def profile_of(directory: Path, node: PlannedNode) -> Path:
    """Return a node's profile."""
    return directory / f"{node.name}.toml"


def _deployment(plan: LocalPlan, accounts: Sequence[Address], window: int) -> str:
    founders = ",\n".join(
        f'  {{ account = "{hex0x(accounts[each.number])}", held_classes = {held_classes(plan, each)} }}'
        for each in plan.founders
    )
    return DEPLOY.format(founders=founders, window=window, quorum=len(plan.founders) // 2 + 1)


def _case(plan: LocalPlan, architecture: str) -> str:
    parties = "".join(
        f'\n[[party]]\nheld = {held_classes(plan, node)}\narchitecture = "{architecture}"\n'
        f"original = {str(node in plan.founders).lower()}\n"
        for node in plan.holders
    )
    return f"classes = 10\n{parties}"
