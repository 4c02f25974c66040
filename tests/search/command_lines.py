"""What every error of the command line looks like."""


def is_one_line(text):
    return text.endswith("\n") and text.count("\n") == 1 and text.startswith("lionhunt: ")
