using R1Cloud.Testing;
using System.Globalization;
using R1Cloud.Rewards.Code;
using R1Cloud.Rewards.Sandboxing;

namespace R1Cloud.Rewards.Tests.Sandboxing;

/// <summary>
/// Programs that attack the sandbox, the judge or the machine. Each is judged against a test that it could pass only by succeeding: none
/// may be judged right, each must end in time, and nothing of it may be left.
/// </summary>
public sealed class AttackTests(CodeSandbox sandbox) : IClassFixture<CodeSandbox>
{
    static AttackTests() => Environment.SetEnvironmentVariable("R1_ATTACK_CANARY", "secret");

    // ------------------------------------------------------------ exhausting the machine

    [Theory]
    [InlineData("fork bomb", "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass")]
    [InlineData("fork bomb of daemons",
        "import os\nfor i in range(10000):\n    try:\n        if os.fork() == 0: os.setsid()\n    except OSError: pass\nwhile True: pass")]
    [InlineData("thread bomb", "import threading, time\nwhile True:\n    threading.Thread(target=time.sleep, args=(100,)).start()")]
    [InlineData("memory bomb", "x = []\nwhile True: x.append(bytearray(1 << 24))")]
    [InlineData("memory bomb in many processes",
        "import os, mmap, time\nfor i in range(30):\n    try:\n        if os.fork() == 0: break\n    except OSError: break\nm = "
        + "mmap.mmap(-1, 200 << 20)\nfor k in range(0, 200 << 20, 4096): m[k] = 1\ntime.sleep(100)")]
    [InlineData("shared memory",
        "import ctypes\nc = ctypes.CDLL(None, use_errno=True)\nn = 0\nwhile True:\n    i = c.shmget(0, 1 << 26, 0o1600)\n    if i < 0: "
        + "break\n    n += 1\nprint('right' if n > 4 else 'refused')")]
    [InlineData("memfd", "import os\nf = os.memfd_create('x')\nprint('right')")]
    [InlineData("zip bomb", "import zlib\nd = zlib.compress(bytes(1 << 26), 9)\nwhile True: d = zlib.decompress(d) * 64")]
    [InlineData("huge integer", "print(len(str(10 ** (10 ** 9))))")]
    [InlineData("busy loop", "while True: pass")]
    [InlineData("busy loop that ignores signals",
        "import signal\nfor s in range(1, 64):\n    try: signal.signal(s, signal.SIG_IGN)\n    except (OSError, ValueError): pass\nwhile "
        + "True: pass")]
    [InlineData("regular expression", "import re\nre.match('(a+)+$', 'a' * 60 + 'b')")]
    [InlineData("sleep", "import time\ntime.sleep(1000)")]
    [InlineData("infinite output", "while True: print('right' * 1000)")]
    [InlineData("infinite errors", "import sys\nwhile True: sys.stderr.write('x' * 100000)")]
    [InlineData("huge recursion", "import sys\nsys.setrecursionlimit(10 ** 9)\ndef f(n): return f(n + 1) + 1\nf(0)")]
    [InlineData("huge recursion of the parser", "eval('(' * 100000 + ')' * 100000)")]
    [InlineData("huge file", "f = open('/tmp/x', 'wb')\nwhile True: f.write(bytes(1 << 20))")]
    [InlineData("many huge files",
        "import os\nn = 0\ntry:\n    for i in range(100):\n        with open(f'/tmp/{i}', 'wb') as f: f.write(bytes(1 << 22))\n        n "
        + "+= 1\nexcept OSError: pass\nprint('right' if n > 10 else n)")]
    [InlineData("many files",
        "n = 0\ntry:\n    while True:\n        open(f'/tmp/{n}', 'w').close()\n        n += 1\nexcept OSError: pass\nprint('right' if n > "
        + "5000 else n)")]
    [InlineData("many open files",
        "import os\nn = 0\ntry:\n    while True:\n        os.dup(0)\n        n += 1\nexcept OSError: pass\nprint('right' if n > 1000 else "
        + "n)")]
    [InlineData("deep folders",
        "import os\nn = 0\ntry:\n    while True:\n        os.mkdir('d'); os.chdir('d'); n += 1\nexcept OSError: pass\nprint('right' if n "
        + "> 5000 else n)")]
    [InlineData("pipes full of data",
        "import os\nn = 0\ntry:\n    while True:\n        r, w = os.pipe(); os.set_blocking(w, False); n += os.write(w, bytes(1 << "
        + "20))\nexcept OSError: pass\nprint('right' if n > 1 << 28 else n)")]
    [InlineData("locked memory", "import ctypes\nc = ctypes.CDLL(None)\nprint('right' if c.mlockall(3) == 0 else 'refused')")]
    [InlineData("raising its limits", "import resource\nresource.setrlimit(resource.RLIMIT_AS, (-1, -1))\nprint('right')")]
    [InlineData("raising its priority", "import os\nos.nice(-10)\nprint('right')")]
    public void Exhaustion_IsContained(string attack, string code) => ShouldBeContained("python", attack, code);

