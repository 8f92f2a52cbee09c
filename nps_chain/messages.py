"""What is said to the user."""


def say(line: str) -> None:
    """Print a line of progress at once."""
    print(line, flush=True)


def count_files(count: int) -> str:
    """A number of files in words."""
    return f"{count:,} file" if count == 1 else f"{count:,} files"
