using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using AtomicDevOps.Primitives.Json;

namespace AtomicDevOps.Activities.Tools.Docker;

/// <summary>The headers that bring a registry's credentials to the engine: base64url of JSON, per the API's section on authentication.</summary>
internal static class RegistryAuthentication
{
    /// <param name="credential"><see langword="null"/> makes the empty header that pushes without credentials need.</param>
    public static string Header(RegistryCredential? credential) =>
        Encode(credential is null ? new Entry() : ToEntry(credential));

    public static string ConfigHeader(IEnumerable<RegistryCredential> credentials) =>
        Encode(credentials.ToDictionary(
            credential => credential.Host is "docker.io" ? "https://index.docker.io/v1/" : credential.Host,
            ToEntry,
            StringComparer.Ordinal));

    private static Entry ToEntry(RegistryCredential credential) =>
        new(credential.Username, credential.Password, credential.IdentityToken, credential.Host);

    private static string Encode<T>(T value) =>
        Convert.ToBase64String(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(value, JsonDefaults.Options)))
            .Replace('+', '-')
            .Replace('/', '_');

    private sealed record Entry(
        string? Username = null,
        string? Password = null,
        [property: JsonPropertyName("identitytoken")] string? IdentityToken = null,
        [property: JsonPropertyName("serveraddress")] string? ServerAddress = null);
}