    // ------------------------------------------------------------ reading what is not its own

    [Theory]
    [InlineData("password file", "print('right' if open('/etc/passwd').read() else '')")]
    [InlineData("home folders",
        "import os\nprint('right' if any(os.listdir(d) for d in ('/root', '/home') if os.path.isdir(d) and not d.startswith('/root') ) or "
        + "os.path.exists('/root/.bashrc') or os.path.exists('/root/.ssh') else 'hidden')")]
    [InlineData("the repository", "import os\nprint('right' if os.path.exists('REPOSITORY') else 'hidden')")]
    [InlineData("proc of the parent", "import os\nprint(open(f'/proc/{os.getppid()}/environ').read())\nprint('right')")]
    [InlineData("proc of the judge's host", "print(open('/proc/self/mountinfo').read())\nprint('right')")]
    [InlineData("environment",
        "import os\nprint('right' if any('CANARY' in k or k.startswith(('R1_', 'DOTNET')) for k in os.environ) else sorted(os.environ))")]
    [InlineData("environment of the C library",
        "import ctypes\nc = ctypes.CDLL(None)\nc.getenv.restype = ctypes.c_char_p\nprint('right' if c.getenv(b'R1_ATTACK_CANARY') else "
        + "'hidden')")]
    [InlineData("symbolic link to the host",
        "import os\nos.symlink('/etc/shadow', '/tmp/l')\nprint('right' if open('/tmp/l').read() else '')")]
    [InlineData("climbing out of the root",
        "import os\nos.chdir('/' + '../' * 40)\nprint('right' if os.path.exists('etc/passwd') else 'hidden')")]
    [InlineData("chroot out", "import os\nos.mkdir('x'); os.chroot('x')\nprint('right')")]
    [InlineData("devices", "import os\nprint('right' if set(os.listdir('/dev')) - {'null', 'zero', 'random', 'urandom'} else 'few')")]
    [InlineData("raw disk", "print('right' if open('/dev/vda', 'rb').read(1) or open('/dev/sda', 'rb').read(1) else '')")]
    [InlineData("kernel memory", "open('/dev/mem', 'rb').read(1)\nprint('right')")]
    [InlineData("kernel log",
        "import ctypes\nb = ctypes.create_string_buffer(4096)\nprint('right' if ctypes.CDLL(None).klogctl(3, b, 4096) > 0 else 'refused')")]
    [InlineData("inherited file descriptors",
        "import os\nfound = []\nfor fd in range(3, 64):\n    try: os.fstat(fd); found.append(fd)\n    except OSError: pass\nprint('right' "
        + "if found else 'none')")]
    [InlineData("the tests in memory",
        "import gc, sys\nprint(next((s for o in gc.get_objects() if isinstance(o, dict) for s in o.values() if isinstance(s, str) and "
        + "s.startswith('expected-')), 'none'))")]
    public void Reading_FindsNothing(string attack, string code) =>
        ShouldBeContained("python", attack,
            code.Replace("REPOSITORY", Repository.PathOf("tests", "GpuJob.Tests", "Oracles"), StringComparison.Ordinal),
            attack == "the tests in memory" ? "expected-" + Guid.NewGuid() : "right");

