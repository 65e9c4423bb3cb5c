using System.Text.Json;
using R1Cloud.GpuJob.Commands;
using R1Cloud.GpuJob.Numerics;
using R1Cloud.GpuJob.Probing;
using R1Cloud.Shared.Jobs;

namespace R1Cloud.GpuJob.Tests.Commands;

public sealed class ProbeCommandTests
{
    [Fact]
    public async Task Probe_SmallestModel_TellsTheMachineThenALineACase()
    {
        var (code, lines) = await RunAsync("--device", "cpu", "--threads", "2", "--seconds", "6", "--only", "0.74M");
        code.ShouldBe(ExitCodes.Done);
        var machine = lines[0].GetProperty("figures");
        (machine.GetProperty("device").GetString(), machine.GetProperty("threads").GetInt32()).ShouldBe(("cpu", 2));
        machine.GetProperty("freeBytes").GetDouble().ShouldBeGreaterThan(1e8);
        lines.Skip(1).Select(line => line.GetProperty("case").GetString())
            .ShouldBe(["decode 0.74M batch 1", "decode 0.74M batch 16", "decode 0.74M batch 64", "train 0.74M"]);
        foreach (var line in lines.Skip(1)) // a busy machine may not get to the last ones
        {
            if (line.TryGetProperty("figures", out var figures)) figures.GetProperty("tokensPerSecond").GetDouble().ShouldBeGreaterThan(0);
            else line.GetProperty("skipped").GetString().ShouldBe("the 6 seconds are over");
        }
        lines[1].TryGetProperty("figures", out _).ShouldBeTrue();
    }

    [Fact]
    public async Task Probe_WrongTime_NamesTheOption()
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        (await TrainerCommandLine.RunAsync(["probe", "--seconds", "0"], new(TextReader.Null, output, error))).ShouldBe(ExitCodes.BadInput);
        error.ToString().ShouldContain("--seconds is 0; allowed is 1 to 86400");
    }

    [Fact]
    public void All_Cases_SayWhatTheyTake()
    {
        using var group = new DeviceGroup([TorchSharp.torch.CPU]);
        var cases = new ProbeCases(new Compute(group, 2, Deterministic: true), "").All().ToList();
        cases.Select(item => item.Name).Distinct().Count().ShouldBe(cases.Count);
        cases.Single(item => item.Name == "train 7B").Bytes.ShouldBeInRange(130e9, 140e9);
    }

    private static async Task<(int Code, List<JsonElement> Lines)> RunAsync(params string[] options)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = await TrainerCommandLine.RunAsync(["probe", .. options], new(TextReader.Null, output, error));
        return (code, [.. output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonSerializer.Deserialize<JsonElement>(line))]);
    }
}
