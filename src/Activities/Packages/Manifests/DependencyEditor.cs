using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json.Serialization;
using AtomicDevOps.Activities.Packages.Manifests.Text;
using AtomicDevOps.Activities.Packages.Versions;
using AtomicDevOps.Activities.Security.Remediation;

namespace AtomicDevOps.Activities.Packages.Manifests;

/// <summary>A dependency that is to have a later version.</summary>
/// <param name="Dependency">As <see cref="DependencyFiles.Read"/> has told it of the same files.</param>
public sealed record DependencyRaise(PackageDependency Dependency, string Version)
{
    /// <summary>The new version's hashes as <c>sha256:…</c>, without which a file with hashes cannot be changed; in a file without any they are not used.</summary>
    public IReadOnlyList<string> Hashes { get; init; } = [];
}

/// <param name="Raise">What was to be done.</param>
/// <param name="Explanation">What was done, or why it was not, and what would help: plain text for people.</param>
public sealed record DependencyRaiseResult(DependencyRaise Raise, DependencyRaiseOutcome Outcome, string Explanation);

[JsonConverter(typeof(JsonStringEnumConverter<DependencyRaiseOutcome>))]
public enum DependencyRaiseOutcome
{
    /// <summary>All files that name the version have the new one.</summary>
    Raised,

    /// <summary>
    /// The lock would have to be made anew, which takes a package index. It is left as it is, so that it does not fit the manifest where that could be changed.
    /// </summary>
    NeedsIndex,

    /// <summary>Nothing was changed for this dependency.</summary>
    NotPossible,
}

/// <param name="Files">Those that differ from before, each once, with the whole text afterwards.</param>
/// <param name="Results">One for each dependency that was to be raised, in their order.</param>
public sealed record DependencyEdit(IReadOnlyList<PatchedFile> Files, IReadOnlyList<DependencyRaiseResult> Results);

/// <summary>Raises dependencies to later versions in the text of manifests and locks: nothing else in them changes.</summary>
public static class DependencyEditor
{
    /// <summary>Changes only what reads back as exactly what was asked for.</summary>
    /// <exception cref="IOException">A file cannot be had.</exception>
    public static DependencyEdit Raise(IRepositoryFiles files, params IReadOnlyList<DependencyRaise> raises)
    {
        var opened = new Dictionary<string, Lazy<OpenFile>>(StringComparer.Ordinal);
        var plans = raises.Select(raise => Plan.Of(raise, path => Open(files, path, raise.Dependency.Ecosystem, opened))).ToArray();
        if (!TryKeep([.. plans.SelectMany(static plan => plan.Changes)], out _))
        {
            foreach (var plan in plans)
            {
                if (!TryKeep(plan.Changes, out var failure))
                {
                    plan.Failure = failure;
                }
            }
        }

        return new DependencyEdit(
            [.. opened.Values.Where(static file => file.IsValueCreated && file.Value.IsChanged).Select(static file => file.Value).OrderBy(static file => file.Path, StringComparer.Ordinal).Select(static file => file.Change())],
            [.. plans.Select(static plan => plan.Result())]);
    }

    private static OpenFile Open(IRepositoryFiles files, string path, string ecosystem, Dictionary<string, Lazy<OpenFile>> opened)
    {
        if (!opened.TryGetValue(path, out var file))
        {
            opened.Add(path, file = new Lazy<OpenFile>(() => OpenFile.Open(files, path, ecosystem)));
        }

        return file.Value;
    }

    /// <summary>Changes all files or none.</summary>
    private static bool TryKeep(IReadOnlyList<EntryChange> changes, [NotNullWhen(false)] out string? failure)
    {
        var ofFiles = changes.GroupBy(static change => change.File).ToArray();
        failure = ofFiles.Select(static file => file.Key.Check([.. file])).FirstOrDefault(static each => each is not null);
        if (failure is not null)
        {
            return false;
        }

        foreach (var file in ofFiles)
        {
            file.Key.Keep([.. file]);
        }

        return true;
    }

    private sealed record EntryChange(OpenFile File, ManifestEntry Entry, string Constraint, DependencyRaise Raise);

    /// <summary>What a raise takes.</summary>
    private sealed class Plan(DependencyRaise raise)
    {
        private readonly List<EntryChange> _changes = [];
        private readonly List<string> _needsIndex = [];

        public IReadOnlyList<EntryChange> Changes => Failure is null ? _changes : [];

        /// <summary>Why it is not possible.</summary>
        public string? Failure { get; set; }

