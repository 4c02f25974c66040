"""Small data in the layouts of real data: Downsampled ImageNet, parquet shards, LM1B."""

import functools
import io
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from lionhunt.proxy_tasks.options import LM1B_TRAIN, LM1B_VALIDATION

SIZE = 8
NUM_CLASSES = 10
VOCABULARY_SIZE = 100
FOLDER = tempfile.TemporaryDirectory()


def make_images(num: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Make images of shape (num, 3, 8, 8) in the colours of their classes, and labels from 0."""
    colours = np.random.default_rng(0).integers(0, 256, (NUM_CLASSES, 3, 1, 1))
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(num) % NUM_CLASSES)
    noise = rng.integers(-20, 21, (num, 3, SIZE, SIZE))
    return (colours[labels] + noise).clip(0, 255).astype(np.uint8), labels


def write_arrays(file: Path, images: np.ndarray, labels: np.ndarray) -> None:
    """Write an npz file as in Downsampled ImageNet: red, green, blue; labels from 1."""
    rows = images.reshape(len(images), -1)
    np.savez(file, data=rows, labels=labels + 1, mean=rows.mean(0))


def write_shard(file: Path, images: np.ndarray, labels: np.ndarray) -> None:
    """Write a parquet file as on data hubs: PNG files and labels from 0."""
    import pyarrow
    from pyarrow import parquet

    rows = [{"bytes": to_png(image), "path": f"{i}.png"} for i, image in enumerate(images)]
    parquet.write_table(pyarrow.table({"image": rows, "label": labels}), file, row_group_size=7)


def to_png(image: np.ndarray) -> bytes:
    """Encode an image of shape (3, size, size) as a PNG file."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(np.moveaxis(image, 0, -1)).save(file, "PNG")
    return file.getvalue()


@functools.cache
def image_options() -> dict[str, Any]:
    """Return options of a small `image_vit`: 60 images to train on, 30 to validate on."""
    folder = Path(FOLDER.name, "images")
    folder.mkdir()
    images, labels = make_images(60, seed=1)
    write_arrays(folder / "train_data_batch_1.npz", images[:40], labels[:40])
    write_arrays(folder / "train_data_batch_2.npz", images[40:], labels[40:])
    write_arrays(folder / "val_data.npz", *make_images(30, seed=2))
    return {
        "path": str(folder),
        "num_steps": 20,
        "batch_size": 4,
        "width": 8,
        "num_layers": 1,
        "num_heads": 2,
        "image_size": SIZE,
        "patch": 4,
        "num_classes": NUM_CLASSES,
    }


def make_sentences(num: int, seed: int) -> list[str]:
    """Make sentences as in LM1B: words and punctuation between single spaces."""
    rng = np.random.default_rng(seed)
    parts = (
        ("The", "A", "That"),
        ("old", "new", "U.S.", "naïve"),
        ("bank", "council", "minister"),
        ("said", "denied", "announced"),
        ("on", "before"),
        ("Monday", "Friday"),
        (".", "!", ", he said ."),
    )
    return [" ".join(rng.choice(words) for words in parts) for _ in range(num)]


@functools.cache
def text_options() -> dict[str, Any]:
    """Return options of a small `text_lm`: 300 sentences to train on, 60 to validate on."""
    folder = Path(FOLDER.name, "text")
    name = LM1B_TRAIN.replace("*", "0000{}-of-00100")
    files = {name.format(1): (200, 1), name.format(2): (100, 2), LM1B_VALIDATION: (60, 3)}
    for name, (num, seed) in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("".join(f"{line}\n" for line in make_sentences(num, seed)), "utf-8")
    return {
        "path": str(folder),
        "num_steps": 20,
        "batch_size": 4,
        "width": 8,
        "num_layers": 1,
        "vocabulary_size": VOCABULARY_SIZE,
        "length": 8,
        "num_validation": 10,
        "metric": "loss",
    }
