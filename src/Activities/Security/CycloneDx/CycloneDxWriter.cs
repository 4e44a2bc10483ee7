using System.Globalization;
using System.Text.Json;

namespace AtomicDevOps.Activities.Security.CycloneDx;

/// <summary>Writes CycloneDX 1.6 in JSON, in the document's own order: the same document is the same bytes. What <see cref="CycloneDxReader"/> reads from it is the same document.</summary>
public static class CycloneDxWriter
{
    public const string MediaType = "application/vnd.cyclonedx+json";
    private const string SpecificationVersion = "1.6";

    public static void Write(Stream target, CycloneDxDocument document)
    {
        using var json = new Utf8JsonWriter(target, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteString("$schema", "http://cyclonedx.org/schema/bom-1.6.schema.json");
        json.WriteString("bomFormat", "CycloneDX");
        json.WriteString("specVersion", SpecificationVersion);
        WriteText(json, "serialNumber", document.SerialNumber);
        json.WriteNumber("version", 1);
        WriteMetadata(json, document);
        WriteAll(json, "components", document.Components, component => Write(json, component));
        WriteAll(json, "dependencies", document.Dependencies, dependency =>
        {
            json.WriteStartObject();
            json.WriteString("ref", dependency.Reference);
            WriteAll(json, "dependsOn", dependency.DependsOn, json.WriteStringValue);
            json.WriteEndObject();
        });
        if (document is { IsIncomplete: true, Subject.Reference: { } subject })
        {
            json.WriteStartArray("compositions");
            json.WriteStartObject();
            json.WriteString("aggregate", "incomplete");
            WriteAll(json, "assemblies", [subject], json.WriteStringValue);
            json.WriteEndObject();
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static void WriteMetadata(Utf8JsonWriter json, CycloneDxDocument document)
    {
        json.WriteStartObject("metadata");
        WriteText(json, "timestamp", document.Timestamp?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
        if (document.Tools.Count > 0)
        {
            json.WriteStartObject("tools");
            WriteAll(json, "components", document.Tools, component => Write(json, component));
            json.WriteEndObject();
        }

        if (document.Subject is { } subject)
        {
            json.WritePropertyName("component");
            Write(json, subject);
        }

        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, CycloneDxComponent component)
    {
        json.WriteStartObject();
        json.WriteString("type", component.Type);
        WriteText(json, "bom-ref", component.Reference);
        WriteText(json, "group", component.Group);
        json.WriteString("name", component.Name);
        WriteText(json, "version", component.Version);
        WriteText(json, "scope", component.Scope);
        WriteText(json, "purl", component.PackageUrl);
        if (component.Occurrences.Count > 0)
        {
            json.WriteStartObject("evidence");
            WriteAll(json, "occurrences", component.Occurrences, occurrence =>
            {
                json.WriteStartObject();
                json.WriteString("location", occurrence.Location);
                if (occurrence.Line is { } line)
                {
                    json.WriteNumber("line", line);
                }

                json.WriteEndObject();
            });
            json.WriteEndObject();
        }

        if (component.Properties.Count > 0)
        {
            WriteAll(json, "properties", component.Properties, property =>
            {
                json.WriteStartObject();
                json.WriteString("name", property.Name);
                WriteText(json, "value", property.Value);
                json.WriteEndObject();
            });
        }

        json.WriteEndObject();
    }

    private static void WriteAll<T>(Utf8JsonWriter json, string name, IEnumerable<T> all, Action<T> write)
    {
        json.WriteStartArray(name);
        foreach (var each in all)
        {
            write(each);
        }

        json.WriteEndArray();
    }

    private static void WriteText(Utf8JsonWriter json, string name, string? text)
    {
        if (text is not null)
        {
            json.WriteString(name, text);
        }
    }
}
