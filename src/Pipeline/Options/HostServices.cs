using System.Text.Json;
using System.Text.Json.Serialization;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes.Loading;
using R1Cloud.Shared.Recipes.Reading;

namespace R1Cloud.Pipeline.Options;

/// <summary>
/// The services that a host lends to recipes by name: whom it tells of runs, and the trackers that it gives figures to. A recipe knows
/// their names alone, never an address, a path or a token.
/// </summary>
public sealed record HostServices
{
    /// <summary>The environment variable with the configuration: JSON, or the name of a file of it.</summary>
    public const string Variable = "R1_SERVICES";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false) },
        RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true,
    };

    /// <summary>Webhooks by name.</summary>
    public IReadOnlyDictionary<string, NotifyService> Notify { get; init; } = new Dictionary<string, NotifyService>();

    /// <summary>Trackers by name.</summary>
    public IReadOnlyDictionary<string, TrackingService> Tracking { get; init; } = new Dictionary<string, TrackingService>();

    /// <summary>The configuration of <see cref="Variable"/>: JSON, or the name of a file of it; nothing is none.</summary>
    /// <exception cref="BadInputException">It is not valid, or the file cannot be read.</exception>
    public static HostServices Of(string? value)
    {
        if (string.IsNullOrWhiteSpace(value)) return new();
        if (value.TrimStart().StartsWith('{')) return Parse(value, Variable);
        try
        {
            return Parse(File.ReadAllText(value), value);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException($"{Variable}: '{value}' cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Reads a configuration.</summary>
    /// <param name="json">The JSON.</param>
    /// <param name="file">What errors call it.</param>
    /// <exception cref="BadInputException">It is not valid; the message names file, field, value and what is allowed.</exception>
    public static HostServices Parse(string json, string file)
    {
        HostServices services;
        try
        {
            services = JsonSerializer.Deserialize<HostServices>(json, Json) ?? throw new JsonException("null is no configuration");
        }
        catch (JsonException e)
        {
            throw new BadInputException($"{file}: {e.Message}", e);
        }
        foreach (var (name, service) in services.Notify)
        {
            CheckUrl(file, $"notify.{name}.url", service.Url);
            CheckVariable(file, $"notify.{name}.tokenVariable", service.TokenVariable);
            if (service.NoProgressMinutes is < 1 or > 10_080)
                throw Wrong(file, $"notify.{name}.noProgressMinutes", $"{service.NoProgressMinutes}", "1 to 10080 minutes");
        }
        foreach (var (name, service) in services.Tracking)
        {
            if (service.Kind == TrackerKind.Mlflow) CheckUrl(file, $"tracking.{name}.url", service.Url);
            else if (service.Url is not null) throw Wrong(file, $"tracking.{name}.url", service.Url, "nothing: trackio is a folder's");
            if (service.Kind == TrackerKind.Mlflow && service.Folder is { } folder)
                throw Wrong(file, $"tracking.{name}.folder", folder, "nothing: MLflow has an url");
            CheckVariable(file, $"tracking.{name}.tokenVariable", service.TokenVariable);
            CheckVariable(file, $"tracking.{name}.passwordVariable", service.PasswordVariable);
            if ((service.User is null) != (service.PasswordVariable is null))
                throw Wrong(file, $"tracking.{name}.user", service.User ?? "nothing", "user and passwordVariable, both or neither");
        }
        return services;
    }

    /// <summary>Refuses a recipe that names what is not there.</summary>
    /// <exception cref="RecipeException">It does; the problems name the fields.</exception>
    public void Check(LoadedRecipe recipe)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        var problems = new RecipeProblems();
        Check("notify", recipe.Recipe.Notify, Notify.Keys);
        Check("tracking", recipe.Recipe.Tracking, Tracking.Keys);
        problems.ThrowIfAny();

        void Check(string field, IReadOnlyList<string> asked, IEnumerable<string> known)
        {
            for (var place = 0; place < asked.Count; place++)
            {
                if (known.Contains(asked[place])) continue;
                var allowed = string.Join(", ", known.Order(StringComparer.Ordinal));
                problems.Add(new("recipe", 1, 1, $"{field}[{place}]", JsonSerializer.Serialize(asked[place]),
                    $"this host has no such service", allowed.Length > 0 ? allowed : $"none: this host's configuration names no {field}"));
            }
        }
    }

    private static void CheckUrl(string file, string field, string? url)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var parsed) || parsed.Scheme is not ("https" or "http") || parsed.UserInfo.Length > 0)
            throw Wrong(file, field, url ?? "nothing", "an address with http or https, without a user's name or password in it");
    }

    private static void CheckVariable(string file, string field, string? variable)
    {
        if (variable is not null && (variable.Length == 0 || !variable.All(sign => char.IsAsciiLetterOrDigit(sign) || sign == '_')))
            throw Wrong(file, field, variable, "the name of an environment variable: letters, digits and underscores");
    }

    private static BadInputException Wrong(string file, string field, string value, string allowed) =>
        new($"{file}: {field}: '{value}' is not allowed; allowed: {allowed}.");
}

/// <summary>A webhook that gets alerts of runs.</summary>
/// <param name="Url">Where alerts are posted.</param>
/// <param name="TokenVariable">The environment variable with a bearer token; null sends none.</param>
/// <param name="Private">Whether it may be on this machine or in its network: loopback, link-local and private addresses.</param>
/// <param name="Kinds">Which alerts it gets; null for all.</param>
/// <param name="NoProgressMinutes">After how long without progress it gets an alert.</param>
public sealed record NotifyService(string Url, string? TokenVariable = null, bool Private = false,
    IReadOnlyList<AlertKind>? Kinds = null, int NoProgressMinutes = 60)
{
    /// <summary>Whether it gets alerts of a kind.</summary>
    public bool Wants(AlertKind kind) => Kinds is null || Kinds.Contains(kind);

    // Addresses of webhooks are often secrets.
    /// <inheritdoc/>
    public override string ToString() => "NotifyService { Url = … }";
}

/// <summary>What there are alerts of.</summary>
public enum AlertKind
{
    /// <summary>The run has all its results.</summary>
    Finished,
    /// <summary>The run has failed.</summary>
    Failed,
    /// <summary>It waits for machines that its quota does not give.</summary>
    WaitingForQuota,
    /// <summary>Nothing was finished for long.</summary>
    NoProgress,
    /// <summary>Accuracy or entropy has fallen off.</summary>
    RewardCollapse,
    /// <summary>A figure is no finite number.</summary>
    NonFinite,
}

/// <summary>A tracker that is given runs' figures.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Url">MLflow: its address, perhaps with a path.</param>
/// <param name="TokenVariable">MLflow: the environment variable with a bearer token; null sends none.</param>
/// <param name="User">MLflow: a user's name, for a server with basic authentication.</param>
/// <param name="PasswordVariable">MLflow: the environment variable with that user's password.</param>
/// <param name="Private">Whether it may be on this machine or in its network: loopback, link-local and private addresses.</param>
/// <param name="Folder">trackio: its folder; null for trackio's own.</param>
/// <param name="Project">The experiment or project; null names it after the recipe.</param>
public sealed record TrackingService(TrackerKind Kind, string? Url = null, string? TokenVariable = null, string? User = null,
    string? PasswordVariable = null, bool Private = false, string? Folder = null, string? Project = null);

/// <summary>Kinds of trackers.</summary>
public enum TrackerKind
{
    /// <summary>An MLflow tracking server; Azure Machine Learning's is one.</summary>
    Mlflow,
    /// <summary>Hugging Face's trackio: SQLite files in a folder of this machine.</summary>
    Trackio,
}
