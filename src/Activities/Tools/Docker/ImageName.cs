namespace AtomicDevOps.Activities.Tools.Docker;

/// <summary>
/// An image reference in its parts (https://pkg.go.dev/github.com/distribution/reference): what stands before the first slash is a registry
/// when it holds a dot or a colon or is <c>localhost</c>; a colon after the last slash begins the tag, an at sign the digest.
/// </summary>
internal sealed record ImageName(string Registry, string Repository, string TagOrDigest)
{
    public static ImageName Parse(string reference)
    {
        if (reference.Length == 0 || reference.Any(character => char.IsWhiteSpace(character) || char.IsControl(character)))
        {
            throw new ToolException(DockerEngineClient.ToolName, $"'{reference}' is no image reference; one looks like registry.example/team/name:tag.");
        }

        var slash = reference.IndexOf('/', StringComparison.Ordinal);
        var first = slash < 0 ? "" : reference[..slash];
        var registry = first.Contains('.', StringComparison.Ordinal) || first.Contains(':', StringComparison.Ordinal) || first is "localhost" ? first : "docker.io";
        var at = reference.IndexOf('@', StringComparison.Ordinal);
        if (at >= 0)
        {
            return new ImageName(registry, reference[..at], reference[(at + 1)..]);
        }

        var colon = reference.LastIndexOf(':');
        return colon > reference.LastIndexOf('/')
            ? new ImageName(registry, reference[..colon], reference[(colon + 1)..])
            : new ImageName(registry, reference, "latest");
    }
}
