using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;

namespace R1Cloud.Pipeline.Api;

/// <summary>The run API's OpenAPI document.</summary>
public static class RunApiDocument
{
    private const string Key = "key";

    /// <summary>Adds it.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="keyHeader">The request header in which the host wants its key.</param>
    public static IServiceCollection Add(IServiceCollection services, string keyHeader) => services.AddOpenApi(options => options
        .AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new()
            {
                Title = "R1 Cloud run API", Version = "v1",
                    Description = "Starts, steers and watches runs. Errors are Problem Details (RFC 9457).",
            };
            document.Components ??= new();
            document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
            {
                [Key] = new OpenApiSecurityScheme
                {
                    Type = SecuritySchemeType.ApiKey, In = ParameterLocation.Header, Name = keyHeader, Description = "The service's key.",
                },
            };
            document.Security = [new() { [new(Key, document)] = [] }];
            return Task.CompletedTask;
        })
        .AddOperationTransformer((operation, context, _) =>
        {
            if ("/" + context.Description.RelativePath == ApiRoutes.Health) operation.Security = []; // open to all
            return Task.CompletedTask;
        }));
}
