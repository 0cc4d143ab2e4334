"""Jars of others, with all that they need, which Maven fetches once into the cache."""
import os
import re
import shutil
import subprocess
import sys

from python_clients import cache

FETCH_S = 300


def jars(pom, version):
    """The folder of what `pom` names; it is called after the pom and its property `version`, so that another version is fetched anew."""
    text = pom.read_text()
    name = re.search(r"<artifactId>(.*?)</artifactId>", text)[1]
    folder = cache() / f"{name}-{re.search(rf'<{re.escape(version)}>(.*?)<', text)[1]}"
    if folder.exists():
        return folder
    print(f"fetching {folder.name} into {folder.parent}", file=sys.stderr)
    staging = folder.with_name(f"{folder.name}.part-{os.getpid()}")
    try:
        subprocess.run(["mvn", "--quiet", "--batch-mode", "--file", pom, "dependency:copy-dependencies", "-DincludeScope=runtime",
                        f"-DoutputDirectory={staging}"], check=True, stdout=sys.stderr, timeout=FETCH_S)
        staging.rename(folder)
    except OSError:
        if not folder.exists():  # another process was sooner
            raise
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return folder
