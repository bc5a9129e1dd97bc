"""Run LLVM bitcode from Python, from a cache of native code.

    import ctypes, obcc

    script = obcc.Script()
    script.read("filter.bc").link("vendor.bc").prepare("cache", "filter")
    blend = script.function("blend", ctypes.c_int, [ctypes.c_int, ctypes.c_int])
    print(blend(6, 7), script.is_hit)

Bitcode comes from a file, from bytes, or from a module of llvmlite. The library
libobcc.so.0 is found as the dynamic linker finds it; OBCC_LIBRARY names another
file. Only the standard library is needed.
"""
import ctypes
import os

__all__ = ["Error", "Script", "version"]

_P, _S, _Z, _UL = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t,
                   ctypes.c_ulong)

#: Flags of Script.link() and Script.prepare(); see bcc.h.
LINK_WHOLE = 1 << 6
PROCESS_SYMBOLS = 1 << 1
DEFAULT_LIBRARIES = 1 << 7
CACHE_ONLY = 1 << 10

#: For Script.options(): where a miss is compiled, and how far.
JIT_PROCESS, JIT_IN_PROCESS, JIT_LAZY = range(3)
TIER_AUTO, TIER_BEST, TIER_BASELINE = range(3)

_SEARCH_LIBRARY = 1 << 9
_COPY_INPUT = 1 << 5
_CACHE_HIT = 1
_N_STAGES = 12


class _Report(ctypes.Structure):
    _fields_ = [("size", _Z), ("cache", ctypes.c_int), ("reason", _S),
                ("path", _S), ("image_bytes", ctypes.c_uint64),
                ("total_ns", ctypes.c_uint64),
                ("stage_ns", ctypes.c_uint64 * _N_STAGES),
                ("reason_code", ctypes.c_int), ("tier", ctypes.c_int),
                ("lazy", ctypes.c_int)]


class _Options(ctypes.Structure):
    _fields_ = [("size", _Z), ("target_triple", _S), ("cpu", _S),
                ("features", _S), ("opt_level", ctypes.c_int),
                ("compiler_path", _S),
                ("compile_time_limit_ms", ctypes.c_uint32),
                ("compile_memory_limit", ctypes.c_uint64),
                ("cache_size_limit", ctypes.c_uint64), ("trusted_keys", _S),
                ("tier", ctypes.c_int), ("jit", ctypes.c_int)]


_LOOKUP = ctypes.CFUNCTYPE(_P, _P, _S)

#: Result and arguments of each function of the C API that is used here.
_PROTOTYPES = {
    "bccCreateScript": (_P, []),
    "bccDisposeScript": (None, [_P]),
    "bccGetErrorMessage": (_S, [_P]),
    "bccReadFile": (ctypes.c_int, [_P, _S, _UL]),
    "bccReadBC": (ctypes.c_int, [_P, _S, _S, _Z, _UL]),
    "bccLinkFile": (ctypes.c_int, [_P, _S, _UL]),
    "bccLinkBC": (ctypes.c_int, [_P, _S, _S, _Z, _UL]),
    "bccLinkSharedLibrary": (ctypes.c_int, [_P, _S, _UL]),
    "bccMarkExternalSymbol": (None, [_P, _S]),
    "bccRegisterSymbolCallback": (ctypes.c_int, [_P, _LOOKUP, _P]),
    "bccSetOptions": (ctypes.c_int, [_P, ctypes.POINTER(_Options)]),
    "bccPrepareExecutable": (ctypes.c_int, [_P, _S, _S, _UL]),
    "bccGetReport": (ctypes.c_int, [_P, ctypes.POINTER(_Report)]),
    "bccGetFuncAddr": (_P, [_P, _S]),
    "bccGetVarAddr": (_P, [_P, _S]),
    "bccGetVersion": (_S, []),
}


def _load():
    library = ctypes.CDLL(os.environ.get("OBCC_LIBRARY", "libobcc.so.0"))
    for name, (result, arguments) in _PROTOTYPES.items():
        function = getattr(library, name)
        function.restype = result
        function.argtypes = arguments
    return library


_library = _load()


class Error(Exception):
    """What a script could not do; the text names object, place and fact."""


def version():
    """The version of libobcc, such as '0.1.0'."""
    return _library.bccGetVersion().decode()


def _path(path):
    return os.fsencode(path)


