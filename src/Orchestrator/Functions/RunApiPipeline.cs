using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using R1Cloud.Orchestrator.Durable;
using R1Cloud.Pipeline.Api;

namespace R1Cloud.Orchestrator.Functions;

/// <summary>The run API's middleware and routes, for requests that come through a function.</summary>
internal sealed partial class RunApiPipeline
{
    private readonly RequestDelegate run;
    private readonly TimeProvider clock;
    private readonly ILogger<RunApiPipeline> log;

    /// <summary>Builds it.</summary>
    /// <param name="services">The app's services.</param>
    public RunApiPipeline(IServiceProvider services)
    {
        var app = new ApplicationBuilder(services);
        RunApi.UseHeaders(app);
        app.UseMiddleware<SignInGate>();
        RunApi.Use(app);
        app.UseRouting();
        app.UseEndpoints(routes =>
        {
            RunApi.Map(routes);
            routes.MapOpenApi(ApiRoutes.OpenApi);
        });
        run = app.Build();
        clock = services.GetRequiredService<TimeProvider>();
        log = services.GetRequiredService<ILogger<RunApiPipeline>>();
    }

    /// <summary>Answers a request.</summary>
    public IResult Handle(HttpRequest request) => new Answer(this, request);

    private sealed class Answer(RunApiPipeline pipeline, HttpRequest request) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            // The Functions host has chosen the function; which of the API's routes it is, is decided again here.
            httpContext.SetEndpoint(null);
            request.RouteValues.Clear();
            var (aborted, path) = (httpContext.RequestAborted, request.Path);
            try
            {
                await InvocationLimits.RunAsync(pipeline.clock, path, aborted, async token =>
                {
                    httpContext.RequestAborted = token;
                    await pipeline.run(httpContext);
                    // To the API the end of its time looked as if the client had left, to whom nothing need be said.
                    if (!aborted.IsCancellationRequested && !httpContext.Response.HasStarted) token.ThrowIfCancellationRequested();
                });
            }
            catch (TimeoutException e) when (!httpContext.Response.HasStarted)
            {
                LogStopped(pipeline.log, e.Message);
                httpContext.RequestAborted = aborted;
                await Results.Problem(e.Message, statusCode: StatusCodes.Status503ServiceUnavailable).ExecuteAsync(httpContext);
            }
            finally
            {
                httpContext.RequestAborted = aborted;
            }
        }
    }

    [LoggerMessage(4101, LogLevel.Warning, "{Reason}")]
    private static partial void LogStopped(ILogger log, string reason);
}
