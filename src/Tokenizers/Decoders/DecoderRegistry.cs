using R1Cloud.Shared;
using R1Cloud.Tokenizers.Json;
using R1Cloud.Tokenizers.Patterns;
using R1Cloud.Tokenizers.PreTokenizers;

namespace R1Cloud.Tokenizers.Decoders;

/// <summary>The decoders of <c>tokenizer.json</c> by type.</summary>
internal static class DecoderRegistry
{
    private static readonly Dictionary<string, Func<Component, Action<Builder>>> Builders = new()
    {
        ["ByteLevel"] = part => plan => plan.SetBytes(part, TokenBytes.Alphabet),
        ["ByteFallback"] = part => plan => plan.SetBytes(part, TokenBytes.Fallback),
        ["Fuse"] = _ => plan => plan.Fused = true,
        ["Metaspace"] = Metaspace,
        ["Replace"] = Replace,
        ["Strip"] = Strip,
        ["Sequence"] = part => plan =>
        {
            foreach (var step in part.Items("decoders")) step.Build(Builders!)(plan);
        },
    };

    /// <summary>The plan that a part of the file describes.</summary>
    /// <exception cref="BadInputException">A decoder is not supported, or not in that place.</exception>
    public static DecoderPlan Create(Component part)
    {
        var plan = new Builder();
        part.Build(Builders)(plan);
        return plan.Build();
    }

    private static Action<Builder> Metaspace(Component part)
    {
        var mark = MetaspacePreTokenizer.Mark(part);
        var first = MetaspacePreTokenizer.Scheme(part) == PrependScheme.Never ? " " : "";
        return plan => plan.Add(part, (token, isFirst) => token.Replace(mark.ToString(), isFirst ? first : " ", StringComparison.Ordinal));
    }

    private static Action<Builder> Replace(Component part)
    {
        var replace = Replacement.Parse(part);
        return plan => plan.Add(part, (token, _) => replace(token));
    }

    private static Action<Builder> Strip(Component part)
    {
        var character = part.Text("content") is [var only] ? only : throw part.Field("content").Bad("one character");
        var (start, stop) = (part.Number("start"), part.Number("stop"));
        return plan => plan.Strip(part, character, start, stop);
    }

    private sealed class Builder
    {
        private readonly List<Func<string, bool, string>> steps = [];
        private TokenBytes bytes;
        private char stripCharacter;
        private int stripCount;

        public bool Fused { get; set; }

        public void SetBytes(Component part, TokenBytes kind)
        {
            if (bytes != TokenBytes.None || Fused) throw Misplaced(part);
            bytes = kind;
            Fused = kind == TokenBytes.Alphabet;
        }

        public void Add(Component part, Func<string, bool, string> step)
        {
            if (bytes != TokenBytes.None || Fused) throw Misplaced(part);
            steps.Add(step);
        }

        public void Strip(Component part, char character, int start, int stop)
        {
            if (Fused)
            {
                // The end of the text is not known while it streams.
                if (stop != 0 || stripCount != 0) throw Misplaced(part);
                (stripCharacter, stripCount) = (character, start);
                return;
            }
            Add(part, (token, _) =>
            {
                int from = 0, to = token.Length;
                while (from < start && from < to && token[from] == character) from++;
                for (var i = 0; i < stop && to > from && token[to - 1] == character; i++) to--;
                return token[from..to];
            });
        }

        public DecoderPlan Build() => new(steps, bytes, "", stripCharacter, stripCount);

        private static BadInputException Misplaced(Component part) => new(
            $"{part.File}: {part.Path}: decoder '{part.Type}' is not supported in this place; supported: Replace, Metaspace and Strip, "
            + $"then ByteLevel or ByteFallback, then Fuse, then one Strip of the text's beginning.");
    }
}
