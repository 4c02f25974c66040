"""Images in files: every layout gives the same data, and an error names a wrong file."""

import io
import os
import shutil
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from lionhunt.proxy_tasks import DataError
from lionhunt.proxy_tasks.data.image_files import load_images
from tests.support.data_files import (
    NUM_CLASSES,
    SIZE,
    image_options,
    make_images,
    to_png,
    write_arrays,
    write_shard,
)

TRAIN, VALIDATION = make_images(60, seed=1), make_images(30, seed=2)


@pytest.fixture
def folder(tmp_path):
    return Path(shutil.copytree(image_options()["path"], tmp_path / "images"))


@pytest.fixture
def shards(tmp_path):
    for name, part in (
        ("train-00000-of-00002", slice(40)),
        ("train-00001-of-00002", slice(40, 60)),
    ):
        write_shard(tmp_path / f"{name}.parquet", *(array[part] for array in TRAIN))
    write_shard(tmp_path / "validation-00000-of-00001.parquet", *VALIDATION)
    return tmp_path


def load(folder, num_classes=NUM_CLASSES, max_images=1000, num_validation=1000):
    return load_images(str(folder), SIZE, num_classes, max_images, num_validation)


def check(part, expected):
    images, labels = part
    assert images.dtype == np.uint8 and labels.dtype == np.int32
    assert np.array_equal(images, expected[0]) and np.array_equal(labels, expected[1])


def test_arrays_are_red_green_blue_rows_with_labels_from_one(tmp_path):
    # Two images of 2x2. The first is red; the second has one blue pixel at the upper right.
    data = np.zeros((2, 12), np.uint8)
    data[0, :4] = 255
    data[1, 9] = 7
    for name in ("train_data_batch_1", "val_data"):
        np.savez(tmp_path / f"{name}.npz", data=data, labels=[3, 1], mean=data.mean(0))
    (images, labels), _ = load_images(str(tmp_path), 2, 3, 10, 10)
    assert (images[0, 0] == 255).all() and not images[0, 1:].any()
    assert images[1, 2, 0, 1] == 7 and images[1].sum() == 7
    assert labels.tolist() == [2, 0]


def test_every_file_is_read_in_the_order_of_its_number(folder):
    check(load(folder).train, TRAIN)
    check(load(folder).validation, VALIDATION)
    shutil.copy(folder / "train_data_batch_1.npz", folder / "train_data_batch_10.npz")
    images, _ = load(folder).train
    assert np.array_equal(images[40:60], TRAIN[0][40:]) and len(images) == 100


def test_shards_hold_the_same_as_arrays(shards):
    check(load(shards).train, TRAIN)
    check(load(shards).validation, VALIDATION)


@pytest.mark.parametrize("layout", ["folder", "shards"])
def test_only_the_first_images_are_read_and_validation_is_spread(layout, request):
    folder = request.getfixturevalue(layout)
    next(folder.glob("train*2.*")).write_bytes(b"never read")
    train, validation = load(folder, max_images=25, num_validation=4)
    check(train, (TRAIN[0][:25], TRAIN[1][:25]))
    kept = [0, 9, 19, 29]
    check(validation, (VALIDATION[0][kept], VALIDATION[1][kept]))


def test_grey_images_have_three_equal_colours(tmp_path):
    from PIL import Image

    write_shard(tmp_path / "validation-0.parquet", *VALIDATION)
    grey = io.BytesIO()
    Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8)).save(grey, "PNG")
    write_rows(tmp_path / "train-0.parquet", [{"bytes": grey.getvalue()}], [0])
    (images, _), _ = load(tmp_path)
    assert (images[0] == np.arange(64).reshape(8, 8)).all()


def write_rows(file, images, labels, names=("image", "label")):
    import pyarrow
    from pyarrow import parquet

    parquet.write_table(pyarrow.table(dict(zip(names, (images, labels), strict=True))), file)


def refused(folder, message, **options):
    with pytest.raises(DataError, match=message) as error:
        load(folder, **options)
    assert "\n" not in str(error.value)


def test_what_is_missing_is_named(folder, tmp_path):
    refused(
        tmp_path / "nowhere", "no folder .*nowhere in .* val_data.npz of Downsampled ImageNet 8x8"
    )
    (tmp_path / "empty").mkdir()
    refused(
        tmp_path / "empty", "no images to train on in .*empty; put there train_data_batch_1.npz"
    )
    (folder / "val_data.npz").unlink()
    refused(folder, "there is no .*/val_data.npz; put there")


ROWS = TRAIN[0].reshape(60, -1)


