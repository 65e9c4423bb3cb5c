using System.Text.Json;
using System.Text.Json.Serialization;
using R1Cloud.Shared;

namespace R1Cloud.Pipeline.Plan;

/// <summary>What devices can do and cost.</summary>
public sealed record PriceTable
{
    private const string Resource = "data/price-table.json";

    private static readonly JsonSerializerOptions Options = new(R1Json.Options)
    {
        ReadCommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true,
            UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    /// <summary>The prices' currency, ISO 4217.</summary>
    public required string Currency { get; init; }
    /// <summary>Price of a gigabyte (10⁹ bytes) kept for a month.</summary>
    public required double StoragePerGigabyteMonth { get; init; }
    /// <summary>The devices by name.</summary>
    public required IReadOnlyDictionary<string, DevicePrice> Devices { get; init; }

    /// <summary>The table that comes with the program.</summary>
    public static PriceTable Default { get; } = LoadDefault();

    /// <summary>Reads a table from a file.</summary>
    /// <exception cref="BadInputException">It cannot be read, or a value is missing or out of its limits.</exception>
    public static PriceTable Load(string file)
    {
        try
        {
            return Parse(File.ReadAllText(file), file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException($"Price table {file} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Reads a table from its text; comments and trailing commas are fine.</summary>
    /// <param name="json">The text.</param>
    /// <param name="source">What errors call it.</param>
    /// <exception cref="BadInputException">A value is missing, unknown or out of its limits.</exception>
    public static PriceTable Parse(string json, string source)
    {
        PriceTable table;
        try
        {
            table = JsonSerializer.Deserialize<PriceTable>(json, Options) ?? throw new JsonException("an object is needed, not null");
        }
        catch (JsonException e)
        {
            throw new BadInputException($"Price table {source}{(e.Path is { Length: > 0 } path ? $", {path}" : "")}: {e.Message}", e);
        }

        Check("currency", table.Currency, table.Currency.Length > 0, "a currency's code, e.g. USD");
        Check("storagePerGigabyteMonth", table.StoragePerGigabyteMonth, table.StoragePerGigabyteMonth is >= 0 and < double.PositiveInfinity,
            "a number from 0");
        Check("devices", table.Devices.Count, table.Devices.Count > 0, "one device or more");
        foreach (var (name, device) in table.Devices)
        {
            if (device is null)
                throw new BadInputException($"Price table {source}, devices.{name}: null is not allowed; allowed: an object.");
            Check($"devices.{name}.teraflops", device.Teraflops, device.Teraflops is > 0 and < double.PositiveInfinity, "a number above 0");
            Check($"devices.{name}.memoryGigabytes", device.MemoryGigabytes, device.MemoryGigabytes is null or (> 0 and < 1e6),
                "a number above 0, or none");
            Check($"devices.{name}.generationUtilisation", device.GenerationUtilisation, device.GenerationUtilisation is > 0 and <= 1,
                "a share above 0, at most 1");
            Check($"devices.{name}.trainingUtilisation", device.TrainingUtilisation, device.TrainingUtilisation is > 0 and <= 1,
                "a share above 0, at most 1");
            Check($"devices.{name}.gpusPerNode", device.GpusPerNode, device.GpusPerNode is >= 1 and <= 64, "a whole number from 1 to 64");
            Check($"devices.{name}.pricePerHour", device.PricePerHour, device.PricePerHour is >= 0 and < double.PositiveInfinity,
                "a number from 0");
        }
        return table;

        void Check<T>(string field, T value, bool good, string allowed)
        {
            if (!good) throw new BadInputException(
                FormattableString.Invariant($"Price table {source}, {field}: '{value}' is not allowed; allowed: {allowed}."));
        }
    }

    /// <summary>A device by name.</summary>
    /// <exception cref="BadInputException">There is none; the message lists those there are.</exception>
    public DevicePrice Device(string name) => Devices.TryGetValue(name, out var device)
        ? device
        : throw new BadInputException($"--gpu {name}: the price table has no such device; it has: {string.Join(", ", Devices.Keys)}.");

    private static PriceTable LoadDefault()
    {
        using var reader = new StreamReader(typeof(PriceTable).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"The assembly lacks its resource {Resource}."));
        return Parse(reader.ReadToEnd(), Resource);
    }
}

/// <summary>A device's speed, and the price of the machine that has it.</summary>
public sealed record DevicePrice
{
    /// <summary>Peak, in 10¹² floating-point operations a second.</summary>
    public required double Teraflops { get; init; }
    /// <summary>Memory in 10⁹ bytes; null where plans shall not hold models against it.</summary>
    public double? MemoryGigabytes { get; init; }
    /// <summary>Share of the peak that generating reaches.</summary>
    public required double GenerationUtilisation { get; init; }
    /// <summary>Share of the peak that training and scoring reach.</summary>
    public required double TrainingUtilisation { get; init; }
    /// <summary>How many of them the machine has: a worker computes on all.</summary>
    public int GpusPerNode { get; init; } = 1;
    /// <summary>Price of an hour of the machine.</summary>
    public required double PricePerHour { get; init; }
    /// <summary>When the price held.</summary>
    public required string Date { get; init; }
    /// <summary>Where the price is from.</summary>
    public required string Source { get; init; }
}
