"""One HTML file of a run or of an experiment, to look at: it needs no network and no server.

Every text from records passes `lionhunt.search.report_page.page`, which makes it visible and
escapes it.
"""

from lionhunt.search.report_page.folder import folder_page
from lionhunt.search.report_page.run import run_page

__all__ = ["folder_page", "run_page"]
