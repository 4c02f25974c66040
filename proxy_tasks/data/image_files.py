"""Images in files: the arrays of Downsampled ImageNet, or the parquet shards of data hubs.

Downsampled ImageNet (Chrabaszcz et al., 2017, arXiv:1707.08819) consists of
`train_data_batch_1.npz` to `train_data_batch_10.npz` and `val_data.npz`. Each training file holds
a tenth of the images in random order. Shards are called `train-*.parquet` and
`validation-*.parquet`; see `proxy_tasks.data.parquet_images`. Both layouts give the same data for
the same images.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from lionhunt.proxy_tasks.data.dataset import DataError, Split
from lionhunt.proxy_tasks.data.parquet_images import read_shard

Read = Callable[[Path, int, int], tuple[np.ndarray, np.ndarray]]
"""From a file, the size of its images and the most images to images and labels from 0."""
EVERY_IMAGE = 2**31 - 1


def load_images(
    path: str, image_size: int, num_classes: int, max_images: int, num_validation: int
) -> Split:
    """Load the images of a folder.

    Args:
        path: path of the folder.
        image_size: pixels along an image, which is a square.
        num_classes: number of labels, from 0.
        max_images: most images to train on, the first of the files; later files are not read.
        num_validation: most images to validate on, spread evenly over the files.

    Returns:
        Images of shape (n, 3, image_size, image_size), uint8, and labels of shape (n,), int32.

    Raises:
        DataError: a file is missing or has a wrong content.
    """
    train_files, validation_files, read = _find(Path(path).expanduser(), image_size)
    train = _read_all(train_files, read, image_size, max_images, num_classes)
    labels = train[1]
    is_cut = len(labels) == max_images and labels[-1] < num_classes - 1
    if is_cut and (np.diff(labels) >= 0).all():
        raise DataError(
            f"the images of {train_files[0]} are sorted by label, so that the first {max_images} "
            "are of some labels only; shuffle them"
        )
    validation = _read_all(validation_files, read, image_size, EVERY_IMAGE, num_classes)
    num_images = len(validation[1])
    if num_validation < num_images:
        kept = np.linspace(0, num_images - 1, num_validation, dtype=int)
        validation = tuple(part[kept] for part in validation)
    return Split(train, validation)


def _find(root: Path, size: int) -> tuple[list[Path], list[Path], Read]:
    """Return the training files, the validation files, and their reader."""
    layouts: tuple[tuple[str, str, Read], ...] = (
        ("train_data_batch_*.npz", "val_data.npz", _read_arrays),
        ("train-*.parquet", "val*-*.parquet", read_shard),
    )
    advice = (
        f"put there train_data_batch_1.npz and val_data.npz of Downsampled ImageNet {size}x{size}, "
        "or shards called train-*.parquet and validation-*.parquet, or say where they are with "
        "the option path"
    )
    if not root.is_dir():
        raise DataError(f"there is no folder {root} in {Path.cwd()}; {advice}")
    for train_pattern, validation_pattern, read in layouts:
        # Shorter names first: file 2 comes before file 10.
        train, validation = (
            sorted(root.glob(pattern), key=lambda file: (len(file.name), file.name))
            for pattern in (train_pattern, validation_pattern)
        )
        if train and validation:
            return train, validation, read
        if train:
            raise DataError(f"there is no {root / validation_pattern}; {advice}")
    raise DataError(f"there are no images to train on in {root}; {advice}")


def _read_all(
    files: Sequence[Path], read: Read, size: int, max_images: int, num_classes: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the first images of files, and their labels."""
    parts, num_left = [], max_images
    for file in files:
        # Reading would wait for a writer.
        if file.is_fifo():
            raise DataError(f"{file} is a pipe; put a file there")
        images, labels = read(file, size, num_left)
        if not ((0 <= labels) & (labels < num_classes)).all():
            raise DataError(
                f"{file} has labels from {labels.min()} to {labels.max()} (the first is 0), but "
                f"num_classes is {num_classes}"
            )
        parts.append((images, labels.astype(np.int32)))
        num_left -= len(labels)
        if not num_left:
            break
    if num_left == max_images:
        raise DataError(f"{files[0]} holds no images")
    # Concatenation would copy gigabytes.
    if len(parts) == 1:
        return parts[0]
    images, labels = zip(*parts, strict=True)
    return np.concatenate(images), np.concatenate(labels)


def _read_arrays(file: Path, size: int, max_images: int) -> tuple[np.ndarray, np.ndarray]:
    """Read the arrays `data` and `labels` of an npz file; its labels begin at 1."""
    try:
        with file.open("rb") as stream, np.load(stream) as arrays:
            images, labels = arrays["data"], arrays["labels"]
    except KeyError:
        raise DataError(f"{file} does not hold the arrays 'data' and 'labels'") from None
    # NumPy has no error class of its own, and nothing else can fail here.
    except Exception as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{file} cannot be read, copy it again: {reason}") from None
    shape = (len(labels) if labels.ndim else 0, 3 * size * size)
    if images.shape != shape or images.dtype != np.uint8:
        raise DataError(
            f"'data' of {file} is {images.dtype} of shape {images.shape}, not uint8 of shape "
            f"{shape}: images of 3 colours of {size}x{size}, one a label"
        )
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise DataError(
            f"'labels' of {file} is {labels.dtype} of shape {labels.shape}, not whole numbers"
        )
    labels = labels[:max_images].astype(np.int64) - 1
    return images[:max_images].reshape(-1, 3, size, size), labels
