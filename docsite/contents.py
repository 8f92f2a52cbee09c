"""Which pages the site has, and in which order."""

FIRST_PAGE = "README"
SECTIONS = {
    "Using it": ("docs/landing", "docs/warnings", "docs/settings", "docs/scale"),
    "The figures": ("docs/verdict", "analyses/README", "docs/methods", "docs/star", "docs/decisions"),
    "Whether to trust them": ("docs/guarantees", "docs/study", "bench/results"),
    "The project": ("docs/design", "docs/landing_models", "docs/roadmap", "CONTRIBUTING", "CHANGELOG"),
}


def contents() -> str:
    """The list of pages as MyST writes it."""
    return "".join(_section(title, pages) for title, pages in SECTIONS.items())


def _section(title: str, pages: tuple[str, ...]) -> str:
    lines = "\n".join(pages)
    return f"\n```{{toctree}}\n:hidden:\n:caption: {title}\n\n{lines}\n```\n"
