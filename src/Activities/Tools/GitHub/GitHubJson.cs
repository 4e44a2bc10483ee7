using System.Text.Json;
using System.Text.Json.Serialization;
using AtomicDevOps.Primitives.Json;

namespace AtomicDevOps.Activities.Tools.GitHub;

internal static class GitHubJson
{
    /// <summary>GitHub's wire format: snake_case throughout.</summary>
    public static JsonSerializerOptions Options { get; } = Create();

    private static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions(JsonDefaults.Options)
        {
            PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
            RespectNullableAnnotations = true,
            RespectRequiredConstructorParameters = true,
        };
        options.Converters.Clear();
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower));
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}
