using System.Text.Json;
using R1Cloud.EngineTool;
using R1Cloud.InferenceServers;
using R1Cloud.InferenceServers.Sglang;
using R1Cloud.Shared.Jobs;
using R1Cloud.Testing;

namespace R1Cloud.Inference.Tests.Tool;

/// <summary>The program that tries the client against an engine.</summary>
public sealed class EngineToolTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Report_OfAServerThatIsWell_TellsFiguresOfEach()
    {
        var weights = WeightsFolders.Proven(folder, "UB");
        await using var server = await StandInVllm.StartAsync(WeightsFolders.Proven(folder, "UA"));
        var (code, output, error) = await RunAsync("report", weights, "--server", server.Address.ToString(), "--json");
        code.ShouldBe(ExitCodes.Done, error);
        var report = JsonDocument.Parse(output).RootElement;
        var shown = report.GetProperty("proven").EnumerateObject().Single().Value;
        (shown.GetProperty("proven").GetInt32(), shown.GetProperty("unproven").GetInt32()).ShouldBe((27, 0));
        report.GetProperty("repeatedIds").GetDouble().ShouldBe(1);
        report.GetProperty("sampledAgainstScored").GetDouble().ShouldBeLessThan(1e-3);
        report.GetProperty("tokensPerSecond").GetDouble().ShouldBeGreaterThan(0);
        report.GetProperty("servers")[0].GetProperty("facts").GetProperty("version").GetString().ShouldBe("0.32.0");
    }

    [Fact]
    public async Task Sample_OfIds_WritesALineEach()
    {
        var weights = WeightsFolders.Proven(folder, "UA");
        await using var server = await StandInVllm.StartAsync(weights);
        var (code, output, error) = await RunAsync("sample", weights, "--server", server.Address.ToString(), "--ids", "2,8,9,17,14,19",
            "--count", "3", "--max", "5");
        code.ShouldBe(ExitCodes.Done, error);
        output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)
            .Select(line => line.GetProperty("sample").GetInt32()).ShouldBe([0, 1, 2], ignoreOrder: true);
    }

    [Fact]
    public async Task Check_OfAServerThatIsNotThere_SaysSo()
    {
        var (code, output, _) = await RunAsync("check", "--server", "http://127.0.0.1:9");
        code.ShouldBe(ExitCodes.Retryable);
        output.ShouldContain("cannot be reached");
    }

    [Fact]
    public async Task HandOver_OfAFolderWithoutProof_IsBadInput()
    {
        var weights = WeightsFolders.Copy(folder, "UA", "bare");
        await using var server = await StandInVllm.StartAsync(weights);
        var (code, _, error) = await RunAsync("handover", weights, "--server", server.Address.ToString());
        code.ShouldBe(ExitCodes.BadInput);
        error.ShouldContain("proof.json");
    }

    [Fact]
    public async Task Report_OfAnEngineThatIsStarted_EndsWithIt()
    {
        var weights = WeightsFolders.Proven(folder, "UA");
        var script = folder["vllm"];
        File.WriteAllText(script,
            $"#!/bin/sh\nexec dotnet {Repository.Built("InferenceServers", "R1Cloud.InferenceServers.dll")} \"$@\"\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var (code, output, error) = await RunAsync("report", weights, "--command", script, "--type", "float32");
        code.ShouldBe(ExitCodes.Done, error);
        output.ShouldContain("27 of 27 tensors proven by digest (float32)");
    }

    [Fact]
    public async Task Report_OfAServerAsSglangs_TellsWhatIsProvenHow()
    {
        var weights = WeightsFolders.Proven(folder, "UB");
        await using var server = await StandInSglang.StartAsync(WeightsFolders.Proven(folder, "UA"));
        var (code, output, error) = await RunAsync("report", weights, "--engine", "sglang", "--server", server.Address.ToString());
        code.ShouldBe(ExitCodes.Done, error + output);
        output.ShouldContain("0 of 27 tensors proven by digest, 39 by their numbers");
        output.ShouldContain("requests' seeds have no effect");
        output.ShouldContain("0.5.23");
    }

    [Fact]
    public async Task Report_OfAnEngineThatIsStartedAsSglang_EndsWithIt()
    {
        var weights = WeightsFolders.Proven(folder, "UA");
        var script = folder["sglang"];
        await File.WriteAllTextAsync(script,
            $"#!/bin/sh\nexec dotnet {Repository.Built("InferenceServers", "R1Cloud.InferenceServers.dll")} \"$@\"\n",
            TestContext.Current.CancellationToken);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var (code, output, error) = await RunAsync("report", weights, "--engine", "sglang", "--command", script, "--type", "float32");
        code.ShouldBe(ExitCodes.Done, error + output);
        output.ShouldContain("39 by their numbers");
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments)
    {
        await using StringWriter output = new(), error = new();
        var code = await EngineCommandLine.RunAsync(arguments, output, error);
        return (code, output.ToString(), error.ToString());
    }
}
