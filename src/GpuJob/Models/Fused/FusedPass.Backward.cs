using R1Cloud.GpuJob.Numerics;
using R1Cloud.GpuJob.Numerics.Simd;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Models.Fused;

// The backward pass, layer by layer: rows' gradients by tiles, attention's by sequences and heads, and weights' by blocks of the weights,
// each summed over all rows in order.
internal sealed unsafe partial class FusedPass<TVector, TLanes>
{
    // A part of a weight's gradient: d W[First .. First + Rows, Column ..] = Σ over rows of dy x.
    private sealed record WeightTask(nint Gradient, int Inputs, nint Slopes, int SlopeStride, nint Rows, int RowStride, int Count,
        int First, int Outputs, int Column);

    public void Backward(Tensor gradient, IReadOnlyList<Tensor> gradients)
    {
        ObjectDisposedException.ThrowIf(isDone, this);
        var targets = new float*[gradients.Count];
        for (var i = 0; i < targets.Length; i++) targets[i] = (float*)TensorMemory.Pointer(gradients[i]);
        BackwardHead((float*)TensorMemory.Pointer(gradient), targets);
        for (var layer = kept.Length - 1; layer >= 0; layer--)
        {
            BackwardLayer(layer, targets);
            var output = first;
            first = third;
            third = second;
            second = output;
        }
        BackwardEmbedding(targets[model.Embedding]);
    }

    // From the scores to the gradient of the last layer's output, in first.
    private void BackwardHead(float* gradient, float*[] targets)
    {
        var stride = shape.HiddenStride;
        Zero(first, (long)Count * stride);
        foreach (var chunk in model.Head)
        {
            team.Run(Tiles(Scored), (tile, member) => BackwardLogits(chunk, tile, in workers[member], gradient));
            var tasks = WeightTasks(targets[chunk.Place] + ((long)chunk.First * shape.Hidden), shape.Hidden, logitGradient,
                VocabularyStride, scoredHidden, stride, Scored, chunk.Rows);
            team.Run(tasks.Count, (task, member) => SumWeights(tasks[task], in workers[member]));
        }
        team.Run(Tiles(Scored), (tile, _) =>
        {
            var (start, count) = RowsOf(tile, Scored);
            var sums = normSums + ((long)tile * stride);
            Zero(sums, stride);
            for (var i = start; i < start + count; i++)
            {
                var row = (long)rows.Sources[i] * stride;
                GradientKernels<TVector, TLanes>.NormBackward(last + row, model.Norm.Weight, scoredGradient + ((long)i * stride),
                    scoredRms[i], null, first + row, sums, shape.Hidden);
            }
        });
        AddUp(normSums, Tiles(Scored), stride, targets[model.Norm.Place], shape.Hidden);
    }

    // Gradients of a chunk's logits, and what they give to hidden states.
    private void BackwardLogits(FusedHeadChunk chunk, int tile, in Worker worker, float* gradient)
    {
        var (start, count) = RowsOf(tile, Scored);
        var (stride, width) = (shape.HiddenStride, VocabularyStride);
        var logits = logitGradient + ((long)start * width);
        Logits(chunk, scoredHidden + ((long)start * stride), count, logits, width);
        for (var row = 0; row < count; row++)
        {
            var slopes = logits + ((long)row * width);
            var factor = gradient[start + row] * inverseTemperature;
            GradientKernels<TVector, TLanes>.Probabilities(slopes, chunk.Rows, inverseTemperature, logZ[start + row]);
            GradientKernels<TVector, TLanes>.Scale(slopes, -factor, chunk.Rows);
            if (rows.Targets[start + row] - chunk.First is var target && target >= 0 && target < chunk.Rows) slopes[target] += factor;
        }
        chunk.Backward<TVector, TLanes>(
            logits, width, count, scoredGradient + ((long)start * stride), stride, add: chunk.First > 0);
    }

