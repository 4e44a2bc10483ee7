using System.Globalization;
using System.Numerics;
using AtomicDevOps.Activities.Packages.Versions;

namespace AtomicDevOps.Activities.Packages.Manifests.Python;

/// <summary>https://python-poetry.org/docs/dependency-specification/#version-constraints.</summary>
internal sealed class PoetryConstraints : ConstraintRules
{
    private static readonly string[] Signs = ["===", "==", "!=", "~=", "<=", ">=", "<", ">", "^", "~"];

    public override string? Pinned(string constraint) => Read(constraint) is [{ Pinned: { } pinned }] ? pinned : null;

    public override bool? Admits(string constraint, string version) =>
        Read(constraint) is { } alternatives && PythonVersion.TryParse(version, out var read) ? alternatives.Exists(each => each.Admits(read)) : null;

    public override string? Raise(string constraint, string version)
    {
        if (Read(constraint) is not [{ } specifier] || !PythonVersion.TryParse(version, out var to) || to.HasLocal)
        {
            return null;
        }

        var trimmed = constraint.Trim();
        var parts = Split(trimmed).ToArray();
        var raised = parts switch
        {
            [] or ["*"] => $">={version}",
            [var only] when Sign(only) is "^" or "~" or "~=" or ">=" or "==" or "===" && !only.EndsWith('*') => $"{Sign(only)}{version}",
            [var only] when Sign(only).Length == 0 || only.EndsWith('*') => only.EndsWith('*') && specifier.Admits(to, withPrereleases: true) ? $"{version}" : specifier.Pinned is null ? null : version,
            _ when specifier.Clauses.All(static clause => clause.Operator is "<" or "<=" or "!=") => $">={version},{trimmed}",
            _ => RaiseFirst(trimmed, parts, version),
        };

        // The upper end of ^ and ~ comes from the version, so it must not have moved past where it was.
        return raised is not null
            && Read(raised) is [{ } after]
            && after.Admits(to, withPrereleases: true)
            && (specifier.Pinned is not null || specifier.Admits(to, withPrereleases: true))
            ? raised
            : null;
    }

    /// <summary>One specifier for each alternative; null where the text is none.</summary>
    private static List<PythonVersionSpecifier>? Read(string constraint)
    {
        if (constraint.Length > PythonVersionSpecifier.MostCharacters)
        {
            return null;
        }

        var alternatives = new List<PythonVersionSpecifier>();
        foreach (var alternative in constraint.Replace("||", "|", StringComparison.Ordinal).Split('|'))
        {
            var clauses = Split(alternative).Select(ToSpecifier).ToArray();
            if (Array.Exists(clauses, static clause => clause is null)
                || !PythonVersionSpecifier.TryParse(string.Join(',', clauses.Where(static clause => clause!.Length > 0)), out var specifier))
            {
                return null;
            }

            alternatives.Add(specifier);
        }

        return alternatives;
    }

    /// <summary>The clauses, between which there are commas or spaces.</summary>
    private static IEnumerable<string> Split(string alternative)
    {
        foreach (var part in alternative.Split(','))
        {
            var words = part.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            for (var index = 0; index < words.Length; index++)
            {
                yield return Signs.Contains(words[index], StringComparer.Ordinal) && index + 1 < words.Length ? words[index] + words[++index] : words[index];
            }
        }
    }

    private static string? ToSpecifier(string clause)
    {
        var sign = Sign(clause);
        var version = clause[sign.Length..];
        if (version is "*")
        {
            return string.Empty;
        }

        if (sign is "^" or "~")
        {
            if (!PythonVersion.TryParse(version, out var from) || from.HasLocal)
            {
                return null;
            }

            var release = from.Base.ToString();
            var epoch = release.Contains('!', StringComparison.Ordinal) ? release[..(release.IndexOf('!', StringComparison.Ordinal) + 1)] : string.Empty;
            var numbers = release[epoch.Length..].Split('.').Select(static part => BigInteger.Parse(part, NumberStyles.None, CultureInfo.InvariantCulture)).ToArray();
            var kept = sign is "~" ? Math.Min(1, numbers.Length - 1) : Math.Max(0, Array.FindIndex(numbers, static number => !number.IsZero) is var first and >= 0 ? first : numbers.Length - 1);
            var end = numbers[..(kept + 1)];
            end[kept]++;
            return $">={from},<{epoch}{string.Join('.', end)}.dev0";
        }

        if (sign.Length > 0)
        {
            return clause;
        }

        return clause.EndsWith(".*", StringComparison.Ordinal) || PythonVersion.TryParse(clause, out _) ? $"=={clause}" : null;
    }

    private static string Sign(string clause) => Array.Find(Signs, each => clause.StartsWith(each, StringComparison.Ordinal)) ?? string.Empty;

    private static string? RaiseFirst(string constraint, string[] parts, string version)
    {
        var lower = Array.Find(parts, static part => Sign(part) is ">=" or ">" or "~=" or "^" or "~");
        if (lower is null || !constraint.Contains(lower, StringComparison.Ordinal))
        {
            return null;
        }

        var sign = Sign(lower) is ">" ? ">=" : Sign(lower);
        var at = constraint.IndexOf(lower, StringComparison.Ordinal);
        return $"{constraint[..at]}{sign}{version}{constraint[(at + lower.Length)..]}";
    }
}
