using System.Text.Json;
using R1Cloud.GpuJob.Judging;
using R1Cloud.Rewards;
using R1Cloud.Rewards.Scoring;
using R1Cloud.Rewards.Tests.Sandboxing;
using R1Cloud.Rewards.Verification;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes.Rewards;

namespace R1Cloud.GpuJob.Tests.Judging;

public sealed class OverlappedScoringTests(CodeSandbox sandbox) : IClassFixture<CodeSandbox>
{
    private const string Add = "print(sum(map(int, input().split())))";

    private static object[] Cases { get; } = [new { input = "1 2", output = "3" }, new { input = "2 2", output = "4" }];

    [Fact]
    public async Task ScoreAsync_CodeRewardInARecipe_GoesThroughVerifiers()
    {
        _ = sandbox.Pool("python"); // skips where there is none
        await using var pool = new VerifierPool(VerificationOptions.Default with { Workers = 2 });
        var scoring = new OverlappedScoring(
            new RewardSum(
                new Dictionary<string, RewardRecipe> {
                    ["accuracy/code"] = new() { Options = JsonSerializer.SerializeToElement(new { seconds = 1 }) },
                    ["format/think-answer"] = 0.5 }), () => pool);
        scoring.Overlaps.ShouldBeTrue();
        var rows = Enumerable.Range(0, 12)
            .Select(i =>
                Row(
                    $"<think>t</think><answer>\n```python\n{(i % 3 == 0 ? Add : i % 3 == 1 ? "while True: pass" : "import os; os.abort()")}\n```\n</answer>", Cases)).ToList();

        var scored =
            await Task.WhenAll(rows.Where((_, i) => i % 3 != 1 || i == 1)
                .Select(row => scoring.ScoreAsync(row, TestContext.Current.CancellationToken)));

        scored.Select(score => score.Verdicts["accuracy/code"].Outcome).ShouldAllBe(outcome => outcome == RewardOutcome.Scored);
        scored.Count(score => score.Total == 1.5).ShouldBe(4);
        scored.Count(score => score.Total == 0.5).ShouldBe(5);
        pool.Scored.ShouldBe(9);
    }

    [Fact]
    public async Task Score_UnicodeAndFields_CrossUnchanged()
    {
        await using var pool = new VerifierPool(VerificationOptions.Default with { Workers = 1 });
        var completion = new Completion("<answer>\u00e9\U0001f600\n\t\"</answer>", "\u00e9\U0001f600\n\t\"", Finished: true)
        {
            Fields = new Dictionary<string, JsonElement> { ["tests"] = JsonSerializer.SerializeToElement(new[] { 1 }) },
        };
        (await pool.ScoreAsync(new VerificationRequest("accuracy/exact", completion))).Score.ShouldBe(1); // by gpujob verify itself
        (await Should.ThrowAsync<BadInputException>(() => pool.ScoreAsync(new VerificationRequest("accuracy/code", completion))))
            .Message.ShouldContain("item 1");
    }

    private static Completion Row(string text, object tests) => new(text, "", Finished: true)
    {
        Fields = new Dictionary<string, JsonElement> { ["tests"] = JsonSerializer.SerializeToElement(tests) },
    };
}
