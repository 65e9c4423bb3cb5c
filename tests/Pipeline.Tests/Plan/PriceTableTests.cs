using R1Cloud.Pipeline.Plan;
using R1Cloud.Shared;

namespace R1Cloud.Pipeline.Tests.Plan;

public class PriceTableTests
{
    private const string Good = """
        { // A comment.
          "currency": "USD", "storagePerGigabyteMonth": 0.02,
          "devices": { "a100": { "teraflops": 312, "generationUtilisation": 0.1, "trainingUtilisation": 0.4, "pricePerHour": 3, "date": "2026", "source": "mine" } },
        }
        """;

    [Fact]
    public void Default_HasTheDevicesWithTheirSourcesToBeChecked()
    {
        PriceTable.Default.Devices.Keys.ShouldBe(["h100", "h200", "a100", "l40s", "cpu", "h100x8", "h200x8", "a100x8"], ignoreOrder: true);
        PriceTable.Default.Devices.Values.ShouldAllBe(device => device.Source.Contains("to be checked") && device.Date.Length > 0);
    }

    [Fact]
    public void Parse_OwnTable_Overrides() => PriceTable.Parse(Good, "mine.json").Device("a100").PricePerHour.ShouldBe(3);

    [Theory]
    [InlineData("\"pricePerHour\": 3", "\"pricePerHour\": -3", "devices.a100.pricePerHour: '-3'")]
    [InlineData("\"pricePerHour\": 3", "\"pricePerHour\": \"NaN\"", "devices.a100.pricePerHour: 'NaN'")]
    [InlineData("\"pricePerHour\": 3, ", "", "pricePerHour")]
    [InlineData("\"pricePerHour\": 3", "\"pricePerHours\": 3", "pricePerHours")]
    [InlineData("\"teraflops\": 312", "\"teraflops\": 0", "devices.a100.teraflops: '0'")]
    [InlineData("\"teraflops\": 312", "\"teraflops\": \"fast\"", "teraflops")]
    [InlineData("\"trainingUtilisation\": 0.4", "\"trainingUtilisation\": 40", "devices.a100.trainingUtilisation: '40'")]
    [InlineData("\"pricePerHour\": 3", "\"gpusPerNode\": 0, \"pricePerHour\": 3", "devices.a100.gpusPerNode: '0'")]
    [InlineData("\"storagePerGigabyteMonth\": 0.02", "\"storagePerGigabyteMonth\": -1", "storagePerGigabyteMonth: '-1'")]
    [InlineData("{ // A comment.", "[", "mine.json")]
    public void Parse_BadTable_NamesFileAndField(string part, string bad, string expected)
    {
        var error = Should.Throw<BadInputException>(() => PriceTable.Parse(Good.Replace(part, bad, StringComparison.Ordinal), "mine.json"));
        error.Message.ShouldContain("mine.json");
        error.Message.ShouldContain(expected);
    }

    [Fact]
    public void Load_NoFile_IsBadInput() =>
        Should.Throw<BadInputException>(() => PriceTable.Load("nowhere.json")).Message.ShouldContain("nowhere.json");
}
