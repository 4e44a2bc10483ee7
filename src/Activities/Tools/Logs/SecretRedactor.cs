using System.Buffers;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;

namespace AtomicDevOps.Activities.Tools.Logs;

/// <summary>Takes secrets out of text that people will read: those of the configuration, and everything that has the shape of a known token.</summary>
public sealed partial class SecretRedactor
{
    public const string Replacement = "[redacted]";

    /// <summary>Shorter values are left alone: they would be found in harmless text, and cutting them out would tell what they are.</summary>
    private const int MinSecretLength = 6;

    /// <summary>One of them is in whatever <see cref="PrivateKeyBlock"/>, <see cref="AuthorizationHeader"/> and <see cref="NamedSecret"/> match.</summary>
    private static readonly SearchValues<string> Names = SearchValues.Create(
        [
            "PRIVATE KEY-----", "authorization", "AccountKey", "AccessKey", "ClientSecret", "Password", "Pwd", "sig=", "code=", "access_token=",
            "client_secret=", "aws_secret_access_key",
        ],
        StringComparison.OrdinalIgnoreCase);

    /// <summary>One of them is in whatever <see cref="Token"/> matches.</summary>
    private static readonly SearchValues<string> TokenParts = SearchValues.Create(
        [
            "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "AKIA", "ASIA", "xox", "npm_", "pypi-", "oy2", "dckr_", "hf_", "AIza",
            "k_live_", "k_test_", "SG.", "8Q~", "hvs.", "hvb.", "_v1_", "sk-", "eyJ",
        ],
        StringComparison.Ordinal);

    private readonly IReadOnlyList<string> _secrets;
    private readonly SearchValues<string> _search;

    public SecretRedactor(IEnumerable<string> secrets)
    {
        _secrets = [.. secrets
            .SelectMany(secret => secret.Split('\n', StringSplitOptions.TrimEntries).Append(secret.Trim()).Append(Uri.EscapeDataString(secret.Trim())))
            .Where(secret => secret.Length >= MinSecretLength)
            .Distinct(StringComparer.Ordinal)
            .OrderByDescending(secret => secret.Length)];
        _search = SearchValues.Create([.. _secrets], StringComparison.Ordinal);
    }

    /// <summary>Knows the values of all keys whose last part ends in a word for secrets, such as <c>GitHub:Token</c> or <c>GitHub:WebhookSecret</c>.</summary>
    public static SecretRedactor FromConfiguration(IConfiguration configuration) => new(configuration
        .AsEnumerable()
        .Where(pair => pair.Value is not null && SecretKey().IsMatch(pair.Key))
        .Select(pair => pair.Value!));

    /// <summary>Most text holds no secret: it is searched for what every secret has, and only what has that is matched against their shapes.</summary>
    /// <returns>The same instance where there is nothing to take out.</returns>
    public string Redact(string text)
    {
        if (text.AsSpan().ContainsAny(_search))
        {
            foreach (var secret in _secrets)
            {
                text = text.Replace(secret, Replacement, StringComparison.Ordinal);
            }
        }

        if (text.AsSpan().ContainsAny(Names))
        {
            text = PrivateKeyBlock().Replace(text, Replacement);
            text = AuthorizationHeader().Replace(text, "${name}" + Replacement);
            text = NamedSecret().Replace(text, "${name}" + Replacement);
        }

        if (text.Contains('@', StringComparison.Ordinal) && text.Contains("://", StringComparison.Ordinal))
        {
            text = UrlCredentials().Replace(text, "${scheme}" + Replacement + "@");
        }

        return text.AsSpan().ContainsAny(TokenParts) ? Token().Replace(text, Replacement) : text;
    }

    /// <summary>What the shapes alone come to, without the searches that save trying them.</summary>
    internal static string RedactShapes(string text)
    {
        text = PrivateKeyBlock().Replace(text, Replacement);
        text = AuthorizationHeader().Replace(text, "${name}" + Replacement);
        text = NamedSecret().Replace(text, "${name}" + Replacement);
        text = UrlCredentials().Replace(text, "${scheme}" + Replacement + "@");
        return Token().Replace(text, Replacement);
    }

    [GeneratedRegex(@"(?:token|secret|password|passphrase|privatekey|apikey|accountkey|connectionstring|credential|credentials|(?:^|:)Keys:[^:]+)$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex SecretKey();

    [GeneratedRegex(@"-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]{0,20000}(?:-----END [A-Z ]*PRIVATE KEY-----)?", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex PrivateKeyBlock();

    [GeneratedRegex(@"(?<name>authorization\s*[:=]\s*(?:basic|bearer|token)\s+)[A-Za-z0-9._~+/=-]+", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex AuthorizationHeader();

    [GeneratedRegex(@"(?<scheme>\b[a-z][a-z0-9+.-]{0,20}://)[^\s/@?#]{1,500}@", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex UrlCredentials();

    // Connection strings of Azure and of databases, shared access signatures, function keys in addresses, AWS secret keys.
    [GeneratedRegex(
        @"(?<name>\b(?:AccountKey|SharedAccessKey|AccessKey|ClientSecret|Password|Pwd)\s*=\s*)[^;\s""']{6,500}|(?<name>[?&](?:sig|code|access_token|client_secret)=)[^&\s""'#]{6,2000}|(?<name>aws_secret_access_key[""']?\s*[:=]\s*[""']?)[A-Za-z0-9/+]{40}",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        1000)]
    private static partial Regex NamedSecret();

    // GitHub, GitLab, AWS key ids, Slack, npm, PyPI, NuGet, Docker, Hugging Face, Google, Stripe, SendGrid, Microsoft Entra, Vault, DigitalOcean,
    // OpenAI and Anthropic keys, JSON Web Tokens.
    [GeneratedRegex(
        @"\b(?:gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_[A-Za-z0-9_]{20,255}|glpat-[A-Za-z0-9_-]{20,64}|(?:AKIA|ASIA)[A-Z0-9]{16}|xox[abeoprs]-[A-Za-z0-9-]{10,255}|npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{50,255}|oy2[a-z0-9]{43}|dckr_[op]at_[A-Za-z0-9_-]{20,64}|hf_[A-Za-z0-9]{30,64}|AIza[A-Za-z0-9_-]{35}|[rs]k_(?:live|test)_[A-Za-z0-9]{16,255}|SG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,64}|[A-Za-z0-9_~.-]{3}8Q~[A-Za-z0-9_~.-]{31,34}|hv[sb]\.[A-Za-z0-9_-]{20,255}|do[opr]_v1_[a-f0-9]{64}|sk-[A-Za-z0-9_-]{20,255}|eyJ[A-Za-z0-9_-]{8,4000}\.eyJ[A-Za-z0-9_-]{8,8000}\.[A-Za-z0-9_-]{8,4000})",
        RegexOptions.CultureInvariant,
        1000)]
    private static partial Regex Token();
}
