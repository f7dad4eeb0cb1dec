"""`bema content` over nodes on loopback and over a directory."""

import json

import pytest
from fake_ipfs import fake_node

from bema_py.cli.main import run
from bema_py.cli.opening import open_store
from bema_py.cli.profile import load_profile
from bema_py.core.cid import cid_text, object_cid, raw_cid
from bema_py.core.encoding import encode
from bema_py.core.hashing import sha256
from bema_py.core.unixfs import CHUNK, import_file


@pytest.fixture
def bema(monkeypatch, capsys):
    def call(*arguments):
        monkeypatch.setattr("sys.argv", ["bema", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            run()
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return int(end.value.code or 0), captured.out, captured.err.replace("\n", " ")

    return call


@pytest.fixture
def node():
    with fake_node() as server:
        yield server


def write_profile(directory, addresses, **settings):
    lines = [
        f"{name} = {json.dumps(value)}"
        for name, value in ({"nodes": addresses, "attempts": 1} | settings).items()
    ]
    path = directory / "bema.toml"
    path.write_text("[content]\n" + "\n".join(lines) + "\n")
    return path


def test_a_file_goes_to_the_node_and_comes_back(tmp_path, bema, node):
    profile = write_profile(tmp_path, [node.address])
    file, back = tmp_path / "file", tmp_path / "back"
    file.write_bytes(bytes(2**20) + bytes(range(256)) * 4096)
    code, out, _ = bema("content", "put", file, "-p", profile)
    root = cid_text(import_file(file.read_bytes())[0])
    assert (code, out.strip()) == (0, root)
    assert len(node.pinned) == 3
    (tmp_path / "content").rename(tmp_path / "gone")
    assert bema("content", "get", root, "--out", back, "-p", profile)[0] == 0
    assert back.read_bytes() == file.read_bytes()
    node.held.clear()
    node.pinned.clear()
    code, out, _ = bema("content", "pin", root, "-p", profile, "--json")
    assert (code, json.loads(out)) == (0, {"pinned": 3, "nodes": [node.address]})
    assert len(node.held) == len(node.pinned) == 3


def test_a_directory_needs_no_node(tmp_path, bema):
    profile = write_profile(tmp_path, [])
    file = tmp_path / "file"
    file.write_bytes(b"text")
    cid = bema("content", "put", file, "-p", profile)[1].strip()
    assert bema("content", "get", cid, "--out", tmp_path / "back", "-p", profile)[0] == 0
    assert (tmp_path / "back").read_bytes() == b"text"
    code, _, err = bema("content", "pin", cid, "-p", profile)
    assert (code, "without pins" in err) == (2, True)


def test_objects_come_back_as_they_are(tmp_path, bema, node):
    data = encode({"a": 1})
    profile = write_profile(tmp_path, [node.address])
    cid = object_cid(open_store(load_profile(profile)).put_object(data))
    assert bema("content", "get", cid_text(cid), "--out", tmp_path / "object", "-p", profile)[0] == 0
    assert (tmp_path / "object").read_bytes() == data


def test_what_goes_wrong_is_one_line_and_its_code(tmp_path, bema, node):
    absent = cid_text(raw_cid(sha256(b"nowhere")))
    profile = write_profile(tmp_path, ["/ip4/127.0.0.1/tcp/9", node.address])
    code, _, err = bema("content", "get", absent, "--out", tmp_path / "x", "-p", profile)
    assert code == 5
    assert "/tcp/9 cannot be asked" in err
    assert f"{node.address} answers" in err
    file = tmp_path / "file"
    file.write_bytes(bytes(CHUNK))
    code, _, err = bema("content", "put", file, "-p", profile)
    assert (code, "kept by 1 nodes, 2 are wanted" in err) == (5, True)
    assert bema("content", "get", "Qm123", "--out", tmp_path / "x", "-p", profile)[0] == 2
    assert bema("content", "put", tmp_path / "none", "-p", profile)[0] == 2


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"nodes": ["http://127.0.0.1:5001"]}, "is not the address of an IPFS node"),
        ({"quorum": 2}, "quorum is 2"),
        ({"timeout": 0}, "content.timeout is 0"),
        ({"attempts": 0}, "content.attempts is 0"),
        ({"search_seconds": -1}, "search_seconds is -1"),
        ({"nodes": "/ip4/127.0.0.1/tcp/5001"}, "list"),
    ],
)
def test_profiles_are_checked(tmp_path, bema, settings, told):
    profile = write_profile(tmp_path, ["/ip4/127.0.0.1/tcp/9"], **settings)
    code, _, err = bema(
        "content", "get", cid_text(raw_cid(sha256(b""))), "--out", tmp_path / "x", "-p", profile
    )
    assert code == 2
    assert told in err


def test_an_archive_carries_content_from_a_directory_to_a_node(tmp_path, bema, node):
    here = write_profile(tmp_path, [])
    file, archive, again = tmp_path / "file", tmp_path / "a.car", tmp_path / "b.car"
    file.write_bytes(bytes(2**20) + b"end")
    root = bema("content", "put", file, "-p", here)[1].strip()
    for out in (archive, again):
        assert bema("content", "export", root, "--out", out, "-p", here)[0] == 0
    assert archive.read_bytes() == again.read_bytes()
    assert bema("content", "export", root, "--out", archive, "-p", here)[0] == 2
    (tmp_path / "there").mkdir()
    there = write_profile(tmp_path / "there", [node.address])
    assert bema("content", "import", archive, "-p", there)[:2] == (0, "3 blocks stored\n")
    assert len(node.pinned) == 3
    assert bema("content", "get", root, "--out", tmp_path / "back", "-p", there)[0] == 0
    assert (tmp_path / "back").read_bytes() == file.read_bytes()
    again.write_bytes(archive.read_bytes()[:-1] + b"?")
    assert bema("content", "import", again, "-p", there)[0] == 6
    again.write_bytes(archive.read_bytes()[:-1])
    assert bema("content", "import", again, "-p", there)[0] == 6
    assert bema("content", "import", tmp_path / "none", "-p", there)[0] == 2
