using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;

namespace R1Cloud.Infra.Tests;

/// <summary>The Bicep CLI of the NuGet package.</summary>
internal static class Bicep
{
    private static readonly string Program = typeof(Bicep).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(item => item.Key == "Bicep").Value!;

    /// <summary>Runs a command on a file.</summary>
    /// <returns>Exit code, standard output, standard error.</returns>
    public static Task<(int Code, string Output, string Error)> RunAsync(string command, string file, params string[] arguments) =>
        RunAsync([], command, file, arguments);

    /// <summary>Runs a command on a file, with environment variables of its own.</summary>
    /// <inheritdoc cref="RunAsync(string, string, string[])"/>
    public static async Task<(int Code, string Output, string Error)> RunAsync(Dictionary<string, string> environment, string command,
        string file, params string[] arguments)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && RuntimeInformation.OSArchitecture == Architecture.X64,
            "The package holds the CLI for Linux on x64.");
        var start = new ProcessStartInfo(Program, [command, file, .. arguments]) { RedirectStandardOutput = true,
            RedirectStandardError = true };
        start.Environment["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "1";
        foreach (var (name, value) in environment) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await error);
    }

    /// <summary>A compiled template.</summary>
    public static async Task<JsonObject> BuildAsync(string file)
    {
        var (code, output, error) = await RunAsync("build", file, "--stdout");
        code.ShouldBe(0, error);
        error.ShouldBeEmpty();
        return JsonNode.Parse(output)!.AsObject();
    }

    /// <summary>Every resource of a template and of the templates nested in it.</summary>
    public static IEnumerable<JsonObject> Resources(JsonObject template)
    {
        var resources = template["resources"] switch
        {
            JsonArray array => array.Select(item => item!.AsObject()),
            JsonObject map => map.Select(item => item.Value!.AsObject()),
            _ => [],
        };
        foreach (var resource in resources)
        {
            if ((string?)resource["type"] == "Microsoft.Resources/deployments")
            {
                foreach (var inner in Resources(resource["properties"]!["template"]!.AsObject())) yield return inner;
            }
            else if (resource["existing"]?.GetValue<bool>() != true)
            {
                yield return resource;
            }
        }
    }
}
