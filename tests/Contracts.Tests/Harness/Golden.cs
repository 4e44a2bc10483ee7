using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;

namespace AtomicDevOps.Contracts.Tests.Harness;

/// <summary>Files that hold what was agreed. CONTRIBUTING.md says how a change is accepted.</summary>
internal static class Golden
{
    private const string Accept = "ATOMIC_ACCEPT_CONTRACTS";

    private static readonly string Folder = Path.Combine(ProjectFolder(), "Golden");

    public static bool Exists(string name) => File.Exists(PathOf(name));

    public static void ShouldBeGolden(this JsonText actual, string name)
    {
        var file = PathOf(name);
        var text = $"{Indent(actual)}\n";
        if (Environment.GetEnvironmentVariable(Accept) is "true")
        {
            File.WriteAllText(file, text);
        }

        File.Exists(file).ShouldBeTrue($"{file} is not there. Where it is new, run with {Accept}=true.");
        text.ShouldBe(File.ReadAllText(file).ReplaceLineEndings("\n"), $"{file} holds what others rely on. Where the change is meant, run with {Accept}=true.");
    }

    /// <summary>Changes only the white space, so that numbers and texts stay as they were written.</summary>
    public static string Indent(JsonText json)
    {
        using var document = JsonDocument.Parse(json.Text);
        var text = new StringBuilder();
        Write(document.RootElement, text, indentation: 0);
        return text.ToString();
    }

    private static string PathOf(string name) => Path.Combine(Folder, $"{name}.json");

    private static string ProjectFolder([CallerFilePath] string file = "") => Path.GetDirectoryName(Path.GetDirectoryName(file))!;

    private static void Write(JsonElement json, StringBuilder text, int indentation)
    {
        switch (json.ValueKind)
        {
            case JsonValueKind.Object when json.EnumerateObject().Any():
                WriteAll('{', json.EnumerateObject(), '}', property =>
                {
                    text.Append(JsonText.Of(property.Name)).Append(": ");
                    Write(property.Value, text, indentation + 1);
                });
                break;
            case JsonValueKind.Array when json.GetArrayLength() > 0:
                WriteAll('[', json.EnumerateArray(), ']', item => Write(item, text, indentation + 1));
                break;
            default:
                text.Append(json.GetRawText());
                break;
        }

        void WriteAll<T>(char open, IEnumerable<T> parts, char close, Action<T> write)
        {
            text.Append(open);
            var separator = "\n";
            foreach (var part in parts)
            {
                text.Append(separator).Append(' ', 2 * (indentation + 1));
                write(part);
                separator = ",\n";
            }

            text.Append('\n').Append(' ', 2 * indentation).Append(close);
        }
    }
}

/// <summary>A JSON value as it was written.</summary>
internal readonly record struct JsonText(string Text)
{
    private static readonly JsonSerializerOptions Readable = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static JsonText Of<T>(T value) => new(JsonSerializer.Serialize(value, Readable));

    /// <summary>What went over the wire; nothing is null.</summary>
    public static JsonText Payload(string? payload) => new(payload ?? "null");

    public static JsonText Array(IEnumerable<JsonText> items) => new($"[{string.Join(',', items)}]");

    /// <summary>Without what is null.</summary>
    public static JsonText Object(params IEnumerable<(string Name, JsonText? Value)> properties) => new(
        $"{{{string.Join(',', properties.Where(static property => property.Value is not null).Select(static property => $"{Of(property.Name)}:{property.Value}"))}}}");

    public override string ToString() => Text;
}
