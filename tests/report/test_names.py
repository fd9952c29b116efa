from hypothesis import given
from hypothesis import strategies as st

from harness.report.names import short, short_names


@given(st.lists(st.text(max_size=100), unique=True, min_size=1), st.integers(10, 50))
def test_short_names_are_short_and_stay_different(names, most):
    found = short_names(names, most)
    assert list(found) == names
    assert len(set(found.values())) == len(names)
    assert all(len(name) <= most + 4 for name in found.values())


def test_a_long_name_is_shortened_in_the_middle():
    assert short("abcdefghij", 5) == "ab…ij"
    assert short("abcde", 5) == "abcde"
