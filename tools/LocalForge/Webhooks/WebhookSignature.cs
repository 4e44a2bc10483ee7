using System.Security.Cryptography;
using System.Text;

namespace AtomicDevOps.LocalForge.Webhooks;

/// <summary>HMACs over a delivery's raw body, as the X-Hub-Signature headers carry them.</summary>
internal static class WebhookSignature
{
    public static string Sha256(string secret, byte[] body) =>
        "sha256=" + Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), body));
}
