namespace AtomicDevOps.QuickStart;

/// <summary>The change that the pull request proposes; its files lie in <c>changes/</c>.</summary>
internal sealed record SampleChange(string Name, string Branch, string Title, string Description)
{
    private const string Explanation = "The calculator knows single numbers only. This adds the arithmetic mean of a sequence, and refuses an empty one.";

    public static SampleChange Passing { get; } = new("passing", "mean", "Add the arithmetic mean", Explanation);

    /// <summary>Divides by the wrong number, and its tests see it.</summary>
    public static SampleChange Failing { get; } = new("failing", "mean-of-two", "Add the arithmetic mean", Explanation);

    /// <summary>Where the sample repository's files are.</summary>
    public static string RepositoryDirectory { get; } = Path.Combine(AppContext.BaseDirectory, "repository");

    /// <summary>Content by path in the repository.</summary>
    public async Task<IReadOnlyDictionary<string, byte[]?>> ReadFilesAsync(CancellationToken cancellationToken)
    {
        var root = Path.Combine(AppContext.BaseDirectory, "changes", Name);
        var files = new Dictionary<string, byte[]?>(StringComparer.Ordinal);
        foreach (var file in Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories))
        {
            files[Path.GetRelativePath(root, file).Replace(Path.DirectorySeparatorChar, '/')] = await File.ReadAllBytesAsync(file, cancellationToken);
        }

        return files;
    }
}
