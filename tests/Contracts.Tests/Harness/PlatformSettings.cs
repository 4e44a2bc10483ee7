namespace AtomicDevOps.Contracts.Tests.Harness;

internal static class PlatformSettings
{
    public const string WebhookSecret = "a-webhook-secret-for-tests";

    /// <param name="directory">For what the app writes.</param>
    public static Dictionary<string, string?> In(string directory) => new(StringComparer.Ordinal)
    {
        ["Artifacts:Directory"] = Path.Combine(directory, "artifacts"),
        ["Findings:Directory"] = Path.Combine(directory, "findings"),
        ["Git:Directory"] = Path.Combine(directory, "git"),
        ["GitHub:BaseAddress"] = "http://127.0.0.1:1/",
        ["GitHub:Webhook:Secret"] = WebhookSecret,
        ["Logs:Directory"] = Path.Combine(directory, "logs"),
    };
}
