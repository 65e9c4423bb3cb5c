using R1Cloud.GpuJob.Numerics;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Models;

/// <summary>
/// A causal language model. Its parameters are named as in Hugging Face checkpoints and stay on one device, or where
/// <see cref="Layers"/> says. Sequences may stand behind each other in one row (<see cref="TokenLayout"/>) or be right-padded: under causal
/// attention no real token sees the padding behind it.
/// </summary>
internal sealed partial class CausalLm : nn.Module<Tensor, Tensor>
{
    private readonly Decoder decoder;
    private readonly Projection? head;
    private ScalarType computeType;

    // Makes a model whose weights are not set yet; see Create and Load.
    private CausalLm(ModelConfig config, Placement placement)
        : base(nameof(CausalLm))
    {
        (Config, Placement, ComputeType) = (config, placement, placement.Type);
        Layers = LayerPlacement.Of(config, placement);
        Move = (x, place) => x.to(Layers.Devices[place]);
        Rotary = new RotaryEmbedding(config.Rope, config.RotatedDim, config.MaxPositions, placement.Device);
        if (config.LocalRope is { } local)
            LocalRotary = new RotaryEmbedding(local, config.RotatedDim, config.MaxPositions, placement.Device);
        decoder = new Decoder(config, placement, Layers);
        register_module("model", decoder);
        if (config.ScoreHead)
        {
            head = new Projection(config.HiddenSize, 1, hasBias: false, placement);
            register_module("score", head);
        }
        else if (!config.TieWordEmbeddings)
        {
            head = new Projection(config.HiddenSize, config.VocabularySize, hasBias: false, placement);
            register_module("lm_head", head);
        }
        Parameters = [.. named_parameters()];
        Weights = [.. Parameters.Select(parameter => (parameter.name, parameter.parameter.Stored())), .. named_buffers()];
        Trainable = Parameters;
        // torch lists a module under its field's name as well: those that weights are named by count.
        var names = Parameters.Select(parameter => parameter.name).ToHashSet(StringComparer.Ordinal);
        Projections =
            [.. named_modules().Where(item => item.module is Projection && item.module != head && names.Contains(item.name + ".weight"))
                .Select(item => (item.name, (Projection)item.module))];
    }

    /// <summary>The routers of layers with experts.</summary>
    public IReadOnlyList<ExpertRouter> Routers => decoder.Routers;

    /// <summary>What balances the experts while they are trained, or null.</summary>
    public ExpertBalance? Balance { get; set; }

    /// <summary>The shape.</summary>
    public ModelConfig Config { get; }

    /// <summary>Where it lives, and how.</summary>
    public Placement Placement { get; }

    /// <summary>The device that it computes on; of several the one where ids come in and hidden states come out.</summary>
    public Device Device => Placement.Device;

    /// <summary>Where its layers live.</summary>
    public LayerPlacement Layers { get; }

    /// <summary>Takes activations to the device at a place of <see cref="Layers"/>, and their gradients back.</summary>
    public Func<Tensor, int, Tensor> Move { get; set; }

    /// <summary>
    /// What activations are computed in: at first the type that the weights are kept in. BFloat16 over float32 weights is training with
    /// master weights: each pass casts them down, gradients arrive in float32.
    /// </summary>
    /// <exception cref="InvalidOperationException">Set to a type that its weights are not kept in; see <see cref="Computes"/>.</exception>
    public ScalarType ComputeType
    {
        get => computeType;
        set => computeType = Computes(value) ? value
            : throw new InvalidOperationException($"The model's weights are kept in {Placement.Type}; it cannot compute in {value}.");
    }

    /// <summary>Whether layers are computed a second time for the gradient instead of keeping their activations.</summary>
    public bool Recompute { get; set; }

    /// <summary>
    /// Whether it can compute in a type without losing bits: float32 weights can be cast, others and those with masters in host memory are
    /// of one type alone.
    /// </summary>
    public bool Computes(ScalarType type) => Placement.IsLike(Device) || type == Placement.Type;

    /// <summary>
    /// Everything that is stored, by Hugging Face name; a tied output projection is not listed apart. Who changes them publishes.
    /// </summary>
    public IReadOnlyList<(string Name, Tensor Tensor)> Weights { get; }

    /// <summary>The model's own parameters.</summary>
    public IReadOnlyList<(string name, Parameter parameter)> Parameters { get; }