        public static Plan Of(DependencyRaise raise, Func<string, OpenFile> open)
        {
            var plan = new Plan(raise);
            try
            {
                plan.Add(open);
            }
            catch (FormatException exception)
            {
                plan.Failure = exception.Message;
            }

            return plan;
        }

        public DependencyRaiseResult Result() => this switch
        {
            { Failure: { } failure } => new DependencyRaiseResult(raise, DependencyRaiseOutcome.NotPossible, failure),
            { _needsIndex.Count: > 0 } => new DependencyRaiseResult(raise, DependencyRaiseOutcome.NeedsIndex, string.Join(' ', _needsIndex)),
            _ => new DependencyRaiseResult(raise, DependencyRaiseOutcome.Raised, $"Raised {raise.Dependency.Name} to {raise.Version} in {string.Join(" and ", _changes.Select(static change => change.File.Path).Distinct(StringComparer.Ordinal))}."),
        };

        private void Add(Func<string, OpenFile> open)
        {
            var dependency = raise.Dependency;
            if (VersionScheme.Find(dependency.Ecosystem)?.Read(raise.Version) is null)
            {
                throw new FormatException($"'{raise.Version}' is no version of a package of {dependency.Ecosystem}.");
            }

            if (dependency.Declaration is { } declaration)
            {
                var file = open(declaration.Path);
                Add(file, file.Find(declaration));
            }
            else if (!string.Equals(dependency.Path, dependency.Lock?.Path, StringComparison.Ordinal))
            {
                var file = open(dependency.Path);
                Add(file, file.Find(dependency, dependency.Line));
            }

            if (dependency.Lock is { } locked)
            {
                var file = open(locked.Path);
                Add(file, file.Find(dependency, locked.Line));
            }
        }

        private void Add(OpenFile file, ManifestEntry entry)
        {
            var name = raise.Dependency.Name;
            if (entry.ConstraintSpan is null && file.IsLock)
            {
                _needsIndex.Add($"{file.Path} can be made anew only with a package index; run its own tool's update of {name} to {raise.Version}.");
                return;
            }

            if (raise.Dependency.Lock is not null && entry.Dependency is { Constraint.Length: 0, IsDirect: true })
            {
                return;
            }

            if (entry.HashSpans.Count > 0 && raise.Hashes.Count == 0)
            {
                _needsIndex.Add($"{file.Path} holds {name} to hashes, and those of {raise.Version} are known to a package index only.");
                return;
            }

            var raised = ConstraintRules.Of(entry.Dependency.Syntax).Raise(entry.Dependency.Constraint, raise.Version)
                ?? throw new FormatException($"{file.Path}, line {entry.Dependency.Line}, allows '{entry.Dependency.Constraint}' of {name}, which cannot be raised to {raise.Version}; right would be a constraint that allows it.");
            if (entry.ConstraintSpan is null)
            {
                throw new FormatException($"{file.Path}, line {entry.Dependency.Line}, writes the versions of {name} in a way that cannot be changed in place; right would be one plain text.");
            }

            _changes.Add(new EntryChange(file, entry, raised, raise));
        }
    }

    private sealed class OpenFile(string path, string ecosystem, string text, bool hasMark, FileContents contents)
    {
        private Dictionary<ManifestEntry, EntryChange> _changes = new(ReferenceEqualityComparer.Instance);

        public string Path => path;

        public bool IsLock { get; private init; }

        public bool IsChanged => _changes.Count > 0;

        public static OpenFile Open(IRepositoryFiles files, string path, string ecosystem)
        {
            var (text, isUtf8, hasMark) = ManifestText.Read(files, path);
            if (!isUtf8)
            {
                throw new FormatException($"{path} is not in UTF-8, and only that is changed; right would be to save it in UTF-8 first.");
            }

            return new OpenFile(path, ecosystem, text, hasMark, DependencyFiles.ReadAlone(path, text, ecosystem) ?? throw new FormatException($"{path} is no file that names dependencies of {ecosystem}."))
            {
                IsLock = DependencyFiles.IsLock(path),
            };
        }

        public ManifestEntry Find(PackageDependency dependency, int line)
        {
            var scheme = VersionScheme.Find(dependency.Ecosystem);
            return contents.Entries.Concat(contents.Declarations).FirstOrDefault(entry => entry.Dependency.Line == line
                && string.Equals(scheme?.NormalName(entry.Dependency.Name), scheme?.NormalName(dependency.Name), StringComparison.Ordinal)
                && (!string.Equals(dependency.Path, path, StringComparison.Ordinal) || string.Equals(entry.Dependency.Scope, dependency.Scope, StringComparison.Ordinal)))
                ?? throw new FormatException($"Line {line} of {path} does not name {dependency.Name} any more; right would be to read the files again.");
        }

