using System.Text.RegularExpressions;

namespace AtomicDevOps.Activities.Tools.Git;

/// <summary>Reads what <c>git verify-commit --raw</c> prints: GnuPG's status lines (doc/DETAILS in its sources), or <c>ssh-keygen -Y verify</c>'s sentences.</summary>
internal static partial class GitSignatureReader
{
    private const string StatusPrefix = "[GNUPG:] ";

    /// <summary>Whether the commit object's header holds a signature.</summary>
    public static bool IsSigned(string commit)
    {
        var header = commit.Split("\n\n", 2)[0];
        return header.Split('\n').Any(line => line.StartsWith("gpgsig ", StringComparison.Ordinal) || line.StartsWith("gpgsig-sha256 ", StringComparison.Ordinal));
    }

    public static GitSignature Parse(string commitSha, string output, bool verified)
    {
        var status = output
            .Split('\n')
            .Where(line => line.StartsWith(StatusPrefix, StringComparison.Ordinal))
            .Select(line => line[StatusPrefix.Length..].Trim().Split(' ', 3))
            .ToList();
        return status.Count > 0 ? ParseGnuPg(commitSha, status, verified) : ParseSsh(commitSha, output, verified);
    }

    private static GitSignature ParseGnuPg(string commitSha, List<string[]> status, bool verified)
    {
        var words = status.Select(line => line[0]).ToHashSet(StringComparer.Ordinal);
        var signer = status.Find(line => line[0] is "GOODSIG" or "BADSIG" or "EXPSIG" or "EXPKEYSIG" or "REVKEYSIG");
        var key = Argument("VALIDSIG") ?? signer?.ElementAtOrDefault(1) ?? Argument("ERRSIG");
        var (result, detail) =
            words.Contains("BADSIG") ? (GitSignatureStatus.Bad, "The signature does not fit the commit.")
            : words.Contains("REVKEYSIG") ? (GitSignatureStatus.Revoked, "The key has been revoked.")
            : words.Contains("EXPSIG") || words.Contains("EXPKEYSIG") ? (GitSignatureStatus.Expired, "The signature or its key has expired.")
            : words.Contains("ERRSIG") || words.Contains("NO_PUBKEY") ? (GitSignatureStatus.CannotCheck, "The key is not known; import it into Git:GnuPgHome.")
            : words.Contains("GOODSIG") && (words.Contains("TRUST_ULTIMATE") || words.Contains("TRUST_FULLY") || words.Contains("TRUST_MARGINAL"))
                ? verified ? (GitSignatureStatus.Good, null) : (GitSignatureStatus.Bad, "git refused the signature.")
            : words.Contains("GOODSIG") ? (GitSignatureStatus.UnknownValidity, "The signature fits, but nothing says that the key is its owner's; sign or trust the key in Git:GnuPgHome.")
            : ((GitSignatureStatus, string?))(GitSignatureStatus.CannotCheck, "GnuPG gave no verdict.");
        return new GitSignature(commitSha, result, signer?.ElementAtOrDefault(2), key, detail);

        string? Argument(string word) => status.Find(line => string.Equals(line[0], word, StringComparison.Ordinal))?.ElementAtOrDefault(1);
    }

    private static GitSignature ParseSsh(string commitSha, string output, bool verified)
    {
        var match = SshGood().Match(output);
        if (!match.Success)
        {
            var bad = output.Contains("incorrect signature", StringComparison.OrdinalIgnoreCase)
                || output.Contains("Could not verify signature", StringComparison.OrdinalIgnoreCase);
            return bad
                ? new GitSignature(commitSha, GitSignatureStatus.Bad, null, null, "The signature does not fit the commit.")
                : new GitSignature(commitSha, GitSignatureStatus.CannotCheck, null, null, Cut(output));
        }

        var key = match.Groups["key"].Value;
        return verified && match.Groups["signer"] is { Success: true } signer
            ? new GitSignature(commitSha, GitSignatureStatus.Good, signer.Value, key, null)
            : new GitSignature(commitSha, GitSignatureStatus.CannotCheck, null, key, "The signature fits, but the key is not in Git:AllowedSignersFile.");
    }

    private static string Cut(string output)
    {
        var text = output.Trim();
        return text.Length switch
        {
            0 => "The signature's format is not known, or the program to check it (gpg, ssh-keygen) is not installed.",
            > 500 => text[..500] + "…",
            _ => text,
        };
    }

    [GeneratedRegex(
        @"Good ""git"" signature (?:for (?<signer>.+) )?with \S+ key (?<key>\S+)",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        1000)]
    private static partial Regex SshGood();
}
