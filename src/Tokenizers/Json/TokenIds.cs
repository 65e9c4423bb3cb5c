using System.Text.Json;
using R1Cloud.Shared;

namespace R1Cloud.Tokenizers.Json;

/// <summary>
/// Token ids in files. Tables are as long as the largest id, so ids are bounded: the largest vocabularies published have some 260,000.
/// </summary>
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

    /// <summary>Holds the tokens that files name to one id a token and one token an id: else readers would choose differently.</summary>
    /// <param name="tokens">All of them, as often as they are named: token, id, file.</param>
    /// <exception cref="BadInputException">Two share an id, or one has two.</exception>
    public static void RequireOneEach(IReadOnlyCollection<(string Token, int Id, string File)> tokens)
    {
        var (ids, names) = (new Dictionary<string, int>(tokens.Count, StringComparer.Ordinal), new Dictionary<int, string>(tokens.Count));
        foreach (var (token, id, file) in tokens)
        {
            if (!ids.TryAdd(token, id) && ids[token] != id)
                throw new BadInputException($"{file}: the token '{token}' has the ids {ids[token]} and {id}; a token has one.");
            if (!names.TryAdd(id, token) && names[id] != token)
                throw new BadInputException($"{file}: the token '{token}' has the id {id}, which is that of '{names[id]}'.");
        }
    }

    /// <summary>What is allowed, for messages.</summary>
    public static string Allowed => $"a whole number from 0 to {Bound - 1}";
}
