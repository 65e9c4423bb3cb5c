using R1Cloud.Testing;

namespace R1Cloud.Pipeline.Tests.Support;

/// <summary>Test programs end when they are told to.</summary>
public sealed class SignalsTests
{
    private static readonly string[] Builders =
        ["WebApplication.CreateBuilder(", "Host.CreateApplicationBuilder(", "Host.CreateDefaultBuilder("];

    [Fact]
    public void Hosts_OfTests_LeaveTheSignalsToTheProcess()
    {
        var files = Directory.GetFiles(Repository.PathOf("tests"), "*.cs", SearchOption.AllDirectories)
            .Where(file => Path.GetFileName(file) != $"{nameof(SignalsTests)}.cs")
                .Select(file => (File: Path.GetFileName(file), Code: File.ReadAllText(file)))
            .Where(one => Builders.Any(builder => one.Code.Contains(builder, StringComparison.Ordinal))).ToList();

        files.ShouldNotBeEmpty();
        files.Where(one => !one.Code.Contains(nameof(QuietLifetimeRegistration.LeaveSignals), StringComparison.Ordinal))
            .Select(one => one.File).ShouldBeEmpty();
    }
}
