# A runner: waits in a sandbox for one job, a JSON line, and does it in one of three roles.
#
#   cases    runs a program once for each input and reports what it wrote. What it should have written is not known in here.
#   module   loads a program and answers calls to what it defines.
#   judge    runs tests against a module in another sandbox. Arguments and results cross as plain data, so the program never meets the code
#            that judges it: it cannot forge a verdict, only give answers.
#
# Lines go to the host on the standard output; a judge's begin with C (a call, for the module) or V (its verdict).
import ast, base64, builtins, collections, datetime, decimal, fcntl, fractions, importlib, io, json, math, os, resource, select, signal, sys, threading, time, types

MOST_ITEMS = 1_000_000  # values in one message
PLAIN_MODULES = {"collections", "datetime", "decimal", "fractions", "functools", "heapq", "itertools", "math", "operator", "random", "re", "statistics", "string", "typing", "copy", "bisect", "cmath", "sys", "time", "json", "queue"}


class Channel:
    """Lines over two file descriptors that are out of the way of whatever the program does to 0, 1 and 2."""

    def __init__(self):
        self.input, self.output = fcntl.fcntl(0, fcntl.F_DUPFD_CLOEXEC, 20), fcntl.fcntl(1, fcntl.F_DUPFD_CLOEXEC, 20)
        null = os.open("/dev/null", os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(null, descriptor)
        os.close(null)
        self.rest = b""

    def receive(self):
        while b"\n" not in self.rest:
            more = os.read(self.input, 1 << 16)
            if not more:
                os._exit(0)
            self.rest += more
        line, _, self.rest = self.rest.partition(b"\n")
        return json.loads(line)

    def send(self, message, prefix=""):
        data = memoryview((prefix + json.dumps(message) + "\n").encode("ascii"))
        while data:
            data = data[os.write(self.output, data):]

    def close(self):
        os.close(self.input)
        os.close(self.output)


# ---------------------------------------------------------------- cases

def run_cases(channel, job):
    deadline = time.monotonic() + job["totalSeconds"]
    for index, text in enumerate(job["inputs"]):
        seconds = min(job["seconds"], deadline - time.monotonic())
        channel.send(run_case(channel, job["code"], text.encode("utf-8", "surrogatepass"), seconds, job["outputBytes"]) if seconds > 0 else {"timeout": True})
        clean_up()
    channel.send({"done": True})


def run_case(channel, code, text, seconds, most):
    (in_read, in_write), (out_read, out_write), (err_read, err_write) = os.pipe(), os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setsid()
            for source, target in ((in_read, 0), (out_write, 1), (err_write, 2)):
                os.dup2(source, target)
            os.closerange(3, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
            run_program(code)
        finally:
            os._exit(1)

    for descriptor in (in_read, out_write, err_write):
        os.close(descriptor)
    os.set_blocking(in_write, False)
    watch, done = select.poll(), os.pidfd_open(child)
    watch.register(done, select.POLLIN)
    watch.register(out_read, select.POLLIN)
    watch.register(err_read, select.POLLIN)
    if text:
        watch.register(in_write, select.POLLOUT)
    else:
        os.close(in_write)
        in_write = -1
    collected, text = {out_read: bytearray(), err_read: bytearray()}, memoryview(text)
    deadline, result = time.monotonic() + seconds, {}
    ended = False
    while True:
        left = deadline - time.monotonic()
        ready = watch.poll(0 if ended else max(0, int(left * 1000) + 1))
        if ended and not any(descriptor in collected for descriptor, _ in ready):
            break  # whatever else holds the pipes open is not waited for
        if not ended and left <= 0:
            result["timeout"] = True
            break
        for descriptor, _ in ready:
            if descriptor == done:
                ended = True
                watch.unregister(done)
            elif descriptor == in_write:
                try:
                    text = text[os.write(in_write, text[:65536]):]
                except BrokenPipeError:
                    text = text[:0]
                if not text:
                    watch.unregister(in_write)
                    os.close(in_write)
                    in_write = -1
            else:
                piece = os.read(descriptor, 65536)
                collected[descriptor] += piece
                if not piece:
                    watch.unregister(descriptor)
                if descriptor == err_read:
                    del collected[descriptor][:-2000]
                elif len(collected[descriptor]) > most:
                    result["flood"] = True
        if result:
            break

    kill_all(child)
    _, status, usage = os.wait4(child, 0)
    for descriptor in (out_read, err_read, done) + ((in_write,) if in_write >= 0 else ()):
        os.close(descriptor)
    result["exit"] = os.waitstatus_to_exitcode(status)
    result["output"] = base64.b64encode(bytes(collected[out_read][:most])).decode()
    result["error"] = bytes(collected[err_read][-2000:]).decode("utf-8", "replace")
    result["cpuSeconds"] = usage.ru_utime + usage.ru_stime
    return result


def kill_all(child):
    """Ends every process in the sandbox but this one and the first, which the kernel spares; without a sandbox the child's group."""
    try:
        os.kill(-1 if os.getpid() == 2 else -child, signal.SIGKILL)
    except ProcessLookupError:
        pass


def clean_up():
    """Removes what a case left in the writable folder, so that the next one begins as the first did."""
    if os.getpid() != 2:
        return
    for folder, folders, files in os.walk("/tmp", topdown=False):
        for name in files + folders:
            path = os.path.join(folder, name)
            try:
                os.rmdir(path) if name in folders and not os.path.islink(path) else os.unlink(path)
            except OSError:
                try:
                    os.chmod(folder, 0o700)
                    os.unlink(path)
                except OSError:
                    pass


def run_program(code):
    """Runs code as the main program and ends the process as the interpreter would."""
    status = 0
    sys.stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(0, closefd=False)), encoding="utf-8", errors="surrogateescape")
    sys.stdout = io.TextIOWrapper(io.BufferedWriter(io.FileIO(1, "w", closefd=False)), encoding="utf-8", errors="surrogateescape")
    sys.stderr = io.TextIOWrapper(io.FileIO(2, "w", closefd=False), encoding="utf-8", errors="backslashreplace", write_through=True)
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr
    sys.argv = ["program.py"]
    sys.path.insert(0, "/tmp")
    module = types.ModuleType("__main__")
    module.__dict__["__builtins__"] = builtins
    sys.modules["__main__"] = module
    try:
        exec(compile(code, "program.py", "exec"), module.__dict__)
    except SystemExit as e:
        if isinstance(e.code, str):
            print(e.code, file=sys.stderr)
        status = e.code if isinstance(e.code, int) else 0 if e.code is None else 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
        status = 1
    try:
        threading._shutdown()
        import atexit
        atexit._run_exitfuncs()
        sys.stdout.flush()
    except BaseException:
        status = status or 1
    os._exit(status & 255)


