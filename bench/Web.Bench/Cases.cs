namespace R1Cloud.Web.Bench;

/// <summary>What the page takes.</summary>
internal static class Cases
{
    private const int Rounds = 5;

    // From a change to the frame that shows it.
    private const string UntilDrawn = "setTimeout(() => requestAnimationFrame(() => setTimeout(() => done(performance.now() - begin))))";

    /// <summary>From the navigation to a list of 50 runs that can be used.</summary>
    public static async Task<object> FirstViewAsync(StandIn stand)
    {
        var page = await stand.OpenAsync();
        var root = stand.Address.Split('#')[0];
        var times = new List<double>();
        for (var round = 0; round < Rounds; round++)
        {
            await page.GotoAsync("about:blank");
            await page.GotoAsync($"{root}#/runs?round={round}");
            await page.WaitForFunctionAsync(
                "document.querySelectorAll('table.runs tbody tr').length >= 50 && (window.seen ??= performance.now())");
            times.Add(await page.EvaluateAsync<double>("window.seen"));
        }
        return new { milliseconds = times.Min(), all = times.Select(time => Math.Round(time)) };
    }

    /// <summary>60 charts of a stage of 5,000 steps drawn again; those in a window of some height are in sight.</summary>
    public static async Task<object> ChartsAsync(StandIn stand, int height)
    {
        const string Run = "r1-done-00c0ffee", Stage = "rl-reasoning";
        var page = await stand.OpenAsync(height);
        var names = await page.EvaluateAsync<string[]>(
            $"fetch('/api/runs/{Run}/metrics/names', {{ headers: {{ 'X-Api-Key': sessionStorage.getItem('r1-key') }} }})"
            + $".then(r => r.json()).then(a => a.stages.find(s => s.stage === '{Stage}').names.slice(0, 60))");
        var chosen = Uri.EscapeDataString(string.Join(',', names));
        await page.GotoAsync($"{stand.Address.Split('#')[0]}#/runs/{Run}/curves?stage={Stage}&names={chosen}");
        await page.WaitForFunctionAsync("document.querySelectorAll('.chart canvas').length >= 4", null, new() { Timeout = 120_000 });
        await page.WaitForTimeoutAsync(2000);
        var drawn = await page.EvaluateAsync<int>("document.querySelectorAll('.chart canvas').length");
        var times = new List<double>();
        for (var round = 0; round < Rounds; round++)
        {
            // Other colours draw every chart again.
            times.Add(await page.EvaluateAsync<double>(
                "new Promise(done => { const begin = performance.now(); document.querySelector('header.bar button').click(); "
                + UntilDrawn + "; })"));
        }
        return new { charts = names.Length, drawn, milliseconds = times.Min(), all = times.Select(time => Math.Round(time)) };
    }

    /// <summary>Thinning and smoothing a series of 100,000 points, as the page does while somebody drags a slider.</summary>
    public static async Task<object> PointsAsync(StandIn stand)
    {
        const string Run = "long-00000001", Stage = "base";
        var page = await stand.OpenAsync();
        await page.GotoAsync($"{stand.Address.Split('#')[0]}#/runs/{Run}/curves?stage={Stage}&names=loss");
        await page.WaitForFunctionAsync("document.querySelectorAll('.chart canvas').length >= 1", null, new() { Timeout = 120_000 });
        await page.WaitForTimeoutAsync(1000);
        var times = new List<double>();
        for (var round = 0; round < Rounds; round++)
        {
            times.Add(await page.EvaluateAsync<double>(
                "round => new Promise(done => { const begin = performance.now(); "
                + "const slider = document.querySelector('input[type=range]'); "
                + $"slider.value = 0.5 + round / 20; slider.dispatchEvent(new Event('input', {{ bubbles: true }})); {UntilDrawn}; }})",
                round));
        }
        return new { milliseconds = times.Min(), all = times.Select(time => Math.Round(time)) };
    }
}
