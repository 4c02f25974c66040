"""Loaders of the tasks' data, as plain NumPy arrays.

It imports nothing of this project but its error class. Import its modules by name.
"""

__all__ = [
    "array_files",
    "bundled",
    "dataset",
    "image_files",
    "parquet_file",
    "parquet_images",
    "prepared_rows",
    "text_files",
    "tokenizer",
]
