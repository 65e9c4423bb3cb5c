using R1Cloud.GpuJob.Numerics.Simd;

namespace R1Cloud.GpuJob.Generation.Simd;

/// <summary>One layer's weights; null where its architecture has none.</summary>
internal sealed record SimdLayer(
    FloatBuffer? AttentionIn, FloatBuffer? AttentionOut, FloatBuffer? FeedForwardIn, FloatBuffer? FeedForwardOut,
    SimdHeads? Heads, SimdLatents? Latents, PackedMatrix Output, FloatBuffer? OutputBias, SimdDense? Dense, SimdExperts? Experts);

/// <summary>Plain heads: query, key and value are one matrix.</summary>
internal sealed record SimdHeads(PackedMatrix Qkv, FloatBuffer? Bias, FloatBuffer? QueryNorm, FloatBuffer? KeyNorm);

/// <summary>
/// Latent attention with its rising projection folded into queries and outputs, head by head (<see cref="Models.LatentAttention"/>).
/// </summary>
/// <param name="QueryDown">Lowers queries, or null.</param>
/// <param name="QueryDownBias">Its bias.</param>
/// <param name="QueryNorm">Norm of lowered queries.</param>
/// <param name="Query">Queries, from what was lowered or from the input.</param>
/// <param name="KeyValueDown">The latent and the shared key.</param>
/// <param name="KeyValueDownBias">Its bias.</param>
/// <param name="KeyValueNorm">Norm of latents.</param>
/// <param name="Fold">By head [rank, nope]: a query in the latent's space.</param>
/// <param name="Raise">By head [value, rank]: a value out of it.</param>
internal sealed record SimdLatents(
    PackedMatrix? QueryDown, FloatBuffer? QueryDownBias, FloatBuffer? QueryNorm, PackedMatrix Query, PackedMatrix KeyValueDown,
    FloatBuffer? KeyValueDownBias, FloatBuffer KeyValueNorm, IReadOnlyList<PackedMatrix> Fold, IReadOnlyList<PackedMatrix> Raise);

/// <summary>A feed-forward block; gate and up are one matrix.</summary>
internal sealed record SimdDense(int Intermediate, PackedMatrix GateUp, PackedMatrix Down, FloatBuffer? GateUpBias, FloatBuffer? DownBias);

/// <summary>A mixture of experts.</summary>
/// <param name="Router">[experts, hidden].</param>
/// <param name="Correction">Added to scores for the choice alone, or null.</param>
/// <param name="Routed">The experts.</param>
/// <param name="Shared">That of all tokens, or null.</param>
internal sealed record SimdExperts(PackedMatrix Router, float[]? Correction, IReadOnlyList<SimdDense> Routed, SimdDense? Shared);
