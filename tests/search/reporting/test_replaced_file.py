"""Files that are replaced whole, or not at all."""

import pytest

from lionhunt.search.reporting.replaced_file import replaced_file, write_whole


def test_text_takes_the_place_of_another(tmp_path):
    file = tmp_path / "file"
    for text in ("first", "second"):
        write_whole(file, text)
        assert file.read_text() == text
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_file_that_is_not_finished_leaves_the_old_one(tmp_path, error):
    file = tmp_path / "file"
    file.write_text("old")
    with pytest.raises(error), replaced_file(file) as part:
        part.write_text("ne")
        raise error
    assert file.read_text() == "old" and list(tmp_path.iterdir()) == [file]
