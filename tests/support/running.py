"""What tests in Python need to run programs of ours against the stack's servers."""
import os
import re
import socket
import subprocess
import time
import urllib.error
import urllib.request

PATIENCE_S = 60


def uri(database):
    """The stack's, of another database."""
    return re.sub(r"^(\w+://[^/]*/)[^?]*", rf"\g<1>{database}", os.environ["ANNALS_DATABASE"])


def psql(where, statement):
    done = subprocess.run(["psql", "-XqAtv", "ON_ERROR_STOP=1", where, "-c", statement], text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def eventually(holds, patience_s=PATIENCE_S):
    deadline = time.monotonic() + patience_s
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)  # what is waited for is in other processes, and has no signal
    return True


def get(url):
    """Status and body; 0 when nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError as error:
        return 0, str(error)


def metric(address, name):
    """The value of the first series of that name; nothing when there is none."""
    found = re.search(rf"^{name}(?:\{{.*\}})? (\S+)$", get(f"http://{address}/metrics")[1], re.M)
    return float(found[1]) if found else None


class Relay:
    """annals-relay as a process of its own, with its configuration and its log in `folder`. `case` is the test that runs it."""

    def __init__(self, case, program, folder, database, config, *arguments):
        (folder / f"{database}.toml").write_text(config)
        self.log_path = folder / f"{database}.log"
        log = self.log_path.open("w+")
        case.addCleanup(log.close)
        self.address = f"127.0.0.1:{free_port()}"
        self.process = subprocess.Popen(
            [program, "--config", folder / f"{database}.toml", "--listen", self.address, *arguments], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=log,
            env={"PATH": os.environ["PATH"], "ANNALS_DATABASE": uri(database), "ANNALS_KAFKA": os.environ["ANNALS_KAFKA"]})
        case.addCleanup(self.process.wait, PATIENCE_S)
        case.addCleanup(self.process.kill)

    def said(self):
        return self.log_path.read_text()

    def ready(self):
        return get(f"http://{self.address}/readyz")[0] == 200

    def wait(self):
        try:
            return self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it does not end: {self.said()}") from None

    def end(self):
        self.process.terminate()
        return self.wait()