    // ------------------------------------------------------------ reaching out

    [Theory]
    [InlineData("network", "import socket\nsocket.create_connection(('1.1.1.1', 53), timeout=1)\nprint('right')")]
    [InlineData("the machine's loopback", "import socket\nsocket.create_connection(('127.0.0.1', PORT), timeout=1)\nprint('right')")]
    [InlineData("name lookup", "import socket\nprint('right' if socket.getaddrinfo('example.com', 80) else '')")]
    [InlineData("raw socket", "import socket\nsocket.socket(socket.AF_PACKET, socket.SOCK_RAW)\nprint('right')")]
    [InlineData("netlink", "import socket\nsocket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)\nprint('right')")]
    [InlineData("virtual machine socket", "import socket\nsocket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)\nprint('right')")]
    [InlineData("abstract unix socket",
        "import socket\ns = socket.socket(socket.AF_UNIX)\ns.connect('\\0r1-attack-SOCKET')\nprint('right')")]
    [InlineData("unix socket of the host",
        "import socket\ns = socket.socket(socket.AF_UNIX)\ns.connect('/var/run/docker.sock')\nprint('right')")]
    [InlineData("kernel keys", "import ctypes\nprint('right' if ctypes.CDLL(None).syscall(250, 0, -3, 1) >= 0 else 'refused')")]
    [InlineData("signal to the host", "import os\nos.kill(HOST, 9)\nprint('right')")]
    [InlineData("signal to the parent", "import os\nos.kill(os.getppid(), 9)\nprint('right')\nimport time; time.sleep(0.2)")]
    [InlineData("signals to all", "import os\nos.kill(-1, 9)\nos.kill(1, 9)\nos.kill(2, 9)\nprint('right')")]
    [InlineData("stopping the runner", "import os, signal\nos.kill(2, signal.SIGSTOP)\nprint('right')")]
    [InlineData("ptrace", "import ctypes, os\nprint('right' if ctypes.CDLL(None).ptrace(16, os.getppid(), 0, 0) == 0 else 'refused')")]
    [InlineData("memory of the runner",
        "import ctypes, os\nclass V(ctypes.Structure): _fields_ = [('b', ctypes.c_void_p), ('n', ctypes.c_size_t)]\nb = "
        + "ctypes.create_string_buffer(64)\nv = V(ctypes.addressof(b), 64)\nc = ctypes.CDLL(None)\nprint('right' if "
            + "c.process_vm_readv(os.getppid(), ctypes.byref(v), 1, ctypes.byref(v), 1, 0) > 0 else 'refused')")]
    [InlineData("a descriptor of the runner",
        "import ctypes, os\nf = os.pidfd_open(os.getppid())\nprint('right' if ctypes.CDLL(None).syscall(438, f, 21, 0) >= 0 else "
        + "'refused')")]
    [InlineData("becoming root", "import os\nos.setuid(0)\nprint('right')")]
    [InlineData("set-user-id program",
        "import os, subprocess\nprint('right' if '(root)' in subprocess.run(['su', '-c', 'id'], capture_output=True, text=True, "
        + "input='').stdout else 'refused')")]
    [InlineData("capabilities",
        "import ctypes\nc = ctypes.CDLL(None)\nprint('right' if any(c.prctl(23, k, 0, 0, 0) == 1 for k in range(40)) else 'none')")]
    [InlineData("user namespace", "import ctypes\nprint('right' if ctypes.CDLL(None).unshare(0x10000000) == 0 else 'refused')")]
    [InlineData("user namespace by clone",
        "import ctypes\nprint('right' if ctypes.CDLL(None).syscall(56, 0x10000000 | 17, 0, 0, 0, 0) >= 0 else 'refused')")]
    [InlineData("mount", "import ctypes\nprint('right' if ctypes.CDLL(None).mount(b'x', b'/tmp', b'tmpfs', 0, b'') == 0 else 'refused')")]
    [InlineData("making the system writable",
        "import ctypes\nc = ctypes.CDLL(None)\nc.mount(None, b'/', None, 0x1020, None)\nopen('/x', 'w')\nprint('right')")]
    [InlineData("device node", "import os, stat\nos.mknod('/tmp/d', 0o666 | stat.S_IFBLK, os.makedev(254, 0))\nprint('right')")]
    [InlineData("kernel program", "import ctypes\nprint('right' if ctypes.CDLL(None).syscall(321, 0, 0, 0) == 0 else 'refused')")]
    [InlineData("io_uring",
        "import ctypes\nb = ctypes.create_string_buffer(256)\nprint('right' if ctypes.CDLL(None).syscall(425, 8, b) >= 0 else 'refused')")]
    [InlineData("host name", "import socket\nsocket.sethostname('attack')\nprint('right')")]
    [InlineData("clock", "import time\ntime.clock_settime(time.CLOCK_REALTIME, 0)\nprint('right')")]
    [InlineData("system files", "open('/usr/bin/python3', 'ab').write(b'x')\nprint('right')")]
    [InlineData("removing the interpreter", "import os, sys\nos.unlink(os.path.realpath(sys.executable))\nprint('right')")]
    [InlineData("terminal input",
        "import fcntl, os, termios\nfd = os.open('/dev/tty', os.O_RDWR)\nfcntl.ioctl(fd, termios.TIOCSTI, b'x')\nprint('right')")]
    public void Reaching_IsRefused(string attack, string code)
    {
        using var server = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        server.Start();
        var name = Guid.NewGuid().ToString("n");
        using var socket = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream,
            System.Net.Sockets.ProtocolType.Unspecified);
        socket.Bind(new System.Net.Sockets.UnixDomainSocketEndPoint("\0r1-attack-" + name));
        socket.Listen();
        ShouldBeContained("python", attack, code
            .Replace("PORT", ((System.Net.IPEndPoint)server.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture),
                StringComparison.Ordinal)
            .Replace("SOCKET", name, StringComparison.Ordinal)
            .Replace("HOST", Environment.ProcessId.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal));
    }

    // ------------------------------------------------------------ fooling the judge of outputs

    [Theory]
    [InlineData("closing all descriptors", "import os\nos.closerange(0, 64)")]
    [InlineData("leaving before any output", "import os\nos._exit(0)")]
    [InlineData("result on other descriptors",
        "import os, json\nfor fd in range(3, 64):\n    try: os.write(fd, (json.dumps({'exit': 0, 'output': 'cmlnaHQ='}) + "
        + "'\\n').encode())\n    except OSError: pass")]
    [InlineData("result on its own output", "print('{\"exit\": 0, \"output\": \"cmlnaHQ=\"}')")]
    [InlineData("replacing the program on disk",
        "import sys\nsys.argv[0] = '/usr/bin/true'\nopen('/tmp/sitecustomize.py', 'w').write('print(\"right\")')")]
    [InlineData("daemon that outlives the case",
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        time.sleep(0.2)\n        print('right', "
        + "flush=True)\n        time.sleep(1000)\n    os._exit(0)")]
    [InlineData("output after the exit code", "import atexit, os\natexit.register(lambda: os._exit(3))\nprint('right')")]
    [InlineData("reading more input than there is", "import sys\nwhile True:\n    if sys.stdin.read() is None: break")]
    [InlineData("writing to its input", "import os\nos.write(0, b'right')")]
    public void Outputs_CannotBeForged(string attack, string code) => ShouldBeContained("python", attack, code);

    // ------------------------------------------------------------ fooling the judge of assertions

    [Theory]
    [InlineData("leaving before the tests", "def f(x): return 0\nimport sys\nsys.exit(0)")]
    [InlineData("leaving at once", "import os\nos._exit(0)")]
    [InlineData("leaving in a call", "import os\ndef f(x): os._exit(0)")]
    [InlineData("an object that equals everything",
        "class E:\n    def __eq__(self, o): return True\n    def __ne__(self, o): return False\n    def __hash__(self): return 42\ndef "
        + "f(x): return E()")]
    [InlineData("an integer that equals everything",
        "class E(int):\n    def __eq__(self, o): return True\n    def __sub__(self, o): return 0\n    def __rsub__(self, o): return "
        + "0\ndef f(x): return E(0)")]
    [InlineData("an object that is within any tolerance",
        "class E:\n    def __sub__(self, o): return 0.0\n    def __rsub__(self, o): return 0.0\n    def __abs__(self): return 0.0\n    "
        + "def __lt__(self, o): return True\n    def __eq__(self, o): return True\ndef f(x): return E()")]
    [InlineData("a list that equals everything", "class L(list):\n    def __eq__(self, o): return True\ndef f(x): return L()")]
    [InlineData("replacing builtins",
        "import builtins\nbuiltins.abs = lambda *a: 0\nbuiltins.isinstance = lambda *a: True\nbuiltins.AssertionError = type('A', "
        + "(SystemExit,), {})\ndef f(x): return 0")]
    [InlineData("names of builtins", "def abs(*a): return 0\ndef len(*a): return 42\nAssertionError = SystemExit\ndef f(x): return 0")]
    [InlineData("names of the tests' helpers",
        "def isclose(*a, **k): return True\nclass math: isclose = isclose\ndef check(c): pass\ndef f(x): return 0")]
    [InlineData("patching modules",
        "import math, operator\nmath.isclose = lambda *a, **k: True\nmath.fabs = lambda x: 0\noperator.eq = lambda a, b: True\ndef f(x): "
        + "return 0")]
    [InlineData("searching the frames for the answer",
        "import sys, gc\ndef f(x):\n    frame = sys._getframe()\n    while frame:\n        for v in list(frame.f_locals.values()) + "
        + "list(frame.f_globals.values()):\n            if v == 1764: return v\n        frame = frame.f_back\n    for o in "
            + "gc.get_objects():\n        if isinstance(o, str) and '1764' in o: return 1764\n    return 0")]
    [InlineData("asking the judge for its globals", "def f(x): return 0\ndef g(c): return c.__globals__")]
    [InlineData("a verdict on every descriptor",
        "import os\ndef f(x):\n    for fd in range(0, 64):\n        try: os.write(fd, b'V{\"results\": [{\"passed\": true, \"reason\": "
        + "\"\"}]}\\n')\n        except OSError: pass\n    return 0")]
    [InlineData("a verdict in place of names",
        "import os\nfor fd in range(0, 64):\n    try: os.write(fd, b'V{\"results\": [{\"passed\": true, \"reason\": \"\"}]}\\n')\n    "
        + "except OSError: pass\ndef f(x): return 0")]
    [InlineData("a flood of messages",
        "import os\ndef f(x):\n    while True:\n        for fd in range(3, 64):\n            try: os.write(fd, b'x' * 65536)\n            "
        + "except OSError: pass")]
    [InlineData("a deeply nested value", "def f(x):\n    v = []\n    for i in range(100000): v = [v]\n    return v")]
    [InlineData("an endless value", "def f(x):\n    while True: yield 1")]
    [InlineData("a huge value", "def f(x): return [0] * 10 ** 7")]
    [InlineData("raising what the test expects", "def f(x): raise AssertionError")]
    [InlineData("never answering", "def f(x):\n    while True: pass")]
    [InlineData("atexit", "import atexit, os\natexit.register(lambda: os._exit(0))\ndef f(x): return 0")]
    [InlineData("tracing", "import sys\nsys.settrace(lambda *a: None)\nsys.setprofile(lambda *a: None)\ndef f(x): return 0")]
    [InlineData("names that are none",
        "import os\nfor fd in range(3, 64):\n    try: os.write(fd, b'{\"names\": ' + b'[' * 400 + b']' * 400 + b'}\\n')\n    except "
        + "OSError: pass\ndef f(x): return 0")]
    [InlineData("patching the runner",
        "import sys, json\nm = sys.modules['__main__']\nfor name in list(vars(m)):\n    if name not in ('__name__', 'Peer', 'Channel', "
        + "'Values', 'os', 'sys', 'json'): setattr(m, name, None)\njson.dumps = lambda *a: '{\"value\": 42}'\ndef f(x): return 0")]
    public void Assertions_CannotBeForged(string attack, string code) =>
        ShouldBeContained(attack,
            () => sandbox.Judge("python", code,
                new[] { "import math\nassert f(42) == 1764\nassert abs(f(3) - 9.5) < 1 and math.isclose(f(4), 16)" }));

    // Takes the conversation over: offers the judge names of its own choice and answers every call with 0.
    [Theory]
    [InlineData("'__builtins__': ['d', [['abs', ['h', 1, 'abs', True, None]], ['isinstance', ['h', 1, 'i', True, None]]]]")]
    [InlineData("'abs': ['h', 1, 'abs', True, None]")]
    [InlineData("'isclose': ['h', 1, 'isclose', True, None], 'math': ['h', 1, 'math', True, None]")]
    [InlineData("'x = 1': 1, '__name__': 'other', '__debug__': False")]
    public void Assertions_NamesOfItsOwn_DoNotReplaceTheJudges(string names) =>
        ShouldBeContained(names, () => sandbox.Judge("python", $$$"""
        import sys
        frame = sys._getframe()
        while 'channel' not in frame.f_locals: frame = frame.f_back
        channel = frame.f_locals['channel']
        channel.send({'names': {'f': ['h', 0, 'f', True, None], {{{names}}}}})
        while True:
            channel.receive()
            channel.send({'value': 0})
        """, new[] { "assert abs(f(3) - 9.5) < 1" }));

    // Ways around what a test does with the results.
    [Theory]
    [InlineData("def f(x): raise StopIteration", "assert all(map(lambda x: f(x) == x * x, [2, 3]))")]
    [InlineData("class S(StopIteration): pass\ndef f(x): raise S", "assert all(map(lambda x: f(x) == x * x, [2, 3]))")]
    [InlineData(
        "class E:\n    def __iter__(self): return iter([self])\n    def __eq__(self, o): return True\n    def __contains__(self, o): "
        + "return True\ndef f(x): return E()", "assert 4 in f(2)")]
    [InlineData("class E:\n    def __eq__(self, o): return True\ndef f(x): return [E(), E()]", "assert f(2) == [2, 4]")]
    [InlineData("class E:\n    def __eq__(self, o): return True\n    def __hash__(self): return hash(4)\ndef f(x): return {E()}",
        "assert f(2) == {4}")]
    [InlineData("class E(str):\n    def __eq__(self, o): return True\ndef f(x): return E('')",
        "assert f(2) == 'four' or f(2) in ('four',)")]
    [InlineData("class E:\n    def __lt__(self, o): return True\n    __gt__ = __le__ = __ge__ = __lt__\ndef f(x): return E()",
        "assert 3 < f(2) < 5")]
    [InlineData(
        "class M(type):\n    def __instancecheck__(c, o): return True\n    def __eq__(c, o): return True\nclass E(metaclass=M): pass\ndef "
        + "f(x): return E", "assert isinstance(f(2), int) or f(2) == int")]
    public void Assertions_ResultsThatLie_DoNotPass(string code, string test) =>
        ShouldBeContained(code, () => sandbox.Judge("python", code, new[] { test }));

    // ------------------------------------------------------------ JavaScript

    [Theory]
    [InlineData("fork bomb",
        "const { spawn } = require('child_process');\nfor (;;) { try { spawn(process.execPath, ['-e', 'for(;;);']); } catch {} }")]
    [InlineData("memory bomb", "const a = []; for (;;) a.push(Buffer.alloc(1 << 24, 1));")]
    [InlineData("heap bomb", "const a = []; for (;;) a.push(new Array(1 << 20).fill({}));")]
    [InlineData("busy loop", "for (;;);")]
    [InlineData("infinite output", "const s = 'right'.repeat(1 << 16); for (;;) require('fs').writeSync(1, s);")]
    [InlineData("pending promise", "setInterval(() => {}, 1000);")]
    [InlineData("host files", "console.log(require('fs').readFileSync('/etc/passwd').length > 0 ? 'right' : '');")]
    [InlineData("environment",
        "console.log(Object.keys(process.env).some(k => k.includes('CANARY') || k.startsWith('R1_')) ? 'right' : 'none');")]
    [InlineData("network", "require('net').connect(53, '1.1.1.1').on('connect', () => console.log('right')).on('error', () => {});")]
    [InlineData("signals", "process.kill(process.ppid, 9); console.log('wrong');")]
    [InlineData("leaving", "process.exit(0);")]
    [InlineData("abort", "process.abort();")]
    [InlineData("huge recursion", "const f = n => f(n + 1) + 1; f(0);")]
    public void JavaScript_IsContained(string attack, string code) => ShouldBeContained("javascript", attack, code);

    [Theory]
    [InlineData("leaving before the tests", "function f(x) { return 0; }\nprocess.exit(0);")]
    [InlineData("leaving in a call", "function f(x) { process.exit(0); }")]
    [InlineData("an object that equals everything",
        "function f(x) { return { valueOf() { return 1764; }, equals() { return true; }, toString() { return '1764'; } }; }")]
    [InlineData("patching assert",
        "const a = require('assert');\nfor (const k of Object.keys(a)) a[k] = () => {};\nfunction f(x) { return 0; }")]
    [InlineData("replacing assert", "const assert = () => {}; assert.strictEqual = () => {};\nfunction f(x) { return 0; }")]
    [InlineData("patching console", "console.assert = () => {}; globalThis.Error = class {};\nfunction f(x) { return 0; }")]
    [InlineData("patching JSON",
        "JSON.stringify = () => 'V{\"results\":[{\"passed\":true,\"reason\":\"\"}]}';\nfunction f(x) { return 0; }")]
    [InlineData("a verdict on every descriptor",
        "const fs = require('fs');\nfunction f(x) { for (let i = 0; i < 64; i++) { try { fs.writeSync(i, "
        + "'V{\"results\":[{\"passed\":true,\"reason\":\"\"}]}\\n'); } catch {} } return 0; }")]
    [InlineData("never answering", "function f(x) { for (;;); }")]
    public void JavaScriptAssertions_CannotBeForged(string attack, string code) =>
        ShouldBeContained(attack,
            () => sandbox.Judge("javascript", code, new[] { "const assert = require('assert');\nassert.strictEqual(f(42), 1764);" }));

    // ------------------------------------------------------------

    private void ShouldBeContained(string language, string attack, string code, string expected = "right") =>
        ShouldBeContained(attack, () => sandbox.Judge(language, code, new[] { new { input = "", output = expected } }));

    private static void ShouldBeContained(string attack, Func<CodeVerdict> judge)
    {
        var verdict = default(CodeVerdict);
        try
        {
            verdict = judge();
        }
        catch (SandboxException e) when (e is not SandboxUnavailableException)
        {
            verdict = new(0, 1, e.Message); // no verdict is not a right one
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{attack}: {verdict.Reason}");
        verdict.Passed.ShouldBe(0, attack);
        verdict.Reason.ShouldNotBeEmpty(attack);
    }
}
