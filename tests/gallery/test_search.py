"""A search finds the page of a hazard by what people see or read."""

import pytest

from gil_demo.gallery import registry


def names(words: str) -> list[str]:
    return [pattern.name for pattern in registry.search(words)]


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("deadlock", "lock-order"),
        ("hangs", "lock-order"),
        ("Segmentation fault", "borrowed-reference"),
        ("SIGSEGV at exit", "after-the-end"),
        ("PyList_GET_ITEM", "borrowed-reference"),
        ("the function must be called with the GIL held", "missing-end"),
        ("Fatal Python error: PyThreadState_Get: the function must be called", "missing-end"),
        ("fesetround", "process-wide-state"),
        ("segfault with an array of 2^31 elements", "short-index"),
        ("np.nonzero: heap buffer overflow", "count-then-fill"),
        ("std::vector view shows garbage", "no-owner"),
        ("https://github.com/h5py/h5py/issues/591", "library-lock"),
    ],
)
def test_words_find_the_page_that_explains_them(words: str, name: str) -> None:
    """A symptom, a name of the C API or an error message leads to a pattern that shows it."""
    assert name in names(words)


def test_the_words_as_they_stand_come_first() -> None:
    """A page that has the whole error message is not mixed with those that have its words."""
    message = "the function must be called with the GIL held"
    assert all(
        message in " ".join(" ".join(pattern.page.values()).split())
        for pattern in registry.search(message)
    )


def test_a_name_of_c_is_found_in_the_c_and_an_everyday_word_is_not() -> None:
    """The C of nearly all patterns says 'total'; that makes none of them a page about totals."""
    assert "strided-view" in names("PyArray_SIZE")
    assert len(names("total")) < len(registry.load_all()) / 2


def test_words_find_other_forms_of_themselves() -> None:
    """Someone who writes 'locking' also means the pages that say 'locked'."""
    assert set(names("overlapping")) <= set(names("overlaps"))


def test_pages_are_found_in_the_order_of_the_list() -> None:
    """The chapters stay together, so the table can be drawn."""
    order = [pattern.name for pattern in registry.load_all()]
    found = names("segfault")
    assert len(found) > 5
    assert found == sorted(found, key=order.index)


@pytest.mark.parametrize("words", ["foobarbaz", "flux capacitor overheats", "   "])
def test_words_of_no_page_are_refused_with_a_way_on(words: str) -> None:
    """What is about something else finds nothing rather than everything."""
    with pytest.raises(registry.UnknownPattern, match="'gil-demo list' shows all patterns"):
        registry.search(words)
