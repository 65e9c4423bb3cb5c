using R1Cloud.Testing;
using System.Text.Json;
using R1Cloud.Rewards.Grading;

namespace R1Cloud.Rewards.Tests.Mathematics;

/// <summary>Agreement with what public checkers expect of their own cases and of models' answers.</summary>
public sealed class MathFixtureTests
{
    [Fact]
    public async Task Grade_UnitCasesAndNegatives_AgreesAsRequired()
    {
        var unit = await GradeAsync("verifier_unit_dev.jsonl");
        var negatives = await GradeAsync("verifier_unit_dev_negatives.jsonl");
        ((double)(unit.Agreed + negatives.Agreed) / (unit.Expected + negatives.Expected)).ShouldBeGreaterThanOrEqualTo(0.98);
        negatives.FalsePositives.ShouldBe(0);
    }

    [Fact]
    public async Task Grade_ModelAnswers_AgreesAsRequired()
    {
        var summary = await GradeAsync("verifier_model_dev.jsonl");
        ((double)summary.Agreed / summary.Expected).ShouldBeGreaterThanOrEqualTo(0.99);
    }

    [Fact]
    public void Grade_TrainingAnswers_EqualThemselves()
    {
        foreach (var line in File.ReadLines(Fixtures.Shared("data/shared_only/train_problems.jsonl")))
        {
            var answer = JsonSerializer.Deserialize<JsonElement>(line).GetProperty("answer").ToString();
            var grade = Graders.Get("accuracy/math", default)(new($"So we get \\boxed{{{answer}}}.", answer, Finished: true), default);
            grade.Correct.ShouldBeTrue(answer);
        }
    }

    private static async Task<GradeSummary> GradeAsync(string name)
    {
        using var input = new StreamReader(Fixtures.Shared("data/shared_only/" + name));
        var grader = Graders.Get("accuracy/math", default);
        var summary = await new GradeFile(grader, name, message =>
            message.ShouldContain("has no right answer")).RunAsync(input, TextWriter.Null, _ => { }, CancellationToken.None);
        return summary;
    }
}
