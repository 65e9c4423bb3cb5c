using R1Cloud.Pipeline.Alerts;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Options;
using R1Cloud.Shared.Metrics;

namespace R1Cloud.Pipeline.Tests.Alerts;

/// <summary>What figures are told about, and by which id.</summary>
public sealed class AlertRulesTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Theory]
    [InlineData(double.NaN, "NaN")]
    [InlineData(double.PositiveInfinity, "Infinity")]
    public void Of_FigureThatIsNoNumber_HasAnIdOfItsPlace(double value, string word)
    {
        var alert = Of(AlertKind.NonFinite, Rows(5, step => step == 3 ? value : 1, MetricNames.GradNorm)).ShouldHaveSingleItem();
        (alert.Id, alert.Stage, alert.Step).ShouldBe(("run/non-finite/rl/3", "rl", 3));
        alert.Text.ShouldContain($"{MetricNames.GradNorm} of stage 'rl', step 3, is {word}");
    }

    [Theory]
    [InlineData(MetricNames.Accuracy)]
    [InlineData(MetricNames.Entropy)]
    public void Of_FigureThatFallsOff_KeepsItsIdWhileItGoesOnFalling(string figure)
    {
        Of(AlertKind.RewardCollapse, Rows(15, _ => 0.8, figure)).ShouldBeEmpty();
        var ids = new[] { 40, 50 }.Select(last => Of(AlertKind.RewardCollapse, Rows(last, step => step > 20 ? 0.01 : 0.8, figure))
            .ShouldHaveSingleItem().Id);
        ids.ShouldAllBe(id => id == $"run/reward-collapse/rl/{figure}");
    }

    [Fact]
    public void Of_KindsThatAServiceDoesNotWant_AreNotFound() =>
        AlertRules.Of(Look(Rows(5, _ => double.NaN, "kl")), new("https://hooks.example", Kinds: [AlertKind.Failed])).ShouldBeEmpty();

    private static List<Alert> Of(AlertKind kind, IReadOnlyList<MetricsRow> rows) =>
        [.. AlertRules.Of(Look(rows), new("https://hooks.example", Kinds: [kind]))];

    private static IReadOnlyList<MetricsRow> Rows(int count, Func<int, double> value, string figure) => [.. Enumerable.Range(1, count)
        .Select(step => new MetricsRow("rl", step, Now, new Dictionary<string, double> { [figure] = value(step) }))];

    private static AlertLook Look(IReadOnlyList<MetricsRow> rows) => new(new RunView
    {
        Id = "run", Name = "run", RecipeHash = "", Status = RunStatus.Running, Stages = [], Cost = new(0, 0, 0, "USD", ""), CreatedAt = Now,
    }, 0, rows, [], Now, Now);
}
