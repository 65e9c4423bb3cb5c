using System.Text.Json;
using R1Cloud.Shared;

namespace R1Cloud.Tokenizers.Json;

/// <summary>Token ids in files. Tables are as long as the largest id, so ids are bounded: the largest vocabularies published have some 260,000.</summary>
internal static class TokenIds
{
    /// <summary>Ids are below this.</summary>
    public const int Bound = 1 << 22;

    /// <summary>An id in JSON.</summary>
    /// <exception cref="BadInputException">It is none.</exception>
    public static int Read(Component part) =>
        part.Element.ValueKind == JsonValueKind.Number && part.Element.TryGetInt32(out var id) && IsOne(id) ? id : throw part.Bad(Allowed);

    /// <summary>Whether a number can be an id.</summary>
    public static bool IsOne(int number) => (uint)number < Bound;

    /// <summary>What is allowed, for messages.</summary>
    public static string Allowed => $"a whole number from 0 to {Bound - 1}";
}
