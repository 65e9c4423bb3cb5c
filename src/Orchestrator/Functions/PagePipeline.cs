using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using R1Cloud.Pipeline.Api;
using R1Cloud.Web;

namespace R1Cloud.Orchestrator.Functions;

/// <summary>
/// The page's files, for a function that asks for no key. It knows nothing of the API: a path of that which came here by a detour finds
/// nothing.
/// </summary>
internal sealed class PagePipeline
{
    private readonly RequestDelegate run;

    /// <summary>Builds it.</summary>
    /// <param name="services">The app's services.</param>
    public PagePipeline(IServiceProvider services)
    {
        var app = new ApplicationBuilder(services);
        RunApi.UseHeaders(app);
        app.UseMiddleware<SignInGate>();
        app.UsePage();
        app.Run(context =>
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        });
        run = app.Build();
    }

    /// <summary>Answers a request.</summary>
    public IResult Handle() => new Answer(run);

    private sealed class Answer(RequestDelegate run) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext) => run(httpContext);
    }
}
