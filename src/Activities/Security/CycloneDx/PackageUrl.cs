using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace AtomicDevOps.Activities.Security.CycloneDx;

/// <summary>
/// A package's name across ecosystems, <c>pkg:type/namespace/name@version?qualifiers#subpath</c>, as https://github.com/package-url/purl-spec defines it; up to
/// 2,048 characters. Spellings of the same one are equal in their text.
/// </summary>
/// <param name="Type">In lower case.</param>
/// <param name="Namespace">With <c>/</c>; null where the type has none.</param>
public sealed record PackageUrl(string Type, string? Namespace, string Name, string? Version)
{
    private const int MostCharacters = 2_048;
    private const string LongTerm = ":LTS";

    /// <summary>By key, in lower case.</summary>
    public IReadOnlyDictionary<string, string> Qualifiers { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    public string? Subpath { get; init; }

    /// <summary>As OSV names it; null for a type that has none there.</summary>
    public string? Ecosystem => Type switch
    {
        "pypi" => "PyPI",
        "npm" => "npm",
        "nuget" => "NuGet",
        "maven" => "Maven",
        "golang" => "Go",
        "cargo" => "crates.io",
        "gem" => "RubyGems",
        "composer" => "Packagist",
        "deb" => (Namespace, Qualifiers.GetValueOrDefault("distro")?.Split('-', 2)) switch
        {
            (_, ["debian", { Length: > 0 } release]) => $"Debian:{release.Split('.')[0]}",
            (_, ["ubuntu", { Length: > 0 } release]) => $"Ubuntu:{release}{(IsLongTerm(release) ? LongTerm : string.Empty)}",
            ("debian", null) => "Debian",
            _ => null,
        },
        _ => null,
    };

    /// <summary>As the ecosystem writes it: <c>@angular/core</c>, <c>org.apache.commons:commons-text</c>, <c>golang.org/x/net</c>.</summary>
    public string PackageName => Namespace is null || Type is "deb" ? Name : Type is "maven" ? $"{Namespace}:{Name}" : $"{Namespace}/{Name}";

    /// <summary>The URL of a package that OSV's ecosystems name; of a source package where it is a distribution's. Null for an ecosystem that is not known here.</summary>
    public static PackageUrl? Of(string ecosystem, string name, string? version)
    {
        var parts = ecosystem.Split(':');
        return parts[0] switch
        {
            "PyPI" => new PackageUrl("pypi", Namespace: null, name.ToLowerInvariant().Replace('_', '-'), version),
            "npm" => Split("npm", '/'),
            "NuGet" => new PackageUrl("nuget", Namespace: null, name, version),
            "Maven" => Split("maven", ':'),
            "Go" => Split("golang", '/'),
            "crates.io" => new PackageUrl("cargo", Namespace: null, name, version),
            "RubyGems" => new PackageUrl("gem", Namespace: null, name, version),
            "Packagist" => Split("composer", '/'),
            "Debian" or "Ubuntu" => new PackageUrl("deb", parts[0].ToLowerInvariant(), name, version) { Qualifiers = Distribution(parts) },
            _ => null,
        };

        PackageUrl Split(string type, char separator) =>
            name.LastIndexOf(separator) is > 0 and var at ? new PackageUrl(type, name[..at], name[(at + 1)..], version) : new PackageUrl(type, Namespace: null, name, version);
    }

    /// <exception cref="FormatException">It is no package URL; the message says why.</exception>
    public static PackageUrl Parse(string text) => Read(text) is ({ } read, _) ? read : throw new FormatException(Read(text).Problem);

    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out PackageUrl? url)
    {
        url = text is null ? null : Read(text).Url;
        return url is not null;
    }

    public override string ToString()
    {
        var text = new StringBuilder("pkg:").Append(Type).Append('/');
        if (Namespace is not null)
        {
            text.AppendJoin('/', Namespace.Split('/').Select(Encode)).Append('/');
        }

        text.Append(Encode(Name));
        if (Version is not null)
        {
            text.Append('@').Append(Encode(Version));
        }

        var separator = '?';
        foreach (var (key, value) in Qualifiers.OrderBy(qualifier => qualifier.Key, StringComparer.Ordinal))
        {
            text.Append(separator).Append(key).Append('=').Append(Encode(value));
            separator = '&';
        }

        return Subpath is null ? text.ToString() : text.Append('#').AppendJoin('/', Subpath.Split('/').Select(Encode)).ToString();
    }

