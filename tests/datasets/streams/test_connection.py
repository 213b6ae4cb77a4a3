"""Damage of what comes from the network is counted and told."""

from __future__ import annotations

from types import SimpleNamespace

import av
import numpy as np

from mmsmot.datasets import VideoStream, open_video
from mmsmot.datasets.streams import connection as stream_connection
from tests.live_streams import (
    StreamServer,
    number_of,
    transport_stream,
)


def test_whatever_a_decoder_says_of_a_packet_is_damage(monkeypatch) -> None:
    decoded = stream_connection.NetworkConnection._decoded

    class Refused:
        def decode(self, packet: object) -> None:
            raise av.error.PatchWelcomeError(1, 'not yet implemented')

    def first_refused(self, packet):
        if self.damaged:
            yield from decoded(self, packet)
            return
        with monkeypatch.context() as patch:
            patch.setattr(self, '_stream', SimpleNamespace(codec_context=Refused()))
            yield from decoded(self, packet)

    names = stream_connection.NetworkConnection
    monkeypatch.setattr(names, '_decoded', first_refused)
    with StreamServer(transport_stream(1, 10)) as server:
        reader = open_video(server.url(), patience=0)
        assert [number_of(f.image) for f in reader][-1] == 10
    assert '1 damaged packets were left out' in reader.warnings[0]


def test_images_that_came_damaged_are_told() -> None:
    data = bytearray(transport_stream(1, 40))
    rng = np.random.default_rng(0)
    places = [p for p in range(20 * 188, len(data)) if p % 188 > 60]
    for place in rng.choice(places, 60):
        data[place] ^= 1 << rng.integers(8)
    with StreamServer(bytes(data)) as server:
        stream = VideoStream(server.url(), patience=0)
        assert len(list(stream)) > 20
    assert any('images came damaged; the decoder' in text for text in stream.warnings)
