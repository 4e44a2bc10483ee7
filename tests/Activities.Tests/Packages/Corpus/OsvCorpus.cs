using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using AtomicDevOps.Activities.Packages.Versions;
using AtomicDevOps.Activities.Tools.Osv;

namespace AtomicDevOps.Activities.Tests.Packages.Corpus;

/// <summary>The advisories of the directory that <c>ATOMIC_OSV_DIR</c> names, and what python3-packaging says of them.</summary>
internal sealed class OsvCorpus
{
    private static readonly Lazy<OsvCorpus> Shared = new(static () => new OsvCorpus(Directory));

    private OsvCorpus(string directory)
    {
        var records = System.IO.Directory.EnumerateFiles(directory, "*.yaml", SearchOption.AllDirectories)
            .AsParallel()
            .Select(static path => OsvRecordReader.Read(File.ReadAllText(path)))
            .ToArray();
        Records = records.ToDictionary(static record => record.Id, StringComparer.Ordinal);
        OfPackage = records.SelectMany(static record => record.Affected.Select(affected => (Name: PythonName.Normalize(affected.Package!.Name), Record: record)))
            .ToLookup(static each => each.Name, static each => each.Record, StringComparer.Ordinal);
        Cases = Ask(directory);
    }

    public static string Directory => Environment.GetEnvironmentVariable("ATOMIC_OSV_DIR") ?? string.Empty;

    public static OsvCorpus Instance => Shared.Value;

    public IReadOnlyDictionary<string, OsvRecord> Records { get; }

    /// <summary>All records of a package by its normal name.</summary>
    public ILookup<string, OsvRecord> OfPackage { get; }

    public IReadOnlyList<OsvCase> Cases { get; }

    private static OsvCase[] Ask(string directory)
    {
        var start = new ProcessStartInfo("/usr/bin/python3", [Path.Combine(AppContext.BaseDirectory, "Packages", "Corpus", "osv_oracle.py"), directory]) { RedirectStandardOutput = true, UseShellExecute = false };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        process.ExitCode.ShouldBe(0);
        return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static (line, index) => OsvCase.Read(line, index))];
    }
}

/// <summary>A version of a package and what is true of it.</summary>
internal sealed record OsvCase(int Index, string Advisory, string Package, string Version, bool IsAffected, bool HasFix)
{
    /// <summary>The half of the advisories that is not looked at while rules are written, by a digest of the id.</summary>
    public bool IsHeldOut => SHA256.HashData(Encoding.UTF8.GetBytes(Advisory))[0] % 2 == 1;

    public static OsvCase Read(string line, int index)
    {
        var parts = line.Split('\t');
        return new OsvCase(index, parts[0], parts[1], parts[2], parts[3] is "1", parts[4] is "1");
    }
}
