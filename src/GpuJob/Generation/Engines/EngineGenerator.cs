using System.Diagnostics.CodeAnalysis;
using R1Cloud.GpuJob.ModelFiles;
using R1Cloud.GpuJob.Models;
using R1Cloud.Inference.Protocols;
using R1Cloud.Inference.Serving;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;

namespace R1Cloud.GpuJob.Generation.Engines;

/// <summary>Generation by inference engines beside the worker, which are handed the model's weights and must show that they sample with
/// them.</summary>
/// <param name="model">The model.</param>
/// <param name="pool">The engines.</param>
/// <param name="folder">Where weights are put down for them to read; this generator's own.</param>
internal sealed class EngineGenerator(CausalLm model, EnginePool pool, string folder) : IGenerator
{
    private bool stale = true;
    private string? held; // the folder that the engines have

    /// <inheritdoc/>
    public void Refresh() => stale = true;

    /// <inheritdoc/>
    [SuppressMessage("Usage", "VSTHRD002", Justification = "Generators are called from threads that have nothing else to do.")]
    public IReadOnlyList<IReadOnlyList<GenerationResult>> Generate(IReadOnlyList<GenerationRequest> requests, SamplingRecipe sampling,
        CancellationToken cancellation = default, Action<int, int, int>? drawn = null)
    {
        GenerationChecks.Validate(model.Config, requests, sampling);
        var samples = requests.SelectMany((request, r) => request.Seeds.Select((seed, s) => (Request: r, Index: s, Ask: new EngineRequest(
            request.Prompt, seed, GenerationChecks.Limit(model.Config, request.Prompt.Length, sampling), request.EosIds)
        {
            Temperature = sampling.Temperature, TopP = sampling.TopP, TopK = sampling.TopK, MinP = sampling.MinP,
        }))).ToList();
        var results = requests.Select(request => new GenerationResult[request.Seeds.Length]).ToArray();
        if (samples.Count == 0) return results;
        Task.Run(() => SampleAsync([.. samples.Select(sample => sample.Ask)], Finished, cancellation), CancellationToken.None)
            .GetAwaiter().GetResult();
        return results;

        void Finished(int place, EngineAnswer answer)
        {
            var (r, s, _) = samples[place];
            var result = Result(requests[r], answer, sampling);
            foreach (var token in result.Tokens) drawn?.Invoke(r, s, token);
            results[r][s] = result;
            requests[r].OnFinished?.Invoke(s, result);
        }
    }

    private async Task SampleAsync(IReadOnlyList<EngineRequest> requests, Action<int, EngineAnswer> finished,
        CancellationToken cancellation)
    {
        if (stale) await HandOverAsync(requests[0].Seed, cancellation);
        stale = false;
        await pool.SampleAsync(requests, finished, cancellation);
    }

    // The folder's name is the weights' own: whoever reads it sees them whole or not at all.
    private async Task HandOverAsync(ulong seed, CancellationToken cancellation)
    {
        var whole = WriteWeights();
        await pool.HandOverAsync(whole, seed, cancellation);
        if (held is not null && held != whole) LocalFiles.TryDeleteFolder(held);
        held = whole;
    }

    private string WriteWeights()
    {
        var part = Directory.CreateDirectory(Path.Combine(folder, "part-" + Guid.NewGuid().ToString("N"))).FullName;
        ModelExport.Write(model, part, model.ComputeType);
        var whole = Path.Combine(folder, ModelProof.Write(model, part, model.ComputeType).Name());
        if (Directory.Exists(whole)) LocalFiles.TryDeleteFolder(part); // the same weights as before
        else Directory.Move(part, whole);
        return whole;
    }

    private GenerationResult Result(GenerationRequest request, EngineAnswer answer, SamplingRecipe sampling)
    {
        if (Array.FindIndex(answer.Tokens, model.Unused.Contains) is >= 0 and var at)
            throw new BadInputException($"The engine drew the id {answer.Tokens[at]}, which is no token of the policy's tokenizer: "
                + "the weights give probability to rows of the vocabulary that no text has.");
        var (count, stopped, stop) = (0, false, request.Stops?.Invoke());
        while (count < answer.Tokens.Length && !stopped)
        {
            var token = answer.Tokens[count++];
            stopped = request.EosIds.Contains(token) || stop?.IsEnd(token) == true;
        }
        // Greedily there is nothing to draw.
        var drawn = sampling.Temperature == 0 ? new float[count] : answer.LogProbs[..count];
        return new(answer.Tokens[..count], drawn, answer.PlainLogProbs[..count], stopped ? FinishReason.Stop : FinishReason.Length);
    }

    /// <inheritdoc/>
    public void Dispose() => LocalFiles.TryDeleteFolder(folder);
}
