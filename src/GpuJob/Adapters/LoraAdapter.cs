using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Numerics;
using R1Cloud.GpuJob.Weights;
using R1Cloud.Shared;
using R1Cloud.Shared.Storage;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Adapters;

/// <summary>
/// Low-rank adapters (LoRA, arXiv 2106.09685) in PEFT's layout: the model's own weights freeze, and the additions are what is trained.
/// </summary>
internal static class LoraAdapter
{
    private const string WeightsFile = "adapter_model.safetensors", Prefix = "base_model.model.", SuffixA = ".lora_A.weight",
        SuffixB = ".lora_B.weight";

    private const int MostNamed = 20;

    /// <summary>Adds fresh additions to a model: A uniform as a linear layer's weights, B zero, so nothing changes at first.</summary>
    /// <exception cref="BadInputException">The settings cover no module.</exception>
    public static void Attach(CausalLm model, LoraConfig config, ulong seed)
    {
        using var _ = no_grad();
        var covered = model.Projections.Where(item => config.Covers(item.Name)).ToList();
        if (covered.Count == 0)
            throw new BadInputException(
                $"lora.targets [{string.Join(", ", config.Targets)}] are in no module; allowed are {string.Join(", ", LastNames(model))}, "
                + $"or all-linear.");
        foreach (var (name, projection) in covered)
        {
            using var scope = NewDisposeScope();
            long outputs = projection.Weight.shape[0], inputs = projection.Weight.shape[1];
            using var generator = new Generator(Seeds.Derive((long)seed, name + SuffixA));
            var bound = 1 / Math.Sqrt(inputs); // Kaiming with a = √5
            var a = (rand([config.Rank, inputs], dtype: ScalarType.Float32, generator: generator) * Scalars.Of(2 * bound))
                - Scalars.Of(bound);
            projection.Adapter = Create(a, zeros([outputs, config.Rank], dtype: ScalarType.Float32), config.Scale(name),
                projection.Weight.device);
        }
        Freeze(model, config);
    }

    /// <summary>Whether a folder holds an adapter.</summary>
    public static bool IsIn(string folder) => File.Exists(Path.Combine(folder, LoraConfig.FileName));

    /// <summary>Adds a saved adapter to a model.</summary>
    /// <exception cref="BadInputException">Tensors are missing, of other modules or another rank than the settings say, misshapen or not
    /// finite: all are named.</exception>
    public static LoraConfig Load(CausalLm model, string folder)
    {
        var config = LoraConfig.Load(folder);
        var path = Path.Combine(folder, WeightsFile);
        if (!File.Exists(path)) throw new BadInputException($"{path}: there is no such file; an adapter's weights are in it.");
        return ModelFile.Guard(path, () => Load(model, config, path));
    }

    private static LoraConfig Load(CausalLm model, LoraConfig config, string path)
    {
        using var reader = new SafetensorsReader(path);
        using var _ = no_grad();
        var projections = model.Projections.ToDictionary(item => item.Name, item => item.Projection, StringComparer.Ordinal);
        config.CheckModules(projections.Keys);
        if (reader.FindNotFinite() is { } broken)
            throw new WeightsFormatException(path, broken, "holds a number that is not finite (NaN or ∞).");
        var problems =
            projections.Keys.Where(module =>
                config.Covers(module) && !reader.Tensors.ContainsKey(Prefix + module + SuffixA)
                && !reader.Tensors.ContainsKey(Prefix + module + SuffixB))
            .Select(module => $"'{Prefix}{module}{SuffixA}' is missing, which {LoraConfig.FileName} asks for").ToList();
        var adapters = new List<(Projection Projection, string A, string B, double Scale)>();
        foreach (var name in reader.Tensors.Keys)
        {
            var suffix = name.EndsWith(SuffixA, StringComparison.Ordinal) ? SuffixA : name.EndsWith(SuffixB, StringComparison.Ordinal)
                ? SuffixB : "";
            var module = suffix.Length > 0 && name.StartsWith(Prefix, StringComparison.Ordinal) ? name[Prefix.Length..^suffix.Length] : "";
            if (!projections.TryGetValue(module, out var projection))
            {
                problems.Add($"'{name}' is unknown");
                continue;
            }
            string nameA = Prefix + module + SuffixA, nameB = Prefix + module + SuffixB;
            if (!reader.Tensors.TryGetValue(nameA, out var a) || !reader.Tensors.TryGetValue(nameB, out var b))
            {
                problems.Add($"'{(suffix == SuffixA ? nameB : nameA)}' is missing");
                continue;
            }
            if (suffix == SuffixB) continue; // done with its A
            long outputs = projection.Weight.shape[0], inputs = projection.Weight.shape[1];
            if (a.Shape is not [var rank, var width] || width != inputs || b.Shape is not [var height, var inner] || height != outputs
                || inner != rank)
            {
                problems.Add(
                    $"'{nameA}' [{string.Join(", ", a.Shape)}] and '{nameB}' [{string.Join(", ", b.Shape)}] do not fit: [r, {inputs}] and "
                    + $"[{outputs}, r] are needed");
                continue;
            }
            if (!config.Covers(module))
                problems.Add(
                    $"'{nameA}' is of a module that {LoraConfig.FileName} leaves out (target_modules "
                    + $"[{string.Join(", ", config.Targets)}])");
            else if (rank != config.RankOf(module))
                problems.Add($"'{nameA}' has rank {rank}, and {LoraConfig.FileName} says r {config.RankOf(module)}");
            else if (!a.IsFloatingPoint || a.IsFloat8 || !b.IsFloatingPoint || b.IsFloat8)
                problems.Add(
                    $"'{nameA}' and '{nameB}' have the types {a.Type} and {b.Type}; floating-point types of 16 bits and more are needed");
            else adapters.Add((projection, nameA, nameB, config.Scale(module)));
        }
        if (adapters.Count == 0 && problems.Count == 0) problems.Add("it has no tensor");
        if (problems.Count > 0)
            throw new BadInputException(
                $"{path}: the adapter does not fit the "
                + $"model: {string.Join("; ", problems.Order(StringComparer.Ordinal).Take(MostNamed))}{(problems.Count > MostNamed ? $"; and {problems.Count - MostNamed} more" : "")}.");
        foreach (var (projection, nameA, nameB, scale) in adapters)
        {
            using var scope = NewDisposeScope();
            projection.Adapter = Create(reader.Read(nameA), reader.Read(nameB), scale, projection.Weight.device);
        }
        Freeze(model, config);
        return config;
    }

