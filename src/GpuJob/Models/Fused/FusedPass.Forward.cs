using R1Cloud.GpuJob.Numerics;
using R1Cloud.GpuJob.Numerics.Simd;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Models.Fused;

// The forward pass: per layer attention's inputs by tiles of rows, attention by sequences and heads, the rest by tiles again.
internal sealed unsafe partial class FusedPass<TVector, TLanes>
{
    public void Forward(Tensor logProbs, Tensor entropy)
    {
        ObjectDisposedException.ThrowIf(isDone, this);
        model.Load(team);
        var layers = model.Layers;
        team.Run(Tiles(Count), (tile, member) =>
        {
            Embed(tile);
            BeforeAttention(0, tile, in workers[member]);
        });
        for (var layer = 0; layer < layers.Count; layer++)
        {
            var index = layer;
            team.Run(rows.Sequences.Length * shape.Config.KvHeads, (task, member) => Attend(index, task, in workers[member]));
            team.Run(Tiles(Count), (tile, member) =>
            {
                AfterAttention(index, tile, in workers[member]);
                if (index + 1 < layers.Count) BeforeAttention(index + 1, tile, in workers[member]);
            });
        }
        float* scores = (float*)TensorMemory.Pointer(logProbs), entropies = (float*)TensorMemory.Pointer(entropy);
        team.Run(Tiles(Scored), (tile, member) => Score(tile, in workers[member], scores, entropies));
    }

    private static (int Start, int Count) RowsOf(int tile, int count) => (tile * Tile, Math.Min(Tile, count - (tile * Tile)));

    private void Embed(int tile)
    {
        var (start, count) = RowsOf(tile, Count);
        var table = (float*)TensorMemory.Pointer(model.Parameters[model.Embedding]);
        for (var row = start; row < start + count; row++)
        {
            var target = kept[0].Input + ((long)row * shape.HiddenStride);
            Copy(table + ((long)rows.Ids[row] * shape.Hidden), target, shape.Hidden);
            Zero(target + shape.Hidden, shape.HiddenStride - shape.Hidden);
        }
    }

    // Norm, queries, keys and values, their norms, and the rotation.
    private void BeforeAttention(int layer, int tile, in Worker worker)
    {
        var (start, count) = RowsOf(tile, Count);
        ref var at = ref kept[layer];
        var weights = model.Layers[layer];
        NormRows(at.Input, at.InputRms, weights.AttentionNorm.Weight, worker.Hidden, start, count);
        var qkv = at.Qkv + ((long)start * shape.QkvStride);
        weights.Qkv.Forward<TVector, TLanes>(worker.Hidden, shape.HiddenStride, count, qkv, shape.QkvStride, add: false);
        var (heads, keyHeads, dim) = (shape.Config.Heads, shape.Config.KvHeads, shape.Config.HeadDim);
        if (weights.QueryNorm is not null)
            Copy(qkv, at.RawQkv + ((long)start * shape.QkvStride), (long)count * shape.QkvStride);
        for (var row = start; row < start + count; row++, qkv += shape.QkvStride)
        {
            for (var head = 0; head < heads + keyHeads; head++)
            {
                var x = qkv + (head * dim);
                if ((head < heads ? weights.QueryNorm : weights.KeyNorm) is { } norm)
                    RowKernels<TVector, TLanes>.RmsNormHead(x, norm.Weight, dim, eps);
                RowKernels<TVector, TLanes>.Rotate(x, cos + ((long)row * Half), sin + ((long)row * Half), Half);
            }
        }
    }

    // Output projection, residual, norm, feed-forward block, residual.
    private void AfterAttention(int layer, int tile, in Worker worker)
    {
        var (start, count) = RowsOf(tile, Count);
        ref var at = ref kept[layer];
        var weights = model.Layers[layer];
        int stride = shape.HiddenStride, width = shape.InnerStride;
        var middle = at.Middle + ((long)start * stride);
        Copy(at.Input + ((long)start * stride), middle, (long)count * stride);
        weights.Output.Forward<TVector, TLanes>(
            at.Attended + ((long)start * shape.QueryStride), shape.QueryStride, count, middle, stride, add: true);
        NormRows(at.Middle, at.MiddleRms, weights.FeedForwardNorm.Weight, worker.Hidden, start, count);
        var gateUp = keeps ? at.GateUp + ((long)start * 2 * width) : worker.Inner;
        weights.GateUp.Forward<TVector, TLanes>(worker.Hidden, stride, count, gateUp, 2 * width, add: false);
        // In place of the gates where they are not kept.
        var mixed = keeps ? worker.Inner : gateUp;
        var mixedStride = keeps ? width : 2 * width;
        for (var row = 0; row < count; row++)
        {
            var gate = gateUp + ((long)row * 2 * width);
            RowKernels<TVector, TLanes>.SwiGlu(gate, gate + width, mixed + ((long)row * mixedStride), shape.Config.IntermediateSize);
        }
        var output = (layer + 1 < kept.Length ? kept[layer + 1].Input : last) + ((long)start * stride);
        Copy(middle, output, (long)count * stride);
        weights.Down.Forward<TVector, TLanes>(mixed, mixedStride, count, output, stride, add: true);
    }

    private void NormRows(float* x, float* rms, float* weight, float* y, int start, int count)
    {
        for (var row = 0; row < count; row++)
        {
            var from = x + ((long)(start + row) * shape.HiddenStride);
            var r = rms[start + row] = GradientKernels<TVector, TLanes>.InverseRms(from, shape.Hidden, eps);
            GradientKernels<TVector, TLanes>.Normalize(from, r, weight, y + ((long)row * shape.HiddenStride), shape.Hidden);
        }
    }

