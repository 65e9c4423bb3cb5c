namespace R1Cloud.Hub.Wire;

/// <summary>Addresses of the Hub: a revision is quoted whole (<c>exp%2Fa</c>), a path part by part.</summary>
internal static class HubAddress
{
    /// <summary>An address below the endpoint.</summary>
    /// <param name="settings">The endpoint.</param>
    /// <param name="place">Where the repository's things are; repositories' names need no quotes.</param>
    /// <param name="verb">What of them.</param>
    /// <param name="revision">The revision; null for none.</param>
    /// <param name="path">The path below it.</param>
    public static string Of(HubSettings settings, string place, string verb, string? revision = null, string? path = null) =>
        string.Join('/', new[]
        {
            settings.Endpoint, place, verb, revision is null ? null : Uri.EscapeDataString(revision),
            path is null ? null : string.Join('/', path.Split('/').Select(Uri.EscapeDataString)),
        }.OfType<string>());
}
