using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.CommandLine;
using Microsoft.Extensions.Configuration.Memory;

namespace AtomicDevOps.EmbeddedHost.Triggers;

/// <summary>
/// Lays the Functions host's own files under the usual configuration. From weak to strong: host.json (section
/// <c>AzureFunctionsJobHost</c>, as the Functions host names it), local.settings.json, appsettings.json, environment variables,
/// the command line.
/// </summary>
internal static class HostConfiguration
{
    /// <summary>The section that host.json appears under, so that <c>AzureFunctionsJobHost__extensions__http__routePrefix</c> overrides it.</summary>
    public const string HostJsonSection = "AzureFunctionsJobHost";

    private static readonly JsonDocumentOptions JsonOptions = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };

    public static void Add(ConfigurationManager configuration, string contentRoot, string[] args)
    {
        string[] directories = [contentRoot, AppContext.BaseDirectory];
        InsertWeakest(configuration, ReadLocalSettings(Find(directories, "local.settings.json")));
        InsertWeakest(configuration, ReadHostJson(Find(directories, "host.json")));
        configuration.Sources.Add(new CommandLineConfigurationSource
        {
            Args = args.Where((arg, index) => IsPort(arg) || (index > 0 && IsPort(args[index - 1]))),
            SwitchMappings = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase) { ["--port"] = "Host:Port" },
        });

        static bool IsPort(string arg) =>
            arg.Equals("--port", StringComparison.OrdinalIgnoreCase) || arg.StartsWith("--port=", StringComparison.OrdinalIgnoreCase);
    }

    private static void InsertWeakest(ConfigurationManager configuration, Dictionary<string, string?> values)
    {
        if (values.Count > 0)
        {
            configuration.Sources.Insert(0, new MemoryConfigurationSource { InitialData = values });
        }
    }

    private static string? Find(string[] directories, string file) =>
        directories.Select(directory => Path.Combine(directory, file)).FirstOrDefault(File.Exists);

    private static Dictionary<string, string?> ReadHostJson(string? path)
    {
        var values = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        if (path is null)
        {
            return values;
        }

        using var document = Parse(path);
        Flatten(document.RootElement, HostJsonSection, values);
        return values;
    }

    private static Dictionary<string, string?> ReadLocalSettings(string? path)
    {
        var values = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        if (path is null)
        {
            return values;
        }

        using var document = Parse(path);
        var root = document.RootElement;
        if (root.TryGetProperty("IsEncrypted", out var encrypted) && encrypted.ValueKind == JsonValueKind.True)
        {
            throw new FunctionSetupException(
                $"{path}: IsEncrypted is true, and only the machine that encrypted it can read it. Run 'func settings decrypt'.");
        }

        if (root.TryGetProperty("Values", out var settings))
        {
            foreach (var setting in Object(settings, path, "Values").EnumerateObject())
            {
                if (setting.Value.ValueKind is JsonValueKind.Object or JsonValueKind.Array)
                {
                    throw new FunctionSetupException(
                        $"{path}: Values.{setting.Name} is nested. Settings are flat: use a name such as '{setting.Name}__Name' for each part.");
                }

                values[setting.Name.Replace("__", ":", StringComparison.Ordinal)] = Text(setting.Value);
            }
        }

        if (root.TryGetProperty("ConnectionStrings", out var connections))
        {
            Flatten(Object(connections, path, "ConnectionStrings"), "ConnectionStrings", values);
        }

        if (root.TryGetProperty("Host", out var host) && Object(host, path, "Host").TryGetProperty("LocalHttpPort", out var port))
        {
            values["Host:Port"] = Text(port);
        }

        return values;
    }

    private static JsonElement Object(JsonElement element, string path, string name) => element.ValueKind == JsonValueKind.Object
        ? element
        : throw new FunctionSetupException($"{path}: {name} is not an object. Write {{ \"Name\": \"value\" }}.");

    private static JsonDocument Parse(string path)
    {
        try
        {
            var document = JsonDocument.Parse(File.ReadAllBytes(path), JsonOptions);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                return document;
            }

            document.Dispose();
            throw new FunctionSetupException($"{path} is not a JSON object. Start it with '{{'.");
        }
        catch (JsonException exception)
        {
            throw new FunctionSetupException(
                $"{path} is not valid JSON at line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1}.", exception);
        }
    }

    private static void Flatten(JsonElement element, string prefix, Dictionary<string, string?> values)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var property in element.EnumerateObject())
                {
                    Flatten(property.Value, $"{prefix}:{property.Name}", values);
                }

                break;
            case JsonValueKind.Array:
                var index = 0;
                foreach (var item in element.EnumerateArray())
                {
                    Flatten(item, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{prefix}:{index++}"), values);
                }

                break;
            default:
                values[prefix] = Text(element);
                break;
        }
    }

    private static string? Text(JsonElement element) => element.ValueKind == JsonValueKind.Null ? null : element.ToString();
}
