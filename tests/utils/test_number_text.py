"""Numbers in text files are ASCII digits, and nothing else that Python would take."""

import pytest

from mmsmot.utils.number_text import parse_float, parse_int, parse_number_texts


@pytest.mark.parametrize(
    ('text', 'value'),
    [
        ('10', 10.0),
        (' -1.5\t', -1.5),
        ('1e-3', 0.001),
        ('.5', 0.5),
        ('inf', float('inf')),
    ],
)
def test_floats(text: str, value: float) -> None:
    assert parse_float(text) == value


@pytest.mark.parametrize('text', ['1_0', '١٢', '1２', '٣.٥', '', ' ', '0x10', '1,5'])
def test_what_is_no_number(text: str) -> None:
    for parse in (parse_float, parse_int):
        with pytest.raises(ValueError):
            parse(text)


def test_whole_numbers() -> None:
    assert parse_int(' 12\n') == 12
    with pytest.raises(ValueError):
        parse_int('1.0')


@pytest.mark.parametrize(
    'line',
    ['1,2.5,-3', '1 , 2.5, -3 ,\n', '1 2.5\t-3', ' 1,2.5,-3, \t', '1,\xa02.5,-3'],
)
def test_the_numbers_of_a_line(line: str) -> None:
    assert parse_number_texts(line) == [1.0, 2.5, -3.0]


@pytest.mark.parametrize('line', ['1,,3', '1,2_0,3', '1,٢,3', 'a 1 2'])
def test_lines_that_are_no_numbers(line: str) -> None:
    with pytest.raises(ValueError):
        parse_number_texts(line)
