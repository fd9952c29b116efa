from hypothesis import given
from hypothesis import strategies as st

from variants.breakage.randomness import generator, uniform_rows

seeds, indices = st.integers(0, 2**40), st.integers(0, 2**20)


@given(seed=seeds, index=indices, few=st.integers(0, 20), more=st.integers(0, 20))
def test_fewer_rows_are_a_prefix_of_more(seed, index, few, more):
    assert (uniform_rows(seed, "data", index, few + more)[:few] == uniform_rows(seed, "data", index, few)).all()


@given(seed=seeds, index=indices)
def test_every_part_of_the_key_matters(seed, index):
    keys = [(seed, "data", index), (seed + 1, "data", index), (seed, "pool", index), (seed, "data", index + 1)]
    assert len({generator(*key).random() for key in keys}) == len(keys)


def test_the_numbers_are_the_same_in_every_process():
    assert generator(0, "weights").random() == 0.9815283181364994
