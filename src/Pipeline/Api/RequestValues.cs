using System.Globalization;
using Microsoft.AspNetCore.Http;
using R1Cloud.Pipeline.Runs;

namespace R1Cloud.Pipeline.Api;

/// <summary>Reads the values of a request's query; what is not allowed is named with what is.</summary>
internal static class RequestValues
{
    /// <summary>A value, or null where it is left out or empty.</summary>
    public static string? Text(this HttpRequest request, string name) => NotEmpty(request.Query[name]);

    /// <summary>A text of a limited length, or null where it is left out.</summary>
    /// <exception cref="InvalidRequestException">It is longer.</exception>
    public static string? LimitedText(this HttpRequest request, string name, int most) => request.Text(name) is not { } text
        || text.Length <= most ? request.Text(name) : throw new InvalidRequestException(name, text, $"at most {most} characters");

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

    /// <summary>Yes, no, or null where it is left out.</summary>
    /// <exception cref="InvalidRequestException">It is neither.</exception>
    public static bool? Flag(this HttpRequest request, string name) =>
        request.Text(name) is null ? null : request.Flag(name, whenLeftOut: false);

    /// <summary>A number, or null where it is left out.</summary>
    /// <exception cref="InvalidRequestException">It is none.</exception>
    public static double? Real(this HttpRequest request, string name)
    {
        if (request.Text(name) is not { } text) return null;
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
            ? number : throw new InvalidRequestException(name, text, "a number");
    }

    /// <summary>One of several texts, or null where it is left out.</summary>
    /// <exception cref="InvalidRequestException">It is none of them.</exception>
    public static string? Choice(this HttpRequest request, string name, IEnumerable<string> allowed)
    {
        if (request.Text(name) is not { } text) return null;
        return allowed.Contains(text) ? text : throw new InvalidRequestException(name, text, string.Join(", ", allowed));
    }

    /// <summary>The text, or null where it is empty.</summary>
    public static string? NotEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
