"""A user's own data: what is read, what it becomes, and every damaged or hostile file refused in one line."""

import io
import struct
import zipfile
from hashlib import sha256

import numpy as np
import pytest

from bema_py.learning import npz_archive
from bema_py.learning.idx import DatasetFileError
from bema_py.learning.npz import load_npz, load_samples
from bema_py.learning.scaling import (
    FeatureNamesError,
    FeatureRange,
    FeatureScaling,
    FeatureValueError,
    ScalingFileError,
    read_scaling,
)
from bema_py.learning.sources import UnknownDatasetError, load_dataset

IMAGES = np.arange(20 * 6 * 6, dtype=np.uint8).reshape(20, 6, 6)
LABELS = np.arange(20) % 4
SCALING = """
features = [
  { name = "age", minimum = 0, maximum = 100 },
  { name = "pressure", minimum = -1.5, maximum = 1.5 },
]
"""
TABLE = np.array([[0, -1.5], [50, 0.0], [100, 1.5], [120, -9], [25, 0.75]])


@pytest.fixture
def file(tmp_path):
    def write(**arrays):
        path = tmp_path / "mine.npz"
        np.savez_compressed(path, **arrays)
        return path

    return write


@pytest.fixture
def scaling(tmp_path):
    (tmp_path / "scaling.toml").write_text(SCALING)
    return read_scaling(tmp_path / "scaling.toml")


def test_images_with_every_fifth_sample_for_the_test(file):
    path = file(images=IMAGES, labels=LABELS)
    data = load_dataset(str(path))
    assert (data.name, data.classes, data.public_size, data.scaling) == ("mine.npz", 4, 1, None)
    assert (data.training.shape, len(data.training), len(data.test)) == ((1, 6, 6), 16, 4)
    assert sorted(np.concatenate([data.training.images, data.test.images])[:, 0, 0, 0].tolist()) == sorted(
        IMAGES[:, 0, 0].tolist()
    )
    assert np.array_equal(load_samples(path), IMAGES[:, None])


def test_colours_and_test_samples_of_their_own(file):
    colours = np.stack([IMAGES, IMAGES[::-1], IMAGES], axis=1)
    data = load_npz(file(images=colours, labels=LABELS, test_images=colours[:3], test_labels=[9, 0, 1]))
    assert (data.training.shape, len(data.training), data.classes) == ((3, 6, 6), 20, 10)
    assert data.test.labels.tolist() == [9, 0, 1]
    assert np.array_equal(data.test.images, colours[:3])


def test_a_table_becomes_bytes_by_its_scaling(file, scaling):
    data = load_npz(file(features=TABLE, labels=[0, 1, 0, 1, 0], test_features=TABLE[:2], test_labels=[0, 1]))
    # 127.5 and 191.25 round half up; what lies outside the bounds is clamped.
    assert data.training.images[:, 0, 0].tolist() == [[0, 0], [128, 128], [255, 255], [255, 0], [64, 191]]
    assert data.training.shape == (1, 1, 2)
    assert data.scaling == scaling.digest()


def test_the_digest_of_a_scaling_is_of_its_meaning(scaling, tmp_path):
    other = tmp_path / "other.toml"
    other.write_text("# the same in other words\n" + SCALING.replace("100 }", "1e2 }"))
    assert read_scaling(other).digest() == scaling.digest()
    for change in (("100 }", "101 }"), ("age", "Age"), ("-1.5", "-1.25")):
        other.write_text(SCALING.replace(*change))
        assert read_scaling(other).digest() != scaling.digest()
    # Canonical DAG-CBOR: a map of two, keys by length; bounds are big-endian doubles.
    features = b"\x83\x63age\x48" + struct.pack(">d", 0) + b"\x48" + struct.pack(">d", 100)
    features += b"\x83\x68pressure\x48" + struct.pack(">d", -1.5) + b"\x48" + struct.pack(">d", 1.5)
    assert scaling.digest() == sha256(b"\xa2\x67version\x01\x68features\x82" + features).digest()