    // From first, the gradient of a layer's output, to third, that of its input.
    private void BackwardLayer(int layer, float*[] targets)
    {
        var weights = model.Layers[layer];
        var (tiles, stride) = (Tiles(Count), shape.HiddenStride);
        team.Run(tiles, (tile, member) => BackwardFeedForward(layer, tile, in workers[member]));
        AddUp(normSums, tiles, stride, targets[weights.FeedForwardNorm.Place], shape.Hidden);

        var attention = rows.Sequences.Length * shape.Config.KvHeads;
        team.Run(attention, (task, member) => BackwardAttention(layer, task, in workers[member]));
        if (weights.QueryNorm is { } queryNorm && weights.KeyNorm is { } keyNorm)
        {
            AddUp(headNormSums, attention, 2 * shape.HeadStride, targets[queryNorm.Place], shape.Config.HeadDim);
            AddUp(headNormSums + shape.HeadStride, attention, 2 * shape.HeadStride, targets[keyNorm.Place], shape.Config.HeadDim);
        }

        var tasks = new List<WeightTask>();
        Add(weights.GateUp, innerGradient, 2 * shape.InnerStride, hiddenTwo, stride);
        Add(weights.Down, first, stride, inner, shape.InnerStride);
        Add(weights.Qkv, qkvGradient, shape.QkvStride, hiddenOne, stride);
        Add(weights.Output, second, stride, kept[layer].Attended, shape.QueryStride);
        // The large ones first, so that threads end together.
        team.Run(tasks.Count + tiles, (task, member) =>
        {
            if (task < tasks.Count) SumWeights(tasks[task], in workers[member]);
            else BackwardInput(layer, task - tasks.Count, in workers[member]);
        });
        AddUp(normSums, tiles, stride, targets[weights.AttentionNorm.Place], shape.Hidden);

        void Add(FusedLinear linear, float* slopes, int slopeStride, float* x, int xStride)
        {
            foreach (var part in linear.Parts)
            {
                tasks.AddRange(WeightTasks(targets[part.Weight], linear.Inputs, slopes + part.First, slopeStride, x, xStride, Count,
                    part.Rows));
                if (part.Bias is { } bias) AddUp(slopes + part.First, Count, slopeStride, targets[bias], part.Rows);
            }
        }
    }

    // From first to second, the gradient before the feed-forward block; and what weights and attention need of it.
    private void BackwardFeedForward(int layer, int tile, in Worker worker)
    {
        var (start, count) = RowsOf(tile, Count);
        var weights = model.Layers[layer];
        int stride = shape.HiddenStride, width = shape.InnerStride;
        ref var at = ref kept[layer];
        long hidden = (long)start * stride;
        weights.Down.Backward<TVector, TLanes>(first + hidden, stride, count, worker.Inner, width);
        for (var row = 0; row < count; row++)
        {
            var gate = at.GateUp + ((long)(start + row) * 2 * width);
            var slopes = innerGradient + ((long)(start + row) * 2 * width);
            GradientKernels<TVector, TLanes>.SwiGluBackward(gate, gate + width, worker.Inner + ((long)row * width),
                inner + ((long)(start + row) * width), slopes, slopes + width, width);
        }
        weights.GateUp.Backward<TVector, TLanes>(
            innerGradient + ((long)start * 2 * width), 2 * width, count, worker.Hidden, stride);
        BackwardNorm(at.Middle, at.MiddleRms, weights.FeedForwardNorm.Weight, worker.Hidden, first, second, hiddenTwo, tile);
        weights.Output.Backward<TVector, TLanes>(
            second + hidden, stride, count, attendedGradient + ((long)start * shape.QueryStride), shape.QueryStride);
        // What attention came from, for its weights.
        for (var row = start; row < start + count; row++)
        {
            var x = (long)row * stride;
            GradientKernels<TVector, TLanes>.Normalize(at.Input + x, at.InputRms[row], weights.AttentionNorm.Weight, hiddenOne + x,
                shape.Hidden);
        }
    }

    // From second to third.
    private void BackwardInput(int layer, int tile, in Worker worker)
    {
        var (start, count) = RowsOf(tile, Count);
        var weights = model.Layers[layer];
        ref var at = ref kept[layer];
        weights.Qkv.Backward<TVector, TLanes>(
            qkvGradient + ((long)start * shape.QkvStride), shape.QkvStride, count, worker.Hidden, shape.HiddenStride);
        BackwardNorm(at.Input, at.InputRms, weights.AttentionNorm.Weight, worker.Hidden, second, third, null, tile);
    }

