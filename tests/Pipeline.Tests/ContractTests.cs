using System.Reflection;
using R1Cloud.Pipeline.Options;
using R1Cloud.Shared.Jobs;

namespace R1Cloud.Pipeline.Tests;

public class ContractTests
{
    /// <summary>
    /// Nulls are not written and constructor parameters are required: a nullable one without a default could not be read back.
    /// </summary>
    [Fact]
    public void Records_NullableConstructorParameters_HaveDefaults()
    {
        var nullability = new NullabilityInfoContext();
        var parameters = new[] { typeof(PipelineOptions).Assembly, typeof(JobSpec).Assembly }
            .SelectMany(assembly => assembly.GetTypes())
            // Recipes have a reader of their own.
            .Where(type =>
                type.GetMethod("<Clone>$") is not null && type.Namespace?.StartsWith("R1Cloud.", StringComparison.Ordinal) == true)
            .Where(type => !type.Namespace!.StartsWith(typeof(Shared.Recipes.Recipe).Namespace!, StringComparison.Ordinal))
            .SelectMany(type => type.GetConstructors())
            .SelectMany(constructor => constructor.GetParameters())
            .ToList();

        parameters.Count.ShouldBeGreaterThan(100);
        parameters.Where(parameter => !parameter.HasDefaultValue && nullability.Create(parameter).ReadState == NullabilityState.Nullable)
            .Select(parameter => $"{parameter.Member.DeclaringType!.Name}.{parameter.Name}").ShouldBeEmpty();
    }
}
