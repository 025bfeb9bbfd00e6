"""Subjects and patterns, beside the plainest definition one can write."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vettura.bus.subjects_match import check_pattern, check_subject, matches, overlap
from vettura.errors import InputError

WORDS = st.sampled_from(["a", "b", "v1"])
SUBJECTS = st.lists(WORDS, min_size=1, max_size=4)
PATTERNS = st.builds(
    lambda tokens, tail: [*tokens, *tail],
    st.lists(st.one_of(WORDS, st.just("*")), min_size=1, max_size=3),
    st.sampled_from([[], [">"]]),
)


def defined(pattern: list[str], subject: list[str]) -> bool:
    if not pattern or not subject:
        return not pattern and not subject
    if pattern == [">"]:
        return True
    return pattern[0] in ("*", subject[0]) and defined(pattern[1:], subject[1:])


@given(PATTERNS, SUBJECTS)
def test_a_pattern_matches_as_defined(pattern, subject):
    assert matches(".".join(pattern), ".".join(subject)) == defined(pattern, subject)


@given(PATTERNS, PATTERNS, SUBJECTS)
def test_patterns_that_share_a_subject_overlap(pattern, other, subject):
    if defined(pattern, subject) and defined(other, subject):
        assert overlap(".".join(pattern), ".".join(other))
        assert overlap(".".join(other), ".".join(pattern))


@pytest.mark.parametrize(
    ("pattern", "other", "meet"),
    [
        ("a.*", "*.b", True),
        ("a.>", "*.b", True),
        ("a.>", "a", False),
        ("a.*", "a.b.c", False),
        ("a.b", "a.c", False),
        ("a.*.c", "a.>", True),
    ],
)
def test_patterns_overlap_only_where_a_subject_fits_both(pattern, other, meet):
    assert overlap(pattern, other) is meet


@given(PATTERNS, PATTERNS, SUBJECTS)
def test_a_pattern_that_covers_another_matches_all_of_it(pattern, other, subject):
    if matches(".".join(pattern), ".".join(other)) and defined(other, subject):
        assert defined(pattern, subject)


@given(st.text(max_size=20))
def test_what_passes_as_a_subject_passes_as_a_pattern(text):
    try:
        check_subject(text)
    except InputError as refusal:
        shown = refusal.message
    else:
        shown = ""
        assert matches(check_pattern(text), text)
        assert not set(text) & set(" \t\r\n*>")
    assert not shown or repr(text) in shown
