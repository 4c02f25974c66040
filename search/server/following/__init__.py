"""All that is followed while somebody looks: the list of runs, and each run that is open."""

__all__ = ["folder_list", "followers", "program_index", "run_follower", "snapshot", "watcher"]
