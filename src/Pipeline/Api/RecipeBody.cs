using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using R1Cloud.Pipeline.Options;
using R1Cloud.Pipeline.Runs;
using R1Cloud.Shared.Recipes.Loading;
using R1Cloud.Shared.Recipes.Reading;

namespace R1Cloud.Pipeline.Api;

/// <summary>Reads a recipe from a request's body: JSON, comments allowed.</summary>
internal static class RecipeBody
{
    /// <summary>What problems call the body.</summary>
    public const string Name = "request body";

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads and checks it.</summary>
    /// <exception cref="ApiException">The body is not JSON (400), too large (413) or too slow (408).</exception>
    /// <exception cref="RecipeException">The recipe cannot be run, or asks for more than the host has.</exception>
    public static async Task<LoadedRecipe> ReadAsync(
        HttpRequest request, PipelineOptions options, RunBudgets budgets, CancellationToken cancellation)
    {
        var recipe = RecipeLoader.Parse(await TextAsync(request, "a recipe", options, cancellation), Name, hub: options.Hub);
        options.Limits.Check(recipe);
        options.Services.Check(recipe);
        budgets.Check(recipe);
        new LocalFileDoor(options).Check(recipe, Name);
        return recipe;
    }

    /// <summary>Reads a body of JSON.</summary>
    /// <exception cref="ApiException">It is not JSON (400), too large (413) or too slow (408).</exception>
    public static async Task<string> TextAsync(HttpRequest request, string what, PipelineOptions options, CancellationToken cancellation)
    {
        var text = Decode(await ReadInTimeAsync(request, options, cancellation));
        if (string.IsNullOrWhiteSpace(text))
            throw new ApiException(StatusCodes.Status400BadRequest, $"The body is empty; it must be {what} as JSON.");
        CheckSyntax(text);
        return text;
    }

    private static async Task<byte[]> ReadInTimeAsync(HttpRequest request, PipelineOptions options, CancellationToken cancellation)
    {
        using var time = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        time.CancelAfter(options.Limits.BodyTime);
        try
        {
            return await ReadBytesAsync(request, options.MaxRecipeBytes, time.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new ApiException(StatusCodes.Status408RequestTimeout,
                $"The body did not come within {options.Limits.BodyTime.TotalSeconds:0.#} s.");
        }
    }

    private static async Task<byte[]> ReadBytesAsync(HttpRequest request, int maxBytes, CancellationToken cancellation)
    {
        var body = new MemoryStream();
        var buffer = new byte[16384];
        while (request.ContentLength is not { } length || length <= maxBytes)
        {
            var read = await request.Body.ReadAsync(buffer, cancellation);
            if (read == 0) return body.ToArray();
            await body.WriteAsync(buffer.AsMemory(0, read), cancellation);
            if (body.Length > maxBytes) break;
        }
        throw new ApiException(StatusCodes.Status413PayloadTooLarge, $"The body is larger than {maxBytes} bytes.");
    }

    private static string Decode(byte[] bytes)
    {
        try
        {
            return Utf8.GetString(bytes).TrimStart('\uFEFF');
        }
        catch (DecoderFallbackException e)
        {
            throw new ApiException(StatusCodes.Status400BadRequest, $"The body is not UTF-8 text (byte {e.Index}).");
        }
    }

    private static void CheckSyntax(string text)
    {
        try
        {
            using var _ = JsonDocument.Parse(text, new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        }
        catch (JsonException e)
        {
            throw new ApiException(StatusCodes.Status400BadRequest,
                $"The body is not JSON, line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}: {e.Message}");
        }
    }
}
