"""Published weights over the network: mirrors in turn, held against the published hash, kept in the user's cache."""

import os
from pathlib import Path

from orderless.errors import OrderlessError


def fetch_weights(urls: list[str], known_hash: str, folder: str | Path | None = None) -> Path:
    """The file that one of `urls` serves with this hash (`md5:...`, `sha1:...`, `sha256:...`), fetched once.

    folder: where it is kept; where None, $ORDERLESS_CACHE, or else the user's cache folder. A file of another hash is never left
    there. Raises OrderlessError with what each mirror answered.
    """
    import pooch

    folder = folder or os.environ.get("ORDERLESS_CACHE") or pooch.os_cache("orderless")
    answers = []
    for url in urls:
        try:
            name = url.rsplit("/", 1)[-1]
            return Path(pooch.retrieve(url, known_hash, fname=name, path=folder, progressbar=True))
        except (OSError, ValueError) as error:  # requests' errors are OSErrors; a ValueError is a wrong hash
            answers.append(f"{url}: {' '.join(str(error).split())}")
    raise OrderlessError(
        f"weights could not be fetched ({'; '.join(answers)}). Fetch the file where there is a network, and name it as the "
        "backbone's 'weights'."
    )
