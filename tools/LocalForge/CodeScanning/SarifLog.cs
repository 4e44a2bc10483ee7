using System.IO.Compression;
using System.Text.Json;

namespace AtomicDevOps.LocalForge.CodeScanning;

/// <summary>
/// What code scanning takes: https://docs.github.com/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning.
/// </summary>
internal static class SarifLog
{
    public const int MostCompressedBytes = 10 * 1024 * 1024;

    /// <summary>What a bomb may not grow beyond.</summary>
    private const long MostBytes = 512L * 1024 * 1024;

    private const int MostErrors = 20;

    /// <exception cref="InvalidDataException">It is not compressed with gzip, or is a bomb.</exception>
    public static byte[] Decompress(byte[] compressed)
    {
        using var gzip = new GZipStream(new MemoryStream(compressed), CompressionMode.Decompress);
        using var log = new MemoryStream();
        var buffer = new byte[64 * 1024];
        int read;
        while ((read = gzip.Read(buffer)) > 0)
        {
            log.Write(buffer, 0, read);
            if (log.Length > MostBytes)
            {
                throw new InvalidDataException("The log is too large.");
            }
        }

        return log.ToArray();
    }

    /// <summary>Why code scanning rejects a log; nothing where it takes it.</summary>
    public static IReadOnlyList<string> FindErrors(byte[] log)
    {
        try
        {
            using var document = JsonDocument.Parse(log);
            return [.. Check(document.RootElement).Take(MostErrors)];
        }
        catch (JsonException)
        {
            return ["Invalid SARIF. JSON syntax error"];
        }
    }

    private static IEnumerable<string> Check(JsonElement log)
    {
        if (Text(log, "$schema") is null or "")
        {
            yield return "Missing $schema";
        }

        if (Text(log, "version") is not "2.1.0")
        {
            yield return "Unsupported SARIF version: only 2.1.0 is supported";
        }

        if (List(log, "runs") is not { } runs)
        {
            yield return "Missing runs";
            yield break;
        }

        foreach (var error in AtMost(runs, 20, "runs").Concat(runs.SelectMany(CheckRun)))
        {
            yield return error;
        }
    }

    private static IEnumerable<string> CheckRun(JsonElement run)
    {
        if (Text(Member(Member(run, "tool"), "driver"), "name") is null or "")
        {
            yield return "Missing tool.driver.name";
        }

        var rules = List(Member(Member(run, "tool"), "driver"), "rules") ?? [];
        var extensions = List(Member(run, "tool"), "extensions") ?? [];
        foreach (var error in AtMost(rules, 25_000, "rules").Concat(AtMost(extensions, 100, "tool extensions")).Concat(rules.SelectMany(CheckRule)))
        {
            yield return error;
        }

        if ((List(run, "invocations") ?? []).Any(invocation => Member(invocation, "executionSuccessful").ValueKind == JsonValueKind.False))
        {
            yield return "unsuccessful execution";
        }

        if (List(run, "results") is not { } results)
        {
            yield return "Missing results";
            yield break;
        }

        foreach (var error in AtMost(results, 25_000, "results").Concat(results.SelectMany(CheckResult)))
        {
            yield return error;
        }
    }

    private static IEnumerable<string> CheckRule(JsonElement rule)
    {
        if (Text(rule, "id") is null or "")
        {
            yield return "Missing rule id";
        }

        foreach (var error in AtMost(List(Member(rule, "properties"), "tags") ?? [], 20, "rule tags"))
        {
            yield return error;
        }
    }

    private static IEnumerable<string> CheckResult(JsonElement result)
    {
        if (Text(Member(result, "message"), "text") is null or "")
        {
            yield return "Missing message.text in a result";
        }

        var locations = List(result, "locations") ?? [];
        foreach (var error in AtMost(locations, 1_000, "locations"))
        {
            yield return error;
        }

        if (locations is not [var first, ..])
        {
            yield return "expected at least one location";
            yield break;
        }

        var place = Member(first, "physicalLocation");
        if (Text(Member(place, "artifactLocation"), "uri") is null or "")
        {
            yield return "expected a physical location";
        }

        if (Member(place, "region") is { ValueKind: JsonValueKind.Object } region
            && !(Member(region, "startLine") is { ValueKind: JsonValueKind.Number } line && line.TryGetInt32(out var number) && number > 0))
        {
            yield return "expected a start line from 1 on";
        }
    }

    private static IEnumerable<string> AtMost(JsonElement[] items, int most, string what)
    {
        if (items.Length > most)
        {
            yield return $"Analysis SARIF file rejected due to {what} limits: {items.Length} are more than {most}";
        }
    }

    private static JsonElement Member(JsonElement parent, string name)
        => parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var value) ? value : default;

    private static string? Text(JsonElement parent, string name) => Member(parent, name) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    private static JsonElement[]? List(JsonElement parent, string name)
        => Member(parent, name) is { ValueKind: JsonValueKind.Array } value ? [.. value.EnumerateArray()] : null;
}
