using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace R1Cloud.Shared;

/// <summary>
/// The form of a record that is kept in storage, where programs of other versions read it: written into its JSON as <c>version</c>. None
/// means 1. Raise it when an older program must not read what this one writes; a field once written is never removed, only migrated.
/// </summary>
/// <param name="version">The form that is written, and the newest that can be read.</param>
[AttributeUsage(AttributeTargets.Class)]
public sealed class StoredFormAttribute(int version) : Attribute
{
    /// <summary>The form.</summary>
    public int Version { get; } = version;
}

/// <summary>A record in storage was written by a newer version of the program.</summary>
/// <param name="what">What it is.</param>
/// <param name="found">The form that it is in.</param>
/// <param name="known">The newest form that this program reads.</param>
/// <param name="inner">The cause, if any.</param>
public sealed class NewerFormException(string what, int found, int known, Exception? inner = null)
    : StorageException(
        $"{what} is in form {found}, which a newer version of the program wrote; this one ({Program}) reads up to form {known}.", inner)
{
    /// <summary>The form that it is in.</summary>
    public int Found { get; } = found;

    /// <summary>The newest form that this program reads.</summary>
    public int Known { get; } = known;

    /// <summary>This program's version.</summary>
    internal static string Program { get; } = typeof(NewerFormException).Assembly.GetName().Version?.ToString(3) ?? "";
}

/// <summary>Stamps and checks <see cref="StoredFormAttribute"/>.</summary>
internal static class StoredForms
{
    private const string Field = "version";

    /// <summary>Gives every record with a form its field.</summary>
    public static void AddField(JsonTypeInfo type)
    {
        if (type.Kind != JsonTypeInfoKind.Object || Of(type.Type) is not { } known) return;
        var name = type.Type.Name;
        var field = type.CreateJsonPropertyInfo(typeof(int), Field);
        field.Order = -1;
        field.Get = _ => known;
        field.Set = (_, value) =>
        {
            if (value is int found && found > known) throw new NewerFormException($"The {name}", found, known);
        };
        type.Properties.Insert(0, field);
    }

    /// <summary>Tells of what cannot be read whether a newer program wrote it.</summary>
    /// <returns>The error to throw; null when the form is known.</returns>
    public static NewerFormException? Newer(Type type, string what, ReadOnlySpan<byte> json, Exception cause) =>
        Of(type) is { } known && VersionOf(json) is { } found && found > known ? new(what, found, known, cause) : null;

    /// <summary>The form that a JSON object says it is in; null when it is no object.</summary>
    public static int? VersionOf(ReadOnlySpan<byte> json)
    {
        try
        {
            var reader = new Utf8JsonReader(json);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return null;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var found = reader.ValueTextEquals(Field);
                reader.Read();
                if (found && reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var version)) return version;
                reader.Skip();
            }
            return 1;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The form that a type is written in; null for one that has none.</summary>
    public static int? Of(Type type) =>
        (Attribute.GetCustomAttribute(type, typeof(StoredFormAttribute), inherit: true) as StoredFormAttribute)?.Version;
}
