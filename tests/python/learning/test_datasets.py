"""The embedded digits, the MNIST files in every damaged form, and their download."""

import gzip
import io
from collections import Counter
from hashlib import sha256
from urllib.error import URLError

import numpy as np
import pytest

from bema_py.learning.datasets import (
    Dataset,
    DatasetShapeError,
    DatasetSizeError,
    enlarge,
    interpolation_weights,
    load_digits_dataset,
)
from bema_py.learning.download import DownloadError, download_mnist
from bema_py.learning.idx import MAX_ITEMS, DatasetFileError, load_mnist, read_images, read_labels

TRAIN_IMAGES, TRAIN_LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
TEST_IMAGES, TEST_LABELS = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"


def images_file(count, *, magic=0x803, side=28, body=None):
    header = b"".join(value.to_bytes(4, "big") for value in (magic, count, side, side))
    return header + (bytes(i % 251 for i in range(count * side * side)) if body is None else body)


def labels_file(labels, *, magic=0x801, count=None):
    declared = len(labels) if count is None else count
    return magic.to_bytes(4, "big") + declared.to_bytes(4, "big") + bytes(labels)


@pytest.fixture
def directory(tmp_path):
    (tmp_path / TRAIN_IMAGES).write_bytes(images_file(12))
    (tmp_path / f"{TRAIN_LABELS}.gz").write_bytes(gzip.compress(labels_file([i % 10 for i in range(12)])))
    (tmp_path / f"{TEST_IMAGES}.gz").write_bytes(gzip.compress(images_file(3)))
    (tmp_path / TEST_LABELS).write_bytes(labels_file([1, 2, 3]))
    return tmp_path


def test_digits_are_28x28_with_the_margin_of_mnist():
    digits = load_digits_dataset()
    assert (len(digits.training), len(digits.test)) == (1437, 360)
    for data in (digits.training, digits.test):
        assert data.images.shape[1:] == (1, 28, 28)
        assert not data.images[:, :, :4].any()
        assert not data.images[:, :, :, -4:].any()
        counts = np.bincount(data.labels, minlength=10)
        assert counts.max() - counts.min() <= 8
        assert data.images.max() == 255


def test_the_enlarged_digits_never_change():
    digits = load_digits_dataset()
    assert sha256(digits.test.images.tobytes() + digits.test.labels.tobytes()).hexdigest() == (
        "cc6a8cc01eef8f216c6d26b91a0355fb5cf4cb30cf13693a26078f21d42df6b3"
    )


def test_no_digit_is_in_training_and_test():
    digits = load_digits_dataset()
    training = {image.tobytes() for image in digits.training.images}
    assert len(training) == 1437
    assert not training & {image.tobytes() for image in digits.test.images}


def test_interpolation_weights_are_tenths_that_sum_to_one():
    weights = interpolation_weights()
    assert (weights.sum(axis=1) == 10).all()
    # Mirrored digits enlarge to mirrored images.
    assert (weights == weights[::-1, ::-1]).all()


def test_enlarging_a_white_and_a_black_glyph():
    white = enlarge(np.full((1, 8, 8), 16))
    assert (white[0, 0, 6:22, 6:22] == 255).all()
    assert not enlarge(np.zeros((1, 8, 8), dtype=np.int64)).any()


def test_held_out_part_is_balanced_and_disjoint():
    digits = load_digits_dataset()
    tuning = digits.held_out(300, 7)
    assert (len(tuning.training), len(tuning.test)) == (1137, 300)
    assert set(np.bincount(tuning.test.labels)) == {30}
    everything = Counter(image.tobytes() for image in digits.training.images)
    assert (
        Counter(image.tobytes() for part in (tuning.training, tuning.test) for image in part.images)
        == everything
    )
    again = digits.held_out(300, 7)
    assert np.array_equal(again.test.images, tuning.test.images)
    with pytest.raises(DatasetSizeError) as caught:
        digits.held_out(1437, 7)
    assert (caught.value.found, caught.value.required) == (142, 143)


def test_data_sets_are_read_only_and_typed():
    data = Dataset(np.zeros((2, 1, 28, 28), np.uint8), np.array([1, 2], np.uint8))
    with pytest.raises(ValueError, match="read-only"):
        data.images[0] = 1
    assert data.of_classes([2, 7]).labels.tolist() == [2]
    for images, labels in (
        (np.zeros((2, 1, 28, 28)), data.labels),
        (data.images, np.array([1, 2])),
        (data.images, data.labels[:1]),
        (data.images[0], data.labels),
    ):
        with pytest.raises(DatasetShapeError):
            Dataset(images, labels)


