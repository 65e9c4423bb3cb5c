using System.Text.Json.Nodes;
using R1Cloud.Shared;

namespace R1Cloud.GpuJob.Models;

/// <summary>Fields of one JSON object, with errors that name file, field, value and what is allowed.</summary>
internal sealed class ConfigFields(JsonObject fields, string source, string prefix)
{
    /// <summary>Whether there is no field at all.</summary>
    public bool IsEmpty => fields.Count == 0;

    /// <summary>Whether a field is there and not null.</summary>
    public bool Has(string name) => fields[name] is not null;

    /// <summary>Whether a field is there, be it null.</summary>
    public bool Contains(string name) => fields.ContainsKey(name);

    // The fields that say something: neither null, false, 0 nor empty, and not private (_name).
    private IEnumerable<string> Meaningful =>
        fields.Where(entry => !entry.Key.StartsWith('_') && Says(entry.Value)).Select(entry => entry.Key);

    /// <summary>Refuses what says something and is not known.</summary>
    /// <param name="known">The fields that are read.</param>
    /// <param name="with">In what context the others are not supported, for the message.</param>
    /// <param name="harmless">Fields that change nothing.</param>
    public void RefuseUnknown(IReadOnlyCollection<string> known, string with = "", IReadOnlyCollection<string>? harmless = null)
    {
        var unknown = Meaningful.Where(name => !known.Contains(name) && harmless?.Contains(name) != true).Select(name => prefix + name)
            .ToList();
        if (unknown.Count > 0)
            throw new BadInputException(
                $"{source}: {string.Join(", ", unknown)}: not supported{with}; supported "
                + $"are {string.Join(", ", known.Order(StringComparer.Ordinal))}.");
    }

    /// <summary>Refuses a section with other fields than these.</summary>
    /// <param name="names">The fields.</param>
    /// <param name="owner">What the section is in.</param>
    /// <param name="section">Its name there.</param>
    public void MustHaveOnly(IReadOnlyList<string> names, ConfigFields owner, string section)
    {
        if (fields.Any(entry => !names.Contains(entry.Key)))
            throw owner.Error(section, Shortened(fields.ToJsonString()), $"an object with {string.Join(" and ", names)} alone");
    }

    public BadInputException Error(string name, object? value, string allowed) =>
        new($"{source}: {prefix}{name} is {value ?? "missing"}; allowed is {allowed}.");

    /// <summary>Two fields that mean the same thing say different ones.</summary>
    public BadInputException Disagree(string one, string other) =>
        new($"{source}: {prefix}{one} and {prefix}{other} disagree: {Shortened(fields[one]!.ToJsonString())} "
            + $"and {Shortened(fields[other]!.ToJsonString())}; give one, or both with the same meaning.");

    /// <summary>A field's full name.</summary>
    public string Name(string name) => prefix + name;

    public ConfigFields? Section(string name) => fields[name] switch
    {
        null => null,
        JsonObject section => new ConfigFields(section, source, $"{prefix}{name}."),
        var other => throw Error(name, other.ToJsonString(), "an object"),
    };

    public string? Text(string name) => fields[name] switch
    {
        null => null,
        JsonValue value when value.TryGetValue<string>(out var text) => text,
        var other => throw Error(name, other.ToJsonString(), "a string"),
    };

    public int Positive(string name, int? otherwise = null)
    {
        if (fields[name] is null) return otherwise ?? throw Error(name, null, "a whole number above 0");
        return fields[name] is JsonValue value && value.TryGetValue<int>(out var number) && number > 0
            ? number
            : throw Error(name, fields[name]!.ToJsonString(), "a whole number above 0");
    }

    public double PositiveNumber(string name, double? otherwise = null)
    {
        if (fields[name] is null) return otherwise ?? throw Error(name, null, "a number above 0");
        return fields[name] is JsonValue value && value.TryGetValue<double>(out var number) && (float)number > 0
            && float.IsFinite((float)number)
            ? number
            : throw Error(name, fields[name]!.ToJsonString(), "a number above 0 that float32 holds");
    }

    public bool Flag(string name, bool otherwise)
    {
        if (fields[name] is null) return otherwise;
        return fields[name] is JsonValue value && value.TryGetValue<bool>(out var flag)
            ? flag : throw Error(name, fields[name]!.ToJsonString(), "true or false");
    }

