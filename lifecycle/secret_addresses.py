"""Addresses that are secrets in themselves do not stand in logs."""

import logging
import re

SECRET = re.compile(r"(/calendar/)[^/\s?\"']+(\.ics)")


class Mask(logging.Filter):
    """Puts dots in the place of a calendar's token, in what is said and in what it is said with."""

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        masked = SECRET.sub(r"\1…\2", text)
        if masked != text:
            record.msg, record.args = masked, ()
        return True
