using System.Net;

namespace R1Cloud.Hub.Wire;

/// <summary>What an answer that is none says, in words that tell what to do.</summary>
internal static class HubErrors
{
    /// <summary>The error of an answer.</summary>
    /// <param name="answer">The answer.</param>
    /// <param name="what">What was asked for, e.g. <c>acme/tiny@main</c>.</param>
    /// <param name="settings">Whose token was sent.</param>
    /// <param name="sentToken">Whether a token went with the request.</param>
    public static HubException Of(HttpResponseMessage answer, string what, HubSettings settings, bool sentToken)
    {
        var (status, code, said) = (answer.StatusCode, Header(answer, "X-Error-Code"), Header(answer, "X-Error-Message"));
        var who = sentToken ? "the account of the token" : $"nobody: no token was found (looked {settings.TokenSources})";
        return (status, code) switch
        {
            (HttpStatusCode.Unauthorized, "GatedRepo") => sentToken
                ? new(HubProblem.Gated, $"{what} is gated, and the Hub did not take the token: {said}")
                : new(HubProblem.Gated,
                    $"{what} is gated, and no token reached the Hub (looked {settings.TokenSources}): set HF_TOKEN to one "
                    + $"of an account that has access; it is asked for at {Page(settings, what)}."),
            (_, "GatedRepo") => new(HubProblem.Gated,
                $"{what} is gated, and the token's account has no access yet: ask for it at {Page(settings, what)}. {said}".Trim()),
            (HttpStatusCode.NotFound, "RevisionNotFound") => new(HubProblem.MissingRevision, $"{what}: there is no such revision."),
            (HttpStatusCode.NotFound, "EntryNotFound") => new(HubProblem.MissingFile, $"{what}: there is no such file."),
            (HttpStatusCode.NotFound, "RepoNotFound") => new(HubProblem.MissingRepository,
                $"{what}: there is no such repository, or it is private and hidden from {who}."),
            (HttpStatusCode.Unauthorized, _) when sentToken => new(HubProblem.BadToken,
                $"{what}: the Hub does not know the token (found {settings.TokenSources}): {said ?? "no reason given"}"),
            (HttpStatusCode.Unauthorized, _) => new(HubProblem.MissingRepository,
                $"{what}: there is no such repository, or it is private: the request came from {who}."),
            (HttpStatusCode.Forbidden, _) => new(HubProblem.Forbidden,
                $"{what}: the Hub refuses {who}: {said ?? "no reason given"}"),
            (HttpStatusCode.NotFound, _) => new(HubProblem.MissingFile, $"{what}: the Hub has no such thing ({said ?? "404"})."),
            (HttpStatusCode.Conflict or HttpStatusCode.PreconditionFailed, _) => new(HubProblem.Conflict,
                $"{what}: {said ?? $"status {(int)status}"}"),
            (HttpStatusCode.TooManyRequests, _) => new(HubProblem.RateLimited,
                $"{what}: the Hub gives no more answers for now ({Header(answer, "RateLimit") ?? Header(answer, "Retry-After") ?? "429"}; "
                + $"limit {Header(answer, "RateLimit-Policy") ?? "unknown"}){(sentToken ? "" : "; with a token (HF_TOKEN) the limit is higher")}."),
            (HttpStatusCode.RequestedRangeNotSatisfiable, _) => NoSuchRange(what),
            (>= HttpStatusCode.InternalServerError or HttpStatusCode.RequestTimeout, _) => new(HubProblem.Away,
                $"{what}: the Hub answers with status {(int)status}{(said is null ? "" : $": {said}")}."),
            _ => new(HubProblem.Refused, $"{what}: the Hub answers with status {(int)status}{(said is null ? "" : $": {said}")}."),
        };
    }

    /// <summary>The error of an answer of the storage that the Hub leads to: it knows signed links, and nobody's token.</summary>
    public static HubException OfStorage(HttpResponseMessage answer, string what) => answer.StatusCode switch
    {
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.NotFound or HttpStatusCode.Gone =>
            new(HubProblem.LinkExpired,
                $"{what}: the storage behind the Hub does not take the signed link (status {(int)answer.StatusCode})."),
        HttpStatusCode.RequestedRangeNotSatisfiable => NoSuchRange(what),
        HttpStatusCode.TooManyRequests => new(HubProblem.RateLimited, $"{what}: the storage behind the Hub gives no more answers for now."),
        >= HttpStatusCode.InternalServerError or HttpStatusCode.RequestTimeout =>
            new(HubProblem.Away, $"{what}: the storage behind the Hub answers with status {(int)answer.StatusCode}."),
        _ => new(HubProblem.Refused, $"{what}: the storage behind the Hub answers with status {(int)answer.StatusCode}."),
    };

    /// <summary>A header's value; null where there is none.</summary>
    public static string? Header(HttpResponseMessage answer, string name) =>
        answer.Headers.TryGetValues(name, out var values) || answer.Content.Headers.TryGetValues(name, out values)
            ? string.Join(", ", values) : null;

    private static HubException NoSuchRange(string what) => new(HubProblem.NoSuchRange, $"{what}: the file has no such part.");

    private static string Page(HubSettings settings, string what) => $"{settings.Endpoint}/{what.Split('@', ' ', ':')[0]}";
}