def test_columns_must_be_the_declared_features_in_order(file, scaling):
    labels = [0, 1, 0, 1, 0]
    load_npz(file(features=TABLE, labels=labels, names=["age", "pressure"]))
    with pytest.raises(
        FeatureNamesError, match="column 0 of the table is 'pressure', the scaling declares 'age'"
    ):
        load_npz(file(features=TABLE, labels=labels, names=["pressure", "age"]))
    with pytest.raises(
        FeatureNamesError, match="column 1 of the table is missing, the scaling declares 'press"
    ):
        load_npz(file(features=TABLE, labels=labels, names=["age"]))
    with pytest.raises(DatasetFileError, match="table has 3 columns, the scaling declares 2 features"):
        load_npz(file(features=TABLE[:, [0, 1, 1]], labels=labels))


def test_missing_values_are_named(file, scaling):
    holes = TABLE.copy()
    holes[3, 1] = np.nan
    with pytest.raises(DatasetFileError, match="feature 'pressure' is not a finite number in row 3"):
        load_npz(file(features=holes, labels=[0, 1, 0, 1, 0]))
    with pytest.raises(FeatureValueError):
        FeatureScaling((FeatureRange("a", 0, 1),)).apply(np.array([[np.inf]]))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("features = [", "it is not TOML"),
        ("features = 3", "features must be a list"),
        ("features = []", "features has length 0, must have 1 to 1024"),
        ("features = []\nunit = 1", "features must be a list, and nothing else"),
        ("features = [3]", "features.0 must be a table of name, minimum and maximum, found int"),
        (
            'features = [{ name = "a", minimum = 0 }]',
            "features.0 must be a table of name, minimum and maximum",
        ),
        ("features = [{ name = 1, minimum = 0, maximum = 1 }]", "features.0.name must be text, found int"),
        (
            'features = [{ name = "a", minimum = "0", maximum = 1 }]',
            "features.0.minimum must be a number, found str",
        ),
        (
            'features = [{ name = "a", minimum = true, maximum = 2 }]',
            "features.0.minimum must be a number, found bool",
        ),
        ('features = [{ name = "a", minimum = 1, maximum = 1 }]', r"feature 'a' ranges from 1.0 to 1.0"),
        ('features = [{ name = "a", minimum = 0, maximum = inf }]', r"feature 'a' ranges from 0.0 to inf"),
    ],
)
def test_scalings_are_refused_with_file_and_field(tmp_path, text, message):
    path = tmp_path / "scaling.toml"
    path.write_text(text)
    with pytest.raises(ScalingFileError, match=f"scaling.toml: {message}"):
        read_scaling(path)


def test_a_table_needs_its_scaling_beside_it(file):
    with pytest.raises(ScalingFileError, match=r"scaling.toml: it cannot be read \(No such file"):
        load_npz(file(features=TABLE, labels=[0, 1, 0, 1, 0]))


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"labels": LABELS}, "must hold either images or features"),
        ({"images": IMAGES, "features": TABLE, "labels": LABELS}, "must hold either images or features"),
        ({"images": IMAGES}, "holds no array labels"),
        ({"images": IMAGES, "labels": LABELS[:3]}, "holds 3 labels for 20 samples"),
        ({"images": IMAGES, "labels": LABELS, "extra": LABELS}, "array 'extra' is unknown"),
        ({"images": IMAGES / 255, "labels": LABELS}, r"images is float64\(20, 6, 6\), must be uint8"),
        ({"images": IMAGES.astype(np.uint16), "labels": LABELS}, r"images is uint16"),
        ({"images": IMAGES[0], "labels": LABELS}, r"images is uint8\(6, 6\)"),
        ({"images": IMAGES[:0], "labels": LABELS[:0]}, r"images is uint8\(0, 6, 6\)"),
        ({"images": IMAGES, "labels": LABELS / 1}, r"labels is float64\(20,\), must be integers"),
        ({"images": IMAGES, "labels": LABELS * 100}, r"labels\[3\] is 300, must be 0 to 255"),
        ({"images": IMAGES, "labels": LABELS - 1}, r"labels\[0\] is -1, must be 0 to 255"),
        ({"images": IMAGES, "labels": LABELS, "test_images": IMAGES}, "holds no array test_labels"),
    ],
)
def test_arrays_that_make_no_data_set(file, arrays, message):
    with pytest.raises(DatasetFileError, match=f"mine.npz: {message}"):
        load_npz(file(**arrays))


