using System.Text.Json;
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
        var (read, problems) = await ReadAsync(rows);
        problems.ShouldBeEmpty();
        var lines = new List<DataProblem>();
        var file = Path.Combine(folder.FullName, "a.jsonl");
        await File.WriteAllLinesAsync(file, rows.Select(row => JsonSerializer.Serialize(row)), TestContext.Current.CancellationToken);
        var expected = DataFiles.Read(file, file, lines).ToList();
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
    }

    private sealed class Part
    {
        public string? name { get; set; }

        public List<int?>? counts { get; set; }
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
