using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Options;
using R1Cloud.Pipeline.Runs;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes.Loading;

namespace R1Cloud.Pipeline.Api;

/// <summary>Runs that begin with others, and what becomes of those.</summary>
internal sealed class ForkHandlers(RunService service, RunForks forks, RunRemoval removal, RunRelatives relatives, RunBudgets budgets,
    PipelineOptions options, ILogger<ForkHandlers> log) : IRouteGroup
{
    private readonly RequestGuard guard = new(log);

    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost(ApiRoutes.Fork, (HttpRequest request, string id) => ForkAsync(request, id))
            .Describe("ForkRun",
                "Start a run whose earlier stages and iterations are this one's, and that goes on from there with other settings", "Runs")
            .Accepts<ForkRequest>("application/json").Produces<RunView>(StatusCodes.Status202Accepted)
            .Problems(400, 404, 408, 409, 413, 415, 422, 429);
        routes.MapDelete(ApiRoutes.Run, (HttpRequest request, string id) => RemoveAsync(request, id))
            .Describe("RemoveRun", "Remove a finished run; what other runs need of it stays until they are removed, too", "Runs")
            .Produces<RunRemovalView>().Problems(400, 404, 409, 415);
        routes.MapGet(ApiRoutes.Relatives, (HttpRequest request, string id) => RelativesAsync(request, id))
            .Describe("GetRelatives", "The run that this one is a fork of, the other forks of that one, and this one's forks", "Runs")
            .Produces<RunRelativesView>().Problems(400, 404);
    }

    private Task<IResult> ForkAsync(HttpRequest request, string id) => guard.RunAsync(request, async () =>
    {
        var cancellation = request.HttpContext.RequestAborted;
        var parent = await service.SpecAsync(id, cancellation);
        var fork = Read(await RecipeBody.TextAsync(request, "what the fork is to be", options, cancellation));
        var run = await forks.ForkAsync(parent, fork, Load(parent, fork), cancellation);
        request.HttpContext.Response.Headers.Location = ApiRoutes.Run.Replace("{id}", run.Id, StringComparison.Ordinal);
        return Results.Json(run, R1Json.Options, statusCode: StatusCodes.Status202Accepted);
    });

    private Task<IResult> RemoveAsync(HttpRequest request, string id) => guard.RunAsync(request, async () =>
        Results.Json(await removal.RemoveAsync(id, request.HttpContext.RequestAborted), R1Json.Options));

    private Task<IResult> RelativesAsync(HttpRequest request, string id) => guard.RunAsync(request, async () =>
    {
        var cancellation = request.HttpContext.RequestAborted;
        return Results.Json(
            new RunRelativesView(id, await relatives.OfAsync(await service.SpecAsync(id, cancellation), cancellation)), R1Json.Options);
    });

    private static ForkRequest Read(string text)
    {
        try
        {
            return JsonSerializer.Deserialize<ForkRequest>(text, R1Json.Options) is { At.Length: > 0 } fork
                ? fork : throw new InvalidRequestException("at", "", "STAGE or STAGE:ITERATION");
        }
        catch (JsonException e)
        {
            throw new ApiException(StatusCodes.Status400BadRequest,
                $"The body is not of the form {{\"at\": \"STAGE:ITERATION\", \"set\": {{\"PATH\": VALUE}}, \"name\": \"…\"}}: {e.Message}");
        }
    }

    private LoadedRecipe Load(RunSpec parent, ForkRequest fork)
    {
        string text;
        try
        {
            text = RunForks.RecipeOf(parent, fork);
        }
        catch (BadInputException e)
        {
            throw new ApiException(StatusCodes.Status422UnprocessableEntity, e.Message);
        }
        var recipe = RecipeLoader.Parse(text, $"fork of {parent.Id}", [.. fork.Set?.Keys ?? []], options.Hub);
        options.Limits.Check(recipe);
        options.Services.Check(recipe);
        budgets.Check(recipe);
        // The run itself was let in with its files.
        var known = LocalPaths.Find(parent.Recipe.GetRawText()).Select(local => local.Path).ToHashSet(StringComparer.Ordinal);
        new LocalFileDoor(options).Check(recipe, RecipeBody.Name, known);
        return recipe;
    }
}
