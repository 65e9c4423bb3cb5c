using System.Globalization;
using System.Text.RegularExpressions;
using R1Cloud.Shared;

namespace R1Cloud.Hub.Wire;

/// <summary>Where the Hub is, who asks, and where its files are kept: by the variables of the Hub's own client.</summary>
public sealed partial record HubSettings
{
    /// <summary>The public Hub.</summary>
    public const string PublicEndpoint = "https://huggingface.co";

    /// <summary>The variables that are read, all but those that hold a token.</summary>
    public static IReadOnlyList<string> Variables { get; } =
        ["HF_ENDPOINT", "HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_TOKEN_PATH", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE",
            "HF_HUB_DOWNLOAD_TIMEOUT", "HF_HUB_ETAG_TIMEOUT", "HF_HUB_DISABLE_SYMLINKS", "HF_HUB_DISABLE_IMPLICIT_TOKEN"];

    /// <summary>The variables that hold a token, the first that is set counts.</summary>
    public static IReadOnlyList<string> TokenVariables { get; } = ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"];

    /// <summary>The Hub, without a slash at its end.</summary>
    public string Endpoint { get; init; } = PublicEndpoint;

    /// <summary>The token; null for none. It is sent to <see cref="Endpoint"/> alone.</summary>
    public string? Token { get; init; }

    /// <summary>Where a token was looked for, in words.</summary>
    public string TokenSources { get; init; } = "nowhere";

    /// <summary>The folder of <c>models--ORG--NAME</c> and <c>datasets--ORG--NAME</c>.</summary>
    public required string CacheFolder { get; init; }

    /// <summary>Whether nothing may be asked.</summary>
    public bool IsOffline { get; init; }

    /// <summary>Whether snapshots hold files in place of links.</summary>
    public bool PlainFiles { get; init; }

    /// <summary>The longest wait for the next bytes of a file.</summary>
    public TimeSpan ReadTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The longest wait for any other answer.</summary>
    public TimeSpan AskTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Reads them.</summary>
    /// <param name="variable">A variable of the environment by its name; null where it is not set.</param>
    /// <exception cref="BadInputException">A variable has a value that means nothing.</exception>
    public static HubSettings FromEnvironment(Func<string, string?> variable)
    {
        ArgumentNullException.ThrowIfNull(variable);
        string? First(params string[] names) =>
            names.Select(variable).FirstOrDefault(value => !string.IsNullOrWhiteSpace(value))?.Trim();
        var user = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify);
        string Expanded(string path) => Path.GetFullPath(
            Variable().Replace(path is "~" || path.StartsWith("~/", StringComparison.Ordinal) ? (First("HOME") ?? user) + path[1..] : path,
                match => variable(match.Groups["name"].Value) ?? match.Value));

        var home = Expanded(First("HF_HOME") ?? Path.Combine(First("XDG_CACHE_HOME") ?? "~/.cache", "huggingface"));
        var tokenFile = Expanded(First("HF_TOKEN_PATH") ?? Path.Combine(home, "token"));
        var isAnonymous = IsOn(First("HF_HUB_DISABLE_IMPLICIT_TOKEN"));
        return new()
        {
            Endpoint = EndpointOf(First("HF_ENDPOINT")),
            Token = isAnonymous ? null : Cleaned(First([.. TokenVariables])) ?? Cleaned(ReadToken(tokenFile)),
            TokenSources = isAnonymous ? "nowhere, as HF_HUB_DISABLE_IMPLICIT_TOKEN is set"
                : $"in {string.Join(", ", TokenVariables)} and {tokenFile}",
            CacheFolder = Expanded(First("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE") ?? Path.Combine(home, "hub")),
            IsOffline = IsOn(First("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")),
            PlainFiles = IsOn(First("HF_HUB_DISABLE_SYMLINKS")),
            ReadTimeout = Seconds("HF_HUB_DOWNLOAD_TIMEOUT", First("HF_HUB_DOWNLOAD_TIMEOUT")),
            AskTimeout = Seconds("HF_HUB_ETAG_TIMEOUT", First("HF_HUB_ETAG_TIMEOUT")),
        };
    }

    /// <summary>Without the token: settings may be printed.</summary>
    public override string ToString() => $"{Endpoint}, cache {CacheFolder}{(IsOffline ? ", offline" : "")}";

    [GeneratedRegex(@"\$(?:(?<name>\w+)|\{(?<name>\w+)\})")]
    private static partial Regex Variable();

    private static string EndpointOf(string? given)
    {
        var endpoint = (given ?? PublicEndpoint).TrimEnd('/');
        return Uri.TryCreate(endpoint, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.UserInfo.Length == 0
            && uri.Query.Length == 0
            ? endpoint : throw new BadInputException($"HF_ENDPOINT: '{endpoint}' is no address: https://HOST[:PORT][/PATH].");
    }

    private static bool IsOn(string? value) => value?.ToUpperInvariant() is "1" or "ON" or "YES" or "TRUE";

    private static TimeSpan Seconds(string name, string? value)
    {
        if (value is null) return TimeSpan.FromSeconds(10);
        return double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) && seconds is > 0 and <= 86_400
            ? TimeSpan.FromSeconds(seconds) : throw new BadInputException(
                $"{name}: '{value}' is no number of seconds above 0, at most 86400.");
    }

    private static string? Cleaned(string? token) =>
        token is null ? null : string.Concat(token.Where(letter => letter is not ('\r' or '\n' or ' '))) is { Length: > 0 } clean ? clean
            : null;

    private static string? ReadToken(string file)
    {
        try
        {
            return File.Exists(file) ? File.ReadAllText(file) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException($"The Hub's token file '{file}' cannot be read: {e.Message}", e);
        }
    }
}
