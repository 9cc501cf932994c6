"""The picture on the site's first page is README.md's chart."""

import re

import pytest

from scripts import flow


def test_picture_shows_every_text_of_the_chart() -> None:
    texts = re.findall(r'"(.*?)"', flow.chart())
    assert len(texts) >= 15
    picture = re.sub("&#160;", " ", flow.PICTURE.read_text("utf-8"))
    shown = re.findall(r">([^<>]+)</text>", picture)
    assert sorted(line for text in texts for line in text.split("<br/>")) == sorted(shown)


def test_line_that_cannot_be_drawn_is_reported() -> None:
    with pytest.raises(ValueError, match="cannot draw `a ==> b`"):
        flow.dot("    a ==> b\n")
