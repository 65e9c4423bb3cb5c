using System.Globalization;
using System.Text.RegularExpressions;

namespace R1Cloud.Infra.Tests;

/// <summary>How many nodes the pool asks for.</summary>
public sealed class PoolScaleTests(CompiledTemplate template)
{
    [Fact]
    public void Pool_ScalesFromNothingSpotFirst()
    {
        var scale = template.One("Microsoft.Batch/batchAccounts/pools")["properties"]!["scaleSettings"]!["autoScale"]!;
        ((string)scale["formula"]!).ShouldContain("autoscaleFormula");
        ((string)scale["evaluationInterval"]!).ShouldBe("PT5M");
        template.One("Microsoft.Batch/batchAccounts/pools")["properties"]!["scaleSettings"]!.AsObject().ContainsKey("fixedScale")
            .ShouldBeFalse();

        // format() takes braces as places: there must be these two and no others.
        Regex.Matches(template.Variable("autoscaleFormula"), "[{}].?}?").Select(match => match.Value).ShouldBe(["{0}", "{1}"]);
    }

    [Theory]
    [InlineData("nobody", new double[] { 0 }, 0, 0, 4, 1, 0, 0)]
    [InlineData("first workers, no history", new double[] { 1 }, 0, 0, 4, 1, 1, 0)]
    [InlineData("more come", new double[] { 3, 1 }, 1, 0, 4, 1, 3, 0)]
    [InlineData("more than the limit", new double[] { 9 }, 4, 0, 4, 1, 4, 0)]
    [InlineData("all there", new double[] { 3, 3, 3 }, 3, 0, 4, 1, 3, 0)]
    [InlineData("one taken away", new double[] { 3, 3, 3 }, 3, 1, 4, 1, 2, 1)]
    [InlineData("its node forgotten", new double[] { 3, 3, 3 }, 2, 0, 4, 1, 2, 1)]
    [InlineData("three taken away", new double[] { 3, 3, 3 }, 3, 3, 4, 2, 1, 2)]
    [InlineData("no dedicated ones wanted", new double[] { 3, 3, 3 }, 3, 3, 4, 0, 3, 0)]
    [InlineData("region has no spot", new double[] { 2, 2, 2 }, 0, 0, 4, 1, 1, 1)]
    [InlineData("region slow, waited shortly", new double[] { 2, 2, 0 }, 0, 0, 4, 1, 2, 0)]
    [InlineData("dedicated only", new double[] { 3 }, 0, 0, 0, 2, 0, 2)]
    [InlineData("no nodes at all, to see whether it can be deployed", new double[] { 3, 3, 3 }, 0, 0, 0, 0, 0, 0)]
    [InlineData("done", new double[] { 0, 3, 3 }, 3, 0, 4, 1, 0, 0)]
    public void Pool_Formula_GivesTheNodesThatWorkersWaitFor(
        string what, double[] pendingEachFiveMinutes, double spotNodes, double preempted, int maxSpot, int maxDedicated, int spot,
            int dedicated)
    {
        var formula = string.Format(CultureInfo.InvariantCulture, template.Variable("autoscaleFormula"), maxSpot, maxDedicated);
        var pool = new AutoscaleFormula(formula)
        {
            // The last five minutes first, ten samples each.
            Samples = { ["$PendingTasks"] = [.. pendingEachFiveMinutes.SelectMany(value => Enumerable.Repeat(value, 10))],
                ["$PreemptedNodeCount"] = [preempted] },
            Variables = { ["$CurrentLowPriorityNodes"] = spotNodes },
        };
        pool.Evaluate();
        Math.Floor(pool.Variables["$TargetLowPriorityNodes"]).ShouldBe(spot, what);
        pool.Variables["$TargetDedicatedNodes"].ShouldBe(dedicated, what);
        pool.DeallocationOption.ShouldBe("taskcompletion");
    }

    [Theory]
    [InlineData("$TargetDedicatedNodes = 1", "';'")]
    [InlineData("$TargetDedicatedNodes = clamp(1, 2);", "clamp")]
    [InlineData("$TargetDedicatedNodes = $WaitingTasks.GetSample(1);", "$WaitingTasks")]
    [InlineData("$TargetDedicatedNodes = max(1, 2;", "')'")]
    [InlineData("$TargetDedicatedNodes = 5 * TimeInterval_Minute;", "number")]
    public void Formula_OutsideOfBatchsLanguage_IsRefused(string formula, string word) =>
        Should.Throw<FormatException>(() => new AutoscaleFormula(formula).Evaluate()).Message.ShouldContain(word);
}
