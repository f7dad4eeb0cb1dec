"""What [chain] may say, and what becomes of it."""

import json
import logging
from io import StringIO
from pathlib import Path

import pytest

from bema_py.chain.connection import connect
from bema_py.chain.send_policy import GWEI, SendPolicy
from bema_py.cli.chain_log import report_to
from bema_py.cli.chain_settings import open_chain, send_policy
from bema_py.cli.profile import ProfileError, load_profile
from bema_py.node.log import Log

SEVERAL = 'url = ["http://127.0.0.1:9", "http://127.0.0.1:11"]\n'


def written(directory: Path, text: str) -> Path:
    path = directory / "bema.toml"
    path.write_text(f"[chain]\n{text}\n")
    return path


def test_settings_become_the_policy(tmp_path: Path) -> None:
    text = (
        "max_fee_gwei = 60\npriority_gwei = 1.5\ngas_margin_percent = 40\nconfirmations = 3\nsend_timeout = 90\n"
        "replace_after = 20\nreplacements = 2"
    )
    policy = send_policy(load_profile(written(tmp_path, text)))
    assert policy == SendPolicy(60 * GWEI, 3 * GWEI // 2, 40, 3, 90.0, 20.0, 2, tmp_path / "state/sent")
    free = send_policy(load_profile(written(tmp_path, "max_fee_gwei = 0.0")))
    assert (free.max_fee, free.priority) == (None, None)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("max_fee_gwei = -1", r"chain.max_fee_gwei is -1.0, 0 to 1e\+09 is needed"),
        ("max_fee_gwei = nan", r"chain.max_fee_gwei is nan, 0 to 1e\+09 is needed"),
        ("priority_gwei = inf", r"chain.priority_gwei is inf, 0 to 1e\+09 is needed"),
        (
            "max_fee_gwei = 2\npriority_gwei = 3",
            r"chain.priority_gwei is 3.0, max_fee_gwei \(2\) or less is needed",
        ),
        ("gas_margin_percent = 1001", r"chain.gas_margin_percent is 1001, 0 to 1000 is needed"),
        ("confirmations = 0", r"chain.confirmations is 0, 1 to 1000 is needed"),
        ("timeout = 0", r"chain.timeout is 0.0, 0.001 to 3600 is needed"),
        ("url = []", r"chain.url is \[\], an endpoint is needed"),
        ('url = ["a", "a"]\nchain_id = 1', r"chain.url is \['a', 'a'\], each endpoint once is needed"),
        (SEVERAL, r"chain.chain_id is needed where chain.url lists several endpoints"),
        ('url = ["http://127.0.0.1:9", 3]', r"chain.url\[1\] is 3, str is needed"),
        ("url = 3", r"chain.url is 3, str or list is needed"),
    ],
)
def test_what_is_out_of_bounds_is_named_with_its_bounds(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(ProfileError, match=problem):
        open_chain(load_profile(written(tmp_path, text)))


def test_every_endpoint_is_tried_and_named(tmp_path: Path) -> None:
    profile = load_profile(written(tmp_path, SEVERAL + "chain_id = 7"))
    with pytest.raises(
        Exception, match=r"127.0.0.1:9: connection refused or lost; http://127.0.0.1:11: connection"
    ):
        open_chain(profile)


def test_a_node_tells_in_its_log_what_the_chain_reports(capsys: pytest.CaptureFixture[str]) -> None:
    stream, logger = StringIO(), logging.getLogger("bema_py.chain")
    before = logger.handlers, logger.propagate
    try:
        report_to(Log("miner", stream))
        with pytest.raises(Exception, match="no chain answers"):
            connect(["http://127.0.0.1:9", "http://127.0.0.1:11"], expected_chain_id=7)
    finally:
        logger.handlers, logger.propagate = before
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert {(line["level"], line["event"]) for line in lines} == {("warning", "chain")}
    assert lines[0]["report"] == "http://127.0.0.1:9 is passed over for 5 s: connection refused or lost"
    assert capsys.readouterr().err == ""
