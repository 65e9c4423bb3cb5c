using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Numerics;

/// <summary>
/// The few aten operators that TorchSharp's managed API lacks, reached through TorchScript. Each is one operator; the script is compiled
/// once, on first use. Lists go in as arguments: a list built inside the script makes the in-place operators act on copies.
/// </summary>
internal static class TorchOps
{
    private const string Script = """
        def embedding(weight, ids):
            return torch.embedding(weight, ids)

        def embedding_backward(gradient, ids, weight):
            return torch.embedding_dense_backward(gradient, ids, weight.size(0), -1, False)

        def onednn_rows(x):
            rows = x.size(0)
            padded = (rows + 63) // 64 * 64
            return torch.to_mkldnn(x if padded == rows else torch.constant_pad_nd(x, [0, 0, 0, padded - rows]))

        def onednn_linear(x, weight, bias: Optional[Tensor]):
            return torch.to_dense(torch.mkldnn_linear(onednn_rows(x), weight, bias)).narrow(0, 0, x.size(0))

        def onednn_linear_backward(gradient, x, weight, with_weight: bool) -> List[Tensor]:
            g = onednn_rows(gradient)
            of_x = torch.to_dense(torch.mkldnn_linear_backward_input([g.size(0), x.size(1)], g, weight))
            gradients = [of_x.narrow(0, 0, x.size(0))]
            if with_weight:
                gradients.append(torch.mkldnn_linear_backward_weights(g, onednn_rows(x), weight, False)[0])
            return gradients

        def softplus(x):
            return torch.softplus(x)

        def gelu_tanh(x):
            return torch.gelu(x, approximate="tanh")

        def rms_norm(x, weight, eps: float):
            return torch.rms_norm(x, [x.size(-1)], weight, eps)

        def attention_causal(q, k, v, scale: float):
            return torch.scaled_dot_product_attention(q, k, v, None, 0.0, True, scale=scale, enable_gqa=True)

        def attention_masked(q, k, v, mask, scale: float):
            return torch.scaled_dot_product_attention(q, k, v, mask, 0.0, False, scale=scale, enable_gqa=True)

        def fused_adamw_(params: List[Tensor], grads: List[Tensor], exp_avgs: List[Tensor], exp_avg_sqs: List[Tensor],
                         max_exp_avg_sqs: List[Tensor], steps: List[Tensor],
                         lr: float, beta1: float, beta2: float, weight_decay: float, eps: float) -> Tensor:
            torch._fused_adamw_(params, grads, exp_avgs, exp_avg_sqs, max_exp_avg_sqs, steps, lr=lr, beta1=beta1, beta2=beta2,
                                weight_decay=weight_decay, eps=eps, amsgrad=False, maximize=False)
            return steps[0]

        def norms(tensors: List[Tensor]) -> Tensor:
            return torch.stack(torch._foreach_norm(tensors))

        def norm(x):
            return torch.linalg_vector_norm(x)

        # Types by their numbers, which is what the script's compiler knows: 7 is float64.
        def sums64(tensors: List[Tensor]) -> Tensor:
            return torch.stack([torch.sum(x, dtype=7) for x in tensors])

        def norms64(tensors: List[Tensor]) -> Tensor:
            return torch.stack([torch.linalg_vector_norm(x, dtype=7) for x in tensors])

        def scale_(tensors: List[Tensor], factor) -> Tensor:
            torch._foreach_mul_(tensors, factor)
            return factor

        """; // the compiler wants the last line to end

    private static readonly Lazy<jit.CompilationUnit> Unit = new(() => jit.compile(Script), LazyThreadSafetyMode.ExecutionAndPublication);
    private static readonly Tensor[] NoTensors = [];

    /// <summary>Rows of <paramref name="weight"/> [V, D] picked by <paramref name="ids"/> (int64, any shape): ids.shape + [D].</summary>
    public static Tensor Embedding(Tensor weight, Tensor ids) => Call("embedding", weight, ids);

    /// <summary>The gradient of that weight from that of its rows, in the latter's type.</summary>
    public static Tensor EmbeddingBackward(Tensor gradient, Tensor ids, Tensor weight) =>
        Call("embedding_backward", gradient, ids, weight);

