using System.Runtime.InteropServices;
using System.Text.Json;

namespace AtomicDevOps.Activities.Security.Sarif;

/// <summary>
/// A log as GitHub code scanning has to get it. It shows a suppressed result as an open alert, so such results are left out. It takes nothing of a log in
/// which any invocation failed (https://github.com/github/codeql-action/pull/1393), so where one tool of several did not check, the log says so by its
/// notification alone; where none did, the log stays as it is and GitHub leaves its alerts alone.
/// </summary>
internal static class CodeScanningLog
{
    private const string Succeeded = "executionSuccessful";
    private const int MostPending = 64 * 1024;

    /// <param name="mayGoOn">Asked again and again while it writes.</param>
    /// <returns>Whether it is whole.</returns>
    public static bool Write(JsonElement log, Stream target, Func<bool> mayGoOn)
    {
        using var json = new Utf8JsonWriter(target);
        Copy(json, log, "runs", runs => CopyEach(json, runs, _ => true, run => CopyRun(json, run, mayGoOn)));
        json.Flush();
        return mayGoOn();
    }

    private static void CopyRun(Utf8JsonWriter json, JsonElement run, Func<bool> mayGoOn)
    {
        var isPartial = run.ValueKind == JsonValueKind.Object
            && run.TryGetProperty("invocations", out var all)
            && all.ValueKind == JsonValueKind.Array
            && all.EnumerateArray().Any(static invocation => Flag(invocation, Succeeded) == true);
        Copy(json, run, "results", results => CopyEach(json, results, result => mayGoOn() && !IsSuppressed(result), result =>
        {
            CopyWhole(json, result);
            if (json.BytesPending > MostPending)
            {
                json.Flush();
            }
        }), "invocations", invocations => CopyEach(json, invocations, _ => true, invocation =>
        {
            if (isPartial && Flag(invocation, Succeeded) == false)
            {
                Copy(json, invocation, Succeeded, _ => json.WriteBooleanValue(true));
            }
            else
            {
                CopyWhole(json, invocation);
            }
        }));
    }

    private static bool IsSuppressed(JsonElement result) =>
        result.ValueKind == JsonValueKind.Object
        && result.TryGetProperty("suppressions", out var suppressions)
        && suppressions.ValueKind == JsonValueKind.Array
        && suppressions.GetArrayLength() > 0
        && suppressions.EnumerateArray().All(static suppression =>
            suppression.ValueKind != JsonValueKind.Object || !suppression.TryGetProperty("status", out var status) || status.ValueEquals("accepted"));

    private static bool? Flag(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? value.GetBoolean()
            : null;

    private static void Copy(
        Utf8JsonWriter json, JsonElement value, string name, Action<JsonElement> write, string? otherName = null, Action<JsonElement>? writeOther = null)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            CopyWhole(json, value);
            return;
        }

        json.WriteStartObject();
        foreach (var property in value.EnumerateObject())
        {
            json.WritePropertyName(property.Name);
            if (property.NameEquals(name))
            {
                write(property.Value);
            }
            else if (otherName is not null && property.NameEquals(otherName))
            {
                writeOther!(property.Value);
            }
            else
            {
                CopyWhole(json, property.Value);
            }
        }

        json.WriteEndObject();
    }

    private static void CopyEach(Utf8JsonWriter json, JsonElement list, Func<JsonElement, bool> isWanted, Action<JsonElement> copy)
    {
        if (list.ValueKind != JsonValueKind.Array)
        {
            CopyWhole(json, list);
            return;
        }

        json.WriteStartArray();
        foreach (var item in list.EnumerateArray().Where(isWanted))
        {
            copy(item);
        }

        json.WriteEndArray();
    }

    private static void CopyWhole(Utf8JsonWriter json, JsonElement value) => json.WriteRawValue(JsonMarshal.GetRawUtf8Value(value), skipInputValidation: true);
}
