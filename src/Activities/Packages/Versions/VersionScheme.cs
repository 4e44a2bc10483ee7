namespace AtomicDevOps.Activities.Packages.Versions;

/// <summary>How an ecosystem tells packages and versions apart, and what it takes for newer.</summary>
public abstract class VersionScheme
{
    private static readonly PythonScheme Python = new();

    /// <summary>The scheme of an ecosystem as https://ossf.github.io/osv-schema/#defined-ecosystems names it; null for one that is not known here.</summary>
    public static VersionScheme? Find(string ecosystem) => ecosystem.Split(':')[0] switch
    {
        "PyPI" => Python,
        _ => null,
    };

    /// <summary>The one spelling that all of a package's names have in common.</summary>
    public abstract string NormalName(string name);

    /// <summary>Reads a version; null for what is none in this ecosystem. Versions are equal where neither comes before the other.</summary>
    public abstract IComparable? Read(string version);

    /// <summary>Whether a version that this scheme has read comes before a release of its own and is not for everybody.</summary>
    public abstract bool IsPrerelease(IComparable version);

    /// <summary>What a version that this scheme has read was before somebody repackaged it; the version itself where nobody did.</summary>
    public virtual IComparable Original(IComparable version) => version;

    private sealed class PythonScheme : VersionScheme
    {
        public override string NormalName(string name) => PythonName.Normalize(name);

        public override IComparable? Read(string version) => PythonVersion.TryParse(version, out var read) ? read : null;

        public override bool IsPrerelease(IComparable version) => version is PythonVersion { IsPrerelease: true };

        public override IComparable Original(IComparable version) => ((PythonVersion)version).Public;
    }
}
