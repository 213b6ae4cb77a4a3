"""Packets of a video to numbered images, and what was lost on the way."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

import av

# These decoders tell damage only where they are asked to stop at it; the others mark
# the images.
STRICT_CODECS = {'hevc', 'mjpeg'}
STILL_CODECS = {'mjpeg'}  # whose images stand alone: one refused is decoded leniently


class VideoDecodingLosses:
    """What went wrong while a file was decoded.

    Attributes:
        packets: Packets that the decoder refused.
        missing: Frames that never came of them.
        damaged: Images of which the decoder guessed a part.
        first_damaged: The number of the first of them.
        discarded: Packets the file itself marks as not to be shown.
        error: The last error, if there was one.
    """

    def __init__(self) -> None:
        self.packets = 0
        self.missing = 0
        self.damaged = 0
        self.first_damaged: int | None = None
        self.discarded = 0
        self.error: av.FFmpegError | None = None


def strict_decoder_stream(
    stream: av.video.stream.VideoStream,
) -> av.video.stream.VideoStream:
    """The stream, whose decoder does not pass over damage without a mark."""
    if stream.codec_context.name in STRICT_CODECS:
        stream.codec_context.options = {'err_detect': 'explode'}
    return stream


def decode_video(
    container: av.container.InputContainer,
    stream: av.video.stream.VideoStream,
    losses: VideoDecodingLosses,
) -> Iterator[tuple[int, av.VideoFrame]]:
    """Frame numbers from 1 and frames, in the order they are shown.

    A packet that cannot be decoded is skipped and counted. The frames behind it keep
    their numbers: a decoder is given all packets with an earlier time stamp before it
    shows a frame, so those that never came back were lost before it. (FFmpeg's frame
    threads may lose a few more frames with one that is damaged at the very end.)
    """
    sent: list[int] = []
    num_shown = num_unshown = 0
    for packet in _packets(container, stream, losses):
        if packet.pts is not None and not packet.is_discard:
            heapq.heappush(sent, packet.pts)
        for av_frame, is_guessed in _images(packet, stream, losses):
            while av_frame.pts is not None and sent and sent[0] < av_frame.pts:
                heapq.heappop(sent)
                num_unshown += 1
            if sent and sent[0] == av_frame.pts:
                heapq.heappop(sent)
            num_shown += 1
            # Without a loss, a packet that shows nothing is the format's own way.
            losses.missing = num_unshown if losses.packets else 0
            frame_id = num_shown + losses.missing
            if is_guessed:
                losses.damaged += 1
                losses.first_damaged = losses.first_damaged or frame_id
            yield frame_id, av_frame
    if losses.packets:
        losses.missing = num_unshown + len(sent)


def _packets(
    container: av.container.InputContainer,
    stream: av.video.stream.VideoStream,
    losses: VideoDecodingLosses,
) -> Iterator[av.Packet]:
    try:
        for packet in container.demux(stream):
            if packet.is_discard:
                losses.discarded += 1
            yield packet
    except av.FFmpegError as error:
        losses.error = error


def _images(
    packet: av.Packet, stream: av.video.stream.VideoStream, losses: VideoDecodingLosses
) -> list[tuple[av.VideoFrame, bool]]:
    """Images, and whether the decoder guessed a part of each."""
    # A packet that the file's end cut off would take the frames that are still in the
    # decoder's threads with it.
    if not packet.is_corrupt:
        try:
            return [(av_frame, av_frame.is_corrupt) for av_frame in packet.decode()]
        except av.FFmpegError as error:
            losses.error = error
        if stream.codec_context.name in STILL_CODECS:
            try:
                codec = av.CodecContext.create(stream.codec_context.name, 'r')
                return [(av_frame, True) for av_frame in codec.decode(packet)]
            except av.FFmpegError as error:
                losses.error = error
    losses.packets += 1
    return []