def test_objects_are_refused_before_anything_could_unpickle_them(file):
    with pytest.raises(DatasetFileError, match=r"labels.npy: holds object, must hold numbers or text"):
        load_npz(file(images=IMAGES, labels=np.array([print] * 20, dtype=object)))


def archive(path, members, **options):
    with zipfile.ZipFile(path, "w", **options) as written:
        for name, data in members:
            written.writestr(name, data)
    return path


def encoded(values):
    buffer = io.BytesIO()
    np.save(buffer, values)
    return buffer.getvalue()


def test_sizes_are_bounded_before_anything_is_read(tmp_path, monkeypatch):
    labels = ("labels.npy", encoded(LABELS))
    honest = encoded(np.zeros((3, 6, 6), np.uint8))
    lying = honest.replace(b"(3, 6, 6)", b"(9**9,6,6)"[:9])
    for body, message in (
        (
            honest.replace(b"(3, 6, 6)", b"(9, 9, 9)"),
            r"images.npy: shape \(9, 9, 9\) needs 729 bytes, it has 108",
        ),
        (honest.replace(b"(3, 6, 6)", b"(-3,-6,6)"), r"shape \(-3, -6, 6\) needs 108 bytes, it has 108"),
        (honest + b"\x00", r"images.npy: shape \(3, 6, 6\) needs 108 bytes, it has 109"),
        (lying, "images.npy: not an array"),
        (b"no array", "images.npy: not an array"),
        (b"\x93NUMPY\x09\x00" + honest[8:], "images.npy: not an array"),
        (b"", "images.npy: not an array"),
    ):
        with pytest.raises(DatasetFileError, match=message):
            load_npz(archive(tmp_path / "mine.npz", [("images.npy", body), labels]))
    monkeypatch.setattr(npz_archive, "MAX_BYTES", 300)
    bomb = archive(
        tmp_path / "mine.npz", [("images.npy", b"\x00" * 10**6), labels], compression=zipfile.ZIP_DEFLATED
    )
    with pytest.raises(DatasetFileError, match=r"its arrays have 1000\d+ bytes, at most 300 are read"):
        load_npz(bomb)


def test_damaged_archives_are_refused(tmp_path, file):
    whole = file(images=IMAGES, labels=LABELS).read_bytes()
    path = tmp_path / "broken.npz"
    middle = len(whole) // 3
    for data in (b"", whole[:-30], whole[:middle] + bytes([whole[middle] ^ 255]) + whole[middle + 1 :]):
        path.write_bytes(data)
        with pytest.raises(DatasetFileError, match=r"broken.npz: (not a whole .npz file|images.npy)"):
            load_npz(path)
    with pytest.raises(DatasetFileError, match=r"none.npz: cannot be read \(No such file"):
        load_npz(tmp_path / "none.npz")
    with pytest.raises(DatasetFileError, match="encrypted or compressed in an unknown way"):
        load_npz(archive(path, [("images.npy", b""), ("labels.npy", b"")], compression=zipfile.ZIP_LZMA))
    with pytest.warns(UserWarning, match="Duplicate"):
        archive(path, [("images.npy", b""), ("images.npy", b"")])
    with pytest.raises(DatasetFileError, match="an array occurs twice"):
        load_npz(path)


def test_an_unknown_name_is_answered_with_the_choices():
    with pytest.raises(UnknownDatasetError, match=r"'cifar', choose one of digits, mnist or a file FILE.npz"):
        load_dataset("cifar")
