using AtomicDevOps.Activities.Packages.Manifests.Text;
using AtomicDevOps.Activities.Packages.Versions;

namespace AtomicDevOps.Activities.Packages.Manifests.Go;

/// <summary>https://go.dev/ref/mod#go-mod-file. Since Go 1.17 it names all modules with the versions that are used.</summary>
internal sealed class GoModule : DependencyFormat
{
    public const string Modules = "Go";

    public override string Ecosystem => Modules;

    public override bool Reads(string path) => Name(path) is "go.mod";

    public override FileContents Read(string path, string text)
    {
        var contents = new FileContents(path);
        var lines = GoLine.All(text, contents).ToArray();
        var replacements = lines.Where(static line => line.Directive is "replace").Select(line => Replacement.Of(path, line, contents)).OfType<Replacement>().ToArray();
        var excluded = lines.Where(static line => line is { Directive: "exclude", Words.Count: 2 }).Select(static line => (line.Words[0].Text, line.Words[1].Text)).ToHashSet();
        foreach (var line in lines.Where(static line => line.Directive is "require"))
        {
            Require(path, line, replacements, excluded, contents);
        }

        return contents;
    }

    public override void Complete(string path, FileContents contents, IReadOnlyDictionary<string, FileContents> read)
    {
        var sums = $"{Directory(path)}go.sum";
        if (!read.TryGetValue(sums, out var known))
        {
            return;
        }

        var lines = known.Declarations.ToLookup(static sum => (sum.Dependency.Name, sum.Dependency.Constraint), static sum => sum.Dependency.Line);
        for (var index = 0; index < contents.Entries.Count; index++)
        {
            var entry = contents.Entries[index];
            if (lines[(entry.Dependency.Name, entry.Dependency.Constraint)].FirstOrDefault() is var line and > 0)
            {
                contents.Entries[index] = entry with { Dependency = entry.Dependency with { Lock = new LockedAt(sums, line) } };
            }
        }
    }

    private static void Require(string path, GoLine line, Replacement[] replacements, HashSet<(string, string)> excluded, FileContents contents)
    {
        if (line.Words is not [var module, var version] || SemanticVersion.Read(version.Text) is null)
        {
            contents.Report(line.Number, $"'{ManifestText.Shortened(string.Join(' ', line.Words.Select(static word => word.Text)))}' requires no version of a module; right would be such as example.com/module v1.2.3.");
            return;
        }

        if (excluded.Contains((module.Text, version.Text)))
        {
            contents.Report(line.Number, $"{ManifestText.Shortened(module.Text)} {ManifestText.Shortened(version.Text)} is excluded, so that another version is used, which is not told; right would be to require that one.");
            return;
        }

        var replacement = Array.Find(replacements, each => each.Means(module.Text, version.Text));
        if (replacement is { Module: null })
        {
            return;
        }

        var (name, used, at) = replacement is null ? (module, version, line.Number) : (replacement.Module!, replacement.Version!, replacement.Line);
        contents.Entries.Add(new ManifestEntry(
            new PackageDependency(Modules, name.Text, path, at)
            {
                Version = used.Text,
                Constraint = used.Text,
                Syntax = ConstraintSyntax.Go,
                IsDirect = !line.IsIndirect,
            },
            used.Span));
    }

