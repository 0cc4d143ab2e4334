"""Goes on in a Python that has the clients of others which tests read with. Their packages are fetched once, into the cache.

Without a package index the test that needs them ends with exit 77, which is a skip.
"""
import os
import pathlib
import subprocess
import sys

PACKAGES = ["confluent-kafka[schemaregistry,protobuf,json]==2.16.1", "cloudevents==2.2.0", "opentelemetry-proto==1.36.0"]
INSTALL_S = 180
MARK = "ANNALS_READERS_VENV"


def cache():
    parent = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return pathlib.Path(os.environ.get("ANNALS_CACHE") or pathlib.Path(parent) / "annals")


def enter():
    """Starts the program over in that Python, unless it is in it."""
    if MARK in os.environ:
        return
    folder = cache() / ("readers-%d.%d-2.16.1-2.2.0-1.36.0" % sys.version_info[:2])
    done = folder / "complete"
    if not done.exists():
        try:
            subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True, timeout=INSTALL_S)
            subprocess.run([folder / "bin/pip", "install", "-q", "--retries", "1", "--timeout", "10", *PACKAGES], check=True,
                           timeout=INSTALL_S)
        except (subprocess.SubprocessError, OSError) as error:
            print(f"skipped: {' '.join(PACKAGES)} could not be installed into {folder}: {error}")
            sys.exit(77)
        done.touch()
    os.execve(folder / "bin/python", [folder / "bin/python", *sys.argv], {**os.environ, MARK: "1"})