    public int AtLeast(string name, int least, int otherwise)
    {
        if (fields[name] is null) return otherwise;
        return fields[name] is JsonValue value && value.TryGetValue<int>(out var number) && number >= least
            ? number
            : throw Error(name, fields[name]!.ToJsonString(), $"a whole number from {least}");
    }

    public double Number(string name, double otherwise)
    {
        if (fields[name] is null) return otherwise;
        return fields[name] is JsonValue value && value.TryGetValue<double>(out var number) && number >= 0 && double.IsFinite(number)
            ? number
            : throw Error(name, fields[name]!.ToJsonString(), "a number from 0");
    }

    /// <summary>A token id; null where there is none, which −1 says too.</summary>
    public int? Id(string name) => fields[name] is JsonValue value && value.TryGetValue<int>(out var id) && id == -1 ? null : OneOf(name);

    private int? OneOf(string name) =>
        Ids(name) switch { [] => null, [var only] => only, _ => throw Error(name, fields[name]!.ToJsonString(), "one token id") };

    public IReadOnlyList<int> Ids(string name)
    {
        if (fields[name] is null) return [];
        IEnumerable<JsonNode?> nodes = fields[name] as JsonArray ?? (IEnumerable<JsonNode?>)new[] { fields[name] };
        return [.. nodes.Select(node => node is JsonValue value && value.TryGetValue<int>(out var id) && id >= 0
            ? id
            : throw Error(name, fields[name]!.ToJsonString(), "a token id or a list of them"))];
    }

    public void AllMustBe(string name, string only, int count)
    {
        if (fields[name] is not { } field) return;
        if (field is not JsonArray items || items.Count != count
            || items.Any(item => item is not JsonValue value || !value.TryGetValue<string>(out var text) || text != only))
            throw Error(name, Shortened(field.ToJsonString()), $"a list of {only} alone, one for each of {count} layers");
    }

    /// <summary>One of some names for each layer; null where the field is missing.</summary>
    public IReadOnlyList<string>? Texts(string name, IReadOnlyList<string> allowed, int count)
    {
        if (fields[name] is not { } field) return null;
        if (field is JsonArray items && items.Count == count
            && items.All(item => item is JsonValue value && value.TryGetValue<string>(out var text) && allowed.Contains(text)))
            return [.. items.Select(item => item!.GetValue<string>())];
        throw Error(name, Shortened(field.ToJsonString()), $"a list of {string.Join(" or ", allowed)}, one for each of {count} layers");
    }

    /// <summary>Numbers above 0, as many as asked for.</summary>
    public IReadOnlyList<double> PositiveNumbers(string name, int count)
    {
        if (fields[name] is JsonArray items && items.Count == count
            && items.All(item => item is JsonValue value && value.TryGetValue<double>(out var number) && (float)number > 0
                && float.IsFinite((float)number)))
            return [.. items.Select(item => item!.GetValue<double>())];
        throw Error(name, fields[name] is { } field ? Shortened(field.ToJsonString()) : null, $"a list of {count} numbers above 0");
    }

    /// <summary>What is not implemented, and so must not be asked for.</summary>
    public void MustBeNull(string name)
    {
        if (fields[name] is { } field) throw Error(name, Shortened(field.ToJsonString()), "null");
    }

    private static string Shortened(string json) => json.Length > 80 ? json[..80] + "…" : json;

    public void MustBe<T>(string name, T only)
        where T : notnull
    {
        if (fields[name] is null) return;
        if (fields[name] is not JsonValue value || !value.TryGetValue<T>(out var found) || !found.Equals(only))
        {
            throw Error(name, fields[name]!.ToJsonString(), $"{only.ToString()!.ToLowerInvariant()}");
        }
    }

    private static bool Says(JsonNode? node) => node switch
    {
        null => false,
        JsonArray array => array.Count > 0,
        JsonObject section => section.Count > 0,
        JsonValue value when value.TryGetValue<bool>(out var flag) => flag,
        JsonValue value when value.TryGetValue<double>(out var number) => number != 0,
        JsonValue value when value.TryGetValue<string>(out var text) => text.Length > 0,
        _ => true,
    };
}
