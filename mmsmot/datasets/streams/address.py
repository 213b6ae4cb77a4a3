"""The address of a live stream: told apart from a path, shown without its password."""

from __future__ import annotations

import os
import re

SCHEMES = ('rtsp', 'rtsps', 'rtmp', 'rtmps', 'http', 'https', 'udp', 'tcp')
CAMERA = re.compile(r'(?:camera:)?(\d{1,3})|(/dev/video\d+)')
# Up to the last @: who does not escape a / in a password still wants it hidden.
PASSWORD = re.compile(r'(?<=://)([^:/@]*):.*@')
# Names after which cameras and services take a secret, in a query or in the path; in
# doubt too much is hidden.
SECRETS = re.compile(
    r'((?:pas|pwd|psw|token|jwt|key|auth|secret|sig|session|credential)[^=&;/?#]*=)[^&]*',
    re.IGNORECASE,
)


def is_stream_address(text: object) -> bool:
    """Whether a text is the address of a camera or network stream, and no path.

    A bare number is a camera, unless a file or folder of that name lies there.
    """
    if not isinstance(text, str):
        return False
    if is_url_address(text):
        return True
    return CAMERA.fullmatch(text) is not None and not (
        text.isdigit() and os.path.exists(text)
    )


def is_url_address(text: str) -> bool:
    """Whether it begins with one of :data:`SCHEMES`."""
    scheme, colon, _ = text.partition('://')
    return bool(colon) and scheme.lower() in SCHEMES


def camera_device(address: str) -> int | str:
    """What OpenCV calls the camera: its number, or its device file."""
    number, file = CAMERA.fullmatch(address).groups()
    return file if number is None else int(number)


def redacted_address(address: str) -> str:
    """The address as it may be logged and stored: passwords and tokens are ``***``."""
    if not is_url_address(address):
        return f'camera:{address}' if address.isdigit() else address
    return SECRETS.sub(r'\1***', PASSWORD.sub(r'\1:***@', address))


def stream_name(address: str) -> str:
    """A name that files can have, such as ``door.lan_main`` or ``camera0``."""
    if not is_url_address(address):
        device = camera_device(address)
        return (
            f'camera{device}' if isinstance(device, int) else device.rpartition('/')[2]
        )
    place = redacted_address(address).partition('://')[2].rpartition('@')[2]
    place = re.split('[?#]', place)[0]
    return re.sub(r'[^\w.-]+', '_', place).strip('_.') or 'stream'
