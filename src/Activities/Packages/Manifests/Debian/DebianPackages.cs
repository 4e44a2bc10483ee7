using AtomicDevOps.Activities.Packages.Manifests.Text;
using AtomicDevOps.Activities.Packages.Versions;

namespace AtomicDevOps.Activities.Packages.Manifests.Debian;

/// <summary>
/// The packages that dpkg has installed in a file system, such as an image's: <c>var/lib/dpkg/status</c>, or a file each in <c>var/lib/dpkg/status.d</c>. Advisories
/// are about source packages, so those are told.
/// </summary>
internal sealed class DebianPackages : DependencyFormat
{
    private const string Distribution = "Debian";
    private const string Place = "var/lib/dpkg/status";

    public override string Ecosystem => Distribution;

    public override bool IsLock => true;

    public override bool Reads(string path) =>
        IsAt(path, Place) || (IsAt(Directory(path).TrimEnd('/'), $"{Place}.d") && !path.EndsWith(".md5sums", StringComparison.Ordinal));

    public override FileContents Read(string path, string text)
    {
        var contents = new FileContents(path);
        var known = new HashSet<(string, string)>();
        var fields = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var (number, first) = (0, 1);
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            number++;
            if (line.IsWhiteSpace())
            {
                Close();
                continue;
            }

            first = fields.Count == 0 ? number : first;
            var colon = line.IndexOf(':');
            if (colon > 0 && line[0] is not (' ' or '\t') && line[..colon] is "Package" or "Status" or "Source" or "Version")
            {
                fields[line[..colon].ToString()] = line[(colon + 1)..].Trim().ToString();
            }
        }

        Close();
        return contents;

        void Close()
        {
            if (fields.Count > 0)
            {
                ReadPackage(path, first, fields, known, contents);
            }

            fields.Clear();
        }
    }

    public override void Complete(string path, FileContents contents, IReadOnlyDictionary<string, FileContents> read)
    {
        var root = path[..path.LastIndexOf("var/lib/dpkg/", StringComparison.Ordinal)];
        var release = (read.GetValueOrDefault($"{root}etc/os-release") ?? read.GetValueOrDefault($"{root}usr/lib/os-release")) as OsReleaseContents;
        if (release?.Ecosystem is not { } ecosystem)
        {
            contents.Report(1, $"There is no {root}etc/os-release that tells the distribution and its release, which advisories are about; right would be one such as ID=debian and VERSION_ID=\"12\".");
            return;
        }

        for (var index = 0; index < contents.Entries.Count; index++)
        {
            contents.Entries[index] = contents.Entries[index] with { Dependency = contents.Entries[index].Dependency with { Ecosystem = ecosystem } };
        }
    }

    private static bool IsAt(string path, string place) => string.Equals(path, place, StringComparison.Ordinal) || path.EndsWith($"/{place}", StringComparison.Ordinal);

    private static void ReadPackage(string path, int line, Dictionary<string, string> fields, HashSet<(string, string)> known, FileContents contents)
    {
        if (fields.TryGetValue("Status", out var status) && !status.EndsWith(" installed", StringComparison.Ordinal))
        {
            return;
        }

        // Source: name (version), the version only where it is another one than the package's.
        var source = fields.GetValueOrDefault("Source")?.Split(' ', 2, StringSplitOptions.TrimEntries);
        var name = source?[0] ?? fields.GetValueOrDefault("Package");
        var version = source is [_, var other] ? other.Trim('(', ')') : fields.GetValueOrDefault("Version");
        if (string.IsNullOrEmpty(name) || version is null || DebianVersion.Read(version) is null)
        {
            contents.Report(line, $"{ManifestText.Shortened(name ?? "A package")} has no version that can be read; right would be such as Version: 1.2.3-4.");
        }
        else if (known.Add((name, version)))
        {
            contents.Entries.Add(new ManifestEntry(new PackageDependency(Distribution, name, path, line) { Version = version }, ConstraintSpan: null));
        }
    }
}

/// <summary>https://www.freedesktop.org/software/systemd/man/os-release.html, as far as it tells the distribution.</summary>
internal sealed class OsRelease : DependencyFormat
{
    public override string Ecosystem => "Debian";

    public override bool Reads(string path) =>
        path is "etc/os-release" or "usr/lib/os-release" || path.EndsWith("/etc/os-release", StringComparison.Ordinal) || path.EndsWith("/usr/lib/os-release", StringComparison.Ordinal);

    public override FileContents Read(string path, string text)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            var sign = line.IndexOf('=');
            if (sign > 0)
            {
                values[line[..sign].Trim().ToString()] = line[(sign + 1)..].Trim().Trim("\"'").ToString();
            }
        }

        var release = values.GetValueOrDefault("VERSION_ID");
        return new OsReleaseContents(path)
        {
            Ecosystem = (values.GetValueOrDefault("ID"), release) switch
            {
                ("debian", { Length: > 0 }) => $"Debian:{release}",
                ("ubuntu", { Length: > 0 }) => $"Ubuntu:{release}{(values.GetValueOrDefault("VERSION")?.Contains("LTS", StringComparison.Ordinal) is true ? ":LTS" : string.Empty)}",
                _ => null,
            },
        };
    }
}

internal sealed class OsReleaseContents(string path) : FileContents(path)
{
    /// <summary>Of the distribution's packages; null where it is none that is known here.</summary>
    public string? Ecosystem { get; init; }
}