        public ManifestEntry Find(DeclaredAt declaration) =>
            contents.Declarations.Find(entry => entry.Dependency.Line == declaration.Line && string.Equals(entry.Dependency.Name, declaration.Name, StringComparison.Ordinal))
                ?? throw new FormatException($"Line {declaration.Line} of {path} does not have {declaration.Name} any more; right would be to read the files again.");

        public PatchedFile Change() => new(path, (hasMark ? "\uFEFF" : string.Empty) + Apply(_changes));

        public void Keep(IReadOnlyList<EntryChange> changes) => _changes = With(changes);

        /// <summary>Reads back what the file would be, and tells what is wrong where something else than what is asked for would come out.</summary>
        public string? Check(IReadOnlyList<EntryChange> changes)
        {
            var all = With(changes);
            FileContents after;
            try
            {
                after = DependencyFiles.ReadAlone(path, Apply(all), ecosystem)!;
            }
            catch (FormatException)
            {
                return $"{path} is written in a way in which it cannot be changed in place.";
            }

            var isAsAsked = after.Entries.Count == contents.Entries.Count
                && after.Declarations.Count == contents.Declarations.Count
                && after.Entries.Concat(after.Declarations).Zip(contents.Entries.Concat(contents.Declarations)).All(pair => IsAsAsked(pair.First, pair.Second, all.GetValueOrDefault(pair.Second)));
            return isAsAsked ? null : $"{path} is written in a way in which it cannot be changed in place.";
        }

        private static bool IsAsAsked(ManifestEntry now, ManifestEntry before, EntryChange? change) =>
            string.Equals(now.Dependency.Name, before.Dependency.Name, StringComparison.Ordinal)
            && string.Equals(now.Dependency.Marker, before.Dependency.Marker, StringComparison.Ordinal)
            && string.Equals(now.Dependency.Constraint, change?.Constraint ?? before.Dependency.Constraint, StringComparison.Ordinal)
            && now.Dependency.Hashes.SequenceEqual(change is null || before.HashSpans.Count == 0 ? before.Dependency.Hashes : change.Raise.Hashes, StringComparer.Ordinal);

        /// <summary>Where several dependencies take their version from one place, the latest of those that they are to have counts.</summary>
        private Dictionary<ManifestEntry, EntryChange> With(IReadOnlyList<EntryChange> changes)
        {
            var all = new Dictionary<ManifestEntry, EntryChange>(_changes, ReferenceEqualityComparer.Instance);
            foreach (var change in changes)
            {
                if (!all.TryGetValue(change.Entry, out var other) || IsLater(change.Raise, other.Raise))
                {
                    all[change.Entry] = change;
                }
            }

            return all;
        }

        private bool IsLater(DependencyRaise one, DependencyRaise other) =>
            VersionScheme.Find(ecosystem) is { } scheme && scheme.Read(one.Version) is { } version && version.CompareTo(scheme.Read(other.Version)) > 0;

        private string Apply(Dictionary<ManifestEntry, EntryChange> changes)
        {
            var edits = changes.Values.SelectMany(Edits).OrderBy(static edit => edit.Span.Start).ToArray();
            var changed = new StringBuilder();
            var at = 0;
            foreach (var (span, replacement) in edits)
            {
                changed.Append(text, at, span.Start - at).Append(replacement);
                at = span.End;
            }

            return changed.Append(text, at, text.Length - at).ToString();
        }

        private IEnumerable<(TextSpan Span, string Text)> Edits(EntryChange change)
        {
            yield return (change.Entry.ConstraintSpan!.Value, change.Constraint);
            var spans = change.Entry.HashSpans;
            if (spans.Count == 0)
            {
                yield break;
            }

            for (var index = 1; index < spans.Count; index++)
            {
                yield return (new TextSpan(spans[index - 1].End, spans[index].End), string.Empty);
            }

            var separator = Separator(spans[^1].Start);
            yield return (spans[0], string.Join(separator, change.Raise.Hashes.Select(static hash => $"--hash={hash}")));
        }

        /// <summary>White space and continued lines before an option.</summary>
        private string Separator(int start)
        {
            var from = start;
            while (from > 0 && (char.IsWhiteSpace(text[from - 1]) || text[from - 1] is '\\'))
            {
                from--;
            }

            return text[from..start];
        }
    }
}
