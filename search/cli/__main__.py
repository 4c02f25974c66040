"""The process of the command `lionhunt`: it heeds signals before it imports anything heavy."""

from lionhunt.search.interrupt import run_as_process


def main() -> None:
    """Run the command line, and end the process."""
    run_as_process(_work)


def _work() -> None:
    from lionhunt.search.cli.main import main as run

    run()


if __name__ == "__main__":
    main()
