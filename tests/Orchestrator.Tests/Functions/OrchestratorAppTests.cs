using System.Reflection;
using System.Text.Json;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Azure.Functions.Worker.Core;
using Microsoft.Azure.Functions.Worker.Core.FunctionMetadata;
using Microsoft.Extensions.DependencyInjection;
using R1Cloud.Orchestrator.Hosting;
using R1Cloud.Pipeline;
using R1Cloud.Pipeline.Orchestration;

namespace R1Cloud.Orchestrator.Tests.Functions;

/// <summary>What the Functions host is told of the app.</summary>
public sealed class OrchestratorAppTests
{
    [Fact]
    public void Functions_OfThePipeline_AreThereByTheirNames()
    {
        var builder = FunctionsApplication.CreateBuilder([]);
        // The builder looks for the app's extensions in the process's entry assembly, which here is the tests'.
        var extensions = typeof(OrchestratorApp).Assembly.GetCustomAttribute<WorkerExtensionStartupCodeExecutorInfoAttribute>()!.StartupCodeExecutorType;
        ((WorkerExtensionStartup)Activator.CreateInstance(extensions)!).Configure(builder);
        using var host = OrchestratorApp.Configure(builder).Build();
        var functions = new List<IFunctionMetadata>();
        foreach (var transformer in host.Services.GetServices<IFunctionMetadataTransformer>()) transformer.Transform(functions);

        var registry = new OrchestrationRegistry().AddPipeline(new PipelineOptions());
        functions.Select(function => function.Name!).Order().ShouldBe(registry.Orchestrators.Concat(registry.Activities).Order());
        // What the Functions host allows as a name.
        functions.ShouldAllBe(function => System.Text.RegularExpressions.Regex.IsMatch(function.Name!, "^[a-zA-Z][a-zA-Z0-9_-]{0,127}$"));
        functions.Single(function => function.Name == "rl-iteration").RawBindings!.Single().ShouldContain("orchestrationTrigger");
        functions.Single(function => function.Name == "submit-job").RawBindings!.Single().ShouldContain("activityTrigger");
    }

    [Fact]
    public void HostJson_IsReadableWithItsCommentsAndHasNoRoutePrefix()
    {
        var text = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "host.json"));
        using var settings = JsonDocument.Parse(text, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip });
        settings.RootElement.GetProperty("extensions").GetProperty("durableTask").GetProperty("extendedSessionsEnabled").GetBoolean().ShouldBeTrue();

        // The HTTP extension reads the file by itself, with options of its own.
        var source = Type.GetType("Microsoft.Azure.Functions.Worker.Extensions.Http.AspNetCore.AspNetMiddleware.FunctionsEndpointDataSource, Microsoft.Azure.Functions.Worker.Extensions.Http.AspNetCore", throwOnError: true)!;
        source.GetMethod("GetRoutePrefix", BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public)!.Invoke(null, [text]).ShouldBe("");
    }

    [Theory]
    [InlineData("DurableTask")]
    [InlineData("AzureStorageQueues")]
    public void Extensions_OfTheTriggersThatTheHostLacks_AreLoaded(string name)
    {
        var file = Path.Combine(AppContext.BaseDirectory, "..", "..", "Orchestrator", "release", "extensions.json");
        Assert.SkipUnless(File.Exists(file), "The app's own output is elsewhere.");
        JsonSerializer.Deserialize<JsonElement>(File.ReadAllText(file)).GetProperty("extensions").EnumerateArray().Select(item => item.GetProperty("name").GetString()).ShouldContain(name);
    }
}
