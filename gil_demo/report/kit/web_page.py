"""Writes a web page that needs no network: every page of the reports has the same head."""

from html import escape

PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
{styles}
</style>
</head>
<body>
{body}
</body>
</html>
"""


def web_page(title: str, styles: str, body: str) -> str:
    """Write a page from the text of its title, its style sheet, and the HTML of its body."""
    return PAGE.format(title=escape(title), styles=styles, body=body)
