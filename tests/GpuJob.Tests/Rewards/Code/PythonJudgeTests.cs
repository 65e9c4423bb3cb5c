using R1Cloud.Shared.Jobs;

namespace R1Cloud.GpuJob.Tests.Rewards.Code;

public sealed class PythonJudgeTests(CodeSandbox sandbox) : IClassFixture<CodeSandbox>
{
    private static Dictionary<string, string>[] Cases(params (string Input, string Output)[] cases) =>
        [.. cases.Select(item => new Dictionary<string, string> { ["input"] = item.Input, ["output"] = item.Output })];

    [Theory]
    [InlineData("a, b = map(int, input().split())\nprint(a + b)")]
    [InlineData("import sys\nprint(sum(map(int, sys.stdin.read().split())))")]
    [InlineData("import sys\nsys.stdout.write('%d' % sum(int(x) for x in sys.stdin.buffer.read().split()))")]
    [InlineData("def main():\n    print(sum(map(int, open(0).read().split())))\nif __name__ == '__main__':\n    main()")]
    [InlineData("import sys\nprint(sum(map(int, input().split())))\nsys.exit(0)")]
    [InlineData("import threading\nt = threading.Thread(target=lambda: print(sum(map(int, input().split()))))\nt.start()")]
    [InlineData("import atexit\na = sum(map(int, input().split()))\natexit.register(lambda: print(a))")]
    [InlineData("import subprocess\nprint(subprocess.run(['expr'] + ' + '.join(input().split()).split(), capture_output=True, text=True).stdout)")]
    public void Cases_RightProgram_PassesAll(string code)
    {
        var verdict = sandbox.Judge("python", code, Cases(("1 2\n", "3\n"), ("10 -3\n", "7"), ("0 0\n", "0\n\n")));
        verdict.Reason.ShouldBeEmpty();
        (verdict.Passed, verdict.Total).ShouldBe((3, 3));
    }

    [Theory]
    [InlineData("import time\nif input() == 'a': time.sleep(60)\nprint(1)")]
    [InlineData("if input() == 'a':\n    while True: pass\nprint(1)")]
    [InlineData("import threading\nif input() == 'a': threading.Event().wait()\nprint(1)")]
    [InlineData("import subprocess\nif input() == 'a': subprocess.run(['sleep', '60'])\nprint(1)")]
    [InlineData("import os\nif input() == 'a':\n    os.fork()\n    while True: pass\nprint(1)")]
    public void Cases_OneSpendsItsTime_FailsAloneAndTheOthersGoOn(string code)
    {
        var verdict = sandbox.Judge("python", code, Cases(("b", "1"), ("a", "1"), ("c", "1")));
        (verdict.Passed, verdict.Total).ShouldBe((2, 3));
        verdict.Reason.ShouldContain("case 2: over the time limit of 1.5 s");
    }

    [Fact]
    public void Cases_AllSpendTheirTime_EndAtTheLimitForAll()
    {
        var verdict = sandbox.Judge("python", "while True: pass", Cases([.. Enumerable.Range(0, 50).Select(_ => ("", "1"))]));
        verdict.Passed.ShouldBe(0);
        verdict.Total.ShouldBe(50);
    }

    [Theory]
    [InlineData("print(3)", 1, "case 2: wrote '3' in place of '7'")]
    [InlineData("print(1/0)", 0, "case 1: exit code 1: 'ZeroDivisionError: division by zero'")]
    [InlineData("print(3", 0, "exit code 1: 'SyntaxError")]
    [InlineData("print(int(input().split()[0]) + 2, end='')\nimport sys; sys.exit(3)", 0, "exit code 3")]
    [InlineData("print('x' * 5000000)", 0, "over the output limit")]
    [InlineData("while True: pass", 0, "over the time limit of 1.5 s")]
    [InlineData("x = 'a' * (1 << 30)", 0, "MemoryError")]
    public void Cases_WrongProgram_SaysWhy(string code, int passed, string reason)
    {
        var verdict = sandbox.Judge("python", code, Cases(("1 2\n", "3\n"), ("10 -3\n", "7")));
        verdict.Passed.ShouldBe(passed);
        verdict.Reason.ShouldContain(reason);
    }

    [Fact]
    public void Cases_LargeInputAndOutput_GoThrough()
    {
        var text = string.Join('\n', Enumerable.Range(0, 80_000));
        sandbox.Judge("python", "import sys\nfor line in sys.stdin: print(line.strip())", Cases((text, text))).Reason.ShouldBeEmpty();
        sandbox.Judge("python", "print('done')", Cases((text, "done"))).Reason.ShouldBeEmpty(); // nobody reads the input
    }

    [Fact]
    public void Cases_FilesOfOneCase_AreGoneInTheNext() =>
        sandbox.Judge("python", "import os\nprint(os.listdir('.'))\nos.makedirs('a/b'); open('a/b/c', 'w').write('x'); os.symlink('/usr', 'l')", Cases(("", "[]"), ("", "[]"))).Reason.ShouldBeEmpty();

    // HumanEval's form: a function check(candidate) and an entry point; helpers of the prompt are used by the tests.
    private const string Check = """
        METADATA = {'author': 'x'}
        def check(candidate):
            assert candidate([1, 2, 3]) == 6, "sum"
            assert candidate([]) == 0
            for n in range(5):
                assert abs(candidate([n, 0.5]) - helper(n)) < 1e-6
        """;

