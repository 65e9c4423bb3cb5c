using R1Cloud.Shared;

namespace R1Cloud.Inference.Processes;

/// <summary>Arguments that every engine gets here, so that a configuration cannot give them.</summary>
internal static class OwnArguments
{
    /// <summary>Looks for them.</summary>
    /// <param name="more">The configuration's arguments.</param>
    /// <param name="own">Those that are ours to give, and those that would undo them.</param>
    /// <exception cref="BadInputException">One of them is ours.</exception>
    public static void Refuse(IReadOnlyList<string> more, IReadOnlyCollection<string> own)
    {
        // Argument parsers take _ for -.
        if (more.FirstOrDefault(argument => own.Contains(argument.Split('=')[0].Replace('_', '-'))) is { } wrong)
            throw new BadInputException($"R1_ENGINE_ARGUMENTS: '{wrong}' is not allowed; it is set for every engine that is started here.");
    }
}
