using R1Cloud.Pipeline.Options;
using R1Cloud.Shared;

namespace R1Cloud.Pipeline.Alerts;

/// <summary>An alert: the body of what is posted.</summary>
/// <param name="Id">The same for the same thing, however often it is sent: whoever takes alerts knows a repeated one by it.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Run">The run.</param>
/// <param name="Name">The recipe's name.</param>
/// <param name="Text">What happened, in a sentence.</param>
/// <param name="At">When it was noticed.</param>
/// <param name="Stage">The label of the stage, where it is of one.</param>
/// <param name="Step">The step or iteration, where it is of one.</param>
internal sealed record Alert(string Id, AlertKind Kind, string Run, string Name, string Text, DateTimeOffset At, string? Stage = null,
    int? Step = null);

/// <summary>Which alerts of a run were sent to whom. Once there, an alert stays what it was, so that a repeated one is the same.</summary>
/// <param name="Entries">By service and alert id.</param>
[StoredForm(1)]
internal sealed record AlertBook(IReadOnlyDictionary<string, AlertEntry> Entries)
{
    /// <summary>Nothing yet.</summary>
    public static AlertBook Empty { get; } = new(new Dictionary<string, AlertEntry>());

    /// <summary>An entry's key.</summary>
    public static string KeyOf(string service, string alert) => $"{service} {alert}";
}

/// <summary>An alert for a service.</summary>
/// <param name="Service">The service's name.</param>
/// <param name="Alert">The alert.</param>
/// <param name="Tries">How often sending it has failed.</param>
/// <param name="NextAt">Not before this it is sent again.</param>
/// <param name="SentAt">When the service took it; null while it has not.</param>
/// <param name="GivenUp">Whether sending it has failed so often that it is not tried any more.</param>
internal sealed record AlertEntry(string Service, Alert Alert, int Tries, DateTimeOffset NextAt, DateTimeOffset? SentAt = null,
    bool GivenUp = false)
{
    /// <summary>Whether there is nothing left to do.</summary>
    public bool IsSettled => SentAt is not null || GivenUp;
}