    // One key head of one sequence, and the query heads that share it.
    private void Attend(int layer, int task, in Worker worker)
    {
        var (start, length) = rows.Sequences[task / shape.Config.KvHeads];
        var (keyHead, dim, stride) = (task % shape.Config.KvHeads, shape.Config.HeadDim, (long)shape.QkvStride);
        var qkv = kept[layer].Qkv + (start * stride);
        var keys = qkv + shape.Queries + (keyHead * dim);
        var longest = FusedShape.Padded(length);
        Panels.PackTransposed(keys, stride, dim, length, worker.KeysAcross, model.Panel);
        Panels.Pack(keys + shape.Keys, stride, length, dim, worker.Values, model.Panel);
        for (var block = 0; block < length; block += QueryBlock)
        {
            var queries = Math.Min(QueryBlock, length - block);
            var seen = block + queries;
            for (var head = keyHead * shape.Group; head < (keyHead + 1) * shape.Group; head++)
            {
                ProductKernels<TVector, TLanes>.Multiply(worker.KeysAcross, dim, 0, seen, qkv + (block * stride) + (head * dim), stride, 1,
                    queries, worker.Scores, longest, add: false);
                for (var query = 0; query < queries; query++)
                {
                    var scores = worker.Scores + ((long)query * longest);
                    kept[layer].LogSums[((start + block + query) * (long)shape.Config.Heads) + head] =
                        Soften(scores, block + query + 1, seen);
                }
                ProductKernels<TVector, TLanes>.Multiply(worker.Values, seen, (long)model.Panel * length, dim, worker.Scores, longest, 1,
                    queries, worker.Out, shape.HeadStride, add: false);
                for (var query = 0; query < queries; query++)
                {
                    Copy(worker.Out + (query * shape.HeadStride),
                        kept[layer].Attended + ((start + block + query) * (long)shape.QueryStride) + (head * dim), dim);
                }
            }
        }
    }

    // Softmax of a row's scores in place, 0 from its own end to the block's; returns the logarithm of their sum.
    private float Soften(float* scores, int length, int end)
    {
        var whole = Align.Up(length, TLanes.Count);
        for (var i = length; i < whole; i++) scores[i] = float.NegativeInfinity;
        var largest = RowKernels<TVector, TLanes>.Largest(scores, length);
        var sum = RowKernels<TVector, TLanes>.ExpSum(scores, whole, largest, scale);
        GradientKernels<TVector, TLanes>.Scale(scores, 1 / sum, whole);
        for (var i = length; i < end; i++) scores[i] = 0;
        return (largest * scale) + MathF.Log(sum);
    }

    // Log-probabilities and entropies of some scored tokens, the vocabulary in chunks by an online softmax.
    private void Score(int tile, in Worker worker, float* logProbs, float* entropies)
    {
        var (start, count) = RowsOf(tile, Scored);
        var stride = shape.HiddenStride;
        var hidden = scoredHidden + ((long)start * stride);
        float* largest = stackalloc float[Tile], sums = stackalloc float[Tile], weighted = stackalloc float[Tile],
            chosen = stackalloc float[Tile];
        for (var row = 0; row < count; row++)
        {
            var from = last + ((long)rows.Sources[start + row] * stride);
            var r = scoredRms[start + row] = GradientKernels<TVector, TLanes>.InverseRms(from, shape.Hidden, eps);
            GradientKernels<TVector, TLanes>.Normalize(from, r, model.Norm.Weight, hidden + ((long)row * stride), shape.Hidden);
            (largest[row], sums[row], weighted[row]) = (float.NegativeInfinity, 0, 0);
        }
        foreach (var chunk in model.Head)
        {
            Logits(chunk, hidden, count, worker.Logits, VocabularyStride);
            for (var row = 0; row < count; row++)
            {
                var logits = worker.Logits + ((long)row * VocabularyStride);
                var most = RowKernels<TVector, TLanes>.Largest(logits, chunk.Rows) * inverseTemperature;
                if (rows.Targets[start + row] - chunk.First is var target && target >= 0 && target < chunk.Rows)
                    chosen[row] = logits[target] * inverseTemperature;
                if (float.IsNegativeInfinity(most)) continue; // no id of the chunk is a token's
                var shift = MathF.Max(most, largest[row]);
                var (sum, weight) = GradientKernels<TVector, TLanes>.ExpSums(
                    logits, Align.Up(chunk.Rows, TLanes.Count), inverseTemperature, shift);
                var before = MathF.Exp(largest[row] - shift);
                (largest[row], sums[row], weighted[row]) = (shift, (sums[row] * before) + sum, (weighted[row] * before) + weight);
            }
        }
        for (var row = 0; row < count; row++)
        {
            var z = logZ[start + row] = largest[row] + MathF.Log(sums[row]);
            logProbs[start + row] = chosen[row] - z;
            entropies[start + row] = z - (weighted[row] / sums[row]);
        }
    }

    // Logits of a chunk of the vocabulary; −∞ at ids of no token and behind the end.
    private void Logits(FusedHeadChunk chunk, float* hidden, int count, float* logits, int stride)
    {
        chunk.Forward<TVector, TLanes>(hidden, shape.HiddenStride, count, logits, stride);
        var end = Align.Up(chunk.Rows, TLanes.Count);
        for (var row = 0; row < count; row++, logits += stride)
        {
            for (var i = chunk.Rows; i < end; i++) logits[i] = float.NegativeInfinity;
            foreach (var id in scoring.Unused)
            {
                if (id >= chunk.First && id < chunk.First + chunk.Rows) logits[id - chunk.First] = float.NegativeInfinity;
            }
        }
    }
}