    /// <summary>What an optimizer updates: the parameters, or an adapter's.</summary>
    public IReadOnlyList<(string Name, Parameter Tensor)> Trainable { get; set; }

    /// <summary>
    /// Ids of no token, where the model has more rows than its tokenizer has tokens: nothing draws them, and they have no part in
    /// log-probabilities.
    /// </summary>
    public IReadOnlyList<int> Unused { get; private set; } = [];

    /// <summary>True at those ids, bool [vocabulary]; null where every id is a token's.</summary>
    public Tensor? UnusedMask { get; private set; }

    /// <summary>The settings of the adapter that the model has, or null.</summary>
    public LoraConfig? Lora { get; set; }

    /// <summary>The layers' linear maps by module name, as <c>model.layers.0.self_attn.q_proj</c>: what can have an adapter.</summary>
    public IReadOnlyList<(string Name, Projection Projection)> Projections { get; }

    /// <summary>The rotary tables.</summary>
    public RotaryEmbedding Rotary { get; }

    /// <summary>Those of sliding layers, where they have their own; else null.</summary>
    public RotaryEmbedding? LocalRotary { get; }

    /// <summary>
    /// The output projection [vocabulary, hidden]: the embedding itself when tied. Of a reward model the scalar head [1, hidden].
    /// </summary>
    public Parameter HeadWeight => head?.Weight ?? decoder.Embedding;

    /// <summary>Makes a model with fresh weights: a function of the configuration and the seed alone.</summary>
    public static CausalLm Create(ModelConfig config, Placement placement, ulong seed)
    {
        var model = new CausalLm(config, placement);
        Initialization.Fill(model, seed);
        return model;
    }

    /// <summary>A model without memory for its weights: only their names, shapes and types can be asked for.</summary>
    public static CausalLm Shape(ModelConfig config) => new(config, META);

