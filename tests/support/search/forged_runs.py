"""Run folders as a stranger may send them: sound checksums around anything."""

import sqlite3
import struct
from contextlib import closing

from lionhunt.search.storage.checks.checksums import checksum
from lionhunt.search.storage.schema import RUN

PAGE_SIZE = 4096


def change(folder, *statements):
    """Execute SQL on the file of a run, whatever it does to the schema."""
    with closing(sqlite3.connect(folder / RUN.file_name)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def forge(folder, table, column, value, where="1"):
    """Set a column of some rows, and their checksums."""
    with closing(sqlite3.connect(folder / RUN.file_name)) as connection:
        connection.execute(f'UPDATE {table} SET "{column}" = ? WHERE {where}', (value,))
        for *values, _ in connection.execute(f"SELECT * FROM {table}").fetchall():
            connection.execute(
                f'UPDATE {table} SET checksum = ? WHERE "{first_column(connection, table)}" = ?',
                (checksum(values), values[0]),
            )
        connection.commit()


def first_column(connection, table):
    return connection.execute(f"PRAGMA table_info({table})").fetchone()[1]


def make_endless(folder, table="individuals", levels=15, width=300):
    """Let every page of a tree lead to one page below, many times: few bytes with endless rows."""
    file = folder / RUN.file_name
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA page_size").fetchone()[0] == PAGE_SIZE
        query = "SELECT rootpage FROM sqlite_schema WHERE name = ?"
        root = connection.execute(query, (table,)).fetchone()[0]
    content = bytearray(file.read_bytes())
    num_pages = len(content) // PAGE_SIZE
    start = (root - 1) * PAGE_SIZE
    bottom = num_pages + levels
    pages = [interior_page(num_pages + level + 2, width) for level in range(levels - 1)]
    pages.append(bytes(content[start : start + PAGE_SIZE]))
    content[start : start + PAGE_SIZE] = interior_page(num_pages + 1, width)
    content[28:32] = struct.pack(">I", bottom)
    file.write_bytes(bytes(content) + b"".join(pages))


def interior_page(child, width):
    """Return a page of a table's tree whose cells all lead to one child."""
    cells = [
        struct.pack(">IBB", child, 0x80 | number >> 7, number & 0x7F) for number in range(width)
    ]
    begin = PAGE_SIZE - 6 * width
    header = struct.pack(">BHHHBI", 5, 0, width, begin, 0, child)
    pointers = b"".join(struct.pack(">H", begin + 6 * number) for number in range(width))
    gap = bytes(begin - len(header) - len(pointers))
    return header + pointers + gap + b"".join(cells)
