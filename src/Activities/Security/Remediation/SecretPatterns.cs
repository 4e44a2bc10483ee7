using System.Text.RegularExpressions;

namespace AtomicDevOps.Activities.Security.Remediation;

/// <summary>
/// Finds what looks like a secret in source code: keys of known shapes, values of names that mean one, and literals that only chance writes.
/// It errs on the side of finding too much. Every pattern runs in time linear in the text.
/// </summary>
internal static class SecretPatterns
{
    private const RegexOptions Linear = RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant;
    private const int MinLiteral = 24;
    private const int MinPlainLiteral = 32;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    /// <summary>AWS, GitHub, GitLab, Slack, Stripe, Google, Azure, npm, PyPI, Docker, Hugging Face, SendGrid, Vault, OpenAI and Anthropic keys, and JSON Web Tokens.</summary>
    private static readonly Regex Token = new(
        "(?<value>(AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}|gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_[A-Za-z0-9_]{20,255}|gl(pat|dt|rt|cbt|ptt)-[A-Za-z0-9_-]{20,64}"
        + "|xox[abeoprs]-[A-Za-z0-9-]{10,255}|xapp-[A-Za-z0-9-]{10,255}|[rs]k_(live|test)_[A-Za-z0-9]{16,255}|whsec_[A-Za-z0-9]{16,255}|AIza[A-Za-z0-9_-]{35}|ya29\\.[A-Za-z0-9_-]{20,255}"
        + "|npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{50,255}|oy2[a-z0-9]{43}|dckr_[op]at_[A-Za-z0-9_-]{20,64}|hf_[A-Za-z0-9]{30,64}|SG\\.[A-Za-z0-9_-]{16,64}\\.[A-Za-z0-9_-]{16,64}"
        + "|[A-Za-z0-9_~.-]{3}8Q~[A-Za-z0-9_~.-]{31,34}|hv[sb]\\.[A-Za-z0-9_-]{20,255}|do[opr]_v1_[a-f0-9]{64}|sk-[A-Za-z0-9_-]{20,255}"
        + "|eyJ[A-Za-z0-9_-]{8,900}\\.[A-Za-z0-9_-]{8,900}\\.[A-Za-z0-9_-]{8,900})",
        Linear,
        Limit);

    private static readonly Regex ConnectionPart = new(
        "(AccountKey|SharedAccessKey|AccessKey|ClientSecret|Password|Pwd)=(?<value>[A-Za-z0-9+/=!@#$%^&*_.~-]{6,500})|[?&;](sig|code|access_token|client_secret)=(?<value>[A-Za-z0-9%+/=_.~-]{8,900})",
        Linear | RegexOptions.IgnoreCase,
        Limit);

    private static readonly Regex UrlPassword = new("[A-Za-z][A-Za-z0-9+.-]{0,20}://[^\\s/@:\"']{0,200}:(?<value>[^\\s/@\"']{3,500})@", Linear, Limit);

    private static readonly Regex Header = new("(Bearer|Basic)\\s+(?<value>[A-Za-z0-9._~+/=-]{12,900})", Linear | RegexOptions.IgnoreCase, Limit);

    private static readonly Regex QuotedAssignment = new(
        "(?<name>[\\w.-]{0,60}(passw(or)?d|passwd|passphrase|passcode|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|encryption[_-]?key|signing[_-]?key|credential|auth[_-]?key)[\\w.-]{0,60})"
        + "[\"'\\]]{0,2}(\\s*:\\s*[\\w\\[\\].| ]{1,40})?\\s*(:=|=>|={1,3}|:|,)\\s*[A-Za-z@$]{0,2}(\"(?<value>[^\"\\n]{3,900})\"|'(?<value>[^'\\n]{3,900})'|`(?<value>[^`\\n]{3,900})`)",
        Linear | RegexOptions.IgnoreCase,
        Limit);

    private static readonly Regex BareAssignment = new(
        "(?<name>[\\w.-]{0,60}(passw(or)?d|passwd|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential)[\\w.-]{0,60})\\s*[=:]\\s*(?<value>[A-Za-z0-9+/=!@#$%^&*_~-]{8,500})(\\s|$)",
        Linear | RegexOptions.IgnoreCase,
        Limit);

    private static readonly Regex Literal = new("[\"'`](?<value>[A-Za-z0-9+/=_-]{24,900})[\"'`]", Linear, Limit);

