"""Text in files, one sentence a line, as tokens of a byte-pair vocabulary built from it.

The default layout is the One Billion Word Benchmark (LM1B; Chelba et al., 2013, arXiv:1312.3005).
Any UTF-8 text works if two name patterns separate training from validation files.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from lionhunt.proxy_tasks.data.dataset import DataError, Split
from lionhunt.proxy_tasks.data.tokenizer import VocabularyError, build_vocabulary, encode

ADVICE = (
    "put there the two folders of the One Billion Word Benchmark (its archive is called "
    "1-billion-word-language-modeling-benchmark-r13output), or say where text is with the options "
    "path, train_files and validation_files"
)
VOCABULARY_CHARACTERS = 10_000_000
"""Characters of training text, from the first, that the vocabulary is built from."""
BLOCK = 1_000_000
"""Characters read at a time; a longer line is cut."""


def load_text(
    path: str, train_files: str, validation_files: str, vocabulary_size: int, max_characters: int
) -> Split:
    """Load text as tokens; the same files give the same tokens.

    Args:
        path: path of a folder.
        train_files: pattern of names in it (see `Path.glob`); files are read in name order.
        validation_files: pattern of other files in it.
        vocabulary_size: tokens of the vocabulary, which is built from the training text.
        max_characters: most characters of each part, from the first file; the last line is
            completed.

    Returns:
        Tokens of shape (n,), uint16 below `vocabulary_size`; see `proxy_tasks.data.tokenizer`.

    Raises:
        DataError: a file is missing or is not text, or the vocabulary does not fit the text.
    """
    root = Path(path).expanduser()
    if not root.is_dir():
        raise DataError(f"there is no folder {path} in {Path.cwd()}; {ADVICE}")
    train, validation = (_find(root, pattern) for pattern in (train_files, validation_files))
    if shared := set(train).intersection(validation):
        raise DataError(f"{min(shared)} is both to train and to validate on; change a pattern")
    first = list(_read_blocks(train, min(max_characters, VOCABULARY_CHARACTERS)))
    try:
        words = (word for block in first for word in block.split())
        vocabulary = build_vocabulary(words, vocabulary_size)
    except VocabularyError as error:
        raise DataError(
            f"{train[0]} gives no vocabulary of {vocabulary_size} tokens ({error}); change "
            "vocabulary_size, or read more text"
        ) from None
    return Split(
        (encode(_read_blocks(train, max_characters), vocabulary),),
        (encode(_read_blocks(validation, max_characters), vocabulary),),
    )


def _find(root: Path, pattern: str) -> list[Path]:
    try:
        files = sorted(file for file in root.glob(pattern) if file.is_file())
    # An empty pattern, or an absolute path.
    except (ValueError, NotImplementedError):
        raise DataError(f"'{pattern}' is no pattern of files in a folder") from None
    if not files:
        raise DataError(f"there is no {root / pattern}; {ADVICE}")
    return files


def _read_blocks(files: Sequence[Path], max_characters: int) -> Iterator[str]:
    """Yield blocks of whole lines of the files, in order."""
    left = max_characters
    for file in files:
        try:
            with file.open(encoding="utf-8") as text:
                while left > 0 and (block := text.read(min(left, BLOCK))):
                    left -= len(block)
                    yield block + text.readline(BLOCK)
        except UnicodeDecodeError:
            raise DataError(f"{file} is not UTF-8 text") from None
        except OSError as error:
            raise DataError(f"cannot read {file}: {error.strerror}") from None
