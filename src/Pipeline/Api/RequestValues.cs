using System.Globalization;
using Microsoft.AspNetCore.Http;
using R1Cloud.Pipeline.Runs;

namespace R1Cloud.Pipeline.Api;

/// <summary>Reads the values of a request's query; what is not allowed is named with what is.</summary>
internal static class RequestValues
{
    /// <summary>A value, or null where it is left out or empty.</summary>
    public static string? Text(this HttpRequest request, string name) => NotEmpty(request.Query[name]);

    /// <summary>A whole number, or null where it is left out.</summary>
    /// <exception cref="InvalidRequestException">It is none, or beyond what is allowed.</exception>
    public static int? Number(this HttpRequest request, string name, int min, int max) => (int?)LongNumber(request, name, min, max);

    /// <summary>The same for numbers of any size.</summary>
    /// <exception cref="InvalidRequestException">It is none, or beyond what is allowed.</exception>
    public static long? LongNumber(this HttpRequest request, string name, long min, long max)
    {
        if (request.Text(name) is not { } text) return null;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max
            ? number
            : throw new InvalidRequestException(name, text, $"a whole number from {min} to {max}");
    }

    /// <summary>Yes or no.</summary>
    /// <exception cref="InvalidRequestException">It is neither.</exception>
    public static bool Flag(this HttpRequest request, string name, bool whenLeftOut) => request.Text(name) switch
    {
        null => whenLeftOut,
        "true" => true,
        "false" => false,
        var other => throw new InvalidRequestException(name, other, "true, false"),
    };

    /// <summary>The text, or null where it is empty.</summary>
    public static string? NotEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
