namespace R1Cloud.Rewards.Sandboxing;

/// <summary>The scripts that make an interpreter a runner; embedded in the assembly, see the folder Runners.</summary>
internal static class RunnerScripts
{
    /// <summary>Python's.</summary>
    public static string Python { get; } = Read("runner.py");

    /// <summary>JavaScript's.</summary>
    public static string JavaScript { get; } = Read("runner.js");

    private static string Read(string name)
    {
        using var stream = typeof(RunnerScripts).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The resource {name} is missing.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
