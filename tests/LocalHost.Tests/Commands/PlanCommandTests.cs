using System.Text.Json;
using R1Cloud.LocalHost.Display;
using R1Cloud.LocalHost.Environments;

namespace R1Cloud.LocalHost.Tests.Commands;

public sealed class PlanCommandTests : IDisposable
{
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Plan_Quickstart_ShowsStagesAndAssumptions()
    {
        var outcome = await R1.RunAsync(folder, "plan", Repository.Quickstart, "--gpu", "h100", "--nodes", "2");
        outcome.ExitCode.ShouldBe(ExitCode.Ok, outcome.All);
        outcome.Output.ShouldContain("2 × h100, cost in USD");
        outcome.Output.ShouldMatch(@"base +51\.2 k +614 k +0 ");
        outcome.Output.ShouldMatch(@"r1-zero +778 k +912 k +0 ");
        outcome.Output.ShouldContain("Assumptions");
        outcome.Output.ShouldContain("--length-share");
        outcome.Output.Split('\n').Where(line => !line.StartsWith(" - ", StringComparison.Ordinal))
            .ShouldAllBe(line => line.Length <= 80, "only sentences are wrapped, and by the terminal");
        // a line each where there is no terminal
        outcome.Output.Split(" Assumptions\n")[1].TrimEnd().Split('\n')
            .ShouldAllBe(line => line.StartsWith(" - ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Plan_Json_FollowsSetAndPriceTable()
    {
        folder.Write("prices.json", """
            { "currency": "EUR", "storagePerGigabyteMonth": 0, "devices": {
              "mine": { "teraflops": 1, "generationUtilisation": 0.1, "trainingUtilisation": 0.4, "pricePerHour": 3600, "date": "2026", "source": "mine" } } }
            """);
        var outcome =
            await R1.RunAsync(folder, "plan", Repository.Quickstart, "--json", "--gpu", "mine", "--price-table", folder["prices.json"],
                "--set", "stages.r1-zero.iterations=11");
        outcome.ExitCode.ShouldBe(ExitCode.Ok, outcome.All);
        var plan = JsonDocument.Parse(outcome.Output).RootElement;
        plan.GetProperty("currency").GetString().ShouldBe("EUR");
        plan.GetProperty("cost").GetDouble().ShouldBe(plan.GetProperty("wallSeconds").GetDouble(), 1e-9);
        // 11 × 192 × 8 completions, 512 × 5 answers of the last evaluation and 512 at each of two points of the curve; half of 40 tokens
        // each.
        plan.GetProperty("stages")[1].GetProperty("work").GetProperty("generatedTokens").GetDouble()
            .ShouldBe((11 * 192 * 8 + 512 * 7) * 20);
    }

    [Fact]
    public async Task Plan_BadPriceTable_IsBadInput()
    {
        folder.Write("prices.json", """{ "currency": "EUR" }""");
        var outcome = await R1.RunAsync(folder, "plan", Repository.Quickstart, "--price-table", folder["prices.json"]);
        outcome.ExitCode.ShouldBe(ExitCode.BadInput, outcome.All);
        outcome.Error.ShouldContain("prices.json");
        outcome.Error.ShouldContain("devices");
    }

    [Theory]
    [InlineData(0, "0")]
    [InlineData(999.4, "999")]
    [InlineData(999.6, "1 k")]
    [InlineData(51_200, "51.2 k")]
    [InlineData(2.9e12, "2.9 T")]
    public void Scaled_Values_HaveThreeDigits(double value, string expected) => PlanView.Scaled(value).ShouldBe(expected);
}
