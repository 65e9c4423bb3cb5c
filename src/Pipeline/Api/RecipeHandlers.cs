using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Options;
using R1Cloud.Pipeline.Plan;
using R1Cloud.Pipeline.Runs;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Loading;

namespace R1Cloud.Pipeline.Api;

/// <summary>Recipes before they are run, and those of runs.</summary>
internal sealed class RecipeHandlers(RecipePlans plans, RunService service, RunBudgets budgets, PipelineOptions options,
    ILogger<RecipeHandlers> log) : IRouteGroup
{
    private const string Json = "application/json", SchemaJson = "application/schema+json";
    private const int MaxNodes = 1000;

    private static readonly Lazy<(string Text, string Tag)> Schema = new(() =>
    {
        var text = RecipeSchema.Generate();
        return (text, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text))));
    });

    private readonly RequestGuard guard = new(log);

    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(ApiRoutes.Schema, (HttpRequest request) => SchemaAsync(request))
            .Describe("GetSchema", "The JSON Schema of recipes", "Recipes").Produces<JsonElement>(StatusCodes.Status200OK, SchemaJson)
            .Produces(StatusCodes.Status304NotModified);
        routes.MapPost(ApiRoutes.Check, (HttpRequest request) => CheckAsync(request))
            .Describe("CheckRecipe", "Check the recipe in the body: its stages and what each builds on, or its problems", "Recipes")
            .Accepts<Recipe>(Json).Produces<RecipeCheckView>().Problems(400, 408, 413, 415, 422);
        routes.MapPost(ApiRoutes.Plan,
            (HttpRequest request, string? nodes, string? device, string? lengthShare, string? reuse) => PlanAsync(request))
            .Describe("PlanRun",
                "What a run of the recipe in the body would take, and what it would take over: 'nodes' machines of a 'device' of the "
                + "price table, completions of 'lengthShare' of their limit", "Recipes")
            .Accepts<Recipe>(Json).Produces<RecipePlanView>().Problems(400, 408, 413, 415, 422);
        routes.MapGet(ApiRoutes.Recipe, (HttpRequest request, string id) => RecipeAsync(request, id))
            .Describe("GetRecipe", "A run's recipe with everything filled in", "Recipes").Produces<Recipe>()
            .Produces(StatusCodes.Status304NotModified).Problems(400, 404);
        routes.MapGet(ApiRoutes.RecipeDifferences, (HttpRequest request, string id, string? to) => CompareAsync(request, id))
            .Describe("CompareRecipes", "How a run's recipe differs from that of the run 'to': at most 500 fields", "Recipes")
            .Produces<RecipeDifferences>().Problems(400, 404);
    }

    private Task<IResult> SchemaAsync(HttpRequest request) => guard.RunAsync(request, () => Task.FromResult(
        Conditional.Answer(request, Schema.Value.Tag, () => Results.Text(Schema.Value.Text, SchemaJson, Encoding.UTF8))));

    private Task<IResult> CheckAsync(HttpRequest request) => guard.RunAsync(request, async () =>
    {
        var recipe = await RecipeBody.ReadAsync(request, options, budgets, request.HttpContext.RequestAborted);
        return Results.Json(await plans.CheckAsync(recipe, request.HttpContext.RequestAborted), R1Json.Options);
    });

    private Task<IResult> PlanAsync(HttpRequest request) => guard.RunAsync(request, async () =>
    {
        var nodes = request.Number("nodes", 1, MaxNodes);
        var wishes = new PlanOptions { Nodes = nodes, Device = Device(request), LengthShare = Share(request) };
        var reuse = request.Flag("reuse", whenLeftOut: true);
        var recipe = await RecipeBody.ReadAsync(request, options, budgets, request.HttpContext.RequestAborted);
        try
        {
            return Results.Json(await plans.PlanAsync(recipe, wishes, reuse, request.HttpContext.RequestAborted), R1Json.Options);
        }
        catch (BadInputException e)
        {
            // The recipe is good, but what it names cannot be counted.
            throw new ApiException(StatusCodes.Status422UnprocessableEntity, e.Message);
        }
    });

    private Task<IResult> RecipeAsync(HttpRequest request, string id) => guard.RunAsync(request, async () =>
    {
        var run = await service.SpecAsync(id, request.HttpContext.RequestAborted);
        return Conditional.Answer(request, run.Hash, () => Results.Text(run.Recipe.GetRawText(), Json, Encoding.UTF8));
    });

    private Task<IResult> CompareAsync(HttpRequest request, string id) => guard.RunAsync(request, async () =>
    {
        var to = request.Text("to");
        if (to is null || !RunIds.IsValid(to)) throw new InvalidRequestException("to", to, $"a run's id: {RunIds.Allowed}");
        return Results.Json(await plans.CompareAsync(id, to, request.HttpContext.RequestAborted), R1Json.Options);
    });

    private static string? Device(HttpRequest request)
    {
        var devices = PriceTable.Default.Devices;
        return request.Text("device") is not { } name || devices.ContainsKey(name)
            ? request.Text("device") : throw new InvalidRequestException("device", name, string.Join(", ", devices.Keys));
    }

    private static double Share(HttpRequest request)
    {
        if (request.Text("lengthShare") is not { } text) return new PlanOptions().LengthShare;
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var share) && share is > 0 and <= 1
            ? share : throw new InvalidRequestException("lengthShare", text, "a number above 0, at most 1");
    }
}
