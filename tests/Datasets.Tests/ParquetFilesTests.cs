using System.Text;
using System.Text.Json;
using Parquet;
using Parquet.Schema;
using Parquet.Serialization;
using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.Datasets.Tests;

public sealed class ParquetFilesTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("r1-parquet-tests");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public async Task Read_NestedRows_AreThoseOfTheSameJsonLines()
    {
        Row[] rows =
        [
            new() { text = "a", items = ["x", null, "y"], parts = [new() { name = "n", counts = [1, null, 3] },
                new() { name = null, counts = [] }], number = 0.1f, flag = true },
            new() { text = null, items = [], parts = [], number = 2.5f },
            new() { text = "", items = null, parts = null, number = -1, inner = new() { name = "only", counts = null } },
            new() { text = "last", items = [null], parts = [new() { name = "", counts = [7] }], number = 3 },
        ];
        await ShouldReadAsJsonAsync(rows, new());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public async Task Read_RandomNestedRows_AreThoseOfTheSameJsonLines(int seed)
    {
        var random = new Random(seed);
        string? Text() => random.Next(4) switch { 0 => null, 1 => "", _ => new string((char)random.Next(0x20, 0xD7FF), random.Next(1, 9)) };
        int? Count() => random.Next(3) == 0 ? null : random.Next();
        List<T>? Items<T>(Func<T> make) => random.Next(5) == 0 ? null : [.. Enumerable.Range(0, random.Next(4)).Select(_ => make())];
        Part? Made() => random.Next(4) == 0 ? null : new() { name = Text(), counts = Items(Count) };
        var rows = Enumerable.Range(0, 150).Select(_ => new Row
        {
            text = Text(), items = Items(Text), parts = Items(() => Made() ?? new Part()), inner = Made(), number = random.Next() / 3f,
            flag = random.Next(3) switch { 0 => null, var other => other == 1 }, day = random.Next(3) == 0 ? null
                : DateOnly.FromDayNumber(random.Next(700_000, 740_000)), price = random.Next(3) == 0 ? null : random.Next() / 100m,
            large = random.NextInt64(), tags = random.Next(4) == 0 ? null
                : Enumerable.Range(0, random.Next(3)).ToDictionary(i => $"key {i}", _ => Text()),
        }).ToList();
        await ShouldReadAsJsonAsync(rows, new()
        {
            RowGroupSize = seed % 2 == 0 ? null : 40, CompressionMethod = (CompressionMethod)(seed % 3),
        });
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Read_ListsOfLists_AreThoseOfTheSameJsonLines(int seed)
    {
        var random = new Random(seed);
        string? Text() => random.Next(4) switch { 0 => null, 1 => "", _ => $"{random.Next()}" };
        // The writer cannot tell a null list within a list from an empty outer one, so there is none.
        List<T> Items<T>(Func<T> make) => [.. Enumerable.Range(0, random.Next(4)).Select(_ => make())];
        T? OrNull<T>(T items) where T : class => random.Next(5) == 0 ? null : items;
        var rows = Enumerable.Range(0, 60).Select(_ => new Grid
        {
            cells = OrNull(Items(() => Items(Text))),
            deep = OrNull(Items(() => Items(() => Items(() => random.Next(3) == 0 ? (long?)null : random.NextInt64())))),
            groups = OrNull(Items(() => new Group
            {
                parts = OrNull(Items(() => new Part { name = Text(), counts = OrNull(Items(() => (int?)random.Next())) })),
            })),
        }).ToList();
        await ShouldReadAsJsonAsync(rows, new() { RowGroupSize = seed % 2 == 0 ? null : 25 });
    }

    [Fact]
    public async Task Read_NotANumberDeepInLists_IsAProblemOfItsRow()
    {
        var (read, problems) = await ReadAsync(new Depths[] { new() { values = [[1, 2], [], [3]] },
            new() { values = [[], [4, float.NaN]] }, new() { values = [[float.NegativeInfinity]] }, new() { values = [] } });
        problems.Select(problem => (problem.Row, problem.Field)).ShouldBe([(2, "values"), (3, "values")]);
        read[0].Columns["values"].GetRawText().ShouldBe("[[1,2],[],[3]]");
        read[3].Columns["values"].GetRawText().ShouldBe("[]");
    }

    [Fact]
    public async Task Read_BinaryInLists_IsRefusedByColumn()
    {
        var (read, problems) = await ReadAsync(new Chunks[] { new() { text = "a", chunks = [[1], [2, 3]] },
            new() { text = "b", chunks = [] } });
        problems.ShouldHaveSingleItem().Field.ShouldBe("chunks");
        read.Select(row => row.Columns["text"].GetString()).ShouldBe(["a", "b"]);
        read.ShouldAllBe(row => !row.Columns.ContainsKey("chunks"));
    }

    private async Task ShouldReadAsJsonAsync<T>(IReadOnlyCollection<T> rows, ParquetOptions options)
        where T : class, new()
    {
        var (read, problems) = Read(await WriteAsync(rows, options));
        problems.ShouldBeEmpty();
        var file = Path.Combine(folder.FullName, "a.jsonl");
        await File.WriteAllLinesAsync(file, rows.Select(row => JsonSerializer.Serialize(row)), TestContext.Current.CancellationToken);
        var (expected, _) = Read(file);
        read.Count.ShouldBe(expected.Count);
        foreach (var (row, other) in read.Zip(expected))
        {
            row.Number.ShouldBe(other.Number);
            row.Columns.Keys.Order().ShouldBe(other.Columns.Keys.Order());
            foreach (var (name, value) in other.Columns) JsonElement.DeepEquals(row.Columns[name],
                value).ShouldBeTrue($"{name}: {row.Columns[name].GetRawText()} is not {value.GetRawText()}");
        }
    }

    [Fact]
    public async Task Read_NotANumber_IsAProblemOfItsRow()
    {
        var (read, problems) = await ReadAsync(new Numbers[] { new() { value = 1, values = [1] },
            new() { value = double.NaN, values = [2, double.PositiveInfinity] }, new() { value = 3, values = [3] } });
        problems.Select(problem => (problem.Row, problem.Field)).ShouldBe([(2, "value"), (2, "values")]);
        problems[0].Message.ShouldContain("NaN");
        read[2].Columns["values"].GetRawText().ShouldBe("[3]");
    }

    [Fact]
    public async Task Read_Binary_IsRefusedByColumn()
    {
        var (read, problems) = await ReadAsync(new Binary[] { new() { text = "a", bytes = [1, 2] } });
        problems.ShouldHaveSingleItem().Field.ShouldBe("bytes");
        problems[0].Message.ShouldContain("binary");
        read.Single().Columns.Keys.ShouldBe(["text"]);
    }

    [Fact]
    public async Task Read_DatesDecimalsAndIds_AreWhatJsonWritesForThem()
    {
        var schema = new ParquetSchema(new DateTimeDataField("day", DateTimeFormat.Date, isNullable: true),
            new DateTimeDataField("time", DateTimeFormat.DateAndTimeMicros), new DecimalDataField("price", 20, 4),
            new DataField<Guid>("id"), new DataField<ulong>("large"), new DataField<float>("single"));
        var id = Guid.Parse("6f9619ff-8b86-d011-b42d-00c04fc964ff");
        var (read, problems) = await ReadAsync(schema, [new Dictionary<string, object?>
        {
            ["day"] = new DateTime(2024, 2, 29, 0, 0, 0, DateTimeKind.Utc),
            ["time"] = new DateTime(2024, 5, 20, 1, 2, 3, 4, DateTimeKind.Utc),
            ["price"] = 1234567890.5m, ["id"] = id, ["large"] = ulong.MaxValue, ["single"] = 0.1f,
        }]);
        problems.ShouldBeEmpty();
        var row = read.ShouldHaveSingleItem().Columns;
        row["day"].GetString().ShouldBe("2024-02-29");
        row["time"].GetString().ShouldBe("2024-05-20T01:02:03.004Z");
        row["price"].GetDecimal().ShouldBe(1234567890.5m);
        row["id"].GetString().ShouldBe(id.ToString());
        row["large"].GetRawText().ShouldBe("18446744073709551615");
        row["single"].GetRawText().ShouldBe("0.1");
    }

    [Fact]
    public async Task Read_TextThatIsNotUtf8_IsAProblemOfItsRow()
    {
        var file = await WriteAsync<Row>([new() { text = "fine \uFFFD", items = ["a"] }, new() { text = "QQQQQ", items = ["b"] },
            new() { text = "c", items = ["d", "ZZZZZ"] }], new() { CompressionMethod = CompressionMethod.None });
        var bytes = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        foreach (var mark in (string[])["QQQQQ", "ZZZZZ"])
        {
            for (var at = 0; bytes.AsSpan(at).IndexOf(Encoding.UTF8.GetBytes(mark)) is var found and >= 0; at += found + 1)
                bytes[at + found + 2] = 0xFF;
        }
        await File.WriteAllBytesAsync(file, bytes, TestContext.Current.CancellationToken);
        var (read, problems) = Read(file);
        problems.Select(problem => (problem.Row, problem.Field)).ShouldBe([(2, "text"), (3, "items")]);
        problems.ShouldAllBe(problem => problem.Message.Contains("UTF-8"));
        read[0].Columns["text"].GetString().ShouldBe("fine \uFFFD");
    }

    [Fact]
    public async Task Read_FewBytesThatClaimManyRows_AreRefused()
    {
        var field = new DataField<int>("number");
        var file = Path.Combine(folder.FullName, "a.parquet");
        await using (var stream = File.Create(file))
        {
            await using var writer = await ParquetWriter.CreateAsync(new(field), stream,
                new() { CompressionMethod = CompressionMethod.Gzip }, cancellationToken: TestContext.Current.CancellationToken);
            for (var i = 0; i < 3; i++)
            {
                using var group = writer.CreateRowGroup();
                await group.WriteAsync<int>(field, new int[3_000_000], cancellationToken: TestContext.Current.CancellationToken);
            }
        }
        var (read, problems) = Read(file);
        read.ShouldBeEmpty();
        problems.ShouldHaveSingleItem().Message.ShouldContain("unpacks to more than");
    }

    [Fact]
    public async Task Read_RowsThatShareALongText_AreRefused()
    {
        var options = new ParquetOptions { CompressionMethod = CompressionMethod.Gzip };
        options.ColumnEncodingHints["text"] = EncodingHint.Dictionary;
        var row = new Row { text = new string('x', 1 << 12) };
        var file = await WriteAsync([.. Enumerable.Repeat(row, 30_000)], options);
        new FileInfo(file).Length.ShouldBeLessThan(1 << 16);
        var (_, problems) = Read(file);
        problems.ShouldHaveSingleItem().Field.ShouldBe("text");
        problems[0].Message.ShouldContain("unpacks to more than");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Read_DamagedFile_IsAProblemOrRowsWithinMemory(int seed)
    {
        var file = await WriteAsync(Enumerable.Range(0, 40).Select(i => new Row
        {
            text = $"text {i % 5}", number = i, flag = i % 3 == 0 ? null : true, items = ["a", $"{i}"],
            parts = [new() { name = "n", counts = [i, null] }],
        }).ToList(), new() { CompressionMethod = seed == 1 ? CompressionMethod.None : CompressionMethod.Snappy });
        var whole = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        var random = new Random(seed);
        for (var i = 0; i < 300; i++)
        {
            var damaged = whole.ToArray();
            for (var k = random.Next(1, 4); k > 0; k--) damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            if (random.Next(5) == 0) damaged = damaged[..random.Next(damaged.Length)];
            await File.WriteAllBytesAsync(file, damaged, TestContext.Current.CancellationToken);
            var before = GC.GetTotalAllocatedBytes(precise: false);
            Read(file);
            (GC.GetTotalAllocatedBytes(precise: false) - before).ShouldBeLessThan(512L << 20, $"seed {seed}, try {i}");
        }
    }

    private async Task<(List<RawRow> Rows, List<DataProblem> Problems)> ReadAsync(ParquetSchema schema,
        IReadOnlyCollection<IDictionary<string, object?>> rows)
    {
        var file = Path.Combine(folder.FullName, "a.parquet");
        await using (var stream = File.Create(file))
            await ParquetSerializer.SerializeUntypedAsync(rows!, schema, stream, cancellationToken: TestContext.Current.CancellationToken);
        return Read(file);
    }

    private async Task<string> WriteAsync<T>(IReadOnlyCollection<T> rows, ParquetOptions options)
        where T : class, new()
    {
        var file = Path.Combine(folder.FullName, "a.parquet");
        await ParquetSerializer.SerializeAsync(rows, file, options, cancellationToken: TestContext.Current.CancellationToken);
        return file;
    }

    private static (List<RawRow> Rows, List<DataProblem> Problems) Read(string file)
    {
        var problems = new List<DataProblem>();
        return ([.. DataFiles.Read(file, file, problems)], problems);
    }

    private async Task<(List<RawRow> Rows, List<DataProblem> Problems)> ReadAsync<T>(IReadOnlyCollection<T> rows)
        where T : class, new()
    {
        var file = Path.Combine(folder.FullName, "a.parquet");
        await ParquetSerializer.SerializeAsync(rows, file, cancellationToken: TestContext.Current.CancellationToken);
        var problems = new List<DataProblem>();
        return ([.. DataFiles.Read(file, file, problems)], problems);
    }

#pragma warning disable IDE1006, SA1300 // the columns' names
    private sealed class Row
    {
        public string? text { get; set; }

        public List<string?>? items { get; set; }

        public List<Part>? parts { get; set; }

        public float number { get; set; }

        public bool? flag { get; set; }

        public Part? inner { get; set; }

        public DateOnly? day { get; set; }

        public decimal? price { get; set; }

        public long large { get; set; }

        public Dictionary<string, string?>? tags { get; set; }
    }

    private sealed class Part
    {
        public string? name { get; set; }

        public List<int?>? counts { get; set; }
    }

    private sealed class Grid
    {
        public List<List<string?>>? cells { get; set; }

        public List<List<List<long?>>>? deep { get; set; }

        public List<Group>? groups { get; set; }
    }

    private sealed class Group
    {
        public List<Part>? parts { get; set; }
    }

    private sealed class Depths
    {
        public List<List<float>>? values { get; set; }
    }

    private sealed class Chunks
    {
        public string? text { get; set; }

        public List<byte[]>? chunks { get; set; }
    }

    private sealed class Numbers
    {
        public double value { get; set; }

        public List<double>? values { get; set; }
    }

    private sealed class Binary
    {
        public string? text { get; set; }

        public byte[]? bytes { get; set; }
    }
#pragma warning restore IDE1006, SA1300
}