class Script:
    """Input, then prepare(), then function() and variable().

    The code lives as long as the script, and functions keep their script.
    Methods without a result return the script, so that calls can be chained.
    A script that leaves a `with` block is closed.
    """

    def __init__(self):
        self._handle = _library.bccCreateScript()
        self._symbols = None
        if not self._handle:
            raise MemoryError("no script")

    def close(self):
        """Run destructors and unmap the code; no function may be used again."""
        if self._handle:
            _library.bccDisposeScript(self._handle)
            self._handle = None

    __del__ = close

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _check(self, failed):
        if failed:
            message = _library.bccGetErrorMessage(self._handle)
            raise Error((message or b"the script is closed").decode(
                errors="replace"))
        return self

    def _give(self, file_function, bytes_function, source, name, flags):
        """A path, bytes, or what has as_bitcode(), as llvmlite's modules do."""
        if hasattr(source, "as_bitcode"):
            name = name or getattr(source, "name", "") or "module"
            source = source.as_bitcode()
        if isinstance(source, (bytes, bytearray, memoryview)):
            source = bytes(source)
            return self._check(bytes_function(
                self._handle, (name or "bitcode").encode(), source,
                len(source), flags | _COPY_INPUT))
        return self._check(file_function(self._handle, _path(source), flags))

    def read(self, source, name=None):
        """The script's bitcode: a path, bytes, or a module of llvmlite."""
        return self._give(_library.bccReadFile, _library.bccReadBC, source,
                          name, 0)

    def link(self, source, name=None, flags=0):
        """A runtime library, given like read()'s; LINK_WHOLE: an object."""
        return self._give(_library.bccLinkFile, _library.bccLinkBC, source,
                          name, flags)

    def link_shared(self, name):
        """A shared library: a path, 'libz.so.1', or 'z' as behind -l."""
        plain = "/" not in name and ".so" not in name
        return self._check(_library.bccLinkSharedLibrary(
            self._handle, _path(name), _SEARCH_LIBRARY if plain else 0))

    def keep(self, name):
        """Keep this definition, whatever the script says that it exports."""
        _library.bccMarkExternalSymbol(self._handle, name.encode())
        return self

    def symbols(self, lookup):
        """A function from a name to an address (int) or None, or a dict."""
        find = lookup.get if hasattr(lookup, "get") else lookup

        def call(_, name):
            try:
                return find(name.decode())
            except Exception:  # it cannot pass through C
                return None
        self._symbols = _LOOKUP(call)
        return self._check(_library.bccRegisterSymbolCallback(
            self._handle, self._symbols, None))

    def options(self, jit=JIT_PROCESS, tier=TIER_AUTO):
        """Where a miss is compiled (JIT_...) and how far (TIER_...).

        JIT_LAZY compiles each function when it is first called.
        """
        options = _Options(size=ctypes.sizeof(_Options), jit=jit, tier=tier)
        return self._check(_library.bccSetOptions(self._handle,
                                                  ctypes.byref(options)))

    def prepare(self, cache_dir=None, name=None, flags=0):
        """Make the code callable: from the cache, or compiled."""
        return self._check(_library.bccPrepareExecutable(
            self._handle, _path(cache_dir) if cache_dir else None,
            name.encode() if name else None, flags))

    def _report(self):
        report = _Report(size=ctypes.sizeof(_Report))
        self._check(_library.bccGetReport(self._handle,
                                          ctypes.byref(report)))
        return report

    @property
    def is_hit(self):
        """Whether the code came from the cache."""
        return self._report().cache == _CACHE_HIT

    @property
    def reason(self):
        """Why there was no hit; '' for a hit."""
        return self._report().reason.decode(errors="replace")

    @property
    def is_lazy(self):
        """Whether functions are compiled when they are first called."""
        return bool(self._report().lazy)

    @property
    def prepare_seconds(self):
        """How long prepare() took."""
        return self._report().total_ns / 1e9

    def function(self, name, result=None, arguments=()):
        """A function with these ctypes types: function("f", c_int, [c_int])."""
        address = _library.bccGetFuncAddr(self._handle, name.encode())
        if not address:
            raise Error(f"the script has no function '{name}'")
        function = ctypes.CFUNCTYPE(result, *arguments)(address)
        function.script = self
        return function

    def variable(self, name, type_):
        """A variable, as a ctypes object in its place."""
        address = _library.bccGetVarAddr(self._handle, name.encode())
        if not address:
            raise Error(f"the script has no variable '{name}'")
        variable = type_.from_address(address)
        variable.script = self
        return variable
