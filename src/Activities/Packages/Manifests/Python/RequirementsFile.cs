using System.Text;
using System.Text.RegularExpressions;
using AtomicDevOps.Activities.Packages.Manifests.Text;

namespace AtomicDevOps.Activities.Packages.Manifests.Python;

/// <summary>https://pip.pypa.io/en/stable/reference/requirements-file-format/.</summary>
internal sealed partial class RequirementsFile : DependencyFormat
{
    private const int MostCharactersOfALine = 1024 * 1024;

    private static readonly string[] WithoutDependencies =
    [
        "-i", "--index-url", "--pypi-url", "--extra-index-url", "--no-index", "-f", "--find-links", "--no-binary", "--only-binary", "--prefer-binary",
        "--require-hashes", "--pre", "--trusted-host", "--use-feature", "--process-dependency-links", "--always-unzip", "-Z",
    ];

    public override string Ecosystem => "PyPI";

    public override bool Reads(string path) => FileName().IsMatch(path);

    /// <summary>What pip-compile has made from a file of the same name that ends in <c>.in</c>.</summary>
    public override bool IsLockOf(string lockPath, FileContents locked, string manifestPath) =>
        lockPath.EndsWith(".txt", StringComparison.Ordinal) && string.Equals(manifestPath, $"{lockPath[..^4]}.in", StringComparison.Ordinal);

    public override bool IsLimit(string path) => Name(path).Contains("constraints", StringComparison.OrdinalIgnoreCase);

    public override FileContents Read(string path, string text)
    {
        var contents = new FileContents(path);
        foreach (var line in LogicalLines(text))
        {
            if (line.Text.Length > MostCharactersOfALine)
            {
                contents.Report(line.Number, $"The line has {line.Text.Length} characters; at most {MostCharactersOfALine} are read.");
                continue;
            }

            try
            {
                ReadLine(path, line, contents);
            }
            catch (FormatException exception)
            {
                contents.Report(line.Number, exception.Message);
            }
        }

        return contents;
    }

    private static void ReadLine(string path, LogicalLine line, FileContents contents)
    {
        if (line.Text.StartsWith('-'))
        {
            ReadOption(path, line, contents);
            return;
        }

        var options = PerRequirementOption().Match(line.Text);
        var requirementText = options.Success ? line.Text[..options.Index] : line.Text;
        if (PathOrUrl().IsMatch(requirementText))
        {
            ReportPathOrUrl(line, requirementText.Trim(), contents);
            return;
        }

        var requirement = PythonRequirement.Parse(requirementText);
        if (requirement.Url is { } url)
        {
            contents.Report(line.Number, $"{requirement.Name} comes from {WithoutCredentials(url)} and not from an index, so that its version is not known; right would be a version, such as {requirement.Name}==1.2.3.");
            return;
        }

        var hashes = options.Success ? Hash().Matches(line.Text, options.Index).ToArray() : [];
        contents.Entries.Add(new ManifestEntry(
            new PackageDependency("PyPI", requirement.Name, path, line.Number)
            {
                Version = ConstraintRules.Of(ConstraintSyntax.Python).Pinned(requirement.Constraint),
                Constraint = requirement.Constraint,
                Syntax = ConstraintSyntax.Python,
                Extras = requirement.Extras,
                Marker = requirement.Marker?.ToString(),
                Hashes = [.. hashes.Select(static hash => hash.Groups["hash"].Value)],
            },
            line.Source(requirement.ConstraintSpan))
        {
            HashSpans = [.. hashes.Select(static hash => hash.Groups["option"]).Select(option => line.Source(new TextSpan(option.Index, option.Index + option.Length)) ?? throw new FormatException("A hash goes on in the next line; right would be to write it in one."))],
        });
    }

    private static void ReadOption(string path, LogicalLine line, FileContents contents)
    {
        var match = Option().Match(line.Text);
        var (name, value) = (match.Groups["name"].Value, match.Groups["value"].Value.Trim());
        switch (name)
        {
            case "-r" or "--requirement" or "-c" or "--constraint":
                Include(path, line, value.Trim('"', '\''), isLimit: name is "-c" or "--constraint", contents);
                return;
            case "-e" or "--editable":
                ReportPathOrUrl(line, value, contents);
                return;
            default:
                if (!WithoutDependencies.Contains(name, StringComparer.Ordinal))
                {
                    contents.Report(line.Number, $"'{ManifestText.Shortened(name)}' is no option that is known here; right would be one that pip's requirements files have.");
                }

                return;
        }
    }

    private static void Include(string path, LogicalLine line, string value, bool isLimit, FileContents contents)
    {
        if (value.Contains("://", StringComparison.Ordinal))
        {
            contents.Report(line.Number, $"{WithoutCredentials(value)} is outside of the repository and was not read; right would be a file of the repository.");
            return;
        }

        if (RepositoryPath.Combine(path, value) is { } target)
        {
            contents.Includes.Add(new ManifestInclude(target, line.Number, isLimit));
        }
        else
        {
            contents.Report(line.Number, $"'{ManifestText.Shortened(value)}' is outside of the repository and was not read; right would be a file of the repository.");
        }
    }