    // A norm on the residual stream; its output is computed again where it is asked for.
    private void BackwardNorm(float* x, float* rms, float* weight, float* slopes, float* carried, float* into, float* output, int tile)
    {
        var (start, count) = RowsOf(tile, Count);
        var sums = normSums + ((long)tile * shape.HiddenStride);
        Zero(sums, shape.HiddenStride);
        for (var row = 0; row < count; row++)
        {
            var at = (long)(start + row) * shape.HiddenStride;
            GradientKernels<TVector, TLanes>.NormBackward(x + at, weight, slopes + ((long)row * shape.HiddenStride), rms[start + row],
                carried + at, into + at, sums, shape.Hidden);
            if (output is not null)
                GradientKernels<TVector, TLanes>.Normalize(x + at, rms[start + row], weight, output + at, shape.Hidden);
        }
    }

    // One key head of one sequence, and the query heads that share it.
    private void BackwardAttention(int layer, int task, in Worker worker)
    {
        var (start, length) = rows.Sequences[task / shape.Config.KvHeads];
        var (keyHead, dim, stride, panel) = (task % shape.Config.KvHeads, shape.Config.HeadDim, (long)shape.QkvStride, model.Panel);
        ref var at = ref kept[layer];
        var qkv = at.Qkv + (start * stride);
        var keys = qkv + shape.Queries + (keyHead * dim);
        var values = keys + shape.Keys;
        var (longest, headStride) = (FusedShape.Padded(length), shape.HeadStride);
        Panels.PackTransposed(keys, stride, dim, length, worker.KeysAcross, panel);
        Panels.PackTransposed(values, stride, dim, length, worker.ValuesAcross, panel);
        Panels.Pack(keys, stride, length, dim, worker.Keys, panel);
        Zero(worker.KeyGradient, (long)length * headStride);
        Zero(worker.ValueGradient, (long)length * headStride);
        var sums = model.Layers[layer].QueryNorm is null ? null : headNormSums + ((long)task * 2 * headStride);
        if (sums is not null) Zero(sums, 2 * headStride);
        for (var block = 0; block < length; block += QueryBlock)
        {
            var queries = Math.Min(QueryBlock, length - block);
            var seen = block + queries;
            for (var head = keyHead * shape.Group; head < (keyHead + 1) * shape.Group; head++)
            {
                var query = qkv + (block * stride) + (head * dim);
                var slopes = attendedGradient + ((start + block) * (long)shape.QueryStride) + (head * dim);
                ProductKernels<TVector, TLanes>.Multiply(
                    worker.KeysAcross, dim, 0, seen, query, stride, 1, queries, worker.Scores, longest, add: false);
                ProductKernels<TVector, TLanes>.Multiply(
                    worker.ValuesAcross, dim, 0, seen, slopes, shape.QueryStride, 1, queries, worker.Slopes, longest, add: false);
                for (var i = 0; i < queries; i++)
                {
                    var (row, sees) = (start + block + i, block + i + 1);
                    float* p = worker.Scores + ((long)i * longest), d = worker.Slopes + ((long)i * longest);
                    GradientKernels<TVector, TLanes>.Probabilities(p, sees, scale, at.LogSums[((long)row * shape.Config.Heads) + head]);
                    var along = GradientKernels<TVector, TLanes>.Dot(
                        slopes + ((long)i * shape.QueryStride), at.Attended + ((long)row * shape.QueryStride) + (head * dim), dim);
                    GradientKernels<TVector, TLanes>.SoftmaxBackward(p, d, sees, along, scale);
                    for (var key = sees; key < seen; key++) (p[key], d[key]) = (0, 0);
                }
                ProductKernels<TVector, TLanes>.Multiply(worker.Keys, seen, (long)panel * length, dim, worker.Slopes, longest, 1, queries,
                    worker.Out, headStride, add: false);
                for (var i = 0; i < queries; i++)
                    StoreHead(layer, start + block + i, head, worker.Out + (i * headStride), sums, in worker);
                Panels.Pack(slopes, shape.QueryStride, queries, dim, worker.Block, panel);
                ProductKernels<TVector, TLanes>.Multiply(worker.Block, queries, 0, dim, worker.Scores, 1, longest, seen,
                    worker.ValueGradient, headStride, add: true);
                Panels.Pack(query, stride, queries, dim, worker.Block, panel);
                ProductKernels<TVector, TLanes>.Multiply(worker.Block, queries, 0, dim, worker.Slopes, 1, longest, seen,
                    worker.KeyGradient, headStride, add: true);
            }
        }
        for (var i = 0; i < length; i++)
        {
            StoreHead(layer, start + i, shape.Config.Heads + keyHead, worker.KeyGradient + ((long)i * headStride), sums, in worker);
            Copy(worker.ValueGradient + ((long)i * headStride),
                qkvGradient + ((start + i) * stride) + shape.Queries + shape.Keys + (keyHead * dim), dim);
        }
    }

