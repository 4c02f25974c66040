"""Text in files: its tokens, its vocabulary, and the errors of wrong files."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lionhunt.proxy_tasks import DataError
from lionhunt.proxy_tasks.data import text_files
from lionhunt.proxy_tasks.data.text_files import load_text
from lionhunt.proxy_tasks.data.tokenizer import (
    END,
    UNKNOWN,
    VocabularyError,
    build_vocabulary,
    encode,
)
from lionhunt.proxy_tasks.options import LM1B_TRAIN, LM1B_VALIDATION
from tests.support.data_files import VOCABULARY_SIZE, make_sentences, text_options

FIRST = LM1B_TRAIN.replace("*", "00001-of-00100")
SENTENCES = make_sentences(200, seed=1)
WORDS = " ".join(SENTENCES + make_sentences(100, seed=2)).split()


@pytest.fixture(scope="module")
def vocabulary():
    return build_vocabulary(WORDS, VOCABULARY_SIZE)


@pytest.fixture
def folder(tmp_path):
    return Path(shutil.copytree(text_options()["path"], tmp_path / "text"))


def load(folder, train=LM1B_TRAIN, validation=LM1B_VALIDATION, size=VOCABULARY_SIZE, most=10**6):
    (tokens,), (held_out,) = load_text(str(folder), train, validation, size, most)
    return tokens, held_out


def to_text(tokens, vocabulary):
    """Decode the sentences of tokens, which `END` separates."""
    *sentences, remainder = np.split(tokens, np.flatnonzero(tokens == END) + 1)
    assert not len(remainder)
    return [vocabulary.decode(sentence.tolist()) for sentence in sentences]


def test_text_comes_back_from_its_tokens(folder, vocabulary):
    tokens, held_out = load(folder)
    assert tokens.dtype == np.uint16 and tokens.max() < VOCABULARY_SIZE
    assert to_text(tokens, vocabulary) == SENTENCES + make_sentences(100, seed=2)
    assert to_text(held_out, vocabulary) == make_sentences(60, seed=3)
    assert UNKNOWN not in tokens and len(tokens) < len(" ".join(SENTENCES))


def test_tokens_are_those_of_whole_sentences(vocabulary):
    sentences = [*SENTENCES, "Zürich is not in it , is it ?", "x" * 70_000]
    whole = [vocabulary.encode(sentence, add_eos=True) for sentence in sentences]
    assert encode(["\n".join(sentences)], vocabulary).tolist() == sum(whole, [])


def test_whitespace_only_divides(vocabulary):
    plain = encode(["The bank said\n. . .\n"], vocabulary)
    assert np.array_equal(encode(["\r\n\n The\tbank  said \r\n", ". . ."], vocabulary), plain)
    assert len(encode([], vocabulary)) == len(encode(["\n \n"], vocabulary)) == 0


def test_vocabulary_is_the_same_in_every_process(vocabulary):
    code = (
        "import sys; from lionhunt.proxy_tasks.data.tokenizer import build_vocabulary; "
        "words = sys.stdin.buffer.read().decode().split(); "
        f"vocabulary = build_vocabulary(words, {VOCABULARY_SIZE}); "
        "sys.stdout.buffer.write(vocabulary.serialized_model_proto())"
    )
    text = " ".join(WORDS).encode()
    environment = os.environ | {"PYTHONHASHSEED": "7"}
    done = subprocess.run(
        [sys.executable, "-c", code], input=text, capture_output=True, env=environment
    )
    assert done.stdout == vocabulary.serialized_model_proto(), done.stderr
    # SentencePiece prints nothing.
    assert done.stderr == b""


def test_frequent_words_are_whole(vocabulary):
    pieces = vocabulary.encode("The minister said .", out_type=str)
    assert pieces == ["▁The", "▁minister", "▁said", "▁."]


def test_vocabulary_that_the_words_do_not_give():
    for words, size, reason in (
        (["a", "b"], 100, "too high"),
        (["abcdefgh"], 4, "smaller than required_chars"),
        ([], 100, "there are no words"),
        ([""], 100, "there are no words"),
    ):
        with pytest.raises(VocabularyError, match=reason):
            build_vocabulary(words, size)


def test_only_the_first_lines_are_read(folder, vocabulary, monkeypatch):
    # A file then has many blocks.
    monkeypatch.setattr(text_files, "BLOCK", 1000)
    whole, _ = load(folder)
    first, _ = load(folder, most=6000)
    assert 0.3 < len(first) / len(whole) < 0.9
    sentences = SENTENCES + make_sentences(100, seed=2)
    words = build_vocabulary(" ".join(sentences[: np.sum(first == END)]).split(), VOCABULARY_SIZE)
    assert to_text(first, words) == sentences[: np.sum(first == END)]


def refused(folder, message, **options):
    with pytest.raises(DataError, match=message) as error:
        load(folder, **options)
    assert "\n" not in str(error.value)


def test_what_is_missing_is_named(folder, tmp_path):
    refused(tmp_path / "nowhere", "no folder .*nowhere in .* One Billion Word Benchmark")
    refused(tmp_path, r"there is no .*/training-monolingual.*news.en-\*; put there")
    (folder / LM1B_VALIDATION).unlink()
    refused(folder, "there is no .*/heldout-.*news.en.heldout-00000-of-00050; put there")


@pytest.mark.parametrize("pattern", ["", "/etc/*"])
def test_pattern_that_is_none_is_refused(folder, pattern):
    refused(folder, f"'{re.escape(pattern)}' is no pattern of files in a folder", train=pattern)


def test_text_both_to_train_and_to_validate_on_is_refused(folder):
    refused(
        folder, "00002-of-00100 is both to train and to validate on", validation="training*/*2-*"
    )


@pytest.mark.parametrize(
    "content, message",
    [
        (b"caf\xe9 au lait\n" * 100, "00001-of-00100 is not UTF-8 text"),
        (b"a b c\n", "00001-of-00100 gives no vocabulary of 100 tokens .*too high.*; change"),
        (b"", r"00001-of-00100 gives no vocabulary of 100 tokens \(there are no words\)"),
        (b"\x00 \x00\n", "00001-of-00100 gives no vocabulary"),
    ],
)
def test_file_of_no_text_is_named(folder, content, message):
    (folder / FIRST).write_bytes(content)
    refused(folder, message, train=FIRST)


def test_text_that_cannot_be_read_later_is_named(folder, monkeypatch):
    monkeypatch.setattr(text_files, "VOCABULARY_CHARACTERS", 1000)
    with (folder / FIRST).open("ab") as file:
        file.write(b"\xff\n")
    refused(folder, "00001-of-00100 is not UTF-8 text")
