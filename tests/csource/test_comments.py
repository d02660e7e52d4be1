"""Comments are read, or removed without moving a line."""

from gil_demo.csource.comments import opening_comment, tagged_lines, without_comments


def test_removing_comments_keeps_every_line_where_it_was() -> None:
    """A comment of three lines leaves three lines, and a literal that looks like one stays."""
    source = 'int x; /* one\ntwo\nthree */ int y; // four\nchar *s = "/* five */";\n'
    assert without_comments(source) == 'int x; \n\n int y; \nchar *s = "/* five */";\n'


def test_the_opening_comment_is_one_line_of_words() -> None:
    """Line breaks and indents in it do not matter."""
    assert opening_comment("/* What it\n   is. */\n#include <x.h>\n") == "What it is."
    assert opening_comment("\n/* After white space. */ int x;") == "After white space."


def test_a_text_that_begins_with_code_has_no_opening_comment() -> None:
    """A comment further down is no opening one."""
    assert opening_comment("#include <x.h>\n/* later */\n") == ""
    assert opening_comment("") == ""


def test_tags_are_found_in_comments_with_their_lines() -> None:
    """Also in the second line of a comment, and not in code."""
    source = '/* right [first]: yes.\n   wrong [second-one]: no. */\nchar *s = "right [third]";\n'
    assert tagged_lines(source) == {"first": 1, "second-one": 2}
