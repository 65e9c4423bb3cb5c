using System.Text.Json;
using R1Cloud.Rewards.Code;
using R1Cloud.Rewards.Scoring;
using R1Cloud.Rewards.Tests.Sandboxing;
using R1Cloud.Shared;
using R1Cloud.Testing;

namespace R1Cloud.Rewards.Tests.Code;

public sealed class CodeRewardTests(CodeSandbox sandbox) : IClassFixture<CodeSandbox>
{
    private const string Add = "print(sum(map(int, input().split())))";

    private static Completion Row(string text, object tests, params (string Name, object Value)[] more) => new(text, "", Finished: true)
    {
        Fields = more.Append(("tests", tests)).ToDictionary(field => field.Item1, field => JsonSerializer.SerializeToElement(field.Item2)),
    };

    private static object[] Cases { get; } = [new { input = "1 2", output = "3" }, new { input = "2 2", output = "4" }];

    [Theory]
    [InlineData("```python\n1\n```\nthen\n```python\n2\n```", "2\n")]
    [InlineData("<think>```python\n1\n```</think> none", null)]
    [InlineData("<think>x</think>```py\n1\n```\n<answer>see above</answer>", "1\n")]
    [InlineData("```python\n1\n```\n<answer>\n```python\n2\n```\n</answer>\n```python\n3\n```", "2\n")]
    [InlineData("<answer>print(1)</answer>", "print(1)")]
    [InlineData("```\n1\n```\n```json\n{}\n```", "1\n")]
    [InlineData("```python\n1\n```\n```javascript\n2\n```", "1\n")]
    [InlineData("  ```python\r\n1\r\n  ```\r\n", "1\n")]
    [InlineData("```python\n1", "1\n")]
    [InlineData("```python\n```", "")]
    [InlineData("<answer>```json\n{}\n```</answer>", null)]
    [InlineData("no code", null)]
    public void Extract_Text_FindsTheLastBlock(string text, string? code) => CodeBlock.Extract(text, "python", []).ShouldBe(code);

    [Fact]
    public void Extract_HostileText_TakesLinearTime()
    {
        foreach (var part in new[] { "```python\n", "\n` `` ```a" })
            ProcessorTime.Of(() => CodeBlock.Extract(string.Concat(Enumerable.Repeat(part, 50_000)), "python", []))
                .ShouldBeLessThan(TimeSpan.FromSeconds(5), part);
    }

    [Theory]
    [InlineData("3\n", "3", true)]
    [InlineData("1  2 \r\n3\n\n", "1 2\n3", true)]
    [InlineData("0.30000000000000004", "0.3", true)]
    [InlineData("1e-7", "0.0", true)]
    [InlineData("3.0", "3", false)]
    [InlineData("3", "3.0", true)]
    [InlineData("nan", "0.5", false)]
    [InlineData("1\n2", "1 2", false)]
    [InlineData("Yes", "yes", false)]
    [InlineData("", "0", false)]
    [InlineData("\n\n", "", true)]
    public void Agree_Outputs_CompareAsContestsDo(string actual, string expected, bool agree) =>
        OutputComparison.Agree(actual, expected).ShouldBe(agree);

    [Theory]
    [InlineData("""{}""", "has no tests")]
    [InlineData("""{"tests": []}""", "not an empty one")]
    [InlineData("""{"tests": 3}""", "a list, an object or a string")]
    [InlineData("""{"tests": ["assert f()", {"input": "", "output": ""}]}""", "item 1")]
    [InlineData("""{"tests": [{"input": "1"}]}""", "item 1")]
    [InlineData("""{"tests": {"inputs": ["1"], "outputs": []}}""", "as many")]
    [InlineData("""{"tests": [" "]}""", "an empty assertion")]
    public void Parse_BadTests_SaysWhatIsNeeded(string row, string message) =>
        Should.Throw<BadInputException>(() => CodeTests.Parse(JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(row)!))
            .Message.ShouldContain(message);

    [Theory]
    [InlineData("""{"input_output": "{\"inputs\": [\"1\", \"2\"], \"outputs\": [\"a\", \"b\"]}"}""", 2, 0)]
    [InlineData("""{"test": "def check(candidate): assert candidate()", "entry_point": "f"}""", 0, 1)]
    [InlineData("""{"test_list": ["assert f()", "assert g()"], "test_setup_code": ""}""", 0, 2)]
    [InlineData("""{"tests": "[{\"input\": \"1\", \"output\": \"2\"}]"}""", 1, 0)]
    public void Parse_PublicLayouts_AreRead(string row, int cases, int assertions)
    {
        var tests = CodeTests.Parse(JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(row)!);
        (tests.Cases.Count, tests.Assertions.Count).ShouldBe((cases, assertions));
    }

    [Fact]
    public void Score_Completions_TellScoreReasonAndOutcome()
    {
        _ = sandbox.Pool("python");
        using var reward = new CodeReward(new() { Seconds = 1.5, Warm = 2 });
        reward.Prepare();
        reward.Score(Row("<answer>I do not know how to write it.</answer> ```", Cases)).Score.ShouldBe(0);
        reward.Score(Row("no code", Cases)).ShouldBe(new Reward(0, "no python code", RewardOutcome.Unparsable));
        reward.Score(Row($"<answer>\n```python\n{Add}\n```\n</answer>", Cases)).ShouldBe(new Reward(1, "2 of 2 tests"));
        reward.Score(Row("```python\nprint(3)\n```", Cases)).ShouldBe(new Reward(0, "1 of 2 tests; case 2: wrote '3' in place of '4'"));
        reward.Score(Row("```python\ndef f(): return 2\n```", new[] { "assert f() == 2" })).Score.ShouldBe(1);
        (Row("```python\n1", Cases) with { Finished = false }).ShouldSatisfyAllConditions(
            row => reward.Score(row).ShouldBe(new Reward(0, "cut off at the length limit", RewardOutcome.Unparsable)));
        Should.Throw<BadInputException>(() => reward.Score(Row("```python\n1\n```", Cases, ("language", "cobol"))))
            .Message.ShouldContain("python, javascript");
    }

    [Fact]
    public void Score_Partial_IsTheShareOfTests()
    {
        _ = sandbox.Pool("python");
        using var reward = new CodeReward(new() { Partial = true, Warm = 1 });
        reward.Score(Row("```python\nprint(4)\n```", Cases)).ShouldBe(new Reward(0.5, "1 of 2 tests; case 1: wrote '4' in place of '3'"));
    }

    [Fact]
    public void Score_RowNamesJavaScript_RunsNode()
    {
        _ = sandbox.Pool("javascript");
        using var reward = new CodeReward(new() { Warm = 1 });
        reward.Score(
            Row("```js\nconsole.log(eval(require('fs').readFileSync(0, 'utf8').replace(' ', '+')))\n```", Cases,
                ("language", "JavaScript"))).ShouldBe(new Reward(1, "2 of 2 tests"));
    }

    [Fact]
    public void Score_Unsandboxed_RunsWithTheLimitsAlone()
    {
        _ = sandbox.Pool("python");
        using var reward = new CodeReward(new() { Warm = 1, Seconds = 1 }, unsandboxed: true);
        reward.Score(Row($"```python\n{Add}\n```", Cases)).ShouldBe(new Reward(1, "2 of 2 tests"));
        reward.Score(Row("```python\nwhile True: pass\n```", Cases)).Reason.ShouldContain("time limit");
        reward.Score(Row("```python\nx = bytearray(1 << 30)\n```", Cases)).Reason.ShouldContain("MemoryError");
    }
}
