"""Data Docs: what Great Expectations renders of a suite's result, in pages that open without a network.

Its own pages load styles and scripts from a dozen public servers, without which the index is empty. So its sections are
put into plain pages with one style sheet beside them. They hold counts and shares, never values of rows.
"""

import re
import shutil
from html import escape
from pathlib import Path

from great_expectations.core import ExpectationSuiteValidationResult
from great_expectations.render.renderer import ValidationResultsPageRenderer
from great_expectations.render.view import DefaultJinjaSectionView

from nps_chain.checks.findings import CRITICAL, Finding, SuiteReport, could_not_run

STAGES = {"raw": "Landing data sets, before the build", "marts": "Public tables, before they are published"}
STYLE = Path(__file__).with_name("data_docs.css")
# scripts, and whatever names another server
REMOTE = re.compile(
    r"<script\b.*?</script>|<(?:link|img|iframe)\b[^>]*>|<footer\b.*?</footer>|\son\w+=\"[^\"]*\"", re.DOTALL
)
PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{title}</title><link rel="stylesheet" href="{root}data_docs.css"></head>
<body>
<p class="path">{path}</p>
<h1>{title}</h1>
{body}
</body>
</html>
"""


def write(folder: Path, stage: str, reports: list[SuiteReport]) -> Path:
    """Write the pages of one stage in place of its old ones; return their folder."""
    target = folder / stage
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    shutil.copyfile(STYLE, folder / STYLE.name)
    for report in reports:
        _write_page(
            target / f"{report.name}.html", report.name, _suite_body(report), _link("index.html", STAGES[stage])
        )
    _write_page(target / "index.html", STAGES[stage], _stage_body(reports), _link("../index.html", "Data Docs"))
    links = [
        f"<li>{_link(f'{name}/index.html', title)}</li>"
        for name, title in STAGES.items()
        if (folder / name / "index.html").is_file()
    ]
    _write_page(folder / "index.html", "Data Docs", f"<ul>{''.join(links)}</ul>", "", root="")
    return target


def _write_page(path: Path, title: str, body: str, trail: str, root: str = "../") -> None:
    path.write_text(PAGE.format(title=escape(title), body=body, path=trail, root=root), encoding="utf-8")


def _link(address: str, text: str) -> str:
    return f'<a href="{escape(address)}">{escape(text)}</a>'


def _stage_body(reports: list[SuiteReport]) -> str:
    rows = "".join(_row(report) for report in reports)
    return f"<table><tr><th>suite</th><th>expectations</th><th>met</th><th>findings</th></tr>{rows}</table>"


def _row(report: SuiteReport) -> str:
    met = sum(bool(entry.success) for entry in report.result.results)
    cells = (
        _link(f"{report.name}.html", report.name),
        str(len(report.result.results)),
        str(met),
        _list(report.findings),
    )
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _list(findings: tuple[Finding, ...]) -> str:
    """What was found; a fault that is critical is not named as a warning again."""
    critical = {finding.text for finding in findings if finding.severity == CRITICAL}
    shown = dict.fromkeys((finding.text in critical, finding.text) for finding in findings)
    items = [
        f'<li class="{"critical" if is_critical else "warning"}">{escape(text)}</li>' for is_critical, text in shown
    ]
    return f"<ul>{''.join(items)}</ul>" if items else ""


def _suite_body(report: SuiteReport) -> str:
    _hide_exceptions(report.result)
    document = ValidationResultsPageRenderer().render(report.result)
    view = DefaultJinjaSectionView()
    sections = [
        view.render({"section": section.to_json_dict(), "section_loop": {"index": number}})
        for number, section in enumerate(document.sections, start=1)
    ]
    return REMOTE.sub("", _list(report.findings) + "".join(sections))


def _hide_exceptions(result: ExpectationSuiteValidationResult) -> None:
    """A trace names the machine's folders, and an engine's message may quote a value."""
    for entry in result.results:
        if could_not_run(entry):
            entry.exception_info = {
                "raised_exception": True,
                "exception_message": "It could not be evaluated: a column is missing or has another type.",
                "exception_traceback": "",
            }
