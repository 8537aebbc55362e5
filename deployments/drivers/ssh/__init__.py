"""Deploying to servers over ssh: the driver, its hosts and sessions, and what is sent to the hosts (`remote`)."""

from .driver import SshDriver

__all__ = ["SshDriver"]