    /// <summary>Adds copies of a model's additions to another model of the same shape.</summary>
    /// <exception cref="InvalidOperationException">The first has none.</exception>
    public static void Copy(CausalLm from, CausalLm to)
    {
        var config = from.Lora ?? throw new InvalidOperationException("The model has no adapter.");
        using var _ = no_grad();
        foreach (var (source, target) in from.Projections.Zip(to.Projections))
        {
            if (source.Projection.Adapter is { } low)
                target.Projection.Adapter = Create(low.A, low.B, low.Scale, target.Projection.Weight.device);
        }
        Freeze(to, config);
    }

    /// <summary>Writes a model's additions in PEFT's layout into an existing folder.</summary>
    /// <exception cref="InvalidOperationException">The model has none.</exception>
    public static void Save(CausalLm model, string folder)
    {
        var config = model.Lora ?? throw new InvalidOperationException("The model has no adapter.");
        var adapted = model.Projections.Where(item => item.Projection.Adapter is not null).ToList();
        // Last names where they mean these modules and no others, else whole ones.
        var last = adapted.Select(item => item.Name[(item.Name.LastIndexOf('.') + 1)..]).Distinct().Order(StringComparer.Ordinal).ToList();
        var whole = model.Projections.Count(item => ModuleNames.HasOneOf(last, item.Name)) > adapted.Count;
        config.Save(folder, whole ? adapted.Select(item => item.Name) : last);
        SafetensorsWriter.Write(Path.Combine(folder, WeightsFile), adapted.SelectMany(item => new[]
        {
            (Prefix + item.Name + SuffixA, (Tensor)item.Projection.Adapter!.A),
                (Prefix + item.Name + SuffixB, (Tensor)item.Projection.Adapter!.B),
        }));
    }

    /// <summary>Folds the additions into the weights, which train again afterwards.</summary>
    public static void Merge(CausalLm model)
    {
        using var _ = no_grad();
        foreach (var (_, projection) in model.Projections)
        {
            if (projection.Adapter is not { } low) continue;
            using var scope = NewDisposeScope();
            var weight = projection.Weight.Stored();
            weight.add_((matmul(low.B, low.A) * Scalars.Of(low.Scale)).to(weight.dtype, weight.device), Scalars.One);
            projection.Adapter = null;
            low.A.Dispose();
            low.B.Dispose();
        }
        model.Publish();
        foreach (var (_, parameter) in model.Parameters) parameter.requires_grad_(true);
        (model.Trainable, model.Lora) = (model.Parameters, null);
    }

    private static LowRank Create(Tensor a, Tensor b, double scale, Device device) => new(Own(a, device), Own(b, device), scale);

    private static ModelWeight Own(Tensor content, Device device)
    {
        var parameter = new ModelWeight(content.shape, device);
        parameter.copy_(content);
        return parameter;
    }

    private static void Freeze(CausalLm model, LoraConfig config)
    {
        model.Lora = config;
        foreach (var (_, parameter) in model.Parameters) parameter.requires_grad_(false);
        model.Trainable = [.. model.Projections.Where(item => item.Projection.Adapter is not null).SelectMany(item => new[]
        {
            (Prefix + item.Name + SuffixA, item.Projection.Adapter!.A), (Prefix + item.Name + SuffixB, item.Projection.Adapter!.B),
        })];
    }

    private static IEnumerable<string> LastNames(CausalLm model) =>
        model.Projections.Select(item => item.Name[(item.Name.LastIndexOf('.') + 1)..]).Distinct().Order(StringComparer.Ordinal);
}
