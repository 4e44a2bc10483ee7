using System.Text.Json;

namespace AtomicDevOps.Activities.Tools.CodeScanning;

internal static class ReportJson
{
    /// <exception cref="KeyNotFoundException">There is no such property.</exception>
    /// <exception cref="FormatException">It is no text.</exception>
    public static string RequiredText(this JsonElement parent, string name) =>
        parent.GetProperty(name) is { ValueKind: JsonValueKind.String } text ? text.GetString()! : throw new FormatException($"its property '{name}' is no text.");
}
