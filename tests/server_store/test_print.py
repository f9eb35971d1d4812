"""Print on the server: it confirms a code, stands where there is none, and contradicts one that lies."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest

from testigo.errors import InputError
from testigo.reading import OpenedImage, open_image, read_sheet
from testigo.records import Evidence
from testigo.server.configuration import configuration, read_configuration
from testigo.simulate.press import draw_sheet, encode_jpeg


@pytest.fixture
def mode(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Sets when print is read."""

    def choose(text: str) -> None:
        monkeypatch.setenv("TESTIGO_PRINT_MODE", text)
        configuration.cache_clear()

    yield choose
    configuration.cache_clear()


def drawn(place: Any, station: str, counts: Any = None) -> Any:
    """A flat drawing of a station's sheet, with other counts if given."""
    country = place.country
    sheet = country.sheet(station)
    sheet = sheet if counts is None else replace(sheet, counts=counts)
    return draw_sheet(country.profile, country.profile.contest(country.contest), sheet).copy()


def where_code_is(pixels: Any, place: Any) -> tuple[slice, slice]:
    image = open_image(encode_jpeg(pixels))
    assert isinstance(image, OpenedImage)
    x, y, width, height = read_sheet(place.profile, image, rehearsal=True, print_mode="never").found[0].region
    return slice(y - 2, y + height + 2), slice(x - 2, x + width + 2)


def test_a_code_that_its_print_proves_is_confirmed_without_people(place: Any, mode: Any) -> None:
    mode("always")
    station = place.country.stations[0]
    place.send(place.person("hub")[1], place.country.scan(station))
    place.drain()
    by = {leaf.evidence: leaf for leaf in place.readings()}
    assert set(by) == {(Evidence.QR.value,), (Evidence.PRINT.value,)}
    code, text = by[Evidence.QR.value,], by[Evidence.PRINT.value,]
    assert code.counts == text.counts == place.country.counts(station)
    assert (code.facts, text.payload, text.reader) == ({}, "", "print/rapidocr")
    assert {"uuid", "printed_at"} <= set(text.facts)
    assert place.refused() == []
    standing, contested, votes = place.stands(station)
    assert (standing, contested, votes) == ("confirmed", False, dict(place.country.counts(station).candidates))


def test_a_sheet_whose_code_is_gone_is_documented_by_its_print(place: Any, mode: Any) -> None:
    station = place.country.stations[1]
    pixels = drawn(place, station)
    pixels[where_code_is(pixels, place)] = 255
    mode("never")
    place.send(place.person("hub")[1], encode_jpeg(pixels))
    place.drain()
    assert place.readings() == []
    mode("needed")
    place.send(place.person("hub")[1], encode_jpeg(pixels, 80))
    place.drain()
    (leaf,) = place.readings()
    assert (leaf.evidence, leaf.station, leaf.counts) == (("print",), station, place.country.counts(station))
    assert place.stands(station)[0] == "documented"


def test_a_code_that_lies_is_contradicted_by_the_print(place: Any, mode: Any, lie: Any) -> None:
    station = place.country.stations[2]
    truth = place.country.counts(station)
    honest, lying = drawn(place, station), drawn(place, station, lie(truth))
    square = where_code_is(honest, place)
    honest[square] = np.asarray(cv2.resize(lying[where_code_is(lying, place)], honest[square].shape[::-1]))
    mode("always")
    place.send(place.person("hub")[1], encode_jpeg(honest))
    place.drain()
    assert {leaf.evidence: leaf.counts for leaf in place.readings()} == {("qr",): lie(truth), ("print",): truth}
    standing, contested, _ = place.stands(station)
    assert contested
    assert standing != "confirmed"


def test_a_mode_that_is_none_is_refused_by_name() -> None:
    assert read_configuration({}).print_mode == "needed"
    with pytest.raises(InputError, match="TESTIGO_PRINT_MODE"):
        read_configuration({"TESTIGO_PRINT_MODE": "sometimes"})
