using System.Text.Json;

namespace AtomicDevOps.Activities.Tools.GitHub;

/// <summary>What GitHub says about a refusal: https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api.</summary>
/// <param name="Reason">The message and its errors in one line; empty where the body was none of GitHub's.</param>
/// <param name="DocumentationUrl">Where GitHub explains it.</param>
internal sealed record GitHubErrorBody(string Reason, string? DocumentationUrl)
{
    private const int MaxReason = 2000;

    public static GitHubErrorBody Read(ReadOnlySpan<byte> body)
    {
        try
        {
            var reader = new Utf8JsonReader(body);
            using var document = JsonDocument.ParseValue(ref reader);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
            {
                return new GitHubErrorBody("", null);
            }

            var parts = new List<string>();
            if (Text(root, "message") is { } message)
            {
                parts.Add(message);
            }

            if (root.TryGetProperty("errors", out var errors))
            {
                parts.AddRange(errors.ValueKind == JsonValueKind.Array
                    ? errors.EnumerateArray().Select(Describe)
                    : [Describe(errors)]);
            }

            var reason = string.Join("; ", parts.Where(p => p.Length > 0)).ReplaceLineEndings(" ");
            return new GitHubErrorBody(reason.Length > MaxReason ? string.Concat(reason.AsSpan(0, MaxReason), "…") : reason, Text(root, "documentation_url"));
        }
        catch (JsonException)
        {
            return new GitHubErrorBody("", null);
        }
    }

    private static string Describe(JsonElement error)
    {
        if (error.ValueKind == JsonValueKind.String)
        {
            return error.GetString()!;
        }

        if (error.ValueKind != JsonValueKind.Object)
        {
            return "";
        }

        if (Text(error, "message") is { Length: > 0 } message)
        {
            return message;
        }

        var what = string.Join('.', new[] { Text(error, "resource"), Text(error, "field") }.Where(p => !string.IsNullOrEmpty(p)));
        var code = Text(error, "code") switch
        {
            "missing" => "does not exist",
            "missing_field" => "is required",
            "invalid" => "is invalid",
            "already_exists" => "already exists",
            "unprocessable" => "cannot be processed",
            { } other => other,
            null => "is wrong",
        };
        return $"{what} {code}".TrimStart();
    }

    private static string? Text(JsonElement element, string name)
        => element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
