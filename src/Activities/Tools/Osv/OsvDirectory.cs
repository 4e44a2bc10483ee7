using AtomicDevOps.Activities.Packages.Versions;

namespace AtomicDevOps.Activities.Tools.Osv;

/// <summary>Records in the files of a directory, read once and again when a file came, went or changed.</summary>
internal sealed class OsvDirectory(string directory)
{
    private static readonly string[] Extensions = [".json", ".yaml", ".yml"];

    private Snapshot? _snapshot;

    /// <exception cref="ToolException">There is no such directory, or it has no records.</exception>
    public AdvisoryAnswer Find(IReadOnlyCollection<OsvPackage> packages, CancellationToken cancellationToken)
    {
        var snapshot = Read(cancellationToken);
        var found = new Dictionary<OsvPackage, IReadOnlyList<OsvRecord>>();
        foreach (var package in packages)
        {
            if (snapshot.Records.TryGetValue(KeyOf(package), out var records))
            {
                found[package] = records;
            }
        }

        return new AdvisoryAnswer(found, snapshot.AsOf)
        {
            Ecosystems = snapshot.Records.Keys.Select(static key => key.Ecosystem.Split(':')[0]).ToHashSet(StringComparer.Ordinal),
            Problems = snapshot.Problems,
        };
    }

    private static (string Ecosystem, string Name) KeyOf(OsvPackage package) =>
        (package.Ecosystem, VersionScheme.Find(package.Ecosystem)?.NormalName(package.Name) ?? package.Name);

    private Snapshot Read(CancellationToken cancellationToken)
    {
        if (!Directory.Exists(directory))
        {
            throw new ToolException(OsvClient.ToolName, "Osv:Directory names a directory that does not exist. Right would be one with OSV records, such as an unpacked export of a database.");
        }

        var files = new DirectoryInfo(directory).EnumerateFiles("*", SearchOption.AllDirectories)
            .Where(file => Extensions.Contains(file.Extension, StringComparer.OrdinalIgnoreCase))
            .OrderBy(file => file.FullName, StringComparer.Ordinal)
            .ToArray();
        var state = new HashCode();
        foreach (var file in files)
        {
            state.Add(file.FullName, StringComparer.Ordinal);
            state.Add(file.Length);
            state.Add(file.LastWriteTimeUtc);
        }

        var present = _snapshot;
        return present is not null && present.State == state.ToHashCode() ? present : _snapshot = Read(files, state.ToHashCode(), cancellationToken);
    }

    private static Snapshot Read(FileInfo[] files, int state, CancellationToken cancellationToken)
    {
        var records = new Dictionary<(string, string), List<OsvRecord>>();
        var problems = new List<string>();
        DateTimeOffset? newest = null;
        foreach (var file in files)
        {
            cancellationToken.ThrowIfCancellationRequested();
            OsvRecord record;
            try
            {
                record = OsvRecordReader.Read(File.ReadAllText(file.FullName));
            }
            catch (Exception exception) when (exception is FormatException or IOException)
            {
                problems.Add($"{file.Name}: {exception.Message}");
                continue;
            }

            newest = record.Modified is { } modified && (newest is null || modified > newest) ? modified : newest;
            foreach (var package in record.Affected.Select(affected => affected.Package).OfType<OsvPackage>().Select(KeyOf).Distinct())
            {
                if (!records.TryGetValue(package, out var list))
                {
                    records.Add(package, list = []);
                }

                list.Add(record);
            }
        }

        return records.Count == 0
            ? throw new ToolException(OsvClient.ToolName, $"Osv:Directory holds no OSV record that can be read{(problems.Count == 0 ? "." : $": {problems[0]}")}")
            : new Snapshot(state, records.ToDictionary(each => each.Key, each => (IReadOnlyList<OsvRecord>)each.Value), problems, FormattableString.Invariant($"{files.Length} records, {newest:yyyy-MM-dd'T'HH:mm:ss'Z'}"));
    }

    private sealed record Snapshot(int State, Dictionary<(string Ecosystem, string Name), IReadOnlyList<OsvRecord>> Records, IReadOnlyList<string> Problems, string AsOf);
}
