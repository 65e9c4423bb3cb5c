using R1Cloud.Shared.Recipes.Reading;

namespace R1Cloud.Shared.Recipes.Rewards;

/// <summary>How <c>accuracy/code</c> judges programs (docs/sandbox.md).</summary>
public sealed record CodeOptions
{
    /// <summary>The language of the answers, python or javascript; a row's column <c>language</c> goes before it.</summary>
    public string Language { get; init; } = "python";

    /// <summary>Whether the score is the share of tests passed; else it is 1 when all pass and 0 otherwise.</summary>
    public bool Partial { get; init; }

    /// <summary>Seconds that one test case or call may spend: processor time, and time in which the program sleeps or waits.</summary>
    [Bounds(Above = 0, Max = 60)]
    public double Seconds { get; init; } = 5;

    /// <summary>Seconds that all tests of one program may spend.</summary>
    [Bounds(Above = 0, Max = 90)]
    public double TotalSeconds { get; init; } = 30;

    /// <summary>Memory of a program in MiB.</summary>
    [Bounds(Min = 64, Max = 65_536)]
    public int MemoryMegabytes { get; init; } = 512;

    /// <summary>Interpreters kept started and waiting, in each verifier.</summary>
    [Bounds(Min = 0, Max = 64)]
    public int Warm { get; init; } = 4;
}