# ---------------------------------------------------------------- values

class Unsendable(Exception):
    pass


class Values:
    """Turns values into JSON and back. What is not plain data stays here and crosses as a handle."""

    def __init__(self, peer, is_judge):
        self.peer, self.is_judge = peer, is_judge
        self.kept, self.numbers, self.errors = {}, {}, {}

    def keep(self, value):
        number = self.numbers.get(id(value))
        if number is None:
            number = self.numbers[id(value)] = len(self.kept)
            self.kept[number] = value  # keeps it alive, so that its id stays its own
        return number

    def encode(self, value, depth=0):
        kind = type(value)
        if value is None or kind is bool or kind is str:
            return value if kind is not str or value.isascii() or not any(0xD800 <= ord(c) < 0xE000 for c in value) else ["u", value.encode("utf-8", "surrogatepass").hex()]
        if kind is int:
            return value if -(1 << 53) <= value <= 1 << 53 else ["i", hex(value)]
        if kind is float:
            return ["f", repr(value)]
        if depth > 200:
            raise Unsendable("a value nested too deeply")
        if kind in SEQUENCES:
            return [SEQUENCES[kind], [self.encode(item, depth + 1) for item in value]]
        if kind is dict or kind is collections.OrderedDict or kind is collections.Counter or kind is collections.defaultdict:
            tag = {dict: "d", collections.OrderedDict: "od", collections.Counter: "dc", collections.defaultdict: "d"}[kind]
            return [tag, [[self.encode(key, depth + 1), self.encode(item, depth + 1)] for key, item in value.items()]]
        if kind is bytes or kind is bytearray:
            return ["b" if kind is bytes else "ba", value.hex()]
        if kind is complex:
            return ["c", repr(value.real), repr(value.imag)]
        if kind is range:
            return ["r", [self.encode(part) for part in (value.start, value.stop, value.step)]]
        if kind is decimal.Decimal:
            return ["dec", str(value)]
        if kind is fractions.Fraction:
            return ["frac", [self.encode(value.numerator), self.encode(value.denominator)]]
        if kind is datetime.timedelta:
            return ["delta", [value.days, value.seconds, value.microseconds]]
        if kind in (datetime.date, datetime.datetime, datetime.time):
            return [kind.__name__, value.isoformat()]
        if kind is Remote:
            return ["y", value._number]
        if kind is types.ModuleType:
            name = value.__name__
            return ["m", name] if name in PLAIN_MODULES else ["none"]
        for base, plain in ((str, str), (int, int), (float, float), (tuple, tuple)):  # named tuples, enumerations
            if isinstance(value, base) and not isinstance(value, type):
                return self.encode(plain(base.__str__(value) if base is str else value) if base is not tuple else tuple(tuple.__iter__(value)), depth + 1)
        if isinstance(value, type) and value.__module__ == "builtins" and getattr(builtins, value.__name__, None) is value:
            return ["n", value.__name__]
        if isinstance(value, types.BuiltinFunctionType) and getattr(builtins, value.__name__, None) is value:
            return ["n", value.__name__]
        label = value.__name__ if isinstance(value, (type, types.FunctionType)) else kind.__name__
        bases = [base.__name__ for base in value.__mro__] if isinstance(value, type) and issubclass(value, BaseException) else None
        return ["h", self.keep(value), str(label), callable(value), bases]

    def decode(self, value):
        if value is None or isinstance(value, (bool, int, str)):
            return value
        if isinstance(value, float):
            raise Unsendable("a bare float")
        tag, rest = value[0], value[1:]
        if tag in MAKERS:
            return MAKERS[tag]([self.decode(item) for item in rest[0]])
        if tag in ("d", "od", "dc"):
            return {"d": dict, "od": collections.OrderedDict, "dc": collections.Counter}[tag]({self.decode(key): self.decode(item) for key, item in rest[0]})
        if tag == "f":
            return float(rest[0])
        if tag == "i":
            return int(rest[0], 16)
        if tag == "u":
            return bytes.fromhex(rest[0]).decode("utf-8", "surrogatepass")
        if tag in ("b", "ba"):
            return (bytes if tag == "b" else bytearray).fromhex(rest[0])
        if tag == "c":
            return complex(float(rest[0]), float(rest[1]))
        if tag == "r":
            return range(*[self.decode(part) for part in rest[0]])
        if tag == "dec":
            return decimal.Decimal(rest[0])
        if tag == "frac":
            return fractions.Fraction(*[self.decode(part) for part in rest[0]])
        if tag == "delta":
            return datetime.timedelta(*rest[0])
        if tag in ("date", "datetime", "time"):
            return getattr(datetime, tag).fromisoformat(rest[0])
        if tag == "n":
            return getattr(builtins, rest[0]) if rest[0] in PLAIN_BUILTINS else None
        if tag == "m" and rest[0] in PLAIN_MODULES:
            return importlib.import_module(rest[0])
        if tag == "y":
            return self.kept[rest[0]]
        if tag == "h":
            number, label, is_callable, bases = rest
            if bases:
                return self.error_class(label, bases, number)
            return Remote(self.peer, number, label)
        raise Unsendable(f"the tag {tag!r}")

    def error_class(self, name, bases, number=None):
        known = getattr(builtins, name, None)
        if isinstance(known, type) and issubclass(known, Exception):
            return known
        key = (name, tuple(bases))
        if key not in self.errors:
            builtin = next((getattr(builtins, base) for base in bases[1:] if isinstance(getattr(builtins, base, None), type) and issubclass(getattr(builtins, base), Exception)), RuntimeError)
            self.errors[key] = type(name, (builtin,), {})
        return self.errors[key]


