using NuGet.Versioning;

namespace AtomicDevOps.Activities.Packages.Versions;

/// <summary>How an ecosystem tells packages and versions apart, and what it takes for newer.</summary>
public abstract class VersionScheme
{
    private static readonly PythonScheme Python = new();
    private static readonly SemanticScheme Npm = new(static text => SemanticVersion.Read(text), static name => name);
    private static readonly SemanticScheme Cargo = new(static text => SemanticVersion.Read(text), static name => name.ToLowerInvariant().Replace('_', '-'));
    private static readonly SemanticScheme Go = new(static text => SemanticVersion.ReadLenient(text), static name => name);
    private static readonly NuGetScheme NuGet = new();
    private static readonly MavenScheme Maven = new();
    private static readonly DebianScheme Debian = new();

    /// <summary>The scheme of ranges that say that they are of semantic versions, whatever the ecosystem.</summary>
    internal static VersionScheme Semantic => Go;

    /// <summary>The scheme of an ecosystem as https://ossf.github.io/osv-schema/#defined-ecosystems names it; null for one that is not known here.</summary>
    public static VersionScheme? Find(string ecosystem) => ecosystem.Split(':')[0] switch
    {
        "PyPI" => Python,
        "npm" => Npm,
        "NuGet" => NuGet,
        "Go" => Go,
        "crates.io" => Cargo,
        "Maven" => Maven,
        "Debian" or "Ubuntu" => Debian,
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

    private sealed class SemanticScheme(Func<string, SemanticVersion?> read, Func<string, string> normalName) : VersionScheme
    {
        public override string NormalName(string name) => normalName(name);

        public override IComparable? Read(string version) => read(version);

        public override bool IsPrerelease(IComparable version) => version is SemanticVersion { IsPrerelease: true };
    }

    private sealed class NuGetScheme : VersionScheme
    {
        public override string NormalName(string name) => name.ToLowerInvariant();

        public override IComparable? Read(string version) => version.Length <= SemanticVersion.MostCharacters && NuGetVersion.TryParse(version, out var read) ? read : null;

        public override bool IsPrerelease(IComparable version) => version is NuGetVersion { IsPrerelease: true };
    }

    private sealed class MavenScheme : VersionScheme
    {
        public override string NormalName(string name) => name;

        public override IComparable? Read(string version) => MavenVersion.Read(version);

        public override bool IsPrerelease(IComparable version) => version is MavenVersion { IsPrerelease: true };
    }

    /// <summary>A distribution gives out no version that is not for everybody; a tilde may as well mark a backport.</summary>
    private sealed class DebianScheme : VersionScheme
    {
        public override string NormalName(string name) => name;

        public override IComparable? Read(string version) => DebianVersion.Read(version);

        public override bool IsPrerelease(IComparable version) => false;
    }
}