    /// <param name="OldVersion">Null for all versions.</param>
    /// <param name="Module">Null for a directory.</param>
    private sealed record Replacement(int Line, string Old, string? OldVersion, GoWord? Module, GoWord? Version)
    {
        public static Replacement? Of(string path, GoLine line, FileContents contents)
        {
            var arrow = line.Words.FindIndex(static word => word.Text is "=>");
            var (before, after) = arrow < 0 ? ([], []) : (line.Words[..arrow], line.Words[(arrow + 1)..]);
            if (before.Count is not (1 or 2) || after.Count is not (1 or 2) || (after.Count == 2 && SemanticVersion.Read(after[1].Text) is null))
            {
                contents.Report(line.Number, "This replaces no module by another one; right would be such as example.com/old => example.com/new v1.2.3.");
                return null;
            }

            if (after.Count == 1 && RepositoryPath.Combine(path, after[0].Text) is null)
            {
                contents.Report(line.Number, $"'{ManifestText.Shortened(after[0].Text)}' is outside of the repository and was not read; right would be a module, or a directory of the repository.");
            }

            return new Replacement(line.Number, before[0].Text, before.ElementAtOrDefault(1)?.Text, after.Count == 2 ? after[0] : null, after.ElementAtOrDefault(1));
        }

        public bool Means(string module, string version) =>
            string.Equals(Old, module, StringComparison.Ordinal) && (OldVersion is null || string.Equals(OldVersion, version, StringComparison.Ordinal));
    }
}

/// <summary>https://go.dev/ref/mod#go-sum-files: what the modules have to be, whose versions go.mod tells.</summary>
internal sealed class GoSums : DependencyFormat
{
    public override string Ecosystem => GoModule.Modules;

    public override bool IsLock => true;

    public override bool Reads(string path) => Name(path) is "go.sum";

    public override FileContents Read(string path, string text)
    {
        var contents = new FileContents(path);
        var number = 0;
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            number++;
            var words = line.ToString().Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length == 3 && !words[1].EndsWith("/go.mod", StringComparison.Ordinal))
            {
                contents.Declarations.Add(new ManifestEntry(new PackageDependency(GoModule.Modules, words[0], path, number) { Constraint = words[1], Syntax = ConstraintSyntax.Go, Hashes = [words[2]] }, ConstraintSpan: null));
            }
        }

        return contents;
    }
}

internal sealed record GoWord(string Text, TextSpan Span);

/// <summary>A line of a go.mod, with the directive of the block that it is in.</summary>
internal sealed record GoLine(int Number, string Directive, List<GoWord> Words, bool IsIndirect)
{
    public static IEnumerable<GoLine> All(string text, FileContents contents)
    {
        var (number, start) = (0, 0);
        string? block = null;
        while (start < text.Length)
        {
            var length = text.AsSpan(start).IndexOf('\n');
            var end = length < 0 ? text.Length : start + length;
            number++;
            var comment = text.AsSpan(start, end - start).IndexOf("//");
            var words = Split(text, start, comment < 0 ? end : start + comment);
            var isIndirect = comment >= 0 && text.AsSpan(start + comment + 2, end - start - comment - 2).Trim() is var said && (said is "indirect" || said.StartsWith("indirect;"));
            start = end + 1;
            switch (words)
            {
                case []:
                    break;
                case [{ Text: ")" }]:
                    block = null;
                    break;
                case [var directive, { Text: "(" }]:
                    block = directive.Text;
                    break;
                case [var directive, ..] when block is null:
                    yield return new GoLine(number, directive.Text, words[1..], isIndirect);
                    break;
                default:
                    yield return new GoLine(number, block!, words, isIndirect);
                    break;
            }
        }

        if (block is not null)
        {
            contents.Report(number, $"The block of {ManifestText.Shortened(block)} is not closed; right would be a ) at its end.");
        }
    }

    private static List<GoWord> Split(string text, int start, int end)
    {
        var words = new List<GoWord>();
        for (var at = start; at < end;)
        {
            if (char.IsWhiteSpace(text[at]))
            {
                at++;
                continue;
            }

            var quote = text[at] is '"' or '`' ? text[at] : default;
            var from = quote == default ? at : at + 1;
            at = from;
            while (at < end && (quote == default ? !char.IsWhiteSpace(text[at]) : text[at] != quote))
            {
                at++;
            }

            words.Add(new GoWord(text[from..at], new TextSpan(from, at)));
            at += quote == default ? 0 : 1;
        }

        return words;
    }
}
