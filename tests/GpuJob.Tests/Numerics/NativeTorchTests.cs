using System.Diagnostics;
using R1Cloud.GpuJob.Numerics;
using R1Cloud.Shared;
using R1Cloud.Testing;

namespace R1Cloud.GpuJob.Tests.Numerics;

public sealed class NativeTorchTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>A build without libtorch computes with the one that it is shown.</summary>
    [Fact]
    public async Task Probe_BuildWithoutNatives_TakesThoseOfAFolder()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Elsewhere the build brings its own libtorch.");
        var (carried, natives) = (folder["carried"], folder["natives"]);
        Directory.CreateDirectory(carried);
        Directory.CreateDirectory(natives);
        foreach (var file in Directory.GetFiles(Path.GetDirectoryName(Repository.Built("GpuJob", "gpujob.dll"))!))
        {
            var name = Path.GetFileName(file);
            if (!name.Contains(".so", StringComparison.Ordinal) || name == "libLibTorchSharp.so")
                File.Copy(file, Path.Combine(carried, name));
            else File.CreateSymbolicLink(Path.Combine(natives, name), file);
        }
        (await RunAsync(carried)).Output.ShouldNotContain("gflops");
        var (code, output) = await RunAsync(carried, "--libtorch", natives);
        code.ShouldBe(0, output);
        output.ShouldContain("gflops");
    }

    [Fact]
    public void Use_FolderWithoutLibtorch_IsNamed()
    {
        if (!OperatingSystem.IsLinux()) return;
        Should.Throw<BadInputException>(() => NativeTorch.Use(folder.Path)).Message
            .ShouldContain($"'{folder.Path}' has no libtorch_cpu.so");
    }

    private static async Task<(int Code, string Output)> RunAsync(string carried, params string[] more)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        string[] command = [Path.Combine(carried, "gpujob.dll"), "probe", "--seconds", "2", "--only", "product float32"];
        foreach (var argument in command.Concat(more))
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await error);
    }
}
