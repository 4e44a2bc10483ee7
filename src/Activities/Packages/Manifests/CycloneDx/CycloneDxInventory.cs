using System.Globalization;
using AtomicDevOps.Activities.Packages.Manifests.Text;
using AtomicDevOps.Activities.Security.CycloneDx;

namespace AtomicDevOps.Activities.Packages.Manifests.CycloneDx;

/// <summary>An inventory that somebody has put into the repository: <c>bom.json</c>, or a name that ends in <c>.cdx.json</c>.</summary>
internal sealed class CycloneDxInventory : DependencyFormat
{
    private const string Required = "required";

    /// <summary>Each component tells its own.</summary>
    public override string Ecosystem => string.Empty;

    public override bool IsLock => true;

    public override bool Reads(string path) =>
        Name(path).Equals("bom.json", StringComparison.OrdinalIgnoreCase) || path.EndsWith(".cdx.json", StringComparison.OrdinalIgnoreCase);

    public override FileContents Read(string path, string text)
    {
        var contents = new FileContents(path);
        if (CycloneDxReader.Read(text) is not { } document)
        {
            // Other things are called bom.json, too.
            return path.EndsWith(".cdx.json", StringComparison.OrdinalIgnoreCase)
                ? throw new FormatException("\"bomFormat\" is missing, so this is no CycloneDX document, which its name says; right would be \"bomFormat\": \"CycloneDX\".")
                : contents;
        }

        if (document.IsIncomplete)
        {
            contents.Report(1, "The inventory says of itself that it is incomplete; right would be one of all that there is.");
        }

        var direct = DirectOf(document);
        var unnamed = new Dictionary<string, (int Line, int Count)>(StringComparer.Ordinal);
        foreach (var component in document.Components)
        {
            if (!PackageUrl.TryParse(component.PackageUrl, out var url))
            {
                if (component.PackageUrl is not null || component.Type is "library" or "framework")
                {
                    Count("without a package URL that can be read", component.Line);
                }

                continue;
            }

            if (url.Ecosystem is not { } ecosystem)
            {
                Count($"of the type {ManifestText.Shortened(url.Type)}, whose versions are not compared,", component.Line);
                continue;
            }

            var (name, version) = NameOf(url, component);
            if (url.Type is "deb" && name is null)
            {
                Count("of a Debian package that do not tell their source package, which advisories are about,", component.Line);
            }

            contents.Entries.Add(new ManifestEntry(
                new PackageDependency(ecosystem, name ?? url.PackageName, path, component.Line)
                {
                    Version = version,
                    IsDirect = direct is null || (component.Reference is { } reference && direct.Contains(reference)),
                    Scope = component.Scope is Required ? null : component.Scope,
                },
                ConstraintSpan: null));
        }

        foreach (var (what, (line, count)) in unnamed.OrderBy(static each => each.Value.Line).ThenBy(static each => each.Key, StringComparer.Ordinal))
        {
            contents.Report(line, string.Create(CultureInfo.InvariantCulture, $"{count} components {what} begin here; right would be \"purl\": \"pkg:pypi/django@4.2\", or for Debian one with arch=source or upstream=."));
        }

        return contents;

        void Count(string what, int line) => unnamed[what] = unnamed.TryGetValue(what, out var known) ? (known.Line, known.Count + 1) : (line, 1);
    }

    /// <returns>Null where the inventory does not tell what the subject itself needs.</returns>
    private static HashSet<string>? DirectOf(CycloneDxDocument document)
    {
        var own = document.Dependencies.Where(each => document.Subject?.Reference is { } subject && string.Equals(each.Reference, subject, StringComparison.Ordinal))
            .SelectMany(static each => each.DependsOn)
            .ToHashSet(StringComparer.Ordinal);
        return own.Count == 0 ? null : own;
    }

    /// <returns>For Debian the source package, and no name where it is not told.</returns>
    private static (string? Name, string? Version) NameOf(PackageUrl url, CycloneDxComponent component)
    {
        var version = url.Version ?? component.Version;
        if (url.Type is not "deb")
        {
            return (url.PackageName, version);
        }

        if (url.Qualifiers.TryGetValue("upstream", out var upstream))
        {
            var parts = upstream.Split('@', 2);
            return (parts[0], parts is [_, { Length: > 0 } other] ? other : version);
        }

        return (url.Qualifiers.GetValueOrDefault("arch") is "source" ? url.Name : null, version);
    }
}
