"""The base class of every error that a user of Lionhunt can act on."""


class LionhuntError(Exception):
    """An expected failure: wrong input, a missing file, a run that cannot continue.

    The message is one line that says what to do. Any other exception is a bug.
    """
