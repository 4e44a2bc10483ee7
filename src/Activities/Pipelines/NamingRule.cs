using System.Text.RegularExpressions;

namespace AtomicDevOps.Activities.Pipelines;

/// <summary>A repository's regular expression for names.</summary>
public static class NamingRule
{
    /// <summary>An expression that a text matches as a whole or not at all; no text can make it run long, because it never backtracks.</summary>
    /// <exception cref="ArgumentException">The pattern is no regular expression.</exception>
    /// <exception cref="NotSupportedException">The pattern needs backtracking: look-around, back-references, atomic groups.</exception>
    public static Regex Compile(string pattern) =>
        new($@"\A(?:{pattern})\z", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, Regex.InfiniteMatchTimeout);
}