SEQUENCES = {list: "l", tuple: "t", set: "s", frozenset: "fs", collections.deque: "dq"}
MAKERS = {"l": list, "t": tuple, "s": set, "fs": frozenset, "dq": collections.deque}
PLAIN_BUILTINS = {name for name in dir(builtins) if not name.startswith("_")} - {"eval", "exec", "compile", "open", "input", "breakpoint", "exit", "quit", "help", "globals", "locals", "vars", "getattr", "setattr", "delattr"}


class Remote:
    """An object of the other side. Operators between it and plain data are not passed on: the other side would decide a comparison that
    the test makes, and learn what it compares with."""

    __slots__ = ("_peer", "_number", "_label")

    def __init__(self, peer, number, label):
        for name, value in (("_peer", peer), ("_number", number), ("_label", label)):
            object.__setattr__(self, name, value)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(f"'{self._label}' object has no attribute '{name}' for tests")
        return self._peer.request({"do": "get", "on": self._number, "name": name})

    def __setattr__(self, name, value):
        self._peer.request({"do": "set", "on": self._number, "name": name}, (value,))

    def __call__(self, *args, **named):
        return self._peer.request({"do": "call", "on": self._number}, args, named)

    def __instancecheck__(self, value):
        return isinstance(value, Remote) and self._operate("isinstance", value) is True

    def __eq__(self, other):
        return self is other or isinstance(other, Remote) and (self._number == other._number or self._operate("eq", other) is True)

    def __hash__(self):
        return hash(self._number)

    def __contains__(self, item):
        return any(item == other for other in self)

    def _operate(self, name, *operands):
        return self._peer.request({"do": name, "on": self._number}, operands)


