using System.Globalization;
using R1Cloud.Shared;

namespace R1Cloud.LocalHost.Hosting;

/// <summary>What a worker's hour on this machine costs, by the environment; nothing where it does not say.</summary>
internal static class LocalPrice
{
    private const string PriceVariable = "R1_PRICE_PER_HOUR", CurrencyVariable = "R1_CURRENCY";

    /// <summary>The price.</summary>
    /// <exception cref="BadInputException">It is not a number from 0.</exception>
    public static double PerHour(Func<string, string?> environment)
    {
        if (environment(PriceVariable) is not { Length: > 0 } text) return 0;
        var known = double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var price);
        return known && double.IsFinite(price) && price >= 0
            ? price : throw new BadInputException($"{PriceVariable} is '{text}'; allowed: a number from 0, the price of a worker's hour.");
    }

    /// <summary>Its currency, ISO 4217.</summary>
    /// <exception cref="BadInputException">It is none.</exception>
    public static string Currency(Func<string, string?> environment) => environment(CurrencyVariable) is not { Length: > 0 } text ? "USD"
        : text.Length == 3 && text.All(char.IsAsciiLetterUpper)
            ? text : throw new BadInputException($"{CurrencyVariable} is '{text}'; allowed: three capital letters, as USD.");
}
