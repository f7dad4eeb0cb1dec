"""The command as a user runs it, on a real anvil process: the whole way, and every mistake in one clear line."""

import json
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from chain_scenarios import ANVIL, anvil, has_anvil

from bema_py.chain.connection import connect
from bema_py.cli.main import run
from bema_py.core.cid import parse_cid
from bema_py.storage.directory_store import DirectoryStore

pytestmark = [
    pytest.mark.tools,
    pytest.mark.skipif(not has_anvil(), reason=f"anvil is not installed at {ANVIL}: run `make tools`"),
]

ACCOUNTS = (
    "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
    "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
    "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
    "0x90F79bf6EB2c4f870365E785982E1f101E93b906",
    "0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65",
)
FOUNDERS = {0: [0, 1, 2, 3], 2: [4, 5, 6, 7], 4: [0, 1, 8, 9]}
RULES = """
[rules]
classes = 10
input = [1, 28, 28]
alpha = [1, 1]
delta = 6710886
sigma = 8388608
step_initial = 3221225
step_decay = 1020054733
step_minimum = 107374
cap = 262144
mode = "log"
wrong_class = "largest"
round_size = {round_size}
max_samples = 200
max_batch_samples = 64
block_reward = 700
sample_reward = 10
"""
DEPLOY = "work_bits = 8\nchallenge_window = 300\nquorum = 2\nbond = 1000\nmax_reward_per_block = 1000\n"

Bema = Callable[..., tuple[int, str, str]]