    private static void ReportPathOrUrl(LogicalLine line, string value, FileContents contents)
    {
        // A directory of the repository is the repository's own code, whose dependencies its own manifests name.
        if (!value.Contains("://", StringComparison.Ordinal) && !value.EndsWith(".whl", StringComparison.OrdinalIgnoreCase) && !value.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) && !value.EndsWith(".zip", StringComparison.OrdinalIgnoreCase))
        {
            return;
        }

        contents.Report(line.Number, $"{WithoutCredentials(value)} does not come from an index, so that its version is not known; right would be a name and a version, such as name==1.2.3.");
    }

    private static string WithoutCredentials(string url) => Credentials().Replace(ManifestText.Shortened(url), "://");

    /// <summary>Lines without comments, those that end in <c>\</c> joined with the next one. Empty ones are left out.</summary>
    private static IEnumerable<LogicalLine> LogicalLines(string text)
    {
        var joined = new StringBuilder();
        var pieces = new List<(int Joined, int Source)>();
        var (number, first) = (0, 1);
        for (var start = 0; start < text.Length;)
        {
            var length = text.AsSpan(start).IndexOfAny('\r', '\n');
            var end = length < 0 ? text.Length : start + length;
            var next = end < text.Length && text[end] is '\r' && end + 1 < text.Length && text[end + 1] is '\n' ? end + 2 : Math.Min(end + 1, text.Length);
            number++;
            first = joined.Length == 0 && pieces.Count == 0 ? number : first;

            // A line that is all comment goes with what is before it, even where it ends in a backslash.
            var isComment = text.AsSpan(start, end - start).TrimStart().StartsWith("#");
            var goesOn = !isComment && end > start && text[end - 1] is '\\' && next > end;
            pieces.Add((joined.Length, start));
            joined.Append(text, start, isComment ? 0 : end - start - (goesOn ? 1 : 0));
            if (!goesOn)
            {
                if (Logical(joined.ToString(), first, pieces) is { } line)
                {
                    yield return line;
                }

                joined.Clear();
                pieces = [];
            }

            start = next;
        }

        if (joined.Length > 0 && Logical(joined.ToString(), first, pieces) is { } last)
        {
            yield return last;
        }
    }

    private static LogicalLine? Logical(string joined, int first, List<(int Joined, int Source)> pieces)
    {
        var comment = Comment().Match(joined);
        var text = comment.Success ? joined[..comment.Index] : joined;
        var trimmed = text.Trim();
        if (trimmed.Length == 0)
        {
            return null;
        }

        // The line to show is the one where the requirement begins.
        var start = text.Length - text.TrimStart().Length;
        var piece = pieces.FindLastIndex(each => each.Joined <= start);
        return new LogicalLine(trimmed, first + piece, start, pieces);
    }

    [GeneratedRegex(@"(^|/)(?:[^/]*[-_.])?(?:requirements?|constraints)(?:[-_.][^/]*)?\.(?:txt|in|pip)$|(^|/)(?:requirements?|constraints)/(?:[^/]+/)*[^/]+\.(?:txt|in|pip)$", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex FileName();

    [GeneratedRegex(@"(?:^|\s)#", RegexOptions.NonBacktracking)]
    private static partial Regex Comment();

    [GeneratedRegex(@"\s--(?:hash|global-option|install-option|config-settings?)\b|\s-C\s", RegexOptions.NonBacktracking)]
    private static partial Regex PerRequirementOption();

    [GeneratedRegex(@"\s(?<option>--hash(?:\s*=\s*|\s+)(?<hash>[A-Za-z0-9]+:[0-9A-Fa-f]+))", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Hash();

    [GeneratedRegex(@"^(?<name>--[A-Za-z-]+|-[A-Za-z])(?:\s*=\s*|\s*)(?<value>.*)$", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking | RegexOptions.Singleline)]
    private static partial Regex Option();

    [GeneratedRegex(@"^(?:[A-Za-z0-9+.-]+://|\.{0,2}/|\.{1,2}$|[A-Za-z]:\\|file:|[^\s;@\[<>=!~]+\.(?:whl|zip|tar\.gz|tar\.bz2)\s*$|[^\s;@\[<>=!~]+/)", RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex PathOrUrl();

    [GeneratedRegex(@"://[^/@\s]*@", RegexOptions.NonBacktracking)]
    private static partial Regex Credentials();

    /// <param name="Number">From 1 on.</param>
    /// <param name="Start">The offset of the first character before white space was cut off.</param>
    /// <param name="Pieces">Where each physical line begins in the joined one and in the file.</param>
    private sealed record LogicalLine(string Text, int Number, int Start, List<(int Joined, int Source)> Pieces)
    {
        /// <summary>The place in the file; null where it is spread over several lines.</summary>
        public TextSpan? Source(TextSpan span)
        {
            if (span.Start == span.End)
            {
                var before = Source(span.Start - 1) + 1;
                return new TextSpan(before, before);
            }

            var start = Source(span.Start);
            return Source(span.End - 1) is var last && last - start == span.End - 1 - span.Start ? new TextSpan(start, last + 1) : null;
        }

        private int Source(int offset)
        {
            var joined = offset + Start;
            var (low, high) = (0, Pieces.Count - 1);
            while (low < high)
            {
                var middle = (low + high + 1) / 2;
                (low, high) = Pieces[middle].Joined <= joined ? (middle, high) : (low, middle - 1);
            }

            return Pieces[low].Source + joined - Pieces[low].Joined;
        }
    }
}
