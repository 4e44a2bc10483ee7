using System.Text.Json;

namespace AtomicDevOps.Activities.Tools.AzureResourceManager;

/// <summary>What Azure says about a failure, in the shape that all its resource providers share.</summary>
/// <param name="Code">Its name for the failure, for example <c>AuthorizationFailed</c>; empty where the answer was none of Azure's.</param>
public sealed record CloudError(string Code, string Message)
{
    private const int MaxText = 2000;
    private const int MaxDetails = 50;
    private const int MaxDepth = 8;

    /// <summary>What the failure is about, for example a property's path or a resource's id.</summary>
    public string? Target { get; init; }

    /// <summary>The failures behind this one, 50 at most.</summary>
    public IReadOnlyList<CloudError> Details { get; init; } = [];

    /// <summary>The kinds of further information, for example <c>PolicyViolation: Allowed locations</c>.</summary>
    public IReadOnlyList<string> AdditionalInfo { get; init; } = [];

    /// <summary>The failure and those behind it, in one line.</summary>
    public string Describe()
    {
        var own = (Code.Length, Message.Length) switch
        {
            (0, 0) => "no reason given",
            (0, _) => Message,
            (_, 0) => Code,
            _ => $"{Code}: {Message}",
        };
        var text = string.Join(" ← ", Details.Select(detail => detail.Describe()).Prepend(own));
        return Cut(text.ReplaceLineEndings(" "));
    }

    public override string ToString() => Describe();

    internal static CloudError None { get; } = new("", "");

    /// <summary>Reads <c>{"error":{…}}</c>, and the same without the envelope, as some providers and all operations have it.</summary>
    internal static CloudError Read(ReadOnlyMemory<byte> body, Func<string, string> redact)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return Read(document.RootElement, redact);
        }
        catch (JsonException)
        {
            return None;
        }
    }

    internal static CloudError Read(JsonElement body, Func<string, string> redact) =>
        Find(body, "error") is { } error ? Read(error, redact, depth: 0) : Read(body, redact, depth: 0);

    private static CloudError Read(JsonElement error, Func<string, string> redact, int depth)
    {
        if (error.ValueKind == JsonValueKind.String)
        {
            // Providers put the text of a whole answer here, which often is such an error itself.
            var text = error.GetString()!;
            return depth < MaxDepth && text.StartsWith('{') && TryParse(text) is { } inner
                ? Read(inner, redact, depth + 1)
                : new CloudError("", Cut(redact(text)));
        }

        if (error.ValueKind != JsonValueKind.Object)
        {
            return None;
        }

        if (Text(error, "code") is null && Text(error, "message") is null && Find(error, "error") is { } nested && depth < MaxDepth)
        {
            return Read(nested, redact, depth + 1);
        }

        var message = Text(error, "message") ?? "";
        if (depth < MaxDepth && message.StartsWith('{') && TryParse(message) is { } wrapped)
        {
            // A deployment hands on a provider's whole answer as the message.
            return new CloudError(Cut(redact(Text(error, "code") ?? "")), "") { Details = [Read(wrapped, redact, depth + 1)] };
        }

        return new CloudError(Cut(redact(Text(error, "code") ?? "")), Cut(redact(message)))
        {
            Target = Text(error, "target") is { Length: > 0 } target ? Cut(redact(target)) : null,
            Details = depth < MaxDepth && Find(error, "details") is { ValueKind: JsonValueKind.Array } details
                ? [.. details.EnumerateArray().Take(MaxDetails).Select(detail => Read(detail, redact, depth + 1)).Where(detail => detail is not { Code: "", Message: "", Details.Count: 0 })]
                : [],
            AdditionalInfo = Find(error, "additionalInfo") is { ValueKind: JsonValueKind.Array } more
                ? [.. more.EnumerateArray().Take(MaxDetails).Select(info => Cut(redact(DescribeInfo(info)))).Where(info => info.Length > 0)]
                : [],
        };
    }

    private static string DescribeInfo(JsonElement info)
    {
        if (info.ValueKind != JsonValueKind.Object)
        {
            return "";
        }

        var type = Text(info, "type") ?? "";
        var policy = Find(info, "info") is { ValueKind: JsonValueKind.Object } content
            ? Text(content, "policyDefinitionDisplayName") ?? Text(content, "policyAssignmentDisplayName") ?? Text(content, "policyAssignmentName")
            : null;
        return policy is null ? type : $"{type}: {policy}";
    }

    private static JsonElement? TryParse(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string? Text(JsonElement element, string name) =>
        Find(element, name) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    /// <summary>Some providers write the names with capitals.</summary>
    private static JsonElement? Find(JsonElement element, string name)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        foreach (var property in element.EnumerateObject())
        {
            if (string.Equals(property.Name, name, StringComparison.OrdinalIgnoreCase))
            {
                return property.Value;
            }
        }

        return null;
    }

    private static string Cut(string text) => text.Length > MaxText ? string.Concat(text.AsSpan(0, MaxText), "…") : text;
}
