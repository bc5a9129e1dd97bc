"""A build of the project of its own, and its tests.

Mutants must never be in the sources that people edit. So the sources are copied
to a directory of the build; what is built, changed and run is there. A run that
is killed leaves nothing but that copy wrong, and the next run corrects it."""

import ctypes
import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time

ROOMS = ("lib/support", "lib/cache", "lib/linker", "lib/loader", "lib/bcc",
         "lib/run", "lib/debug", "lib/compiler", "tools/bcc", "tools/bccc")


def room_of(path):
    for room in ROOMS:
        if path.startswith(room + "/"):
            return room
    return None


class Timeout(Exception):
    pass


class Test:
    def __init__(self, description, build):
        properties = {p["name"]: p["value"]
                      for p in description.get("properties", ())}
        self.name = description["name"]
        # ctest knows no command of a program that is not built yet. One test,
        # one program: bcc_add_test().
        self.command = description.get(
            "command", [os.path.join(build, "bin", self.name)])
        self.labels = set(properties.get("LABELS", ()))
        self.directory = properties.get("WORKING_DIRECTORY")
        self.skip_code = properties.get("SKIP_RETURN_CODE")
        self.timeout = float(properties.get("TIMEOUT", 300))
        self.environment = dict(
            entry.split("=", 1) for entry in properties.get("ENVIRONMENT", ()))
        self.is_disabled = bool(properties.get("DISABLED"))
        self.needs_fixture = "FIXTURES_REQUIRED" in properties

    def files(self):
        """Paths that the test names: among them the programs that it runs."""
        for text in [*self.command, *self.environment.values()]:
            yield from text.split(":")


def end_group(process):
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def adopt_orphans():
    """Processes of tests that leave their group become children of this."""
    set_child_subreaper = 36
    ctypes.CDLL(None).prctl(set_child_subreaper, 1, 0, 0, 0)


def end_orphans():
    """A mutant may leave a compiler that waits for ever. To be called while no
    test runs."""
    for name in os.listdir("/proc"):
        try:
            with open(f"/proc/{name}/stat", encoding="ascii",
                      errors="replace") as file:
                parent = int(file.read().rpartition(")")[2].split()[1])
            if name.isdigit() and parent == os.getpid():
                os.kill(int(name), signal.SIGKILL)
                os.waitpid(int(name), 0)
        except (OSError, ValueError, IndexError):
            pass


def _prepare_child():
    """A mutant that takes all memory is to die before anything else does."""
    try:
        with open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
            file.write("1000")
    except OSError:
        pass


def run_limited(command, seconds, **options):
    """Exit status; raises Timeout. No process of the group survives."""
    if seconds <= 0:
        raise Timeout
    process = subprocess.Popen(command, start_new_session=True,
                               preexec_fn=_prepare_child,
                               stdin=subprocess.DEVNULL, **options)
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        raise Timeout from None
    finally:
        end_group(process)


