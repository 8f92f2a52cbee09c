"""Sphinx's configuration: Markdown as it stands in the repository, one theme, nothing from elsewhere."""

from typing import TYPE_CHECKING

import yaml

from docsite.contents import FIRST_PAGE, SECTIONS, contents
from nps_chain.settings import ROOT

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "NPS chain warehouse"
version = release = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))["version"]
extensions = ["myst_parser"]
root_doc = FIRST_PAGE
include_patterns = [f"{page}.md" for page in (FIRST_PAGE, *(page for pages in SECTIONS.values() for page in pages))]
# not looked into: what is built, and what may be a user's
exclude_patterns = [".*", "warehouse", "landing", "demo_data", "target", "logs", "site", "models", "tests"]
myst_heading_anchors = 4
# blocks are commands and output, not Python
highlight_language = "none"

html_theme = "furo"
html_title = f"{project} {version}"
html_static_path = ["static"]
html_css_files = ["site.css"]
templates_path = ["templates"]
html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "sidebar/search.html",
        "sidebar/scroll-start.html",
        "sidebar/navigation.html",
        "models.html",
        "sidebar/scroll-end.html",
    ]
}
html_copy_source = False
html_use_index = False


def setup(app: "Sphinx") -> None:
    """Put the list of pages, which Markdown on a code host has no use for, under the first one."""

    def append_contents(_app: object, page: str, source: list[str]) -> None:
        if page == FIRST_PAGE:
            source[0] += contents()

    app.connect("source-read", append_contents)
