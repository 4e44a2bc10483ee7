using System.Text;
using System.Text.RegularExpressions;

namespace AtomicDevOps.Activities.Experts.Docker;

/// <summary>
/// The rules of a <c>.dockerignore</c> (https://docs.docker.com/build/concepts/context/#dockerignore-files): a rule holds for what it matches and
/// everything below; the last one that matches decides; <c>!</c> takes back in; <c>**</c> matches any number of directories.
/// </summary>
internal sealed class DockerIgnore
{
    private readonly IReadOnlyList<(Regex Pattern, bool Excludes)> _rules;

    private DockerIgnore(IReadOnlyList<(Regex, bool)> rules) => _rules = rules;

    public static DockerIgnore Empty { get; } = new([]);

    public static DockerIgnore Parse(string text)
    {
        var rules = new List<(Regex, bool)>();
        foreach (var raw in text.TrimStart('\uFEFF').Split('\n'))
        {
            if (raw.StartsWith('#'))
            {
                continue;
            }

            var rule = raw.Trim();
            var excludes = !rule.StartsWith('!');
            var pattern = string.Join('/', (excludes ? rule : rule[1..].Trim()).Split('/', StringSplitOptions.RemoveEmptyEntries).Where(segment => segment is not "."));
            if (pattern.Length > 0 && ToRegex(pattern) is { } regex)
            {
                rules.Add((regex, excludes));
            }
        }

        return new DockerIgnore(rules);
    }

    /// <param name="path">Relative to the context's root, without a slash at either end.</param>
    public bool Excludes(string path)
    {
        for (var index = _rules.Count - 1; index >= 0; index--)
        {
            var (pattern, excludes) = _rules[index];
            if (pattern.IsMatch(path))
            {
                return excludes;
            }
        }

        return false;
    }

    /// <returns><see langword="null"/> where a character class is not one: such a rule matches nothing.</returns>
    private static Regex? ToRegex(string pattern)
    {
        var regex = new StringBuilder("^");
        for (var index = 0; index < pattern.Length; index++)
        {
            switch (pattern[index])
            {
                case '*' when pattern.AsSpan(index).StartsWith("**"):
                    index++;
                    var before = regex.Length == 1 || pattern[index - 2] == '/';
                    if (before && index + 1 < pattern.Length && pattern[index + 1] == '/')
                    {
                        index++;
                        regex.Append("(?:.*/)?");
                    }
                    else
                    {
                        regex.Append(".*");
                    }

                    break;
                case '*':
                    regex.Append("[^/]*");
                    break;
                case '?':
                    regex.Append("[^/]");
                    break;
                case '[' when pattern.IndexOf(']', index + 1) is > 0 and var end && end > index + 1:
                    regex.Append('[').Append(pattern[(index + 1)..end].Replace("\\", "\\\\", StringComparison.Ordinal).Replace("[", "\\[", StringComparison.Ordinal)).Append(']');
                    index = end;
                    break;
                case '\\' when index + 1 < pattern.Length:
                    regex.Append(Regex.Escape(pattern[++index].ToString()));
                    break;
                default:
                    regex.Append(Regex.Escape(pattern[index].ToString()));
                    break;
            }
        }

        try
        {
            // Not backtracking: the rules come from whoever opened the pull request.
            return new Regex(regex.Append("(?:/|$)").ToString(), RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.Singleline, Regex.InfiniteMatchTimeout);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}
