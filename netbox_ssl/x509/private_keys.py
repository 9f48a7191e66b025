"""Private key material, recognised in whatever form it is pasted, so that it is refused before anything is kept."""


def find_private_key(data: bytes | str) -> str | None:
    return None
