using System.Globalization;
using AtomicDevOps.Activities.Packages.Manifests.Text;

namespace AtomicDevOps.Activities.Security.CycloneDx;

/// <summary>
/// Reads CycloneDX 1.4 to 1.6 in JSON, as anybody may have written it: up to 64 levels and <see cref="MostComponents"/> components. What has the right name and the wrong kind of value is
/// taken for missing, unless nothing could be told without it.
/// </summary>
public static class CycloneDxReader
{
    public const int MostComponents = 200_000;
    private static readonly string[] Versions = ["1.4", "1.5", "1.6"];

    /// <returns>Null for a JSON object that does not say that it is CycloneDX.</returns>
    /// <exception cref="FormatException">It cannot be read; the message says where and why, and what would be right.</exception>
    public static CycloneDxDocument? Read(string text)
    {
        var root = JsonReader.Read(text);
        if (root["bomFormat"] is null)
        {
            return null;
        }

        if (root.Text("bomFormat") is not "CycloneDX")
        {
            throw new FormatException("\"bomFormat\" is another one than \"CycloneDX\", which alone is read.");
        }

        var version = root.Text("specVersion");
        if (!Versions.Contains(version, StringComparer.Ordinal))
        {
            throw new FormatException($"\"specVersion\" is {(version is null ? "missing" : $"\"{ManifestText.Shortened(version)}\"")}; right would be one of {string.Join(", ", Versions)}.");
        }

        if (root["components"] is { } components and not DataList)
        {
            throw new FormatException($"Line {components.Line}: \"components\" is no list.");
        }

        var metadata = root.Table("metadata");
        return new CycloneDxDocument
        {
            SerialNumber = root.Text("serialNumber"),
            Timestamp = metadata?.Text("timestamp") is { } timestamp
                && DateTimeOffset.TryParse(timestamp, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var at) ? at : null,
            Tools = metadata?.Table("tools") is { } tools ? [.. tools.Tables("components").Select(Read)] : [],
            Subject = metadata?.Table("component") is { } subject ? Read(subject) : null,
            Components = ReadAll(root),
            Dependencies =
            [
                .. root.Tables("dependencies").Where(static each => each.Text("ref") is not null)
                    .Select(static each => new CycloneDxDependency(each.Text("ref")!, Texts(each["dependsOn"]))),
            ],
            IsIncomplete = root.Tables("compositions").Any(static each => each.Text("aggregate")?.StartsWith("incomplete", StringComparison.Ordinal) is true),
        };
    }

    /// <summary>In the order of the text, each before its parts.</summary>
    private static List<CycloneDxComponent> ReadAll(DataTable root)
    {
        var all = new List<CycloneDxComponent>();
        var open = new Stack<IEnumerator<DataTable>>();
        open.Push(root.Tables("components").GetEnumerator());
        while (open.TryPeek(out var siblings))
        {
            if (!siblings.MoveNext())
            {
                open.Pop().Dispose();
                continue;
            }

            if (all.Count == MostComponents)
            {
                throw new FormatException($"Line {siblings.Current.Line}: there are more than {MostComponents} components; no more are read.");
            }

            all.Add(Read(siblings.Current));
            open.Push(siblings.Current.Tables("components").GetEnumerator());
        }

        return all;
    }

    private static CycloneDxComponent Read(DataTable component) => new(
        component.Text("type") ?? string.Empty,
        component.Text("name") ?? throw new FormatException($"Line {component.Line}: a component has no \"name\"; right would be text."))
    {
        Reference = component.Text("bom-ref"),
        Group = component.Text("group"),
        Version = component.Text("version"),
        PackageUrl = component.Text("purl"),
        Scope = component.Text("scope"),
        Occurrences =
        [
            .. (component.Table("evidence")?.Tables("occurrences") ?? []).Where(static each => each.Text("location") is not null)
                .Select(static each => new CycloneDxOccurrence(each.Text("location")!, LineOf(each))),
        ],
        Properties = [.. component.Tables("properties").Where(static each => each.Text("name") is not null).Select(static each => new CycloneDxProperty(each.Text("name")!, each.Text("value")))],
        Line = (component["purl"] ?? component).Line,
    };

    private static int? LineOf(DataTable occurrence) =>
        occurrence["line"] is DataScalar { IsString: false } line && int.TryParse(line.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static IReadOnlyList<string> Texts(DataNode? list) =>
        list is DataList { Items: var items } ? [.. items.OfType<DataScalar>().Where(static item => item.IsString).Select(static item => item.Value)] : [];
}