    /// <summary>Logits: ids int64 [B, T], right-padded → float32 [B, T, vocabulary]; [B, T, 1] of a reward model.</summary>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        return Project(Hidden(TokenLayout.OfRows(input))).view(input.shape[0], input.shape[1], -1).MoveToOuterDisposeScope();
    }

    /// <summary>Hidden states after the final norm, [N, hidden] in <see cref="ComputeType"/>.</summary>
    public Tensor Hidden(TokenLayout layout) => Run(layout, null);

    /// <summary>Like <see cref="Hidden"/> on rows, and keeps what later tokens attend to.</summary>
    /// <param name="ids">int64 [rows, T], right-padded.</param>
    /// <param name="cache">Where it is kept; of as many rows.</param>
    /// <param name="lengths">Tokens of each row, int64 [rows]; null where none is padded.</param>
    /// <returns>[rows · T, hidden].</returns>
    public Tensor Prefill(Tensor ids, KvCache cache, Tensor? lengths = null)
    {
        using var scope = NewDisposeScope();
        return Run(TokenLayout.OfRows(ids, lengths), cache).MoveToOuterDisposeScope();
    }

    /// <summary>One more token a row.</summary>
    /// <param name="ids">int64 [rows].</param>
    /// <param name="positions">int64 [rows]: their positions.</param>
    /// <param name="length">All positions are below it.</param>
    /// <param name="cache">What the rows' tokens left; these tokens' is added.</param>
    /// <returns>Hidden states [rows, hidden].</returns>
    public Tensor Step(Tensor ids, Tensor positions, int length, KvCache cache)
    {
        using var scope = NewDisposeScope();
        cache.BeginStep(positions, length);
        try
        {
            return decoder.forward(ids, Context(positions, positions.add(Scalars.One, Scalars.One), length, [], cache), this)
                .MoveToOuterDisposeScope();
        }
        finally
        {
            cache.EndStep();
        }
    }

    /// <summary>Logits of hidden states: [..., hidden] → float32 [..., vocabulary].</summary>
    public Tensor Project(Tensor hidden)
    {
        using var scope = NewDisposeScope();
        return nn.functional.linear(hidden, HeadWeight.As(hidden.dtype)).As(ScalarType.Float32).MoveToOuterDisposeScope();
    }

    /// <summary>Logits as tokens are drawn from: −∞ at ids of no token; else as <see cref="Project"/>.</summary>
    public Tensor ProjectTokens(Tensor hidden)
    {
        if (UnusedMask is null) return Project(hidden);
        using var scope = NewDisposeScope();
        return Project(hidden).masked_fill_(UnusedMask, Scalars.NegativeInfinity).MoveToOuterDisposeScope();
    }

    /// <summary>Leaves ids out of no token; see <see cref="Unused"/>.</summary>
    /// <param name="ids">Ids below the vocabulary; none leaves nothing out.</param>
    public void LeaveOut(int[] ids)
    {
        if (Config.ScoreHead) return; // there is no vocabulary to draw from
        UnusedMask?.Dispose();
        (Unused, UnusedMask) = (ids, null);
        if (ids.Length == 0) return;
        var mask = new bool[Config.VocabularySize];
        foreach (var id in ids) mask[id] = true;
        UnusedMask = tensor(mask, device: Device).DetachFromDisposeScope();
    }

    /// <summary>Room for generation: a cache in the type that is computed in.</summary>
    public KvCache CreateCache(int rows, int capacity) => new(Config, Layers, ComputeType, rows, capacity);

    private Tensor Run(TokenLayout layout, KvCache? cache)
    {
        using var scope = NewDisposeScope();
        Balance?.Enter(layout);
        return decoder.forward(layout.Ids, Context(layout.Positions, layout.Lengths, layout.Longest + 1, layout.Segments, cache), this)
            .MoveToOuterDisposeScope();
    }

    private AttentionContext Context(Tensor positions, Tensor lengths, int bound, IReadOnlyList<Segment> segments, KvCache? cache)
    {
        return new AttentionContext(Turns(Rotary), LocalRotary is null ? null : Turns(LocalRotary), segments, cache);

        RotaryTurns Turns(RotaryEmbedding rotary)
        {
            var (cos, sin) = rotary.At(positions, lengths, bound);
            return new(cos.As(ComputeType).unsqueeze(1), sin.As(ComputeType).unsqueeze(1));
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Rotary.Dispose();
            LocalRotary?.Dispose();
            UnusedMask?.Dispose();
            foreach (var (_, parameter) in Parameters) (parameter as ModelWeight)?.DisposeCopies();
            foreach (var (_, tensor) in Trainable) tensor.Dispose(); // an adapter's are not among the modules
        }
        base.Dispose(disposing);
    }

    // Embedding, layers and final norm: the part that checkpoints prefix with model.
    private sealed class Decoder : nn.Module<Tensor, AttentionContext, CausalLm, Tensor>
    {
        private readonly TokenEmbedding embedding;
        private readonly DecoderLayer[] layers;
        private readonly RmsNorm norm;

        public Decoder(ModelConfig config, Placement placement, LayerPlacement places)
            : base("Decoder")
        {
            embedding = new TokenEmbedding(config, placement);
            layers = [.. Enumerable.Range(0, config.Layers)
                .Select(layer => new DecoderLayer(config, layer, placement with { Device = places[layer], Devices = null }))];
            norm = new RmsNorm(config.HiddenSize, config.RmsNormEps, placement, config.Architecture.NormsAroundOne);

            Routers = [.. layers.Select(layer => layer.Router).OfType<ExpertRouter>()];

            register_module("embed_tokens", embedding);
            register_module("layers", new Numbered(layers));
            register_module("norm", norm);
        }

        public Parameter Embedding => embedding.Weight;

        public IReadOnlyList<ExpertRouter> Routers { get; }

        /// <summary>ids int64 [N] → [N, hidden].</summary>
        public override Tensor forward(Tensor ids, AttentionContext context, CausalLm settings)
        {
            using var scope = NewDisposeScope();
            var x = embedding.forward(ids, settings.ComputeType);
            var recompute = settings.Recompute && context.Cache is null && is_grad_enabled();
            if (recompute && !x.requires_grad) x.requires_grad_(); // frozen below an adapter
            var place = 0;
            for (var layer = 0; layer < layers.Length; layer++)
            {
                if (settings.Layers.PlaceOf(layer) is var next && next != place)
                {
                    // layers are placed in order: each context is made once
                    (x, context, place) = (settings.Move(x, next), context.On(settings.Layers.Devices[next]), next);
                }
                var index = layer;
                x = recompute
                    ? Recomputation.Run((input, shared) => layers[index].forward(input, shared, index), x, context)
                    : layers[index].forward(x, context, index);
            }
            if (place != 0) x = settings.Move(x, 0);
            return norm.forward(x).MoveToOuterDisposeScope();
        }
    }
}
