using System.Reflection;
using Microsoft.Extensions.Logging;

namespace R1Cloud.Testing;

/// <summary>The ids of log messages, which must tell messages of a process apart.</summary>
public static class EventIds
{
    /// <summary>Every log message of some assemblies: its id, and where it is declared.</summary>
    public static IReadOnlyList<(int Id, string Place)> Of(params Assembly[] assemblies) => [.. assemblies
        .SelectMany(assembly => assembly.GetTypes())
        .SelectMany(type =>
            type.GetMethods(
                BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
        .SelectMany(method =>
            method.GetCustomAttributes<LoggerMessageAttribute>()
            .Select(message => (message.EventId, $"{method.DeclaringType!.FullName}.{method.Name}")))];

    /// <summary>Ids that are given twice, or not at all.</summary>
    public static IReadOnlyList<string> Unclear(IReadOnlyList<(int Id, string Place)> messages) => [.. messages
        .GroupBy(message => message.Id)
        .Where(group => group.Key <= 0 || group.Count() > 1)
        .Select(group => $"{group.Key}: {string.Join(", ", group.Select(message => message.Place))}")];
}
