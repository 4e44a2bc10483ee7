namespace AtomicDevOps.EngineLoad;

/// <summary>A fresh directory, removed when disposed.</summary>
internal sealed class RunDirectory : IDisposable
{
    private RunDirectory(string path) => Path = path;

    /// <summary>Absolute.</summary>
    public string Path { get; }

    /// <exception cref="IOException">It cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be made.</exception>
    public static RunDirectory Create(string parent, string name)
        => new(Directory.CreateDirectory(System.IO.Path.Combine(parent, $"{name}-{Guid.NewGuid().ToString("N")[..8]}")).FullName);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