    // Turns the gradient of a query's or key's head back, through its norm where it has one, and puts it in its place.
    private void StoreHead(int layer, int row, int head, float* slopes, float* sums, in Worker worker)
    {
        var dim = shape.Config.HeadDim;
        RowKernels<TVector, TLanes>.Rotate(slopes, cos + ((long)row * Half), sinBack + ((long)row * Half), Half);
        var place = ((long)row * shape.QkvStride) + (head * dim);
        if (sums is null)
        {
            Copy(slopes, qkvGradient + place, dim);
            return;
        }
        var isQuery = head < shape.Config.Heads;
        var norm = (isQuery ? model.Layers[layer].QueryNorm : model.Layers[layer].KeyNorm)!;
        Copy(kept[layer].RawQkv + place, worker.HeadOne, dim);
        Zero(worker.HeadOne + dim, shape.HeadStride - dim);
        var r = GradientKernels<TVector, TLanes>.InverseRms(worker.HeadOne, dim, eps);
        GradientKernels<TVector, TLanes>.NormBackward(worker.HeadOne, norm.Weight, slopes, r, null, worker.HeadTwo,
            sums + (isQuery ? 0 : shape.HeadStride), dim);
        Copy(worker.HeadTwo, qkvGradient + place, dim);
    }

    private List<WeightTask> WeightTasks(float* gradient, int inputs, float* slopes, int slopeStride, float* x, int xStride, int count,
        int outputs)
    {
        var tasks = new List<WeightTask>();
        for (var start = 0; start < outputs; start += WeightBlock)
        {
            for (var column = 0; column < inputs; column += model.Panel)
                tasks.Add(new((nint)gradient, inputs, (nint)slopes, slopeStride, (nint)x, xStride, count, start,
                    Math.Min(WeightBlock, outputs - start), column));
        }
        return tasks;
    }

    private void SumWeights(WeightTask task, in Worker worker)
    {
        var (panel, columns) = (model.Panel, Math.Min(model.Panel, task.Inputs - task.Column));
        float* slopes = (float*)task.Slopes + task.First, x = (float*)task.Rows + task.Column;
        for (var start = 0; start < task.Count; start += SumBlock)
        {
            var count = Math.Min(SumBlock, task.Count - start);
            Panels.Pack(x + ((long)start * task.RowStride), task.RowStride, count, columns, worker.Panel, panel);
            ProductKernels<TVector, TLanes>.Multiply(worker.Panel, count, 0, panel, slopes + ((long)start * task.SlopeStride), 1,
                task.SlopeStride, task.Outputs, worker.Sums, panel, add: start > 0);
        }
        var target = (float*)task.Gradient + ((long)task.First * task.Inputs) + task.Column;
        for (var output = 0; output < task.Outputs; output++)
            Copy(worker.Sums + (output * panel), target + ((long)output * task.Inputs), columns);
    }

    // The sum of rows in order.
    private static void AddUp(float* x, int count, int stride, float* target, int size)
    {
        new Span<float>(target, size).Clear();
        for (var row = 0; row < count; row++) GradientKernels<TVector, TLanes>.AddTo(target, x + ((long)row * stride), size);
    }

    // Adds the rows' gradients, in first, to those of their ids; a tied projection's are there already.
    private void BackwardEmbedding(float* gradient)
    {
        const int Columns = 32;
        int hidden = shape.Hidden, stride = shape.HiddenStride;
        var isTied = shape.Config.TieWordEmbeddings;
        team.Run((hidden + Columns - 1) / Columns, (task, _) =>
        {
            var start = task * Columns;
            var count = Math.Min(Columns, hidden - start);
            if (!isTied)
            {
                for (var id = 0; id < shape.Config.VocabularySize; id++) Zero(gradient + ((long)id * hidden) + start, count);
            }
            for (var row = 0; row < Count; row++)
            {
                GradientKernels<TVector, TLanes>.AddTo(
                    gradient + ((long)rows.Ids[row] * hidden) + start, first + ((long)row * stride) + start, count);
            }
        });
    }
}