def forward():
    def unary(name):
        return lambda self: self._operate(name)

    def binary(name):
        return lambda self, other: self._operate(name, other) if isinstance(other, Remote) else NotImplemented

    for name in ("iter", "next", "len", "bool", "str", "repr", "int", "float", "abs", "neg", "pos", "invert", "reversed", "enter"):
        setattr(Remote, f"__{name}__", unary(name))
    for name in ("lt", "le", "gt", "ge", "add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor"):
        setattr(Remote, f"__{name}__", binary(name))
    Remote.__getitem__ = lambda self, key: self._operate("getitem", key)
    Remote.__setitem__ = lambda self, key, value: self._operate("setitem", key, value)
    Remote.__exit__ = lambda self, *_: False


forward()
UNARY = {"iter": iter, "next": next, "len": len, "bool": bool, "str": str, "repr": repr, "int": int, "float": float, "abs": abs, "reversed": reversed,
         "neg": lambda a: -a, "pos": lambda a: +a, "invert": lambda a: ~a, "enter": lambda a: a.__enter__()}


class Peer:
    """One side of the conversation between a judge and a module: each asks, answers and may ask back before it answers."""

    def __init__(self, channel, is_judge):
        self.channel, self.is_judge, self.values = channel, is_judge, Values(self, is_judge)
        self.prefix = "C" if is_judge else ""

    def request(self, message, args=(), named=None):
        args = list(args)
        encoded = message["args"] = [self.values.encode(item) for item in args]
        if named:
            message["named"] = {name: self.values.encode(item) for name, item in named.items()}
        self.channel.send(message, self.prefix)
        while True:
            reply = self.channel.receive()
            if not isinstance(reply, dict):
                raise RuntimeError("the program answered out of turn")
            if "do" in reply:
                self.channel.send(self.answer(reply), self.prefix)
                continue
            for item, changed in zip(args, reply.get("args") or ()):
                if changed is not None:
                    replace_content(item, self.values.decode(changed))
            if "raise" in reply:
                name, text, bases = reply["raise"]
                error = self.values.error_class(str(name), [str(base) for base in bases])(text)
                error._remote = True
                if isinstance(error, (StopIteration, StopAsyncIteration)) and message["do"] != "next":
                    raise RuntimeError("the program raised StopIteration")  # it would end a test's own map or all as if all were well
                raise error
            return self.values.decode(reply.get("value"))

    def answer(self, message):
        args = None
        try:
            args = [self.values.decode(item) for item in message.get("args", ())]
            named = {name: self.values.decode(item) for name, item in message.get("named", {}).items()}
            target = self.values.kept[message["on"]]
            reply = {"value": self.values.encode(self.do(message["do"], target, message.get("name"), args, named))}
        except BaseException as e:
            reply = {"raise": [type(e).__name__, str(e)[:1000], [base.__name__ for base in type(e).__mro__]]}
        # Arguments that the call changed in place.
        if args and message["do"] == "call":
            try:
                after = [self.values.encode(item) if isinstance(item, (list, dict, set, bytearray, collections.deque)) else None for item in args]
                reply["args"] = [new if new != old else None for new, old in zip(after, message["args"])]
            except BaseException:
                pass
        return reply

    def do(self, action, target, name, args, named):
        if self.is_judge:
            # The module may call functions it was given and read and write plain fields of test objects, no more.
            if action == "call" and isinstance(target, types.FunctionType):
                return target(*args, **named)
            if action in ("get", "set") and not name.startswith("_") and type(target).__module__ == "tests":
                return getattr(target, name) if action == "get" else setattr(target, name, args[0])
            raise TypeError("the tests do not allow that")
        if action == "call":
            return target(*args, **named)
        if action == "get":
            return getattr(target, name)
        if action == "set":
            return setattr(target, name, args[0])
        if action == "getitem":
            return target[args[0]]
        if action == "setitem":
            target[args[0]] = args[1]
            return None
        if action == "isinstance":
            return isinstance(args[0], target)
        if action in UNARY:
            return UNARY[action](target)
        import operator
        return getattr(operator, {"and": "and_", "or": "or_"}.get(action, action))(target, args[0])


