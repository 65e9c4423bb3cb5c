using R1Cloud.GpuJob.Models;
using R1Cloud.Shared.Recipes;
using TorchSharp;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Generation;

/// <summary>
/// Generation through the model's own modules with a static key/value cache, on any device. Prompts are prefilled once for all their
/// samples; finished rows leave the batch when it has thinned to half.
/// </summary>
/// <param name="model">The model; used as it is at each call, so <see cref="Refresh"/> has nothing to do.</param>
/// <param name="maxRows">Samples decoded at once.</param>
internal sealed class TorchGenerator(CausalLm model, int maxRows = 256) : IGenerator
{
    /// <inheritdoc/>
    public void Refresh()
    {
    }

    /// <inheritdoc/>
    public IReadOnlyList<IReadOnlyList<GenerationResult>> Generate(IReadOnlyList<GenerationRequest> requests, SamplingRecipe sampling, CancellationToken cancellation = default)
    {
        GenerationChecks.Validate(model.Config, requests, sampling);
        using var _ = no_grad();
        var results = requests.Select(request => new GenerationResult[request.Seeds.Length]).ToArray();
        var samples = requests.SelectMany((request, r) => request.Seeds.Select((seed, s) => new Sample(request, r, s, seed))).ToArray();
        foreach (var wave in samples.Chunk(maxRows))
        {
            using var scope = NewDisposeScope();
            foreach (var (sample, result) in wave.Zip(Run(wave, sampling, cancellation)))
            {
                results[sample.Request][sample.Index] = result;
                sample.Source.OnFinished?.Invoke(sample.Index, result);
            }
        }
        return results;
    }

    private GenerationResult[] Run(Sample[] wave, SamplingRecipe sampling, CancellationToken cancellation)
    {
        var device = model.Device;
        var limits = wave.Select(sample => GenerationChecks.Limit(model.Config, sample.Source.Prompt.Length, sampling)).ToArray();
        var steps = limits.Max();
        var record = new Record(wave.Length, steps, device);
        var noise = tensor(wave.SelectMany(sample => Enumerable.Range(0, steps).Select(index => SamplingNoise.Uniform(sample.Seed, index))).ToArray(), [wave.Length, steps], device: device);

        var (cache, hidden, positions) = Prefill(wave, steps);
        try
        {
            var live = Enumerable.Range(0, wave.Length).ToArray(); // samples still in the batch, by row
            var ended = new bool[wave.Length];
            var origin = arange(wave.Length, dtype: ScalarType.Int64, device: device).DetachFromDisposeScope();
            var length = wave.Max(sample => sample.Source.Prompt.Length);
            // Looking at the tokens waits for the device: on a GPU only every few steps.
            var lookEvery = device.type == DeviceType.CPU ? 1 : 8;
            for (var step = 0; ; step++)
            {
                cancellation.ThrowIfCancellationRequested();
                using var scope = NewDisposeScope();
                var tokens = Draw(model.Project(hidden), noise.select(1, step).index_select(0, origin), sampling, origin, step, record);
                if (step + 1 == steps) break;
                if ((step + 1) % lookEvery == 0)
                {
                    record.MarkEnded(live, step, lookEvery, wave, limits, ended);
                    var keep = Enumerable.Range(0, live.Length).Where(row => !ended[live[row]]).ToArray();
                    if (keep.Length == 0) break;
                    if (keep.Length <= live.Length / 2)
                    {
                        var rows = tensor(keep.Select(row => (long)row).ToArray(), device: device);
                        var smaller = cache.Select(rows, cache.Capacity);
                        cache.Dispose();
                        cache = smaller;
                        live = [.. keep.Select(row => live[row])];
                        (origin, positions) = (Replace(origin, origin.index_select(0, rows)), Replace(positions, positions.index_select(0, rows)));
                        tokens = tokens.index_select(0, rows);
                    }
                }
                hidden = Replace(hidden, model.Step(tokens, positions, length + step + 1, cache));
                positions.add_(1);
            }
            origin.Dispose();
        }
        finally
        {
            cache.Dispose();
        }
        return record.ToResults(wave, limits);
    }

