using System.CommandLine;
using System.Diagnostics.CodeAnalysis;

namespace R1Cloud.Terminal;

/// <summary>A command whose help ends with examples.</summary>
/// <param name="name">What is typed.</param>
/// <param name="description">What it does.</param>
/// <param name="examples">Lines that can be typed as they are.</param>
[SuppressMessage("Design", "CA1010", Justification = "The base class is enumerable for collection initializers alone.")]
public sealed class ExampleCommand(string name, string description, params string[] examples) : Command(name, description)
{
    /// <summary>Lines that can be typed as they are.</summary>
    public IReadOnlyList<string> Examples { get; } = examples;
}