    private static Dictionary<string, string> Distribution(string[] ecosystem)
    {
        var qualifiers = new Dictionary<string, string>(StringComparer.Ordinal) { ["arch"] = "source" };
        if (ecosystem.Length > 1)
        {
            qualifiers["distro"] = $"{ecosystem[0].ToLowerInvariant()}-{ecosystem[1]}";
        }

        return qualifiers;
    }

    /// <summary>Ubuntu's of April in every other year.</summary>
    private static bool IsLongTerm(string release) => release.EndsWith(".04", StringComparison.Ordinal) && release.Length == 5 && release[1] is ('0' or '2' or '4' or '6' or '8');

    private static (PackageUrl? Url, string Problem) Read(string text)
    {
        if (text.Length > MostCharacters)
        {
            return (null, $"The package URL has {text.Length} characters; at most {MostCharacters} are read.");
        }

        var (rest, subpath) = SplitLast(text, '#');
        (rest, var qualifiers) = SplitLast(rest, '?');
        if (!rest.StartsWith("pkg:", StringComparison.OrdinalIgnoreCase))
        {
            return (null, $"'{text}' is no package URL; right would be one such as pkg:pypi/django@4.2.");
        }

        var path = rest[4..].Trim('/');
        var slash = path.IndexOf('/', StringComparison.Ordinal);
        var type = slash < 0 ? string.Empty : path[..slash].ToLowerInvariant();
        if (type.Length == 0 || !char.IsAsciiLetter(type[0]) || !type.All(character => char.IsAsciiLetterOrDigit(character) || character is '.' or '-' or '+'))
        {
            return (null, $"'{text}' names no type; right would be one such as pkg:pypi/django@4.2.");
        }

        var (named, version) = path.LastIndexOf('@') is var at && at > path.LastIndexOf('/') ? (path[(slash + 1)..at], path[(at + 1)..]) : (path[(slash + 1)..], null);
        var segments = named.Split('/', StringSplitOptions.RemoveEmptyEntries).Select(Uri.UnescapeDataString).ToArray();
        if (segments.Length == 0)
        {
            return (null, $"'{text}' names no package; right would be one such as pkg:pypi/django@4.2.");
        }

        var pairs = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var pair in (qualifiers ?? string.Empty).Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            var key = equals < 1 ? string.Empty : pair[..equals].ToLowerInvariant();
            if (key.Length == 0 || !char.IsAsciiLetter(key[0]) || !key.All(character => char.IsAsciiLetterOrDigit(character) || character is '.' or '-' or '_'))
            {
                return (null, $"'{pair}' in '{text}' is no qualifier; right would be one such as arch=amd64.");
            }

            if (equals + 1 < pair.Length && !pairs.TryAdd(key, Uri.UnescapeDataString(pair[(equals + 1)..])))
            {
                return (null, $"'{text}' gives the qualifier {key} twice; once is right.");
            }
        }

        var below = (subpath ?? string.Empty).Split('/').Select(Uri.UnescapeDataString).Where(segment => segment is not ("" or "." or "..")).ToArray();
        var name = segments[^1];
        var scope = segments.Length == 1 ? null : string.Join('/', segments[..^1]);
        var isLower = type is "bitbucket" or "composer" or "deb" or "github" or "pypi";
        return (
            new PackageUrl(
                type,
                isLower ? scope?.ToLowerInvariant() : scope,
                type is "pypi" ? name.ToLowerInvariant().Replace('_', '-') : isLower ? name.ToLowerInvariant() : name,
                string.IsNullOrEmpty(version) ? null : Uri.UnescapeDataString(version))
            {
                Qualifiers = pairs,
                Subpath = below.Length == 0 ? null : string.Join('/', below),
            },
            string.Empty);
    }

    private static (string Before, string? After) SplitLast(string text, char separator) =>
        text.LastIndexOf(separator) is >= 0 and var index ? (text[..index], text[(index + 1)..]) : (text, null);

    /// <summary>A colon may stand as it is.</summary>
    private static string Encode(string text) => Uri.EscapeDataString(text).Replace("%3A", ":", StringComparison.Ordinal);
}