def test_plain_and_compressed_files_are_read(directory):
    mnist = load_mnist(directory)
    assert (len(mnist.training), len(mnist.test), mnist.public_size) == (12, 3, 1000)
    assert mnist.test.labels.tolist() == [1, 2, 3]
    assert mnist.training.images.shape == (12, 1, 28, 28)
    assert mnist.training.images.tobytes() == images_file(12)[16:]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        (TRAIN_IMAGES, images_file(12)[:-1], "truncated: 9407 of 9408 bytes"),
        (TRAIN_IMAGES, images_file(12)[:10], "truncated: 10 bytes of a 16-byte header"),
        (TRAIN_IMAGES, b"", "truncated: 0 bytes"),
        (TRAIN_IMAGES, images_file(12) + b"\0", "trailing bytes after the 9408"),
        (TRAIN_IMAGES, images_file(12, magic=0x801), "magic number is 0x00000801, must be 0x00000803"),
        (TRAIN_IMAGES, images_file(3, side=32), "images are 32x32, must be 28x28"),
        (TRAIN_IMAGES, images_file(0), f"count is 0, must be 1 to {MAX_ITEMS}"),
        (TRAIN_IMAGES, images_file(2**32 - 1, body=b""), "count is 4294967295"),
        (TRAIN_IMAGES, gzip.compress(images_file(12))[:-9], "damaged or truncated gzip"),
        (TRAIN_IMAGES, gzip.compress(images_file(12))[:-8] + bytes(8), "damaged or truncated gzip"),
        (TRAIN_IMAGES, b"\x1f\x8b" + bytes(40), "damaged or truncated gzip"),
        (TRAIN_IMAGES, gzip.compress(images_file(12) + bytes(2**24)), "trailing bytes"),
        (TEST_LABELS, labels_file([1, 2]), "holds 2 labels for the 3 images"),
        (TEST_LABELS, labels_file([1, 2, 10]), "label 2 is 10, must be 0 to 9"),
        (TEST_LABELS, labels_file([1, 2, 3], count=4), "truncated: 3 of 4 bytes"),
        (TEST_LABELS, labels_file([1, 2, 3], magic=0x803), "magic number is 0x00000803"),
    ],
)
def test_damaged_files_are_named_with_their_fault(directory, name, content, reason):
    (directory / name).write_bytes(content)
    with pytest.raises(DatasetFileError) as caught:
        load_mnist(directory)
    assert caught.value.path.name == name
    assert reason in caught.value.reason
    assert str(caught.value).startswith(f"{name}: ")
    assert "\n" not in str(caught.value)


def test_a_decompression_bomb_is_not_expanded(directory):
    bomb = gzip.compress(images_file(1)[:16] + bytes(2**26))
    path = directory / f"{TRAIN_IMAGES}.gz"
    path.write_bytes(bomb)
    with pytest.raises(DatasetFileError, match="trailing bytes"):
        read_images(path)


def test_a_missing_file_and_a_directory_in_its_place(directory):
    (directory / TEST_LABELS).unlink()
    with pytest.raises(DatasetFileError, match="t10k-labels-idx1-ubyte: no such file, neither plain nor"):
        load_mnist(directory)
    (directory / TEST_LABELS).mkdir()
    with pytest.raises(DatasetFileError, match="cannot be read"):
        read_labels(directory / TEST_LABELS)


PAYLOAD = labels_file([1, 2, 3])
CONTENTS = {TEST_LABELS: (len(PAYLOAD), sha256(PAYLOAD).hexdigest())}


class Mirror:
    """Answers each request with the next of the given answers."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.urls = []
        self.pauses = []

    def open(self, url, timeout_s):
        assert timeout_s == 5.0
        self.urls.append(url)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return io.BytesIO(answer)

    def download(self, directory):
        download_mnist(
            directory,
            timeout_s=5.0,
            mirrors=("https://one/", "https://two/"),
            contents=CONTENTS,
            open_stream=self.open,
            sleep=self.pauses.append,
        )


def test_download_keeps_what_is_intact_and_asks_the_next_mirror(tmp_path):
    mirror = Mirror(URLError("no route"), gzip.compress(PAYLOAD))
    mirror.download(tmp_path / "new")
    assert [path.name for path in (tmp_path / "new").iterdir()] == [f"{TEST_LABELS}.gz"]
    assert mirror.urls == [f"https://one/{TEST_LABELS}.gz", f"https://two/{TEST_LABELS}.gz"]
    assert mirror.pauses == []
    Mirror().download(tmp_path / "new")


def test_download_replaces_a_damaged_file(tmp_path):
    (tmp_path / f"{TEST_LABELS}.gz").write_bytes(b"half a file")
    Mirror(gzip.compress(PAYLOAD)).download(tmp_path)
    assert read_labels(tmp_path / f"{TEST_LABELS}.gz").tolist() == [1, 2, 3]


def test_download_gives_up_after_bounded_attempts_and_leaves_nothing(tmp_path):
    other = gzip.compress(labels_file([1, 2, 4]))
    longer = gzip.compress(PAYLOAD + bytes(2**20))
    mirror = Mirror(other, longer, TimeoutError("timed out"), gzip.compress(PAYLOAD)[:-3])
    with pytest.raises(DownloadError) as caught:
        mirror.download(tmp_path)
    assert [fault.split(": ", 1)[1].split(" ")[0] for fault in caught.value.faults] == [
        "content",
        "holds",
        "timed",
        "damaged",
    ]
    assert mirror.pauses == [2.0, 2.0]
    assert list(tmp_path.iterdir()) == []
