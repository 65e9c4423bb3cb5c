using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using R1Cloud.Orchestrator.Durable;
using R1Cloud.Pipeline.Api;

namespace R1Cloud.Orchestrator.Functions;

/// <summary>The run API's middleware and routes, for requests that come through a function.</summary>
internal sealed class RunApiPipeline
{
    private readonly RequestDelegate run;
    private readonly TimeProvider clock;

    /// <summary>Builds it.</summary>
    /// <param name="services">The app's services.</param>
    public RunApiPipeline(IServiceProvider services)
    {
        var app = new ApplicationBuilder(services);
        RunApi.Use(app);
        app.UseRouting();
        app.UseEndpoints(routes =>
        {
            RunApi.Map(routes);
            routes.MapOpenApi(ApiRoutes.OpenApi);
        });
        run = app.Build();
        clock = services.GetRequiredService<TimeProvider>();
    }

    /// <summary>Answers a request.</summary>
    public IResult Handle(HttpRequest request) => new Answer(run, request, clock);

    private sealed class Answer(RequestDelegate run, HttpRequest request, TimeProvider clock) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            // The Functions host has chosen the function; which of the API's routes it is, is chosen anew.
            httpContext.SetEndpoint(null);
            request.RouteValues.Clear();
            var aborted = httpContext.RequestAborted;
            return InvocationLimits.RunAsync(clock, request.Path, aborted, async token =>
            {
                httpContext.RequestAborted = token;
                try
                {
                    await run(httpContext);
                }
                finally
                {
                    httpContext.RequestAborted = aborted;
                }
            });
        }
    }
}