    private (KvCache Cache, Tensor Hidden, Tensor Positions) Prefill(Sample[] wave, int steps)
    {
        using var scope = NewDisposeScope();
        var device = model.Device;
        var prompts = wave.DistinctBy(sample => sample.Request).Select(sample => sample.Source).ToArray();
        var rowOf = wave.Select(sample => sample.Request).Distinct().Index().ToDictionary(pair => pair.Item, pair => (long)pair.Index);
        var width = prompts.Max(prompt => prompt.Prompt.Length);
        var ids = new long[prompts.Length * width];
        for (var row = 0; row < prompts.Length; row++)
        {
            for (var i = 0; i < prompts[row].Prompt.Length; i++) ids[(row * width) + i] = prompts[row].Prompt[i];
        }

        using var promptCache = new KvCache(model.Config, device, prompts.Length, width);
        var states = model.Prefill(tensor(ids, [prompts.Length, width], device: device), promptCache).flatten(0, 1);
        var last = tensor(wave.Select(sample => (rowOf[sample.Request] * width) + sample.Source.Prompt.Length - 1).ToArray(), device: device);
        var cache = promptCache.Select(tensor(wave.Select(sample => rowOf[sample.Request]).ToArray(), device: device), width + steps);
        var positions = tensor(wave.Select(sample => (long)sample.Source.Prompt.Length).ToArray(), device: device);
        return (cache, states.index_select(0, last).DetachFromDisposeScope(), positions.DetachFromDisposeScope());
    }

    private static Tensor Draw(Tensor logits, Tensor noise, SamplingRecipe sampling, Tensor origin, int step, Record record)
    {
        var policy = logits.log_softmax(-1);
        Tensor tokens, logProbs;
        if (sampling.Temperature == 0)
        {
            tokens = logits.argmax(-1);
            logProbs = zeros([tokens.shape[0]], dtype: ScalarType.Float32, device: logits.device);
        }
        else
        {
            var scaled = logits / sampling.Temperature;
            if (TorchSampling.Dropped(scaled, sampling) is { } dropped) scaled = scaled.masked_fill(dropped, float.NegativeInfinity);
            var sampled = scaled.log_softmax(-1);
            var cumulative = sampled.exp().cumsum(-1, ScalarType.Float64);
            // The first token whose cumulative probability exceeds u · total.
            tokens = (cumulative <= noise.unsqueeze(1) * cumulative.narrow(1, cumulative.shape[1] - 1, 1)).sum(-1);
            logProbs = sampled.gather(1, tokens.unsqueeze(1)).squeeze(1);
        }
        record.Add(origin, step, tokens, logProbs, policy.gather(1, tokens.unsqueeze(1)).squeeze(1));
        return tokens;
    }

    private static Tensor Replace(Tensor old, Tensor next)
    {
        next.DetachFromDisposeScope();
        old.Dispose();
        return next;
    }

    public void Dispose()
    {
    }

    private sealed record Sample(GenerationRequest Source, int Request, int Index, ulong Seed);

    /// <summary>What was drawn, on the device: [samples, steps] each.</summary>
    private sealed class Record(int samples, int steps, Device device)
    {
        private readonly Tensor tokens = zeros([samples, steps], dtype: ScalarType.Int64, device: device);
        private readonly Tensor logProbs = zeros([samples, steps], dtype: ScalarType.Float32, device: device);
        private readonly Tensor policy = zeros([samples, steps], dtype: ScalarType.Float32, device: device);

        public void Add(Tensor origin, int step, Tensor token, Tensor logProb, Tensor policyLogProb)
        {
            tokens.select(1, step).index_copy_(0, origin, token);
            logProbs.select(1, step).index_copy_(0, origin, logProb);
            policy.select(1, step).index_copy_(0, origin, policyLogProb);
        }

        /// <summary>Reads the last few columns and marks the samples that have ended.</summary>
        public void MarkEnded(int[] live, int step, int columns, Sample[] wave, int[] limits, bool[] ended)
        {
            var recent = tokens.narrow(1, step + 1 - columns, columns).cpu().contiguous().data<long>().ToArray();
            foreach (var sample in live)
            {
                ended[sample] |= limits[sample] <= step + 1;
                for (var i = 0; i < columns; i++) ended[sample] |= wave[sample].Source.EosIds.Contains((int)recent[(sample * columns) + i]);
            }
        }

        public GenerationResult[] ToResults(Sample[] wave, int[] limits)
        {
            var (ids, sampled, plain) = (tokens.cpu().data<long>().ToArray(), logProbs.cpu().data<float>().ToArray(), policy.cpu().data<float>().ToArray());
            return [.. wave.Select((sample, row) =>
            {
                var own = ids.AsSpan(row * steps, limits[row]).ToArray().Select(id => (int)id).ToArray();
                var end = Array.FindIndex(own, sample.Source.EosIds.Contains);
                var count = end < 0 ? own.Length : end + 1;
                return new GenerationResult(
                    own[..count], sampled.AsSpan(row * steps, count).ToArray(), plain.AsSpan(row * steps, count).ToArray(),
                    end < 0 ? FinishReason.Length : FinishReason.Stop);
            })];
        }
    }
}
