"""Text of files, one sentence a line, in a byte-pair vocabulary of its own.

The layout is that of the One Billion Word Benchmark (LM1B; Chelba et al., 2013, arXiv:1312.3005);
any UTF-8 text that two patterns of names divide into training and validation will do.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from lionhunt.proxy_tasks.data.dataset import DataError, Split
from lionhunt.proxy_tasks.data.tokenizer import VocabularyError, build_vocabulary, encode

LM1B_TRAIN = "training-monolingual.tokenized.shuffled/news.en-*"
LM1B_VALIDATION = "heldout-monolingual.tokenized.shuffled/news.en.heldout-00000-of-00050"
ADVICE = (
    "put there the two folders of the One Billion Word Benchmark (its archive is called "
    "1-billion-word-language-modeling-benchmark-r13output), or say where text is with the options "
    "path, train_files and validation_files"
)
VOCABULARY_CHARACTERS = 10_000_000
"""The vocabulary is that of the first so many characters to train on."""
BLOCK = 1_000_000
"""Characters that are read at a time, and most of a line that is not cut."""


def load_text(
    path: str, train_files: str, validation_files: str, vocabulary_size: int, max_characters: int
) -> Split:
    """Text as tokens; the same files give the same tokens.

    Args:
        path: of a folder.
        train_files: a pattern of names in it, in the order of the names; see `Path.glob`.
        validation_files: likewise, of other files.
        vocabulary_size: tokens of the vocabulary, which is built from the text to train on.
        max_characters: that are read to train on, and to validate on: the first of the files, and
            the rest of the line.

    Returns:
        Tokens of shape (n,), uint16 below `vocabulary_size`; see `proxy_tasks.data.tokenizer`.

    Raises:
        DataError: a file is missing or is no text, or the vocabulary does not fit it.
    """
    root = Path(path).expanduser()
    if not root.is_dir():
        raise DataError(f"there is no folder {path} in {Path.cwd()}; {ADVICE}")
    train, validation = (_find(root, pattern) for pattern in (train_files, validation_files))
    if both := set(train).intersection(validation):
        raise DataError(f"{min(both)} is both to train and to validate on; change a pattern")
    first = list(_read_blocks(train, min(max_characters, VOCABULARY_CHARACTERS)))
    try:
        vocabulary = build_vocabulary(
            (w for block in first for w in block.split()), vocabulary_size
        )
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
        found = sorted(file for file in root.glob(pattern) if file.is_file())
    except (ValueError, NotImplementedError):  # it is empty, or it is a path of its own
        raise DataError(f"'{pattern}' is no pattern of files in a folder") from None
    if not found:
        raise DataError(f"there is no {root / pattern}; {ADVICE}")
    return found


def _read_blocks(files: Sequence[Path], max_characters: int) -> Iterator[str]:
    """Yields whole lines of the files, in order."""
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
