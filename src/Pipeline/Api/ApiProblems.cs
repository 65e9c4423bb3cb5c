using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.WebUtilities;
using R1Cloud.Pipeline.Options;
using R1Cloud.Pipeline.Runs;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes.Reading;

namespace R1Cloud.Pipeline.Api;

/// <summary>A request that ends with a status of its own.</summary>
internal sealed class ApiException(int status, string message) : Exception(message)
{
    public int Status { get; } = status;
}

/// <summary>Errors as Problem Details (RFC 9457).</summary>
internal static class ApiProblems
{
    private const string ContentType = "application/problem+json";

    private static readonly Dictionary<Type, int> Statuses = new()
    {
        [typeof(InvalidRequestException)] = StatusCodes.Status400BadRequest,
        [typeof(RunNotFoundException)] = StatusCodes.Status404NotFound,
        [typeof(RunConflictException)] = StatusCodes.Status409Conflict,
        [typeof(TooManyException)] = StatusCodes.Status429TooManyRequests,
        [typeof(RecipeException)] = StatusCodes.Status422UnprocessableEntity,
    };

    /// <summary>Whether an exception is the service's own fault, and so belongs in its log.</summary>
    public static bool IsFault(Exception exception) => StatusOf(exception) >= StatusCodes.Status500InternalServerError;

    /// <summary>The problem that an exception stands for. What is unexpected tells no details.</summary>
    public static IResult From(Exception exception)
    {
        var status = StatusOf(exception);
        var extensions = exception switch
        {
            RecipeException recipe => new Dictionary<string, object?> { ["problems"] = recipe.Problems },
            InvalidRequestException invalid => new() { ["field"] = invalid.Field },
            _ => [],
        };
        var detail = exception switch
        {
            RecipeException { Problems: [var only] } => only.ToString(),
            RecipeException { Problems.Count: var count } => $"The recipe has {count} problems.",
            _ when status == StatusCodes.Status500InternalServerError =>
                "Something unexpected happened; the service's log has the details.",
            _ => exception.Message,
        };
        return Create(status, detail, extensions);
    }

    /// <summary>A problem.</summary>
    public static IResult Create(int status, string? detail = null, IDictionary<string, object?>? extensions = null)
    {
        var problem = new ProblemDetails { Type = "about:blank", Title = ReasonPhrases.GetReasonPhrase(status), Status = status,
            Detail = detail };
        foreach (var (name, value) in extensions ?? new Dictionary<string, object?>()) problem.Extensions[name] = value;
        if (Activity.Current?.Id is { } trace) problem.Extensions["traceId"] = trace;
        return Results.Json(problem, R1Json.Options, ContentType, status);
    }

    private static int StatusOf(Exception exception) => exception switch
    {
        ApiException api => api.Status,
        BadHttpRequestException bad => bad.StatusCode,
        StorageException => StatusCodes.Status503ServiceUnavailable,
        _ => Statuses.GetValueOrDefault(exception.GetType(), StatusCodes.Status500InternalServerError),
    };
}
