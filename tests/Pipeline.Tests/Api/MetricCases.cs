using R1Cloud.Pipeline.Model;

namespace R1Cloud.Pipeline.Tests.Api;

/// <summary>Cases of figures by name and range.</summary>
internal static class MetricCases
{
    private const string Series = "/api/runs/done/metrics/series";

    public static IReadOnlyList<ApiCase> All { get; } =
    [
        new("metric names", "GET", "/api/runs/done/metrics/names", 200)
        {
            Check = (_, body) =>
            {
                var stages = ApiCases.Read<MetricNamesView>(body).Stages;
                stages.Select(stage => stage.Stage).ShouldBe(["base", "r1-zero"]);
                stages[1].Names.ShouldContain("reward/mean");
                (stages[1].Rows, stages[1].First, stages[1].Last).ShouldBe((5, 1, 5));
            },
        },
        new("metric names: none yet", "GET", "/api/runs/stuck/metrics/names", 200) { Contains = ["\"stages\":[]"] },
        new("metric names: unknown run", "GET", "/api/runs/nobody/metrics/names", 404),
        new("metric series", "GET", $"{Series}?names=reward/mean,loss&stage=r1-zero", 200)
        {
            Contains = ["\"cursor\":\"base=6,r1-zero=5\""],
            Check = (_, body) =>
            {
                var series = ApiCases.Read<MetricSeriesView>(body).Series;
                series.Select(one => one.Name).ShouldBe(["loss", "reward/mean"]);
                series.ShouldAllBe(one => one.Stage == "r1-zero" && one.Count == 5 && !one.Thinned && one.Times == null);
                series[0].Steps.ShouldBe([1, 2, 3, 4, 5]);
                series[0].Values.Count.ShouldBe(5);
            },
        },
        new("metric series: range and times", "GET", $"{Series}?names=reward*&stage=r1-zero&from=2&to=3&times=true", 200)
        {
            Check = (_, body) =>
            {
                var series = ApiCases.Read<MetricSeriesView>(body).Series;
                series.ShouldContain(one => one.Name == "reward/std");
                series.ShouldAllBe(one => one.Name.StartsWith("reward", StringComparison.Ordinal) && one.Times!.Count == one.Steps.Count);
                series.Single(one => one.Name == "reward/mean").Steps.ShouldBe([2, 3]);
            },
        },
        new("metric series: no such name", "GET", $"{Series}?names=nothing", 200) { Contains = ["\"series\":[]"] },
        new("metric series: no names", "GET", Series, 400) { Contains = ["\"field\":\"names\"", "1 to 100 names"] },
        new("metric series: too many names", "GET", $"{Series}?names={string.Join(',', Enumerable.Range(0, 101))}", 400)
        {
            Contains = ["\"field\":\"names\""],
        },
        new("metric series: too few points", "GET", $"{Series}?names=loss&points=9", 400) { Contains = ["from 10 to 20000"] },
        new("metric series: times neither true nor false", "GET", $"{Series}?names=loss&times=1", 400) { Contains = ["true, false"] },
        new("metric series: unknown stage", "GET", $"{Series}?names=loss&stage=sft", 400) { Contains = ["base, r1-zero"] },
        new("metric series: unknown run", "GET", "/api/runs/nobody/metrics/series?names=loss", 404),
    ];
}
