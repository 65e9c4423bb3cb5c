using System.Text.Json;
using R1Cloud.Web;
using R1Cloud.Web.Bench;

// Prints one JSON line a case: the page's sizes, and its times in an installed Chromium against the stand-in of src/Web/dev.
Print("sizes", new
{
    firstViewBytes = PageFiles.All.Values.Where(IsFirst).Sum(Sent),
    allBytes = PageFiles.All.Values.Sum(Sent),
});
await using var stand = await StandIn.StartAsync();
Print("50 runs", await Cases.FirstViewAsync(stand));
Print("60 figures of 5,000 steps, a window of 900 px", await Cases.ChartsAsync(stand, 900));
Print("60 figures of 5,000 steps, all in sight", await Cases.ChartsAsync(stand, 9000));
Print("100,000 steps", await Cases.PointsAsync(stand));

static bool IsFirst(PageFile file) => file.Path == "/" || file.Path.StartsWith("/assets/index-", StringComparison.Ordinal);

static int Sent(PageFile file) => (file.Compressed ?? file.Content).Length;

static void Print(string name, object figures) => Console.WriteLine(JsonSerializer.Serialize(new { @case = name, figures }));
