using System.Text.Json;
using R1Cloud.Web;
using R1Cloud.Web.Bench;

// Prints one JSON line a case: the page's sizes, and its times in an installed Chromium against the stand-in of src/Web/dev.
Print("sizes", new
{
    firstViewBytes = PageFiles.All.Values.Where(file => file.Path == "/" || file.Path.StartsWith("/assets/index-", StringComparison.Ordinal)).Sum(Sent),
    allBytes = PageFiles.All.Values.Sum(Sent),
});
await using var stand = await StandIn.StartAsync();
Print("50 runs", await Cases.FirstViewAsync(stand));
Print("60 figures of 5,000 steps", await Cases.ChartsAsync(stand));
Print("100,000 points", await Cases.PointsAsync(stand));

static int Sent(PageFile file) => (file.Compressed ?? file.Content).Length;

static void Print(string name, object figures) => Console.WriteLine(JsonSerializer.Serialize(new { @case = name, figures }));
