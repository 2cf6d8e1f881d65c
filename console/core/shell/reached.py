"""What a text of a shell command reaches, and what in it may be a secret."""

from __future__ import annotations

import re
from typing import Final

from console.core.provenance.normal import addresses

SECRET: Final = re.compile(
    r"(?:^|[/~])\.(?:ssh|aws|gnupg|netrc|npmrc|pypirc|kube|docker|git-credentials|env)(?:$|[/.])|id_(?:rsa|ed25519|ecdsa)|"
    r"/etc/(?:shadow|sudoers)|\.pem$|credentials(?:\.json)?$",
)
"""How files of keys and passwords are called."""


def reached(text: str) -> list[tuple[str, str]]:
    """Links and mail addresses of a text; a bare host only where it cannot be a file's name."""
    found: list[tuple[str, str]] = []
    for address in addresses(text)[:16]:
        if "://" in address or address.startswith("www."):
            found.append(("host", address))
        elif "@" in address:
            found.append(("mail", address))
    return found