def replace_content(target, source):
    if type(target) is not type(source):
        return
    if isinstance(target, (list, bytearray)):
        target[:] = source
    elif isinstance(target, (dict, set)):
        target.clear()
        target.update(source)
    elif isinstance(target, collections.deque):
        target.clear()
        target.extend(source)


# ---------------------------------------------------------------- module

def run_module(channel, job):
    peer = Peer(channel, is_judge=False)
    module = types.ModuleType("program")
    sys.modules["program"] = module
    sys.path.insert(0, "/tmp")
    try:
        exec(compile(job["code"], "program.py", "exec"), module.__dict__)
    except BaseException as e:
        channel.send({"failed": f"{type(e).__name__}: {str(e)[:500]}"})
        return
    names = {}
    for name, value in list(module.__dict__.items()):
        if isinstance(name, str) and not name.startswith("__"):
            try:
                names[name] = peer.values.encode(value)
            except Exception:
                pass
    channel.send({"names": names})
    while True:
        channel.send(peer.answer(channel.receive()))


# ---------------------------------------------------------------- judge

def run_judge(channel, job):
    peer = Peer(channel, is_judge=True)
    tests = types.ModuleType("tests")
    sys.modules["tests"] = tests
    space = tests.__dict__
    parts, entry = [], job.get("entryPoint")
    try:
        trees = [(part, ast.parse(part)) for part in job["tests"]]
        setup = ast.parse(job.get("setup") or "")
    except SyntaxError as e:
        return channel.send({"broken": f"the tests do not parse: {e}"}, "V")

    everything = [node for _, tree in trees for node in ast.walk(tree)]
    called = {node.func.id for node in everything if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    if not any(isinstance(node, (ast.Assert, ast.Raise)) or isinstance(node, ast.Attribute) and node.attr.startswith("assert") for node in everything):
        return channel.send({"broken": "the tests assert nothing"}, "V")
    defined = {node.name for node in everything + list(ast.walk(setup)) if isinstance(node, (ast.FunctionDef, ast.ClassDef))}

    # The program's names, but none that Python or the tests define: a program must not replace what judges it. Only what is under test may
    # bear a builtin's name, which it is when the tests call nothing else of the program's.
    try:
        offered = {name: value for name, value in json.loads(job["names"]).items() if name.isidentifier() and not name.startswith("__")}
    except Exception:
        return channel.send({"results": [{"passed": False, "reason": "names that are none"} for _ in trees]}, "V")
    theirs = {name for name in called if name in offered and not hasattr(builtins, name) and name not in defined}
    allowed = {entry} if entry else set() if theirs else {name for name in called if name in offered}
    for name, value in offered.items():
        if name in allowed or not hasattr(builtins, name) and name not in TRUSTED:
            try:
                decoded = peer.values.decode(value)
            except Exception:
                continue
            if not isinstance(decoded, types.ModuleType) or name == decoded.__name__:
                space[name] = decoded
    for name, module in TRUSTED.items():
        space.setdefault(name, module)
    if entry:
        if entry not in space:
            return channel.send({"results": [{"passed": False, "reason": f"{entry} is not defined"} for _ in trees]}, "V")
        space["candidate"] = space[entry]
    try:
        exec(compile(setup, "setup", "exec"), space)
    except Exception as e:
        return channel.send({"broken": f"the setup of the tests fails: {type(e).__name__}: {e}"}, "V")

    results = []
    for part, tree in trees:
        result = {"passed": True, "reason": ""}
        try:
            exec(compile(tree, "tests", "exec"), space)
            run_defined(tree, space, entry)
        except BaseException as e:
            if isinstance(e, ImportError) and not hasattr(e, "_remote"):
                return channel.send({"broken": f"the tests cannot import what they need: {e}"}, "V")
            result = {"passed": False, "reason": f"{describe(part)}: {type(e).__name__} {str(e)[:200]}".strip()}
        results.append(result)
    channel.send({"results": results}, "V")


def run_defined(tree, space, entry):
    """Calls what a test defines and leaves to its runner: check(candidate) and functions without parameters named test…."""
    top_calls = {node.func.id for statement in tree.body if not isinstance(statement, (ast.FunctionDef, ast.ClassDef))
                 for node in ast.walk(statement) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef) and statement.name not in top_calls:
            if statement.name == "check" and len(statement.args.args) == 1 and entry:
                space["check"](space[entry])
            elif statement.name.startswith("test") and not statement.args.args:
                space[statement.name]()
        if isinstance(statement, ast.ClassDef) and any(getattr(base, "attr", getattr(base, "id", "")) == "TestCase" for base in statement.bases) and "main" not in top_calls:
            run_test_case(space[statement.name])


def run_test_case(case):
    import unittest
    outcome = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(case).run(outcome)
    for _, text in outcome.failures + outcome.errors:
        raise AssertionError(text.strip().splitlines()[-1])
    if outcome.testsRun == 0:
        raise AssertionError("no tests ran")


def describe(part):
    line = next((line.strip() for line in part.splitlines() if line.strip()), "")
    return line if len(line) <= 80 else line[:79] + "…"


TRUSTED = {"math": math, "isclose": math.isclose, "fabs": math.fabs}  # what tests compare with, unless it is under test itself


def main():
    channel = Channel()
    channel.send({"ready": True})
    job = channel.receive()
    {"cases": run_cases, "module": run_module, "judge": run_judge}[job["role"]](channel, job)


if __name__ == "__main__":
    main()
