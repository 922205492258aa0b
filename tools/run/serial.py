"""A serial port or pty of this PC, made ready for a modem: raw, at its baud rate."""

import os
import stat
import termios
import tty


class PortError(Exception):
    """The port cannot be used; the message says why and what to do."""


def open_raw(path, baud):
    """Open `path`, set it raw and to `baud`; returns the descriptor (while open, it stays so)."""
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        raise PortError(
            f"{path} is not there: is the modem plugged in? (ls /dev/tty* /dev/serial/by-id)"
        ) from None
    except OSError as error:
        raise PortError(f"{path}: {error.strerror}") from None
    if not stat.S_ISCHR(mode):
        raise PortError(f"{path} is no serial port")
    try:
        fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    except PermissionError:
        raise PortError(
            f"{path}: no permission: `sudo usermod -aG dialout $USER`, then log in again"
        ) from None
    except OSError as error:
        raise PortError(f"{path}: {error.strerror}: is another program using it?") from None
    try:
        _set_raw(fd, path, baud)
    except BaseException:
        os.close(fd)
        raise
    return fd


def _set_raw(fd, path, baud):
    speed = getattr(termios, f"B{baud}", None)
    if speed is None:
        raise PortError(f"{path}: this PC knows no {baud} baud: change uart.baud")
    try:
        tty.setraw(fd)
        mode = termios.tcgetattr(fd)
    except termios.error:
        raise PortError(f"{path} is no serial port") from None
    mode[2] |= termios.CLOCAL | termios.CREAD
    mode[2] &= ~(termios.HUPCL | termios.CRTSCTS)
    mode[4] = mode[5] = speed
    mode[6][termios.VMIN] = 0
    mode[6][termios.VTIME] = 0
    termios.tcsetattr(fd, termios.TCSANOW, mode)
