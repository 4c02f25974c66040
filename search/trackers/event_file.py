"""A file of events that TensorBoard reads: values by name and step.

The format is written here rather than by tensorboardX: that imports torch where it is installed
(4 s), and hands events to a thread, which a full disk ends, and then who has more waits for ever.
Records of `length, checksum, event, checksum`, as TensorFlow's record_writer.h has them; an event
is a message of Protocol Buffers, with the fields of event.proto and summary.proto.
"""

import errno
import io
import itertools
import os
import struct
import time
from collections.abc import Mapping
from pathlib import Path

_VERSION = b"brain.Event:2"
_START = 1  # SessionLog.START
_MAX_FLOAT32 = 3.4028234663852886e38


class EventFile:
    """The event file of one session. Raises `OSError` where it cannot be written.

    Args:
        folder: of all sessions; it is made.
        first_step: of this session. If it is not 0, points of earlier sessions at this step or
            beyond are told to be void.
    """

    def __init__(self, folder: Path, first_step: int):
        folder.mkdir(exist_ok=True)
        self._file = _open_new(folder, first_step)
        self._write(0, _bytes(3, _VERSION))
        if first_step:
            self._write(first_step, _bytes(7, _integer(1, _START)))

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """Adds a point to each curve, by its name."""
        points = (_bytes(1, name.encode()) + _float(2, value) for name, value in values.items())
        self._write(step, _bytes(5, b"".join(_bytes(1, point) for point in points)))

    def close(self) -> None:
        """Ends it."""
        self._file.close()

    def _write(self, step: int, what: bytes) -> None:
        event = _double(1, time.time()) + _integer(2, step) + what
        length = struct.pack("<Q", len(event))
        record = b"".join((length, _checksum(length), event, _checksum(event)))
        if self._file.write(record) < len(record):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _open_new(folder: Path, first_step: int) -> io.FileIO:
    """A new file; TensorBoard reads all of a folder in the order of their names."""
    for number in itertools.count():
        name = f"events.out.tfevents.{first_step:012}.{number:03}"
        try:
            return (folder / name).open("xb", buffering=0)
        except FileExistsError:
            continue
    raise AssertionError


def _varint(number: int) -> bytes:
    parts = []
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*parts, number))


def _integer(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _double(field: int, value: float) -> bytes:
    return _varint(field << 3 | 1) + struct.pack("<d", value)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _float(field: int, value: float) -> bytes:
    clipped = max(-_MAX_FLOAT32, min(value, _MAX_FLOAT32))
    return _varint(field << 3 | 5) + struct.pack("<f", clipped)


def _castagnoli(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
    return byte


_CRC32C = [_castagnoli(byte) for byte in range(256)]


def _checksum(data: bytes) -> bytes:
    """The masked CRC-32C of the record format."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ _CRC32C[(crc ^ byte) & 0xFF]
    crc ^= 0xFFFFFFFF
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)
