using System.Text.Json;
using System.Text.RegularExpressions;
using AtomicDevOps.Activities.Tools.Logs;

namespace AtomicDevOps.Activities.Tools.AzureResourceManager;

/// <summary>Makes a what-if's answer fit to be kept: flat, bounded, and without what may be a secret.</summary>
internal static partial class WhatIfReader
{
    private const int MaxProperties = 200;
    private const int MaxValue = 500;

    public static WhatIfPrediction Read(WireWhatIf wire, Func<string, string> redact)
    {
        var hasFailed = wire.Status is "Failed" or "Canceled" || wire.Error is { ValueKind: JsonValueKind.Object };
        var error = wire.Error is { ValueKind: JsonValueKind.Object } body
            ? CloudError.Read(body, redact)
            : new CloudError(wire.Status ?? "", "Azure gave no reason.");
        return new WhatIfPrediction(hasFailed ? error : null, ToChanges(wire.Properties?.Changes, redact))
        {
            PotentialChanges = ToChanges(wire.Properties?.PotentialChanges, redact),
        };
    }

    private static IReadOnlyList<WhatIfChange> ToChanges(IReadOnlyList<WireWhatIfChange>? changes, Func<string, string> redact) =>
        [.. (changes ?? []).Select(change => ToChange(change, redact))];

    private static WhatIfChange ToChange(WireWhatIfChange wire, Func<string, string> redact)
    {
        var id = wire.ResourceId ?? "";
        var all = Flatten(wire.Delta, "", HoldsSecrets(id), redact).Take(MaxProperties + 1).ToList();
        return new WhatIfChange(id, KindOf<WhatIfChangeKind>(wire.ChangeType))
        {
            UnsupportedReason = wire.UnsupportedReason,
            Properties = [.. all.Take(MaxProperties)],
            HasMoreProperties = all.Count > MaxProperties,
        };
    }

    private static IEnumerable<WhatIfPropertyChange> Flatten(
        IReadOnlyList<WireWhatIfPropertyChange>? changes, string parent, bool isSecret, Func<string, string> redact)
    {
        foreach (var change in changes ?? [])
        {
            var path = parent.Length == 0 ? change.Path ?? "" : $"{parent}.{change.Path}";
            var hides = isSecret || SecretPath.IsMatch(change.Path ?? "");
            if (change.Children is { Count: > 0 } children)
            {
                foreach (var inner in Flatten(children, path, hides, redact))
                {
                    yield return inner;
                }
            }
            else
            {
                yield return new WhatIfPropertyChange(
                    path, KindOf<WhatIfPropertyChangeKind>(change.PropertyChangeType), Show(change.Before, hides, redact), Show(change.After, hides, redact));
            }
        }
    }

    private static string? Show(JsonElement? value, bool hides, Func<string, string> redact)
    {
        if (value is not { ValueKind: not (JsonValueKind.Undefined or JsonValueKind.Null) } there)
        {
            return null;
        }

        if (hides || (there.ValueKind is JsonValueKind.Object or JsonValueKind.Array && SecretName.IsMatch(there.GetRawText())))
        {
            return SecretRedactor.Replacement;
        }

        var text = redact(there.GetRawText());
        return text.Length > MaxValue ? string.Concat(text.AsSpan(0, MaxValue), "…") : text;
    }

    /// <summary>All that these hold are settings, which may be anything.</summary>
    private static bool HoldsSecrets(string resourceId) =>
        resourceId.EndsWith("/config/appsettings", StringComparison.OrdinalIgnoreCase)
        || resourceId.EndsWith("/config/connectionstrings", StringComparison.OrdinalIgnoreCase)
        || resourceId.Contains("/providers/Microsoft.KeyVault/vaults/", StringComparison.OrdinalIgnoreCase)
            && resourceId.Contains("/secrets/", StringComparison.OrdinalIgnoreCase);

    private static TKind KindOf<TKind>(string? word)
        where TKind : struct, Enum =>
        Enum.TryParse<TKind>(word, ignoreCase: true, out var kind) && Enum.IsDefined(kind) ? kind : default;

    [GeneratedRegex("(?:appSettings|connectionStrings?|secrets?|password|passphrase|token|keys?|credentials?|environmentVariables|commandToExecute|customData|userData)(?:$|[.\\[])", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex SecretPath { get; }

    [GeneratedRegex("\"[A-Za-z]*(?:appSettings|connectionString|secret|password|passphrase|token|key|credential|environmentVariables|customData)s?\"", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex SecretName { get; }
}
