using System.Text.RegularExpressions;
using R1Cloud.Pipeline.Orchestration;

namespace R1Cloud.Orchestrator.Durable;

/// <summary>
/// A failure read from its text, which is all that the Azure Storage back end keeps of an instance's failure:
/// <c>TYPE: MESSAGE</c>, and for each call that let it pass <c>Task 'NAME' (#ID) failed with an unhandled exception: …</c> around it.
/// </summary>
internal static partial class FailureText
{
    /// <summary>What a failure whose type was not kept is called.</summary>
    public const string UnknownType = "OrchestrationFailed";

    /// <summary>The failure with its causes; types of causes are not in the text.</summary>
    public static FailureDetails Parse(string text)
    {
        var typed = Typed().Match(text);
        return typed.Success ? Chain(typed.Groups["type"].Value, typed.Groups["message"].Value) : Chain(UnknownType, text);
    }

    private static FailureDetails Chain(string type, string message) => Call().Match(message) is { Success: true } call
        ? new(type, message, null, Chain(UnknownType, call.Groups["cause"].Value))
        : new(type, message);

    [GeneratedRegex(@"^(?<type>[A-Za-z_][\w`+]*(\.[A-Za-z_][\w`+]*)+): (?<message>.*)$",
        RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex Typed();

    [GeneratedRegex(@"^Task '[^']*' \(#-?\d+\) failed with an unhandled exception: (?<cause>.*)$",
        RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex Call();
}
