namespace R1Cloud.Inference.Processes;

/// <summary>How an engine's program is started.</summary>
/// <param name="Program">The program, by path or by name on PATH.</param>
/// <param name="Arguments">Its arguments for a start.</param>
/// <param name="Environment">Variables of its own for a key, which is never among the arguments: every user of the machine can read
/// those.</param>
public sealed record EngineLaunch(string Program, Func<EngineStart, IReadOnlyList<string>> Arguments,
    Func<string, IReadOnlyDictionary<string, string>> Environment)
{
    /// <summary>What stands in a file that only this user reads, for a program that takes its key from there; null for none.</summary>
    public Func<string, string>? KeyFile { get; init; }
}

/// <summary>One start of an engine.</summary>
/// <param name="Folder">The weights.</param>
/// <param name="Port">Where it shall listen.</param>
/// <param name="Seed">What it draws by, where requests cannot say: another for each start.</param>
/// <param name="KeyFile">The file that has the key; null where the environment has it.</param>
public sealed record EngineStart(string Folder, int Port, int Seed, string? KeyFile);
