"""A function of the user that the driver calls; each of its faults is one line."""

import inspect
import signal
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lionhunt.search.errors import OutOfTimeError, SourceError, UserCodeError, first_line
from lionhunt.search.user_code.loading import load
from lionhunt.search.user_code.reference import Reference


class UserFunction:
    """A function of the user, loaded and ready to be called.

    Args:
        reference: names the function.
        parameters: names of its arguments, for the message if it takes others.
        seconds: longest time of a call. It holds in the main thread of a system with signals.

    Attributes:
        name: short, as `my_fitness.combine`.

    Raises:
        SourceError: there is no such function, or it takes other arguments.
    """

    def __init__(self, reference: str, parameters: tuple[str, ...], seconds: float):
        parsed = Reference.parse(reference)
        self.name = parsed.short_name
        self._function, digests = load(reference)
        self._paths = digests.keys()
        self._place = Path(parsed.module).name if parsed.is_file else parsed.module
        self._seconds = seconds
        arguments = ", ".join(parameters)
        if not callable(self._function):
            kind = type(self._function).__name__
            raise SourceError(f"{reference} is no function but of type {kind}; name a function")
        try:
            signature = inspect.signature(self._function)
        except ValueError:
            # Some functions in C tell nothing of their arguments.
            return
        try:
            signature.bind(*parameters)
        except TypeError as error:
            raise SourceError(
                f"{reference} must take ({arguments}), not {signature}: {first_line(error)}"
            ) from None

    def __call__(self, *args: Any) -> Any:
        """Call the function.

        Raises:
            UserCodeError: it raises, or takes too long. The message names file and line.
        """
        try:
            with _time_limit(self._seconds):
                return self._function(*args)
        except KeyboardInterrupt:
            raise
        except _OutOfTime as error:
            text = f"takes longer than evaluation.candidate_seconds ({self._seconds:g} s); "
            fault = self.fault(f"{text}make it faster, or raise that", error)
            raise OutOfTimeError(str(fault)) from None
        # SystemExit too.
        except BaseException as error:
            raise self.fault(f"raises {type(error).__name__}: {first_line(error)}", error) from None

    def fault(self, text: str, error: BaseException | None = None) -> UserCodeError:
        """Return the error for a fault of the function.

        Args:
            text: the fault, as a part of a sentence after the function's name.
            error: of which the last line in the user's files is named.
        """
        frames = traceback.extract_tb(None if error is None else error.__traceback__)
        lines = [frame for frame in frames if frame.filename in self._paths]
        place = f" ({lines[-1].filename}, line {lines[-1].lineno})" if lines else ""
        return UserCodeError(f"{self._place}:{self.name.rpartition('.')[2]} {text}{place}")


class _OutOfTime(BaseException):
    """The time of a call is over; no `except Exception` of the user catches it."""


@contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Raise `_OutOfTime` in the body after some seconds, where the system can interrupt it."""
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or not hasattr(signal, "setitimer"):
        yield
        return

    def stop(*_: object) -> None:
        raise _OutOfTime

    handler = signal.signal(signal.SIGALRM, stop)
    rest, interval = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, rest, interval)
        signal.signal(signal.SIGALRM, handler)
