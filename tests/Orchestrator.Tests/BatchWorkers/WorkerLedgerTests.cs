using System.Text.Json;
using R1Cloud.Orchestrator.BatchWorkers;
using R1Cloud.Shared;

namespace R1Cloud.Orchestrator.Tests.BatchWorkers;

public class WorkerLedgerTests
{
    [Fact]
    public void Json_SaysItsForm_AndNoneMeansTheFirst()
    {
        var ledger = new WorkerLedger { Generation = 3, Released = true };
        var json = JsonSerializer.Serialize(ledger, R1Json.Options);
        json.ShouldStartWith("{\"version\":1,");
        JsonSerializer.Deserialize<WorkerLedger>(json.Replace("\"version\":1,", "", StringComparison.Ordinal),
            R1Json.Options)!.Generation.ShouldBe(3);
        var newer = json.Replace("\"version\":1,", "\"version\":9,", StringComparison.Ordinal);
        Should.Throw<NewerFormException>(() => JsonSerializer.Deserialize<WorkerLedger>(newer, R1Json.Options))
            .Message.ShouldContain("form 9");
    }
}