    /// <summary>
    /// x Wᵀ + b by oneDNN: float32 on a CPU, x [N, inputs], weight [outputs, inputs], bias [outputs] or null. oneDNN compiles a kernel for
    /// every shape, at a millisecond each, and keeps some; so rows are filled up to a multiple of 64.
    /// </summary>
    public static Tensor OneDnnLinear(Tensor x, Tensor weight, Tensor? bias) => Call("onednn_linear", x, weight, bias!);

    /// <summary>Its gradients from that of its result [N, outputs]: of x, and of the weight if asked for.</summary>
    public static Tensor[] OneDnnLinearBackward(Tensor gradient, Tensor x, Tensor weight, bool withWeight) =>
        Call<Tensor[]>("onednn_linear_backward", gradient, x, weight, withWeight);

    /// <summary>log(1 + eˣ).</summary>
    public static Tensor Softplus(Tensor x) => Call("softplus", x);

    /// <summary>GELU (arXiv 1606.08415) by its approximation with tanh.</summary>
    public static Tensor GeluTanh(Tensor x) => Call("gelu_tanh", x);

    /// <summary>x / sqrt(mean(x²) + eps) · weight over the last dimension.</summary>
    public static Tensor RmsNorm(Tensor x, Tensor weight, double eps) => Call("rms_norm", x, weight, eps);

    /// <summary>softmax(scale · q kᵀ + causal mask) v, q [B, H, T, d], k and v [B, KV, T, d] with KV dividing H.</summary>
    public static Tensor CausalAttention(Tensor q, Tensor k, Tensor v, double scale) => Call("attention_causal", q, k, v, scale);

    /// <summary>softmax(scale · q kᵀ where <paramref name="mask"/>, else −∞) v; the mask is bool [T, S].</summary>
    public static Tensor MaskedAttention(Tensor q, Tensor k, Tensor v, Tensor mask, double scale) =>
        Call("attention_masked", q, k, v, mask, scale);

    /// <summary>
    /// One AdamW step in place on every tensor of the lists; <paramref name="steps"/> hold the step's number, counted from 1.
    /// </summary>
    public static void FusedAdamW(
        Tensor[] parameters, Tensor[] gradients, Tensor[] firstMoments, Tensor[] secondMoments, Tensor[] steps,
        double learningRate, double beta1, double beta2, double weightDecay, double epsilon)
    {
        foreach (var places in DeviceLists.Places(parameters))
        {
            Call("fused_adamw_", Of(parameters), Of(gradients), Of(firstMoments), Of(secondMoments), NoTensors,
                Of(steps).Select((step, i) => step.to(parameters[places[i]].device)).ToArray(), learningRate, beta1, beta2, weightDecay,
                epsilon).Dispose();

            Tensor[] Of(Tensor[] all) => [.. places.Select(place => all[place])];
        }
    }

    /// <summary>The 2-norm of each tensor: [tensors], on the first one's device.</summary>
    public static Tensor Norms(Tensor[] tensors) => DeviceLists.Join(tensors, each => Call("norms", [each]));

    /// <summary>The 2-norm of a tensor, a scalar tensor; of <see cref="Norms"/>, that over all elements of all tensors.</summary>
    public static Tensor Norm(Tensor x) => Call("norm", x);

    /// <summary>The sum of each tensor, taken in float64: [tensors].</summary>
    public static Tensor Sums64(Tensor[] tensors) => DeviceLists.Join(tensors, each => Call("sums64", [each]));

    /// <summary>The 2-norm of each tensor, taken in float64: [tensors].</summary>
    public static Tensor Norms64(Tensor[] tensors) => DeviceLists.Join(tensors, each => Call("norms64", [each]));

    /// <summary>Multiplies every tensor in place by a scalar tensor.</summary>
    public static void Scale(Tensor[] tensors, Tensor factor)
    {
        foreach (var places in DeviceLists.Places(tensors))
            Call("scale_", places.Select(place => tensors[place]).ToArray(), factor.to(tensors[places[0]].device)).Dispose();
    }

    // TorchSharp would wrap a double itself and drop it: it is wrapped here and kept until the interpreter is done (Scalars says why).
    private static Tensor Call(string name, params object[] arguments) => Call<Tensor>(name, arguments);

    private static T Call<T>(string name, params object[] arguments)
    {
        for (var i = 0; i < arguments.Length; i++)
        {
            if (arguments[i] is double number) arguments[i] = Scalars.New(number);
        }
        var result = (T)Unit.Value.invoke(name, arguments);
        GC.KeepAlive(arguments);
        return result;
    }
}