@pytest.mark.parametrize(
    "arrays, message",
    [
        ({"data": ROWS}, "does not hold the arrays 'data' and 'labels'"),
        (
            {"data": ROWS[:, :-3], "labels": TRAIN[1] + 1},
            r"shape \(60, 189\), not .*\(60, 192\): .* 8x8",
        ),
        ({"data": ROWS[:50], "labels": TRAIN[1] + 1}, r"shape \(50, 192\), not"),
        ({"data": ROWS / 255, "labels": TRAIN[1] + 1}, "is float64 of shape"),
        ({"data": ROWS, "labels": TRAIN[1] + 0.5}, "'labels' of .* is float64 of shape"),
        ({"data": ROWS, "labels": TRAIN[1]}, "labels from -1 to 8 .*, but num_classes is 10"),
        ({"data": ROWS, "labels": TRAIN[1] + 2}, "labels from 1 to 10 "),
        ({"data": ROWS, "labels": np.array(["a"] * 60, object)}, "cannot be read, .*pickle"),
        ({"data": ROWS, "labels": np.array(3)}, "not uint8 of shape"),
        ({"data": ROWS[:0], "labels": TRAIN[1][:0]}, "holds no images"),
    ],
)
def test_wrong_arrays_are_refused(folder, arrays, message):
    (folder / "train_data_batch_2.npz").unlink()
    np.savez(folder / "train_data_batch_1.npz", **arrays)
    refused(folder, f"train_data_batch_1.npz.*{message}|{message}")


def test_sorted_images_of_which_some_are_left_out_are_refused(folder):
    order = np.argsort(TRAIN[1])
    write_arrays(folder / "train_data_batch_1.npz", TRAIN[0][order], TRAIN[1][order])
    refused(folder, "train_data_batch_1.npz are sorted by label.* first 30", max_images=30)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
@pytest.mark.parametrize("name", ["train_data_batch_1.npz", "train-00000-of-00002.parquet"])
def test_truncated_file_is_named(name, share, request):
    folder = request.getfixturevalue("folder" if name.endswith("npz") else "shards")
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[: int(share * len(content))])
    refused(folder, f"{name} cannot be read, copy it again")


def test_file_that_is_something_else_is_named(folder):
    file = folder / "train_data_batch_1.npz"
    file.write_text("404: Not Found")
    refused(folder, "train_data_batch_1.npz cannot be read")
    with file.open("wb") as stream:
        np.save(stream, ROWS)
    refused(folder, "train_data_batch_1.npz cannot be read")
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("data", "text")
    refused(folder, "train_data_batch_1.npz .*(cannot be read|does not hold)")
    file.unlink()
    file.mkdir()
    refused(folder, "train_data_batch_1.npz cannot be read")


@pytest.mark.parametrize(
    "images, labels, message",
    [
        ([{"bytes": b"no png"}], [0], "image 0 of .*train-00000-of-00002.parquet is no image"),
        ([{"bytes": to_png(TRAIN[0][0])[:-30]}], [0], "image 0 of .* is no image"),
        ([{"bytes": to_png(TRAIN[0][0][:, :5])}], [0], "image 0 of .* is 8x5, not 8x8; resize"),
        ([{"bytes": None}], [0], "image 0 of .* has no bytes, or no label"),
        ([{"bytes": to_png(TRAIN[0][0])}, None], [0, 0], "image 1 of .* has no bytes, or no label"),
        ([{"bytes": to_png(TRAIN[0][0])}], [None], "label of .* not of whole|no label"),
        ([{"bytes": b""}], ["dog"], "the column label of .*parquet is not of whole numbers"),
        ([{"bytes": to_png(TRAIN[0][0])}], [10], "parquet has labels from 10 to 10"),
        ([b"bytes alone"], [0], "parquet has no column image.bytes"),
    ],
)
def test_wrong_rows_are_refused(shards, images, labels, message):
    write_rows(shards / "train-00000-of-00002.parquet", images, labels)
    refused(shards, message)


def test_missing_column_is_named(shards):
    write_rows(shards / "train-00000-of-00002.parquet", [{"bytes": b""}], [0], ("image", "class"))
    refused(shards, "train-00000-of-00002.parquet has no column label")


def test_parquet_without_pyarrow_says_what_to_install(shards, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    refused(shards, r"train-00000-of-00002.parquet is parquet.* install lionhunt\[parquet\]")


@pytest.mark.parametrize("name", ["train_data_batch_1.npz", "val_data.npz"])
def test_pipe_is_no_file_of_images(name, folder):
    (folder / name).unlink()
    os.mkfifo(folder / name)
    with pytest.raises(DataError, match="is a pipe; put a file there"):
        load(folder)
