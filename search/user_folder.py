"""The folder of Lionhunt in the cache of this user, which nobody else can write."""

import os
import stat
from pathlib import Path


def user_folder() -> Path:
    """Return the cache folder of this user, which all runs share.

    You can delete it at any time. Each machine of a cluster has one; on a network file system,
    machines share it.
    """
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    # The specification of the variable says to ignore a relative path.
    return (base if base.is_absolute() else Path.home() / ".cache") / "lionhunt"


def make_own(folder: Path) -> None:
    """Make a folder that this user alone can use; raise `OSError` if others could have written it.

    Others may have read it until now.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if {folder.lstat().st_uid, folder.stat().st_uid} != {os.geteuid()}:
        raise PermissionError(f"{folder} belongs to another user")
    if stat.S_IMODE(folder.stat().st_mode) & 0o022:
        raise PermissionError(f"others can write {folder}; remove it")
    folder.chmod(0o700)
