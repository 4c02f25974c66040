"""Loaders of the tasks' data, as plain NumPy arrays.

It imports nothing of this project but its error class. Import its modules by name.
"""

__all__ = ["bundled", "dataset", "image_files", "parquet_images", "text_files", "tokenizer"]
