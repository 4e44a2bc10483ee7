using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace AtomicDevOps.Activities.Security.Findings;

/// <summary>
/// What a line is known by wherever it moves: 32 hexadecimal digits of SHA-256. Digests are published, and what is guessed can be tried against them, so that
/// secrets are taken out first.
/// </summary>
public static class LineDigest
{
    /// <summary>What no source has.</summary>
    private const string Mask = "\uFFFC";

    private static readonly SearchValues<char> Delimiters = SearchValues.Create("=:\"'`");
    private static readonly SearchValues<char> Closings = SearchValues.Create("=:\"'`,; \t)");

    /// <param name="line">Without its line ending; white space is evened out.</param>
    /// <param name="secret">Left out of the digest, every time that it occurs. Where the line does not hold it as it is, the line counts as <see cref="OfSecretLine"/>.</param>
    public static string Of(string line, string? secret = null)
    {
        if (string.IsNullOrEmpty(secret))
        {
            return Digest(line);
        }

        return line.Contains(secret, StringComparison.Ordinal) ? Digest(line.Replace(secret, Mask, StringComparison.Ordinal)) : OfSecretLine(line);
    }

    /// <summary>
    /// Of a line that holds a secret nobody knows where: only what stands before the first <c>=</c>, <c>:</c> or quotation mark counts, and nothing at all where
    /// no value follows it.
    /// </summary>
    public static string OfSecretLine(string line)
    {
        var end = line.AsSpan().IndexOfAny(Delimiters);
        var named = end >= 0 && line.AsSpan(end).ContainsAnyExcept(Closings);
        return Digest((named ? line[..end] : string.Empty) + Mask);
    }

    /// <summary>Sets the digest of the line that a finding is on; that of a hard-coded credential does without the line's values.</summary>
    /// <param name="lines">Of the file that the finding is in.</param>
    public static Finding Set(Finding finding, IReadOnlyList<string> lines)
    {
        var index = finding.Location.StartLine - 1;
        var digest = index < 0 || index >= lines.Count ? null
            : RuleEquivalence.Find(finding) == RuleClass.HardCodedCredential ? OfSecretLine(lines[index])
            : Of(lines[index]);
        return finding with { Location = finding.Location with { LineDigest = digest } };
    }

    private static string Digest(string line)
    {
        var even = string.Join(' ', line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(even)).AsSpan(0, 16));
    }
}
