"""Parquet shards of images, as data hubs store them; needs pyarrow and pillow.

A row has two columns. `image` is a struct with a field `bytes`, a PNG or JPEG file. `label` is a
whole number from 0.
"""

import io
import itertools
from pathlib import Path
from typing import Any

import numpy as np

from lionhunt.proxy_tasks.data.dataset import DataError
from lionhunt.proxy_tasks.data.parquet_file import open_parquet

ROWS = 1024
"""Rows read at a time."""


def read_shard(file: Path, size: int, max_images: int) -> tuple[np.ndarray, np.ndarray]:
    """Read the first images of a shard.

    Args:
        file: path of the shard.
        size: pixels along an image, which is a square; no image is resized.
        max_images: most images to read.

    Returns:
        Images of shape (n, 3, size, size), uint8; grey ones get three equal colours. Labels of
        shape (n,), int64.

    Raises:
        DataError: pyarrow is not installed, or the file has a wrong content.
    """
    with open_parquet(file) as shard:
        names = {shard.schema.column(i).path for i in range(len(shard.schema))}
        if missing := {"image.bytes", "label"} - names:
            raise DataError(f"{file} has no column {min(missing)}")
        import pyarrow

        if not pyarrow.types.is_integer(shard.schema_arrow.field("label").type):
            raise DataError(f"the column label of {file} is not of whole numbers")
        num_images = min(max_images, shard.metadata.num_rows)
        images = np.empty((num_images, 3, size, size), np.uint8)
        labels = np.empty(num_images, np.int64)
        batches = shard.iter_batches(ROWS, columns=["image.bytes", "label"])
        rows = (row for batch in batches for row in batch.to_pylist())
        for index, row in enumerate(itertools.islice(rows, num_images)):
            images[index], labels[index] = _decode(row, size, f"image {index} of {file}")
    return images, labels


def _decode(row: dict[str, Any], size: int, name: str) -> tuple[np.ndarray, int]:
    from PIL import Image

    if row["label"] is None or row["image"] is None or row["image"]["bytes"] is None:
        raise DataError(f"{name} has no bytes, or no label")
    try:
        image = Image.open(io.BytesIO(row["image"]["bytes"]))
        # An image of another size may be huge; it is not decoded.
        if image.size == (size, size):
            return np.moveaxis(np.asarray(image.convert("RGB")), -1, 0), row["label"]
    # pillow has no error class of its own, and nothing else can fail here.
    except Exception as error:
        raise DataError(f"{name} is no image: {type(error).__name__}") from None
    width, height = image.size
    raise DataError(f"{name} is {width}x{height}, not {size}x{size}; resize the images first")
