"""A key of Lifecycle's own for a repository over ssh: the private half is sealed at once, the public one is shown."""

from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from django.utils.translation import gettext as _

from environments import repositories
from environments.git import ssh_server
from environments.models import Repository
from lifecycle.events import By
from lifecycle.transitions import NotAllowed


def make(repository: Repository, *, by: By, at: datetime | None = None) -> str:
    """Sign in with a new key from now on and return its public half; what was kept before is forgotten.

    NotAllowed for a repository that is not reached over ssh.
    """
    if ssh_server(repository.upstream) is None:
        raise NotAllowed(_("A key is of use only for an address of ssh."))
    private, public = pair(f"lifecycle-{repository.product.slug}")
    repositories.set_credential(repository, login="", secret=private, public_key=public, by=by, at=at)
    return public


def pair(comment: str) -> tuple[str, str]:
    """A new Ed25519 key (RFC 8032) as OpenSSH writes its private and its public half."""
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    return private, f"{public} {comment}"