    [Theory]
    [InlineData("def helper(n): return n + 0.5\ndef total(xs): return sum(xs)", 1)]
    [InlineData("def helper(n): return n + 0.5\ndef total(xs): return sum(xs) + 1", 0)]
    [InlineData("def helper(n): return n + 0.5\ndef tally(xs): return sum(xs)", 0)]
    public void Assertions_HumanEvalForm_Decide(string code, int passed) =>
        sandbox.Judge("python", code, Check, "total").ShouldSatisfyAllConditions(
            verdict => verdict.Passed.ShouldBe(passed), verdict => verdict.Total.ShouldBe(1), verdict => (verdict.Reason.Length == 0).ShouldBe(passed == 1));

    [Theory]
    [InlineData("def f(a, b): return tuple(sorted(set(a) & set(b)))", "assert f((3, 4, 5, 6), (5, 7, 4, 10)) == (4, 5)")]
    [InlineData("def f(a): a.sort(); a.append(9)", "x = [3, 1]\nf(x)\nassert x == [1, 3, 9]")]
    [InlineData("def f(n):\n    for i in range(n): yield i * i", "assert list(f(4)) == [0, 1, 4, 9]")]
    [InlineData("class Node:\n    def __init__(self, v): self.v, self.left = v, None\ndef depth(n): return 0 if n is None else 1 + depth(n.left)", "root = Node(1)\nroot.left = Node(2)\nassert depth(root) == 2\nassert root.left.v == 2")]
    [InlineData("class P:\n    def __init__(self, x): self.x = x\n    def __eq__(self, o): return self.x == o.x\n    def __add__(self, o): return P(self.x + o.x)", "assert P(1) + P(2) == P(3)\nassert P(1) != P(2)\nassert isinstance(P(1), P)")]
    [InlineData("def apply(f, xs): return [f(x) for x in xs]", "assert apply(lambda v: v * 2, [1, 2]) == [2, 4]\nassert apply(str, [1]) == ['1']")]
    [InlineData("def f(x):\n    if x < 0: raise ValueError('negative')\n    return x ** 0.5", "try:\n    f(-1)\n    assert False\nexcept ValueError as e:\n    assert 'neg' in str(e)\nassert f(4) == 2.0")]
    [InlineData("class Odd(Exception): pass\ndef f(x):\n    raise Odd('x')", "try:\n    f(-1)\n    assert False\nexcept Odd:\n    pass")]
    [InlineData("import math\nfrom typing import List\ndef f(xs: List[float]): return math.fsum(xs)", "assert math.isclose(f([0.1] * 10), 1.0)")]
    [InlineData("def sum(a, b): return a + b", "assert sum(10, 15) == 25")] // MBPP has tasks named like builtins
    [InlineData("from collections import Counter, deque, OrderedDict, namedtuple\nQ = namedtuple('Q', 'a b')\ndef f(k): return [Counter('aab'), deque([1]), OrderedDict(a=1), Q(1, 2), {1, 2}, frozenset([3]), b'x', 2 + 1j, 10 ** 40, float('inf'), None, True, range(3), {(1, 2): [3]}][k]",
        "from collections import Counter, deque\nfor k, v in enumerate([Counter('aab'), deque([1]), {'a': 1}, (1, 2), {1, 2}, {3}, b'x', 2 + 1j, 10 ** 40, float('inf'), None, True, range(3), {(1, 2): [3]}]): assert f(k) == v, k")]
    [InlineData("def f(s): return s[::-1]", "assert f('a\\ud800\\u00e9\\U0001f600') == '\\U0001f600\\u00e9\\ud800a'")]
    [InlineData("def f(x): return x + 1", "import unittest\nclass T(unittest.TestCase):\n    def test_a(self): self.assertEqual(f(1), 2)")]
    [InlineData("def f(x): return x + 1", "def test_a():\n    assert f(1) == 2\ndef test_b():\n    assert f(2) == 3")]
    [InlineData("class Stack:\n    def __init__(self): self.items = []\n    def push(self, x): self.items.append(x)\n    def __len__(self): return len(self.items)\n    def __getitem__(self, i): return self.items[i]", "s = Stack()\ns.push(4)\nassert len(s) == 1 and s[0] == 4 and s.items == [4] and 4 in s")]
    [InlineData("print('noise')\ndef f(): print('more noise'); return input.__name__", "assert f() == 'input'")]
    [InlineData("def inorder(t): return [] if t is None else inorder(t.left) + [t.value] + inorder(t.right)", "class Tree:\n    def __init__(self, value, left=None, right=None): self.value, self.left, self.right = value, left, right\nassert inorder(Tree(2, Tree(1), Tree(3))) == [1, 2, 3]")]
    public void Assertions_RightProgram_Passes(string code, string test)
    {
        var verdict = sandbox.Judge("python", code, new[] { test });
        verdict.Reason.ShouldBeEmpty();
        verdict.Passed.ShouldBe(1);
    }

    [Fact]
    public void Assertions_SomeFail_AreCountedEach()
    {
        var verdict = sandbox.Judge("python", "def f(x): return x * x", new[] { "assert f(2) == 4", "assert f(3) == 6", "assert f(-1) == 1" });
        (verdict.Passed, verdict.Total).ShouldBe((2, 3));
        verdict.Reason.ShouldContain("assert f(3) == 6");
    }

    [Theory]
    [InlineData("assert f(1) ==", "do not parse")]
    [InlineData("f(1)", "assert nothing")]
    [InlineData("import no_such_module\nassert f(1)", "cannot import")]
    public void Assertions_BrokenTests_AreNoVerdict(string test, string message)
    {
        _ = sandbox.Pool("python"); // a test that is skipped within Should.Throw would fail
        Should.Throw<BadInputException>(() => sandbox.Judge("python", "def f(x): return x", new[] { test })).Message.ShouldContain(message);
    }
}
