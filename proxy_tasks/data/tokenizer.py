"""Byte-pair vocabulary of a text, and the text as tokens.

SentencePiece builds the vocabulary. It needs no other package, and the same words give the same
vocabulary. The library `tokenizers` is not deterministic (its issue 1794).
"""

import io
from collections.abc import Iterable

import numpy as np
from sentencepiece import SentencePieceProcessor, SentencePieceTrainer

UNKNOWN, END = 0, 1
"""Tokens of a character outside the vocabulary, and of the end of a sentence."""


class VocabularyError(Exception):
    """A vocabulary that cannot be built from the words: one line that says why."""


def build_vocabulary(words: Iterable[str], size: int) -> SentencePieceProcessor:
    """Build the byte-pair vocabulary of words.

    It covers the most frequent characters, 99.95 % of the text. No pair crosses the end of a word.

    Args:
        words: words without whitespace; those of more than 4,192 bytes are skipped.
        size: tokens of the vocabulary, including `UNKNOWN` and `END`.

    Raises:
        VocabularyError: the words have too few pairs, or too many characters, for the size.
    """
    model = io.BytesIO()
    # An id of -1 means no such token; log level 3 is silent.
    try:
        SentencePieceTrainer.train(
            sentence_iterator=iter(words),
            model_writer=model,
            model_type="bpe",
            vocab_size=size,
            unk_id=UNKNOWN,
            eos_id=END,
            bos_id=-1,
            pad_id=-1,
            normalization_rule_name="identity",
            num_threads=1,
            minloglevel=3,
        )
    except RuntimeError as error:
        reason = str(error).rpartition("] ")[2].strip() or "there are no words"
        raise VocabularyError(reason) from None
    return SentencePieceProcessor(model_proto=model.getvalue())


def encode(blocks: Iterable[str], vocabulary: SentencePieceProcessor) -> np.ndarray:
    """Encode a text as tokens: its sentences end to end, each followed by `END`.

    Args:
        blocks: whole lines of the text, a sentence each; whitespace only separates words.
        vocabulary: result of `build_vocabulary`.

    Returns:
        Tokens of shape (n,), uint16.
    """
    codes = _Codes(vocabulary)
    end = _to_bytes([END])
    encoded = bytearray()
    for block in blocks:
        sentences = filter(None, map(str.split, block.split("\n")))
        encoded += b"".join(b"".join(map(codes.__getitem__, words)) + end for words in sentences)
    return np.frombuffer(encoded, np.uint16)


class _Codes(dict[str, bytes]):
    """Cache of the tokens of words; three times as fast as encoding whole sentences."""

    def __init__(self, vocabulary: SentencePieceProcessor):
        self._vocabulary = vocabulary

    def __missing__(self, word: str) -> bytes:
        code = self[word] = _to_bytes(self._vocabulary.encode(word))
        return code


def _to_bytes(tokens: list[int]) -> bytes:
    return np.array(tokens, np.uint16).tobytes()
