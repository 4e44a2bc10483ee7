using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace AtomicDevOps.Activities.Tools.GitHub;

/// <summary>
/// A repository's full name, <c>owner/name</c>, which is also its JSON form. Upper and lower case are the same, as they are for GitHub.
/// An owner has 1–100 letters, digits, <c>-</c> and <c>_</c> and starts with a letter or digit; a name has 1–100 letters, digits,
/// <c>.</c>, <c>-</c> and <c>_</c> and is neither <c>.</c> nor <c>..</c>.
/// </summary>
[JsonConverter(typeof(RepositoryNameJsonConverter))]
public sealed record RepositoryName : IParsable<RepositoryName>
{
    private const int MaxPartLength = 100;

    /// <exception cref="ArgumentException">One of the two is no valid name.</exception>
    public RepositoryName(string owner, string name)
    {
        if (!IsOwner(owner))
        {
            throw new ArgumentException(
                $"'{owner}' is no repository owner: it needs 1–{MaxPartLength} letters, digits, '-' or '_', beginning with a letter or digit.",
                nameof(owner));
        }

        if (!IsName(name))
        {
            throw new ArgumentException(
                $"'{name}' is no repository name: it needs 1–{MaxPartLength} letters, digits, '.', '-' or '_', and may not be '.' or '..'.",
                nameof(name));
        }

        Owner = owner;
        Name = name;
    }

    public string Owner { get; }

    public string Name { get; }

    /// <exception cref="FormatException"><paramref name="s"/> is not of the form <c>owner/name</c>.</exception>
    public static RepositoryName Parse(string s) => Parse(s, provider: null);

    /// <exception cref="FormatException"><paramref name="s"/> is not of the form <c>owner/name</c>.</exception>
    public static RepositoryName Parse(string s, IFormatProvider? provider)
        => TryParse(s, provider, out var result)
            ? result
            : throw new FormatException(
                $"'{s}' is no repository name; right would be 'owner/name' of letters, digits, '-', '_' and (in the name) '.'.");

    public static bool TryParse([NotNullWhen(true)] string? s, [MaybeNullWhen(false)] out RepositoryName result)
        => TryParse(s, provider: null, out result);

    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, [MaybeNullWhen(false)] out RepositoryName result)
    {
        result = null;
        if (s?.Split('/') is not [var owner, var name] || !IsOwner(owner) || !IsName(name))
        {
            return false;
        }

        result = new RepositoryName(owner, name);
        return true;
    }

    public bool Equals(RepositoryName? other)
        => other is not null
            && string.Equals(Owner, other.Owner, StringComparison.OrdinalIgnoreCase)
            && string.Equals(Name, other.Name, StringComparison.OrdinalIgnoreCase);

    public override int GetHashCode()
        => HashCode.Combine(StringComparer.OrdinalIgnoreCase.GetHashCode(Owner), StringComparer.OrdinalIgnoreCase.GetHashCode(Name));

    /// <summary><c>owner/name</c>.</summary>
    public override string ToString() => $"{Owner}/{Name}";

    private static bool IsOwner(string? owner)
        => owner is { Length: > 0 and <= MaxPartLength }
            && char.IsAsciiLetterOrDigit(owner[0])
            && owner.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');

    private static bool IsName(string? name)
        => name is { Length: > 0 and <= MaxPartLength } and not ("." or "..")
            && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_');
}

internal sealed class RepositoryNameJsonConverter : JsonConverter<RepositoryName>
{
    public override RepositoryName Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        => RepositoryName.TryParse(reader.GetString(), out var name)
            ? name
            : throw new JsonException("A repository must be given as \"owner/name\".");

    public override void Write(Utf8JsonWriter writer, RepositoryName value, JsonSerializerOptions options)
        => writer.WriteStringValue(value.ToString());
}