    private static readonly string[] HarmlessNameEnds =
        ["url", "uri", "path", "file", "name", "type", "header", "field", "endpoint", "prefix", "length", "class", "env", "variable", "id_token_signing_alg"];

    /// <summary>The secrets of one line, from left to right, not overlapping.</summary>
    public static IReadOnlyList<Range> FindInLine(string line)
    {
        var found = new List<(int Start, int End)>();
        Add(found, Token.Matches(line), static _ => true);
        Add(found, ConnectionPart.Matches(line), static match => !SecretMask.IsPlaceholder(match.Groups["value"].Value));
        Add(found, UrlPassword.Matches(line), static match => IsValue(match.Groups["value"].Value));
        Add(found, Header.Matches(line), static match => match.Groups["value"].Value.Any(char.IsAsciiDigit));
        Add(found, QuotedAssignment.Matches(line), static match => IsSecretName(match.Groups["name"].Value) && IsValue(match.Groups["value"].Value));
        Add(found, BareAssignment.Matches(line), static match => IsSecretName(match.Groups["name"].Value) && IsBareValue(match.Groups["value"].Value));
        Add(found, Literal.Matches(line), static match => IsRandom(match.Groups["value"].Value));
        return Merge(found);
    }

    /// <summary>Whether the line begins, holds or ends a private key in PEM.</summary>
    public static bool BeginsPrivateKey(string line) =>
        line.IndexOf("-----BEGIN ", StringComparison.Ordinal) is var start and >= 0 && line.IndexOf("PRIVATE KEY", start, StringComparison.Ordinal) >= 0;

    public static bool EndsPrivateKey(string line) =>
        line.IndexOf("-----END ", StringComparison.Ordinal) is var start and >= 0 && line.IndexOf("PRIVATE KEY", start, StringComparison.Ordinal) >= 0;

    private static void Add(List<(int Start, int End)> found, MatchCollection matches, Func<Match, bool> isSecret)
    {
        foreach (Match match in matches)
        {
            var value = match.Groups["value"];
            if (isSecret(match) && !SecretMask.IsPlaceholder(value.Value))
            {
                found.Add((value.Index, value.Index + value.Length));
            }
        }
    }

    private static List<Range> Merge(List<(int Start, int End)> found)
    {
        found.Sort();
        var merged = new List<(int Start, int End)>();
        foreach (var (start, end) in found)
        {
            if (merged.Count > 0 && start <= merged[^1].End)
            {
                merged[^1] = (merged[^1].Start, Math.Max(merged[^1].End, end));
            }
            else
            {
                merged.Add((start, end));
            }
        }

        return merged.ConvertAll(static each => each.Start..each.End);
    }

    private static bool IsSecretName(string name) => !Array.Exists(HarmlessNameEnds, end => name.EndsWith(end, StringComparison.OrdinalIgnoreCase));

    /// <summary>Addresses, variables of templates and shells, and sentences are no secrets.</summary>
    private static bool IsValue(string value) =>
        !value.StartsWith("http://", StringComparison.OrdinalIgnoreCase)
        && !value.StartsWith("https://", StringComparison.OrdinalIgnoreCase)
        && !value.StartsWith("${", StringComparison.Ordinal)
        && !value.StartsWith("{{", StringComparison.Ordinal)
        && !value.StartsWith('<')
        && !(value.StartsWith('$') && value.Skip(1).All(static character => char.IsAsciiLetterOrDigit(character) || character == '_'))
        && !value.StartsWith('%')
        && value.Count(static character => character == ' ') < 3;

    private static bool IsBareValue(string value) =>
        IsValue(value) && value.Any(char.IsAsciiDigit) && value.Any(char.IsAsciiLetter);

    private static bool IsRandom(string value)
    {
        if (value.Length < MinLiteral || !value.Any(char.IsAsciiDigit))
        {
            return false;
        }

        var entropy = Entropy(value);
        var isMixed = value.Any(char.IsAsciiLetterUpper) && value.Any(char.IsAsciiLetterLower);
        return (isMixed && entropy >= 4.0)
            || (value.Length >= MinPlainLiteral && value.All(char.IsAsciiHexDigit) && entropy >= 3.0)
            || (value.Length >= MinPlainLiteral && value.All(char.IsAsciiLetterOrDigit) && entropy >= 4.0);
    }

    /// <summary>Shannon's, in bits a character.</summary>
    private static double Entropy(string value) => value
        .GroupBy(static character => character)
        .Select(group => (double)group.Count() / value.Length)
        .Sum(static share => -share * Math.Log2(share));
}
