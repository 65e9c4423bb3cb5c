using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace R1Cloud.GpuJob.Tests.Strangers;

/// <summary>A change of one file of a model folder: a function of its seed alone.</summary>
/// <param name="File">The file, with slashes.</param>
/// <param name="What">What is done, in words.</param>
/// <param name="Content">What the file becomes.</param>
internal sealed record Mutation(string File, string What, byte[] Content)
{
    private static readonly string[] Files =
    [
        "config.json", "config.json", "config.json", "model.safetensors", "model.safetensors", "sharded/model.safetensors.index.json",
            "tokenizer.json", "tokenizer.json", "tokenizer.json",
        "tokenizer_config.json", "tokenizer_config.json", "generation_config.json", $"{StrangersFolder.Adapter}/adapter_config.json",
            $"{StrangersFolder.Adapter}/adapter_model.safetensors",
        "chat_template.jinja", "chat_template.jinja",
    ];

    private static readonly string[] Values =
    [
        "null", "true", "0", "-1", "1", "2", "7", "2147483647", "-2147483648", "4294967296", "9223372036854775807", "1e308", "-1e308",
            "1e999", "0.5", "1e-320", "\"\"", "\"x\"", "\"\\u0000\"",
        "\"\\ud800\"", "[]", "{}", "[null]", "[[[[[[[[]]]]]]]]", "[0,-1,2147483647]", "{\"type\":\"default\"}", "\"(a+)+$\"",
            "\"((a*)*)*b\"", "\"[[[[[\"", "\"(?:(?:(?:a|b)*)*)*$\"",
        "\"a{1000}{1000}\"", "\"(.*)\\\\1\"", "\"{% for i in range(1000000000) %}x{% endfor %}\"", "\"{{ 'ab' * 1000000000 }}\"",
            "[1000000000,1000000000]", "\"version https://git-lfs.github.com/spec/v1\"",
    ];

    private static readonly string[] Template =
    [
        "{% for i in range(1000000000) %}", "{% endfor %}", "{{ 'a' * 1000000000 }}", "{{ [1] * 1000000000 }}", "{% if m %}", "{% endif %}",
            "{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}", "{{", "}}", "{%", "%}", "{#",
        "{% set ns = namespace(a=messages) %}", "{% set ns.a = [ns.a, ns.a] %}", "{{ messages | tojson(indent=1000000000) }}",
            "{{ messages[999999999999] }}", "{{ 1 // 0 }}", "{{ 9223372036854775807 + 1 }}",
        "{{ ''.__class__ }}", "{{ messages.__init__ }}", "{{ raise_exception('no') }}", "{{ strftime_now('%Y' * 1000) }}",
            "{{ 'x' | center(1000000000) }}", "{{ 2 ** 100000 }}", "{{ 'a'.join(['b'] * 100000) * 100000 }}",
        "{% for a in messages recursive %}{{ loop([a]) }}{% endfor %}", "{{ range(10) | list | sort | unique | list }}",
            "{{ messages[::-1][::0] }}", "{{ '%s' % messages }}", "{{ '{:>1000000000}'.format(1) }}",
    ];

    /// <summary>The mutation of a seed and a number.</summary>
    /// <param name="original">The folder's files by name.</param>
    /// <param name="seed">The seed of the whole.</param>
    /// <param name="number">Which mutation.</param>
    public static Mutation Create(IReadOnlyDictionary<string, byte[]> original, int seed, int number)
    {
        var random = new Random(HashCode(seed, number));
        var file = Files[random.Next(Files.Length)];
        var content = original[file];
        if (file.EndsWith(".jinja", StringComparison.Ordinal)) return OfTemplate(file, content, random);
        if (random.Next(4) == 0) return OfBytes(file, content, random);
        return file.EndsWith(".json", StringComparison.Ordinal) ? OfJson(file, content, random) : OfSafetensors(file, content, random);
    }

    // string.GetHashCode and System.HashCode differ from process to process.
    private static int HashCode(int seed, int number) => unchecked((seed * 486187739) ^ (number * 16777619));

    private static Mutation OfTemplate(string file, byte[] content, Random random)
    {
        var text = new StringBuilder(Encoding.UTF8.GetString(content));
        var parts = new List<string>();
        for (var times = random.Next(1, 4); times > 0; times--)
        {
            var part = Template[random.Next(Template.Length)];
            if (random.Next(8) == 0)
                part = new StringBuilder()
                .Insert(0, random.Next(3) switch { 0 => "{{ (", 1 => "{% if a %}", _ => "[" }, random.Next(1, 20_000)).ToString();
            text.Insert(random.Next(text.Length + 1), part);
            parts.Add(part.Length > 40 ? part[..40] + "…" : part);
        }
        return new(file, $"with {string.Join(" and ", parts)}", Encoding.UTF8.GetBytes(text.ToString()));
    }

