using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using AtomicDevOps.Activities.Tools.AzureResourceManager;

namespace AtomicDevOps.Activities.Experts.CloudApi;

/// <summary>Makes a deployment's name of the caller's key, and a digest of its content by which another one of that name is told from it.</summary>
internal static class DeploymentKey
{
    /// <summary>The tag that holds the digest.</summary>
    public const string ContentTag = "atomicdevops-content";

    private const int MaxKey = 200;
    private const int MaxSlug = 31;
    private const int DigestBytes = 16;

    /// <returns>What can be read of the key, and a digest of it: 64 characters at most.</returns>
    public static DeploymentAddress AddressOf(string key, DeploymentScope scope)
    {
        if (string.IsNullOrWhiteSpace(key) || key.Length > MaxKey)
        {
            throw new ArgumentException($"A deployment's key needs 1–{MaxKey} characters; it has {key?.Length ?? 0}.", nameof(key));
        }

        var slug = string.Concat(key.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-')).Trim('-');
        slug = (slug.Length > MaxSlug ? slug[..MaxSlug] : slug).TrimEnd('-');
        var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)).AsSpan(0, DigestBytes));
        return new DeploymentAddress(scope.ResourceGroup, slug.Length == 0 ? digest : $"{slug}-{digest}");
    }

    /// <summary>A digest of what is asked for. Secrets are in it by their names only: a tag can be read by many.</summary>
    public static string DigestOf(DeploymentRequest request)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteString("location", request.Scope.Location);
            writer.WriteString("mode", request.Mode.ToString());
            writer.WriteString("templateUri", request.TemplateUri?.AbsoluteUri);
            writer.WritePropertyName("template");
            Write(writer, request.Template);
            foreach (var (name, parameter) in request.Parameters.OrderBy(parameter => parameter.Key, StringComparer.Ordinal))
            {
                writer.WriteStartObject(name);
                writer.WriteString("secret", parameter.Secret);
                writer.WriteString("vault", parameter.KeyVault is { } vault ? $"{vault.VaultId} {vault.Name} {vault.Version}" : null);
                writer.WritePropertyName("value");
                Write(writer, parameter.Value);
                writer.WriteEndObject();
            }

            writer.WriteEndObject();
        }

        return Convert.ToHexStringLower(SHA256.HashData(stream.ToArray()).AsSpan(0, DigestBytes));
    }

    /// <summary>Writes the same JSON for the same content, in whatever order its properties stand.</summary>
    private static void Write(Utf8JsonWriter writer, JsonElement? element)
    {
        switch (element)
        {
            case null or { ValueKind: JsonValueKind.Undefined }:
                writer.WriteNullValue();
                break;
            case { ValueKind: JsonValueKind.Object } value:
                writer.WriteStartObject();
                foreach (var property in value.EnumerateObject().OrderBy(property => property.Name, StringComparer.Ordinal))
                {
                    writer.WritePropertyName(property.Name);
                    Write(writer, property.Value);
                }

                writer.WriteEndObject();
                break;
            case { ValueKind: JsonValueKind.Array } value:
                writer.WriteStartArray();
                foreach (var item in value.EnumerateArray())
                {
                    Write(writer, item);
                }

                writer.WriteEndArray();
                break;
            case { } value:
                value.WriteTo(writer);
                break;
        }
    }
}
