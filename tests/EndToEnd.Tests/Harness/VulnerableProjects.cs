using AtomicDevOps.Activities.Packages.Versions;
using AtomicDevOps.Activities.Tools.Osv;

namespace AtomicDevOps.EndToEnd.Tests.Harness;

/// <summary>A dependency that an advisory with a fix affects.</summary>
public sealed record VulnerableProject(string Name, string Version);

public static class VulnerableProjects
{
    private const string Ecosystem = "PyPI";

    /// <summary>One for every package that an advisory names with a fix: at the last of the versions that it lists as affected.</summary>
    public static IReadOnlyList<VulnerableProject> Of(string directory)
    {
        var scheme = VersionScheme.Find(Ecosystem)!;
        return
        [
            .. Directory.EnumerateFiles(directory, "*.yaml", SearchOption.AllDirectories)
                .Select(file => OsvRecordReader.Read(File.ReadAllText(file)))
                .Where(record => record.Withdrawn is null)
                .SelectMany(record => record.Affected)
                .Where(affected => affected.Package is { Ecosystem: Ecosystem } && affected.Ranges.Any(range => range.Events.Any(happened => happened.Fixed is not null)))
                .GroupBy(affected => scheme.NormalName(affected.Package!.Name), StringComparer.Ordinal)
                .OrderBy(group => group.Key, StringComparer.Ordinal)
                .Select(group => (Name: group.Key, Version: group.First().Versions.Where(version => scheme.Read(version) is not null).MaxBy(scheme.Read)))
                .Where(project => project.Version is not null)
                .Select(project => new VulnerableProject(project.Name, project.Version!)),
        ];
    }
}