@pytest.fixture
def bema(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Bema:
    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["bema", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            run()
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return int(end.value.code or 0), captured.out, captured.err

    return call


@dataclass(frozen=True)
class Site:
    """A directory of profiles for one chain."""

    directory: Path
    url: str

    def profile(self, name: str, account: int, share: int, **options: object) -> Path:
        """Write a profile; options replace single settings."""
        given = {
            "url": self.url,
            "chain_id": 31337,
            "deployment": "deployment.json",
            "publish": "true",
            "budget": 100,
            "omega": 0.9,
            "dataset": "digits",
            "directory": "",
            "extra": "",
        } | options
        text = f"""
[chain]
url = "{given["url"]}"
chain_id = {given["chain_id"]}
deployment = "{given["deployment"]}"
timeout = 5.0
[account]
address = "{ACCOUNTS[account]}"
[party]
state = "{name}"
architecture = "linear"
steps = 40
[data]
dataset = "{given["dataset"]}"
directory = "{given["directory"]}"
case = "C"
party = {share}
[validation]
omega = {given["omega"]}
omega_min = 0.000001
[publication]
publish_samples = {given["publish"]}
cleared = "public digits"
budget = {given["budget"]}
{given["extra"]}
"""
        path = self.directory / f"{name}.toml"
        path.write_text(text)
        return path

    def founding_profile(self, *, round_size: int = 20, held: dict[int, list[int]] | None = None) -> Path:
        """Write the deploying founder's profile."""
        listed = ", ".join(
            f'{{ account = "{ACCOUNTS[number]}", held_classes = {classes} }}'
            for number, classes in enumerate((held or FOUNDERS).values())
        )
        extra = f"[deploy]\n{DEPLOY}founders = [{listed}]\n{RULES.format(round_size=round_size)}"
        return self.profile("founder0", 0, 0, extra=extra)


@pytest.fixture(scope="module")
def chain_url() -> Iterator[str]:
    with anvil() as url:
        yield url


@pytest.fixture
def site(tmp_path: Path, chain_url: str) -> Site:
    return Site(tmp_path, chain_url)


def founded(bema: Bema, site: Site) -> list[Path]:
    """Deploy and register the three founders."""
    profiles = [site.founding_profile(), site.profile("founder2", 1, 2), site.profile("founder4", 2, 4)]
    assert bema("deploy", "-p", profiles[0])[0] == 0
    for profile in profiles:
        assert bema("party", "train", "-p", profile)[0] == 0
        assert bema("party", "register", "-p", profile)[0] == 0
    return profiles


def joined(bema: Bema, site: Site, founders: list[Path]) -> Path:
    """Let the newcomer of share 1 be approved by the founders of classes 2 to 5, and register."""
    newcomer = site.profile("newcomer", 3, 1)
    request, approvals = site.directory / "request.json", []
    assert bema("party", "train", "-p", newcomer)[0] == 0
    assert bema("party", "request", "-p", newcomer, "--out", request)[0] == 0
    for number, profile in enumerate(founders[:2]):
        approvals.append(site.directory / f"approval{number}.json")
        assert bema("op", "approve", request, "-p", profile, "--out", approvals[-1])[0] == 0
    options = [part for path in approvals for part in ("--approval", path)]
    code, out, _ = bema("party", "register", "-p", newcomer, *options)
    assert (code, out) == (0, "registered as party 4\n")
    return newcomer


def test_the_whole_way(bema: Bema, site: Site) -> None:
    founders = founded(bema, site)
    newcomer = joined(bema, site, founders)
    miner = site.profile("miner", 4, 0)
    assert bema("miner", "run", "-p", miner)[1] == "0 of 1 blocks mined\n"
    assert bema("miner", "run", "--empty", "-p", miner)[0] == 0
    code, out, _ = bema("party", "submit", "-p", newcomer, "--dry-run", "--json", "--count", 5)
    would = json.loads(out)
    assert (code, would["published"]) == (0, False)
    assert would["samples"]
    revealed = 0
    for profile in (*founders, newcomer):
        code, out, _ = bema("party", "submit", "-p", profile, "--json", "--count", 5)
        assert code == 0
        revealed += json.loads(out)["published"]
    code, out, _ = bema("miner", "run", "-p", miner, "--json")
    block = json.loads(out.strip())["blocks"][0]
    assert (code, block["height"], block["batches"]) == (0, 2, revealed)
    assert block["used"] == block["judged"] > 0
    code, out, _ = bema("status", "-p", miner, "--json")
    shown = json.loads(out)
    assert [party["member_of_next_block"] for party in shown["parties"]] == [True] * 4
    assert len(shown["blocks"]) == 2
    code, out, _ = bema("predict", "-p", miner, "--json")
    assert set(json.loads(out)["accuracy"]) == {"krum mean", "krum", "max model"}
    code, out, _ = bema("audit", "-p", miner, "--json")
    report = json.loads(out)
    assert (code, report["recomputed"], report["mismatches"], report["findings"]) == (0, 2, 0, [])


def votes(bema: Bema, site: Site, *command: object) -> list[Path]:
    """Let two founders sign one motion."""
    files = []
    for number, name in enumerate(("founder0", "founder2")):
        files.append(site.directory / f"vote{number}.json")
        assert bema("op", *command, "-p", site.directory / f"{name}.toml", "--out", files[-1])[0] == 0
    return files


def test_money_rejection_and_suspension(bema: Bema, site: Site) -> None:
    founders = founded(bema, site)
    newcomer = joined(bema, site, founders)
    miner = site.profile("miner", 4, 0)
    code, out, _ = bema("fund", 1500, "-p", founders[0], "--json")
    assert (code, json.loads(out)) == (0, {"amount": "1500", "funded": "1500", "resumed": False})
    for _ in range(2):
        assert bema("miner", "run", "--empty", "-p", miner)[0] == 0
    code, _, err = bema("party", "claim", "-p", miner)
    assert (code, "no final block allots anything" in err) == (7, True)
    one, two = votes(bema, site, "reject", 2, "--reason", "a test of rejection")
    code, _, err = bema("op", "send", one, "-p", miner)
    assert (code, "TooFewSignatures" in err) == (4, True)
    code, out, _ = bema("op", "send", two, one, "-p", miner)
    assert (code, out.startswith("block 2 rejected")) == (0, True)
    assert bema("op", "send", one, two, "-p", miner)[0] == 4
    deadline = ("--until", 2**40)
    motion = votes(bema, site, "suspend", ACCOUNTS[3], "--reason", "a test of suspension", *deadline)
    code, out, _ = bema("op", "send", *motion, "-p", miner, "--json")
    assert (code, json.loads(out)["party"]) == (0, 4)
    code, _, err = bema("party", "submit", "-p", newcomer, "--count", 5)
    assert code in {4, 7}
    for _ in range(2):
        assert bema("miner", "run", "--empty", "-p", miner)[0] == 0
    with connect(site.url) as chain:
        chain.advance(301)
    code, out, _ = bema("party", "claim", "-p", miner, "--json")
    claimed = json.loads(out)
    assert (code, claimed["block"]) == (0, 3)
    assert int(claimed["amount"]) > 0
    code, out, _ = bema("party", "withdraw", "-p", miner, "--json")
    assert (code, json.loads(out)["amount"]) == (0, claimed["amount"])
    assert bema("party", "withdraw", "-p", miner)[0] == 4
    code, out, _ = bema("miner", "bonds", "-p", miner, "--json")
    assert (code, len(json.loads(out)["blocks"])) == (0, 3)
    code, out, _ = bema("audit", "-p", miner, "--json")
    report = json.loads(out)
    assert (code, report["recomputed"], report["mismatches"], len(report["orphaned"])) == (0, 3, 0, 1)
    assert "a test of rejection; nothing false is found in it" in report["findings"][0]["message"]
    assert report["money"]["bonds_held"] == "0"


def test_registering_twice_is_refused_by_the_contract(bema: Bema, site: Site) -> None:
    founders = founded(bema, site)
    newcomer = joined(bema, site, founders)
    code, _, err = bema("party", "register", "-p", founders[0])
    assert code == 4
    assert "AlreadyRegistered" in err or "GenesisAlreadyClosed" in err
    approvals = [site.directory / f"approval{number}.json" for number in range(2)]
    options = [part for path in approvals for part in ("--approval", path)]
    code, _, err = bema("party", "register", "-p", newcomer, *options)
    assert code == 4
    assert "AlreadyRegistered(" in err


def test_an_approval_for_another_party_is_refused(bema: Bema, site: Site) -> None:
    founders = founded(bema, site)
    joined(bema, site, founders)
    other = site.profile("other", 4, 1)
    assert bema("party", "train", "-p", other)[0] == 0
    code, _, err = bema("party", "register", "-p", other, "--approval", site.directory / "approval0.json")
    assert code == 4
    assert ACCOUNTS[3].lower() in err.lower()


def test_a_model_that_deviates_is_refused_with_its_measure(bema: Bema, site: Site) -> None:
    founders = founded(bema, site)
    strict = site.profile("founder0", 0, 0, omega=0.000001)
    newcomer = site.profile("newcomer", 3, 1)
    assert bema("party", "train", "-p", newcomer)[0] == 0
    request = site.directory / "request.json"
    assert bema("party", "request", "-p", newcomer, "--out", request)[0] == 0
    code, _, err = bema("op", "approve", request, "-p", strict, "--out", site.directory / "no.json")
    assert code == 7
    assert "eq. 2" in err
    assert not (site.directory / "no.json").exists()
    assert len(founders) == 3


def test_nothing_is_published_without_consent_or_beyond_the_budget(bema: Bema, site: Site) -> None:
    founded(bema, site)
    for options, reason in (({"publish": "false"}, "publish_samples = true"), ({"budget": 1}, "budget of 1")):
        profile = site.profile("founder2", 1, 2, **options)
        code, _, err = bema("party", "submit", "-p", profile, "--count", 5)
        assert code == 7
        assert reason in err


@pytest.mark.parametrize(
    ("options", "code", "reason"),
    [
        ({"url": "http://127.0.0.1:9"}, 3, "no chain answers at http://127.0.0.1:9"),
        ({"chain_id": 1}, 3, "31337"),
        ({"deployment": "nowhere.json"}, 2, "nowhere.json"),
        ({"extra": "[unknown]\na = 1"}, 2, "[unknown] is not a section"),
        ({"extra": "[deploy]\nwork_bitz = 3"}, 2, "deploy.work_bitz is unknown"),
        ({"extra": '[deploy]\nwork_bits = "3"'}, 2, "deploy.work_bits is '3', int is needed"),
        ({"extra": "[deploy"}, 2, "it is not TOML"),
    ],
)
def test_mistakes_in_a_profile_are_named(
    bema: Bema, site: Site, options: dict[str, object], code: int, reason: str
) -> None:
    assert bema("deploy", "-p", site.founding_profile())[0] == 0
    found, _, err = bema("status", "-p", site.profile("other", 4, 0, **options))
    assert (found, reason in err.replace("\n", " ")) == (code, True), err
    assert err.startswith("error: ")


def test_a_missing_contract_is_named(bema: Bema, site: Site) -> None:
    profile = site.founding_profile()
    assert bema("deploy", "-p", profile)[0] == 0
    record = site.directory / "deployment.json"
    plain = json.loads(record.read_text())
    record.write_text(json.dumps(plain | {"address": "0x" + "11" * 20}))
    code, _, err = bema("status", "-p", profile)
    assert code == 3
    assert "no contract" in err
    assert "0x" + "11" * 20 in err


def test_a_deployment_is_never_overwritten(bema: Bema, site: Site) -> None:
    profile = site.founding_profile()
    assert bema("deploy", "-p", profile)[0] == 0
    code, _, err = bema("deploy", "-p", profile)
    assert code == 2
    assert "never overwritten" in err


def test_rules_that_could_leave_the_exact_range_are_refused(bema: Bema, site: Site) -> None:
    code, _, err = bema("deploy", "-p", site.founding_profile(round_size=64))
    assert code == 2
    assert "round_size is 64" in err
    assert "2^53" in err


def test_founders_must_cover_every_class_and_stay_in_range(bema: Bema, site: Site) -> None:
    few = {0: [0, 1, 2, 3], 2: [4, 5, 6, 7], 4: [0, 1, 8]}
    code, _, err = bema("deploy", "-p", site.founding_profile(held=few))
    assert code == 4
    assert "HeldClassesNotCovered(covered=511, required=1023)" in err
    far = {0: [0, 1, 2, 3], 2: [4, 5, 6, 7], 4: [8, 9, 10]}
    code, _, err = bema("deploy", "-p", site.founding_profile(held=far))
    assert code == 4
    assert "ClassOutOfRange(" in err


def test_damaged_data_files_are_named(bema: Bema, site: Site) -> None:
    mnist = site.directory / "idx"
    mnist.mkdir()
    header = struct.pack(">IIII", 0x803, 60000, 28, 28)
    (mnist / "train-labels-idx1-ubyte").write_bytes(struct.pack(">II", 0x801, 60000) + bytes(60000))
    (mnist / "train-images-idx3-ubyte").write_bytes(header + bytes(1000))
    profile = site.profile("party", 3, 1, dataset="mnist", directory="idx")
    code, _, err = bema("party", "train", "-p", profile)
    assert code == 2
    assert "train-images-idx3-ubyte" in err


def test_missing_and_damaged_content_have_codes_of_their_own(bema: Bema, site: Site) -> None:
    founders = founded(bema, site)
    store = DirectoryStore(site.directory / "content")
    rules = json.loads((site.directory / "deployment.json").read_text())["parameters"]["rules_digest"]
    path = next(store.path_of(cid) for cid in store.blocks() if cid.digest.hex().endswith(rules[2:]))
    kept = path.read_bytes()
    path.unlink()
    code, _, err = bema("status", "-p", founders[0])
    assert code == 5
    assert path.name in err
    path.write_bytes(kept[:-1] + b"\x00")
    code, _, err = bema("status", "-p", founders[0])
    assert code == 6
    assert path.name in err
    assert parse_cid(path.name)


def test_unknown_arguments_are_bad_input(bema: Bema, site: Site) -> None:
    assert bema("audit", site.directory / "nowhere")[0] == 2
    assert bema("audit", site.directory, "--manifest", "xyz")[0] == 2
    assert bema("demo", "--blocks", "0")[0] == 2
    assert bema("demo", "--parties", "11")[0] == 2
    assert bema("demo", "--dataset", "letters")[0] == 2
    assert bema("party", "submit", "--count", "0")[0] == 2