    private static Mutation OfBytes(string file, byte[] content, Random random)
    {
        var bytes = content.ToList();
        var what = new List<string>();
        for (var times = random.Next(1, 5); times > 0 && bytes.Count > 0; times--)
        {
            var at = random.Next(Math.Min(bytes.Count, random.Next(2) == 0 ? 400 : int.MaxValue));
            switch (random.Next(4))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    what.Add($"byte {at} changed");
                    break;
                case 1:
                    bytes.RemoveRange(at, bytes.Count - at);
                    what.Add($"cut at {at}");
                    break;
                case 2:
                    bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, 64), bytes.Count - at)));
                    what.Add($"bytes from {at} doubled");
                    break;
                default:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    what.Add($"a bit of {at} turned");
                    break;
            }
        }
        return new(file, string.Join(", ", what), [.. bytes]);
    }

    private static Mutation OfJson(string file, byte[] content, Random random)
    {
        var (text, what) = ChangeJson(JsonNode.Parse(content)!, random);
        return new(file, what, Encoding.UTF8.GetBytes(text));
    }

    private static Mutation OfSafetensors(string file, byte[] content, Random random)
    {
        var length = (int)BinaryPrimitives.ReadInt64LittleEndian(content);
        if (random.Next(6) == 0)
        {
            var copy = content.ToArray();
            var announced = new[] { 0, 1, 7, length - 1, length + 1, int.MaxValue, long.MaxValue, -1, content.Length - 8 }[random.Next(9)];
            BinaryPrimitives.WriteInt64LittleEndian(copy, announced);
            return new(file, $"the header's length is {announced}", copy);
        }
        if (random.Next(4) == 0)
        {
            var copy = content.ToArray();
            for (var times = random.Next(1, 9); times > 0; times--) copy[random.Next(8 + length, copy.Length)] = (byte)random.Next(256);
            return new(file, "numbers changed", copy);
        }
        var (header, what) = ChangeJson(JsonNode.Parse(content.AsSpan(8, length))!, random);
        var bytes = Encoding.UTF8.GetBytes(header);
        return new(file, what, [.. BitConverter.GetBytes((long)bytes.Length), .. bytes, .. content[(8 + length)..]]);
    }

    private static (string Text, string What) ChangeJson(JsonNode root, Random random)
    {
        var holders = Holders(root).ToList();
        var changes = new List<string>();
        string? doubled = null;
        for (var times = random.Next(1, 4); times > 0; times--)
        {
            var holder = holders[random.Next(holders.Count)];
            var chosen = random.Next(Values.Length);
            var value = Values[chosen];
            if (holder is JsonArray { Count: > 0 } items)
            {
                var at = random.Next(items.Count);
                if (random.Next(3) == 0) items.RemoveAt(at);
                else items[at] = Standing(chosen);
                changes.Add($"{items.GetPath()}[{at}] = {value}");
            }
            else if (holder is JsonObject { Count: > 0 } fields)
            {
                var (name, old) = fields.ElementAt(random.Next(fields.Count));
                switch (random.Next(6))
                {
                    case 0:
                        fields.Remove(name);
                        changes.Add($"{fields.GetPath()} without {name}");
                        break;
                    case 1:
                        doubled = name;
                        changes.Add($"{name} twice");
                        break;
                    case 2:
                        var (_, other) = fields.ElementAt(random.Next(fields.Count));
                        fields[name] = other?.DeepClone();
                        changes.Add($"{fields.GetPath()}.{name} = {other?.GetPath()}");
                        break;
                    default:
                        fields[name] = old is JsonValue number && random.Next(4) == 0 && number.TryGetValue<long>(out var whole)
                            ? JsonValue.Create(whole + random.Next(-3, 4)) : Standing(chosen);
                        changes.Add($"{fields.GetPath()}.{name} = {value}");
                        break;
                }
            }
            holders = [.. Holders(root)];
        }
        var text = root.ToJsonString();
        for (var value = 0; value < Values.Length; value++)
            text = text.Replace($"\"VALUE{value}\"", Values[value], StringComparison.Ordinal);
        if (random.Next(40) == 0) text = new StringBuilder().Insert(0, "[", random.Next(1, 200_000)).Append(text).ToString();
        if (doubled is not null) text = string.Create(CultureInfo.InvariantCulture, $"{{\"{doubled}\":1,{text.TrimStart('[')[1..]}");
        return (text, string.Join(", ", changes));
    }

    // Values go into the text as they stand: some are not JSON that a tree could hold.
    private static JsonValue Standing(int value) => JsonValue.Create(string.Create(CultureInfo.InvariantCulture, $"VALUE{value}"));

    private static IEnumerable<JsonNode> Holders(JsonNode node)
    {
        if (node is JsonObject or JsonArray) yield return node;
        var children = node switch { JsonObject fields => fields.Select(field => field.Value), JsonArray items => items, _ => [] };
        foreach (var child in children.OfType<JsonNode>())
        {
            foreach (var inner in Holders(child)) yield return inner;
        }
    }
}
