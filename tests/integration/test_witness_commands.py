"""The data witness as founders run it, on a real anvil process: references, statements, blocks, failures."""

import json

import pytest
from chain_scenarios import ANVIL, has_anvil
from test_command_line import FOUNDERS, Bema, Site, bema, chain_url, joined, site  # noqa: F401

pytestmark = [
    pytest.mark.tools,
    pytest.mark.skipif(not has_anvil(), reason=f"anvil is not installed at {ANVIL}: run `make tools`"),
]

WITNESS = """
[rules.witness]
feature = "strokes"
references = {roots}
witnesses = 1
ratio = [2, 1]
farthest = 0
penalty = 1386
relief = 405
limit = 10000
"""


def test_a_batch_is_used_once_founders_have_stated_their_distances(bema: Bema, site: Site) -> None:  # noqa: F811
    profiles = [site.profile(f"founder{share}", number, share) for number, share in enumerate(FOUNDERS)]
    roots = []
    for profile in profiles:
        code, out, _ = bema("op", "references", "-p", profile, "--json")
        assert code == 0
        roots.append(json.loads(out)["root"])
    again = json.loads(bema("op", "references", "-p", profiles[0], "--json")[1])
    assert again["root"] == roots[0]
    assert (site.directory / "founder0" / "reference_secret").stat().st_mode & 0o777 == 0o600

    founding = site.founding_profile()
    short = founding.read_text() + WITNESS.format(roots=json.dumps(roots[:2]))
    founding.write_text(short)
    code, _, err = bema("deploy", "-p", founding)
    assert (code, "one reference root a founder" in " ".join(err.split())) == (2, True)
    founding.write_text(short.replace(json.dumps(roots[:2]), json.dumps(roots)))
    assert bema("deploy", "-p", founding)[0] == 0
    for profile in profiles:
        assert bema("party", "train", "-p", profile)[0] == 0
        assert bema("party", "register", "-p", profile)[0] == 0
    newcomer, miner = joined(bema, site, profiles), site.profile("miner", 4, 0)
    assert bema("miner", "run", "--empty", "-p", miner)[0] == 0
    assert bema("party", "submit", "-p", newcomer, "--count", 5)[0] == 0

    code, out, _ = bema("miner", "run", "-p", miner, "--json")
    waiting = json.loads(out)["blocks"][0]
    assert (code, waiting["batches"]) == (0, 0)
    assert "were heard" in next(iter(waiting["left_out"].values()))
    statements = site.directory / "statements"
    for profile in profiles:
        code, out, _ = bema("op", "witness", "--out", statements, "-p", profile, "--json")
        assert (code, len(json.loads(out)["statements"])) == (0, 1)
    code, out, _ = bema("miner", "run", "--statements", statements, "-p", miner, "--json")
    block = json.loads(out)["blocks"][0]
    assert (code, block["batches"], block["left_out"]) == (0, 1, {})
    assert block["used"] > 0
    code, out, _ = bema("op", "failures", "-p", profiles[0], "--json")
    assert (code, [row["failed_at"] for row in json.loads(out)["authors"]]) == (0, [None])
    code, _, err = bema("op", "suspend-failing", 4, "--until", 2**40, "-p", profiles[0])
    assert (code, "has not failed" in " ".join(err.split())) == (7, True)
    code, out, _ = bema("audit", "-p", miner, "--json")
    report = json.loads(out)
    assert (code, report["recomputed"]) == (0, 3)
    assert next(check for check in report["checks"] if check["number"] == 801)["passed"] > 0
