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
public sealed record DependencyEdit(IReadOnlyList<FileChange> Files, IReadOnlyList<DependencyRaiseResult> Results);

/// <summary>Raises dependencies to later versions in the text of manifests and locks: nothing else in them changes.</summary>
public static class DependencyEditor
{
    /// <summary>Changes only what reads back as exactly what was asked for.</summary>
    /// <exception cref="IOException">A file cannot be had.</exception>
    public static DependencyEdit Raise(IRepositoryFiles files, params IReadOnlyList<DependencyRaise> raises)
    {
        var opened = new Dictionary<string, OpenFile>(StringComparer.Ordinal);
        var results = raises.Select(raise => RaiseOne(files, raise, opened)).ToArray();
        return new DependencyEdit(
            [.. opened.Values.Where(static file => file.IsChanged).OrderBy(static file => file.Path, StringComparer.Ordinal).Select(static file => file.Change())],
            results);
    }

    private static DependencyRaiseResult RaiseOne(IRepositoryFiles files, DependencyRaise raise, Dictionary<string, OpenFile> opened)
    {
        var dependency = raise.Dependency;
        try
        {
            if (VersionScheme.Find(dependency.Ecosystem)?.Read(raise.Version) is null)
            {
                throw new FormatException($"'{raise.Version}' is no version of a package of {dependency.Ecosystem}.");
            }

            var places = new List<Place>();
            if (!string.Equals(dependency.Path, dependency.Lock?.Path, StringComparison.Ordinal))
            {
                places.Add(Find(dependency.Path, dependency.Line));
            }

            if (dependency.Lock is { } locked)
            {
                places.Add(Find(locked.Path, locked.Line));
            }

            return Raise(raise, places);
        }
        catch (FormatException exception)
        {
            return new DependencyRaiseResult(raise, DependencyRaiseOutcome.NotPossible, exception.Message);
        }

        Place Find(string path, int line)
        {
            if (!opened.TryGetValue(path, out var file))
            {
                opened.Add(path, file = OpenFile.Open(files, path, dependency.Ecosystem));
            }

            return new Place(file, file.Find(dependency, line));
        }
    }

    private static DependencyRaiseResult Raise(DependencyRaise raise, List<Place> places)
    {
        var name = raise.Dependency.Name;
        var mayStay = raise.Dependency.Lock is not null;
        var needsIndex = new List<string>();
        var changes = new List<(Place Place, string Constraint)>();
        foreach (var place in places)
        {
            var entry = place.Entry;
            if (entry.ConstraintSpan is null && place.File.IsLock)
            {
                needsIndex.Add($"{place.File.Path} can be made anew only with a package index; run its own tool's update of {name} to {raise.Version}.");
                continue;
            }

            if (mayStay && entry.Dependency is { Constraint.Length: 0, IsDirect: true })
            {
                continue;
            }

            if (entry.HashSpans.Count > 0 && raise.Hashes.Count == 0)
            {
                needsIndex.Add($"{place.File.Path} holds {name} to hashes, and those of {raise.Version} are known to a package index only.");
                continue;
            }

            var raised = ConstraintRules.Of(entry.Dependency.Syntax).Raise(entry.Dependency.Constraint, raise.Version)
                ?? throw new FormatException($"{place.File.Path}, line {entry.Dependency.Line}, allows '{entry.Dependency.Constraint}' of {name}, which cannot be raised to {raise.Version}; right would be a constraint that allows it.");
            if (entry.ConstraintSpan is null)
            {
                throw new FormatException($"{place.File.Path}, line {entry.Dependency.Line}, writes the versions of {name} in a way that cannot be changed in place; right would be one plain text.");
            }

            changes.Add((place, raised));
        }

        foreach (var group in changes.GroupBy(static change => change.Place.File))
        {
            group.Key.Try([.. group.Select(change => new EntryChange(change.Place.Entry, change.Constraint, raise.Hashes))]);
        }

        foreach (var group in changes.GroupBy(static change => change.Place.File))
        {
            group.Key.Keep([.. group.Select(change => new EntryChange(change.Place.Entry, change.Constraint, raise.Hashes))]);
        }

        return needsIndex.Count == 0
            ? new DependencyRaiseResult(raise, DependencyRaiseOutcome.Raised, $"Raised {name} to {raise.Version} in {string.Join(" and ", changes.Select(static change => change.Place.File.Path).Distinct(StringComparer.Ordinal))}.")
            : new DependencyRaiseResult(raise, DependencyRaiseOutcome.NeedsIndex, string.Join(' ', needsIndex));
    }

    private readonly record struct Place(OpenFile File, ManifestEntry Entry);

    private sealed record EntryChange(ManifestEntry Entry, string Constraint, IReadOnlyList<string> Hashes);

    private sealed class OpenFile(string path, string ecosystem, string text, bool hasMark, FileContents contents)
    {
        private readonly List<EntryChange> _changes = [];

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
            return contents.Entries.Find(entry => entry.Dependency.Line == line
                && string.Equals(scheme?.NormalName(entry.Dependency.Name), scheme?.NormalName(dependency.Name), StringComparison.Ordinal)
                && (!string.Equals(dependency.Path, path, StringComparison.Ordinal) || string.Equals(entry.Dependency.Scope, dependency.Scope, StringComparison.Ordinal)))
                ?? throw new FormatException($"Line {line} of {path} does not name {dependency.Name} any more; right would be to read the files again.");
        }

        public FileChange Change() => new(path, (hasMark ? "\uFEFF" : string.Empty) + Apply(_changes));

        public void Keep(IReadOnlyList<EntryChange> changes) => _changes.AddRange(changes);

        /// <summary>Reads back what the file would be.</summary>
        /// <exception cref="FormatException">Something else than what is asked for would come out.</exception>
        public void Try(IReadOnlyList<EntryChange> changes)
        {
            List<EntryChange> all = [.. _changes, .. changes];
            var after = DependencyFiles.ReadAlone(path, Apply(all), ecosystem)!.Entries;
            var isAsAsked = after.Count == contents.Entries.Count
                && after.Zip(contents.Entries).All(pair =>
                {
                    var (now, before) = pair;
                    var change = all.Find(change => ReferenceEquals(change.Entry, before));
                    return string.Equals(now.Dependency.Name, before.Dependency.Name, StringComparison.Ordinal)
                        && string.Equals(now.Dependency.Marker, before.Dependency.Marker, StringComparison.Ordinal)
                        && string.Equals(now.Dependency.Constraint, change?.Constraint ?? before.Dependency.Constraint, StringComparison.Ordinal)
                        && now.Dependency.Hashes.SequenceEqual(change is null || before.HashSpans.Count == 0 ? before.Dependency.Hashes : change.Hashes, StringComparer.Ordinal);
                });
            if (!isAsAsked)
            {
                throw new FormatException($"{path} is written in a way in which it cannot be changed in place.");
            }
        }

        private string Apply(IReadOnlyList<EntryChange> changes)
        {
            var edits = changes.SelectMany(Edits).OrderByDescending(static edit => edit.Span.Start).ToArray();
            var changed = new System.Text.StringBuilder(text);
            foreach (var (span, replacement) in edits)
            {
                changed.Remove(span.Start, span.End - span.Start).Insert(span.Start, replacement);
            }

            return changed.ToString();
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
            yield return (spans[0], string.Join(separator, change.Hashes.Select(static hash => $"--hash={hash}")));
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