class Suite:
    """One build directory: NAME of `top`, of the copy of the sources there."""

    def __init__(self, source, top, name, arguments):
        self.origin = source
        self.top = top
        self.copy = os.path.join(top, "source")
        self.build = os.path.join(top, name)
        self.scratch = os.path.join(tempfile.gettempdir(),
                                    "bcc-mutants-%d" % os.getpid())
        self.log = os.path.join(top, name + ".log")
        self.arguments = arguments
        self.outputs = None
        os.makedirs(top, exist_ok=True)

    def lock(self):
        """False: another run uses the directory."""
        self.lock_file = open(os.path.join(self.top, "lock"), "w",
                              encoding="ascii")
        try:
            fcntl.flock(self.lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    # ---- Sources ----

    def _wanted(self):
        skipped = {os.path.realpath(self.top)}
        for directory, names, files in os.walk(self.origin):
            names[:] = [
                n for n in names
                if not n.startswith(".") and n != "__pycache__" and
                os.path.realpath(os.path.join(directory, n)) not in skipped and
                not os.path.exists(os.path.join(directory, n,
                                                "CMakeCache.txt"))]
            for name in files:
                path = os.path.join(directory, name)
                if os.path.isfile(path):
                    yield os.path.relpath(path, self.origin)

    def sync(self):
        """Make the copy that of the sources; unchanged files keep their time.
        Warnings are no errors there: mutants have many."""
        wanted = set(self._wanted())
        for directory, _, files in os.walk(self.copy):
            for name in files:
                path = os.path.join(directory, name)
                if os.path.relpath(path, self.copy) not in wanted:
                    os.unlink(path)
        for path in wanted:
            with open(os.path.join(self.origin, path), "rb") as file:
                content = file.read()
            if os.path.basename(path) == "BccTargets.cmake":
                content = content.replace(
                    b"-Wundef -Werror",
                    b"-Wundef -Wno-error -Werror=incompatible-pointer-types "
                    b"-Werror=int-conversion ${BCC_COVERAGE_FLAGS}")
                content += (b"target_link_options(bcc_flags INTERFACE "
                            b"${BCC_COVERAGE_FLAGS})\n")
            # Links a program with LLVM's archives in a second.
            if (os.path.basename(path) == "BccLLVM.cmake" and
                    shutil.which("ld.lld")):
                content += (b"target_link_options(bcc_llvm INTERFACE "
                            b"-fuse-ld=lld)\n")
            self.write(path, content, os.stat(
                os.path.join(self.origin, path)).st_mode)

    def write(self, path, content, mode=None):
        target = os.path.join(self.copy, path)
        try:
            with open(target, "rb") as file:
                if file.read() == content:
                    return
        except OSError:
            os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "wb") as file:
            file.write(content)
        if mode is not None:
            os.chmod(target, mode & 0o777)

    # ---- Build ----

    def configure(self, seconds):
        if os.path.exists(os.path.join(self.build, "build.ninja")):
            return True
        with open(self.log, "ab") as log:
            return run_limited(
                ["cmake", "-G", "Ninja", "-S", self.copy, "-B", self.build,
                 "-DBCC_BUILD_VARIANTS=OFF", *self.arguments],
                seconds, stdout=log, stderr=log) == 0

    def ninja(self, targets, seconds, jobs):
        with open(self.log, "ab") as log:
            return run_limited(
                ["ninja", "-C", self.build, "-j", str(jobs), *targets],
                seconds, stdout=log, stderr=log) == 0

    def query(self, *arguments):
        return subprocess.run(
            ["ninja", "-C", self.build, "-t", *arguments],
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=60, check=True).stdout.splitlines()

    def known_outputs(self):
        """Names of all that ninja builds, with the rule of each."""
        if self.outputs is None:
            rows = (line.rpartition(": ")
                    for line in self.query("targets", "all"))
            self.outputs = {name: rule for name, _, rule in rows}
        return self.outputs

    def _products(self):
        """The libraries and programs of lib/ and tools/: tests run them without
        naming them."""
        return {name for name, rule in self.known_outputs().items()
                if re.match(r"lib/|libexec/|bin/bcc$", name) and
                re.search(r"(SHARED|MODULE)_LIBRARY_LINKER|EXECUTABLE_LINKER",
                          rule)}

    def tests(self):
        text = subprocess.run(
            ["ctest", "--show-only=json-v1"], cwd=self.build,
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=60, check=True).stdout
        tests = (Test(row, self.build) for row in json.loads(text)["tests"])
        return [test for test in tests
                if not test.is_disabled and not test.needs_fixture and
                not test.labels & {"slow", "machine", "abi", "mutants"} and
                os.path.isabs(test.command[0])]

    def targets_of(self, test):
        """What ninja builds of the files that the test runs."""
        named = {os.path.relpath(path, self.build)
                 for path in test.files() if path.startswith(self.build + "/")}
        named &= self.known_outputs().keys()
        if "unit" not in test.labels:
            named |= self._products()
        return sorted(named)

    def in_build(self, path):
        return os.path.join(self.build, path)

    def object_of(self, path):
        """The object that is made of this source; None: there is none."""
        if not hasattr(self, "objects"):
            self.objects = {}
            with open(os.path.join(self.build, "compile_commands.json"),
                      encoding="utf-8") as file:
                for entry in json.load(file):
                    source = os.path.relpath(entry["file"], self.copy)
                    words = entry["command"].split()
                    self.objects.setdefault(source,
                                            words[words.index("-o") + 1])
        return self.objects.get(path)

    # ---- Run ----

    def run(self, test, seconds, more_environment=None):
        """True: passed or skipped; raises Timeout."""
        scratch = os.path.join(self.scratch, threading.current_thread().name)
        os.makedirs(scratch, exist_ok=True)
        os.chmod(scratch, 0o1777) # some tests become another user
        environment = dict(os.environ)
        environment.update({"TMPDIR": scratch, "HOME": scratch,
                            "XDG_CACHE_HOME": scratch + "/.cache"})
        environment.update(test.environment)
        environment.update(more_environment or {})
        try:
            status = run_limited(
                test.command, seconds, cwd=test.directory, env=environment,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        return status in (0, test.skip_code)


class Clock:
    """What is left of the time that was given."""

    def __init__(self, seconds):
        self.end = time.monotonic() + seconds

    def left(self):
        return self.end - time.monotonic()
