using Microsoft.AspNetCore.Routing;

namespace R1Cloud.Pipeline.Api;

/// <summary>Routes that belong together, with their handlers.</summary>
internal interface IRouteGroup
{
    /// <summary>Maps them, described for OpenAPI.</summary>
    void Map(IEndpointRouteBuilder routes);
}
