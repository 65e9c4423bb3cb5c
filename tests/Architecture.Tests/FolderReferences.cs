using Mono.Cecil;
using Mono.Cecil.Cil;

namespace R1Cloud.Architecture.Tests;

/// <summary>A place in the source tree: a project and a folder of it. Folders are namespaces.</summary>
internal readonly record struct Place(string Project, string Folder);

/// <summary>Which places a compiled assembly's code refers to.</summary>
internal static class FolderReferences
{
    private const string Root = "R1Cloud.";

    /// <summary>The references of an assembly, each with one pair of types as its example.</summary>
    /// <param name="path">The assembly's file.</param>
    public static IReadOnlyDictionary<(Place From, Place To), string> Of(string path)
    {
        using var assembly = AssemblyDefinition.ReadAssembly(path);
        var found = new Dictionary<(Place, Place), string>();
        foreach (var type in assembly.MainModule.GetTypes().Where(type => !IsGenerated(type)))
        {
            var from = PlaceOf(type);
            if (from is null) continue;
            foreach (var used in Used(type).SelectMany(Parts).Distinct())
            {
                if (PlaceOf(used) is { } to && to != from) found.TryAdd((from.Value, to), $"{type.FullName} → {used.FullName}");
            }
        }
        return found;
    }

    /// <summary>Every folder that an assembly has types of.</summary>
    public static IReadOnlySet<string> Folders(string path)
    {
        using var assembly = AssemblyDefinition.ReadAssembly(path);
        return assembly.MainModule.GetTypes().Where(type => !IsGenerated(type)).Select(PlaceOf).OfType<Place>()
            .Select(place => place.Folder).ToHashSet();
    }

    /// <summary>The full names of an assembly's types that are nested in no other.</summary>
    public static IReadOnlyList<(string Namespace, string Name)> Types(string path)
    {
        using var assembly = AssemblyDefinition.ReadAssembly(path);
        return [.. assembly.MainModule.Types.Where(type => !IsGenerated(type) && PlaceOf(type) is not null)
            .Select(type => (type.Namespace, type.Name.Split('`')[0])).Distinct()];
    }

    private static Place? PlaceOf(TypeReference type)
    {
        while (type.DeclaringType is { } outer) type = outer;
        if (!type.Namespace.StartsWith(Root, StringComparison.Ordinal)) return null;
        var parts = type.Namespace[Root.Length..].Split('.');
        return new(parts[0], parts.Length == 1 ? RoomTable.Top : string.Join('/', parts[1..]));
    }

    private static bool IsGenerated(TypeDefinition type)
    {
        var outer = type;
        while (outer.DeclaringType is { } declaring) outer = declaring;
        return outer.Name.StartsWith('<')
            || outer.CustomAttributes.Any(attribute => attribute.AttributeType.Name == "GeneratedCodeAttribute");
    }

    private static IEnumerable<TypeReference> Used(TypeDefinition type)
    {
        if (type.BaseType is { } parent) yield return parent;
        foreach (var implemented in type.Interfaces) yield return implemented.InterfaceType;
        foreach (var attribute in type.CustomAttributes.SelectMany(Used)) yield return attribute;
        foreach (var field in type.Fields)
        {
            yield return field.FieldType;
            foreach (var attribute in field.CustomAttributes.SelectMany(Used)) yield return attribute;
        }
        foreach (var attribute in type.Properties.SelectMany(property => property.CustomAttributes).SelectMany(Used))
            yield return attribute;
        foreach (var used in type.Methods.SelectMany(Used)) yield return used;
    }

    private static IEnumerable<TypeReference> Used(CustomAttribute attribute) =>
        attribute.ConstructorArguments.Select(argument => argument.Value).OfType<TypeReference>().Prepend(attribute.AttributeType);

    private static IEnumerable<TypeReference> Used(MethodDefinition method)
    {
        yield return method.ReturnType;
        foreach (var parameter in method.Parameters) yield return parameter.ParameterType;
        foreach (var constraint in method.GenericParameters.SelectMany(parameter => parameter.Constraints))
            yield return constraint.ConstraintType;
        foreach (var attribute in method.CustomAttributes.SelectMany(Used)) yield return attribute;
        if (!method.HasBody) yield break;
        foreach (var variable in method.Body.Variables) yield return variable.VariableType;
        foreach (var handler in method.Body.ExceptionHandlers.Where(handler => handler.CatchType is not null))
            yield return handler.CatchType;
        foreach (var used in method.Body.Instructions.SelectMany(Used)) yield return used;
    }

    private static IEnumerable<TypeReference> Used(Instruction instruction) => instruction.Operand switch
    {
        TypeReference type => [type],
        FieldReference field => [field.DeclaringType, field.FieldType],
        GenericInstanceMethod call => [.. call.GenericArguments, call.DeclaringType],
        MethodReference call => [call.DeclaringType],
        _ => [],
    };

    // A list of rows names both the list and the row.
    private static IEnumerable<TypeReference> Parts(TypeReference type) => type switch
    {
        GenericInstanceType generic => generic.GenericArguments.SelectMany(Parts).Append(generic.ElementType),
        TypeSpecification specification => Parts(specification.ElementType),
        _ => [type],
    };
}
