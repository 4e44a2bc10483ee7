using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace AtomicDevOps.FunctionApp.GitHubWebhook;

/// <summary>
/// The header <c>X-Hub-Signature-256</c>: <c>sha256=</c> and the HMAC-SHA256 of the raw body in hexadecimal, compared in constant time.
/// Source: GitHub documentation, "Validating webhook deliveries".
/// </summary>
internal static class WebhookSignature
{
    public const string Header = "X-Hub-Signature-256";

    private const string Prefix = "sha256=";

    public static string Sign(ReadOnlySpan<byte> body, string secret) =>
        Prefix + Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), body));

    public static bool IsValid(string? signature, ReadOnlySpan<byte> body, params IEnumerable<string?> secrets)
    {
        if (signature is null || !signature.StartsWith(Prefix, StringComparison.Ordinal) || signature.Length != Prefix.Length + (2 * HMACSHA256.HashSizeInBytes))
        {
            return false;
        }

        Span<byte> given = stackalloc byte[HMACSHA256.HashSizeInBytes];
        if (Convert.FromHexString(signature.AsSpan(Prefix.Length), given, out _, out _) != OperationStatus.Done)
        {
            return false;
        }

        var valid = false;
        foreach (var secret in secrets)
        {
            if (!string.IsNullOrEmpty(secret))
            {
                valid |= CryptographicOperations.FixedTimeEquals(given, HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), body));
            }
        }

        return valid;
    }
}
