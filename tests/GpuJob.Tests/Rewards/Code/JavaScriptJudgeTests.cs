using R1Cloud.Shared.Jobs;

namespace R1Cloud.GpuJob.Tests.Rewards.Code;

public sealed class JavaScriptJudgeTests(CodeSandbox sandbox) : IClassFixture<CodeSandbox>
{
    private static Dictionary<string, string>[] Cases(params (string Input, string Output)[] cases) =>
        [.. cases.Select(item => new Dictionary<string, string> { ["input"] = item.Input, ["output"] = item.Output })];

    [Theory]
    [InlineData("const [a, b] = require('fs').readFileSync(0, 'utf8').split(' ').map(Number);\nconsole.log(a + b);")]
    [InlineData("const lines = require('fs').readFileSync('/dev/stdin').toString().trim().split(' ');\nprocess.stdout.write(String(+lines[0] + +lines[1]));")]
    [InlineData("require('readline').createInterface({ input: process.stdin }).on('line', line => console.log(line.split(' ').reduce((a, b) => +a + +b)));")]
    [InlineData("let s = '';\nprocess.stdin.on('data', d => s += d);\nprocess.stdin.on('end', () => setTimeout(() => console.log(eval(s.trim().split(' ').join('+'))), 5));")]
    public void Cases_RightProgram_PassesAll(string code)
    {
        var verdict = sandbox.Judge("javascript", code, Cases(("1 2\n", "3\n"), ("10 -3\n", "7")));
        verdict.Reason.ShouldBeEmpty();
        (verdict.Passed, verdict.Total).ShouldBe((2, 2));
    }

    [Theory]
    [InlineData("console.log(3)", 1, "case 2: wrote '3' in place of '7'")]
    [InlineData("throw new TypeError('no')", 0, "TypeError: no")]
    [InlineData("console.log(3", 0, "SyntaxError")]
    [InlineData("for (;;);", 0, "over the time limit")]
    [InlineData("console.log('x'.repeat(5000000))", 0, "over the output limit")]
    public void Cases_WrongProgram_SaysWhy(string code, int passed, string reason)
    {
        var verdict = sandbox.Judge("javascript", code, Cases(("1 2\n", "3\n"), ("10 -3\n", "7")));
        verdict.Passed.ShouldBe(passed);
        verdict.Reason.ShouldContain(reason);
    }

    [Theory]
    [InlineData("function f(a, b) { return a + b; }", "const assert = require('assert');\nassert.strictEqual(f(1, 2), 3);")]
    [InlineData("const f = xs => xs.sort((a, b) => a - b);", "const x = [3, 1];\nf(x);\nassert.deepStrictEqual(x, [1, 3]);")]
    [InlineData("const f = o => ({ ...o, b: [1, { c: null }], d: undefined, e: NaN, g: 10n ** 30n });", "assert.deepStrictEqual(f({ a: 1 }), { a: 1, b: [1, { c: null }], d: undefined, e: NaN, g: 10n ** 30n });")]
    [InlineData("const f = (g, xs) => xs.map(x => g(x));", "assert.deepEqual(f(x => x * 2, [1, 2]), [2, 4]);")]
    [InlineData("class Stack { constructor() { this.items = []; } push(x) { this.items.push(x); return this; } get size() { return this.items.length; } }", "const s = new Stack();\ns.push(1).push(2);\nassert.equal(s.size, 2);")]
    [InlineData("function f(x) { if (x < 0) throw new RangeError('negative'); return Math.sqrt(x); }", "assert.throws(() => f(-1), RangeError);\nassert.equal(f(4), 2);")]
    [InlineData("async function f(x) { await null; return x + 1; }", "(async () => { assert.equal(await f(1), 2); })();")]
    [InlineData("function* f(n) { for (let i = 0; i < n; i++) yield i; }", "assert.deepEqual([...f(3)], [0, 1, 2]);")]
    [InlineData("const f = () => [new Map([[1, 2]]), new Set([3]), new Date(0)];", "assert.deepStrictEqual(f(), [new Map([[1, 2]]), new Set([3]), new Date(0)]);")]
    [InlineData("module.exports.f = x => x + 1;", "assert.equal(f(1), 2);")]
    [InlineData("const f = (x) => x;", "const testF = () => { console.assert(f(1) === 1); };\ntestF();")]
    public void Assertions_RightProgram_Passes(string code, string test)
    {
        var verdict = sandbox.Judge("javascript", code, new[] { test });
        verdict.Reason.ShouldBeEmpty();
        verdict.Passed.ShouldBe(1);
    }

    [Theory]
    [InlineData("assert.equal(f(1), 3);")]
    [InlineData("console.assert(f(1) === 3);")]
    [InlineData("(async () => { assert.equal(await f(1), 3); })();")]
    [InlineData("assert.equal(g(1), 2);")]
    public void Assertions_WrongProgram_Fails(string test)
    {
        var verdict = sandbox.Judge("javascript", "const f = x => x + 1;", new[] { test });
        verdict.Passed.ShouldBe(0);
        verdict.Reason.ShouldNotBeEmpty();
    }

    [Fact]
    public void Assertions_EntryPoint_IsTheCandidate() =>
        sandbox.Judge("javascript", "const add = (a, b) => a + b;", "const check = (candidate) => { assert.equal(candidate(1, 2), 3); };", "add").Reason.ShouldBeEmpty();

    [Theory]
    [InlineData("assert.equal(f(1, 2);", "do not parse")]
    [InlineData("f(1);", "assert nothing")]
    [InlineData("require('no-such-module'); assert(f(1));", "cannot import")]
    public void Assertions_BrokenTests_AreNoVerdict(string test, string message)
    {
        _ = sandbox.Pool("javascript"); // a test that is skipped within Should.Throw would fail
        Should.Throw<BadInputException>(() => sandbox.Judge("javascript", "const f = x => x;", new[] { test })).Message.ShouldContain(message);
    }
}
