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

    /// <summary>As <see cref="Create"/>, for a parent that somebody has named: if it cannot be used, standard error says why, and there is none.</summary>
    public static RunDirectory? TryCreate(string parent, string name)
    {
        try
        {
            return Create(parent, name);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"No directory can be made in '{parent}' ({exception.Message}). Name another one with --data.");
            return null;
        }
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
