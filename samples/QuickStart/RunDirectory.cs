namespace AtomicDevOps.QuickStart;

/// <summary>A run's own directory. Runs beside each other have different ones; what a killed run left is removed by the next.</summary>
internal sealed class RunDirectory : IDisposable
{
    private const string Prefix = "run-";
    private const string LockName = ".lock";

    private readonly FileStream _lock;

    private RunDirectory(string path, FileStream heldLock)
    {
        Path = path;
        _lock = heldLock;
    }

    /// <summary>Absolute.</summary>
    public string Path { get; }

    /// <exception cref="QuickStartException">The directory cannot be written.</exception>
    public static RunDirectory Create(string parent)
    {
        try
        {
            var root = Directory.CreateDirectory(parent).FullName;
            foreach (var abandoned in Directory.EnumerateDirectories(root, Prefix + "*"))
            {
                RemoveAbandoned(abandoned);
            }

            var name = $"{Prefix}{DateTime.UtcNow:yyyyMMdd-HHmmss}-{Guid.NewGuid().ToString("N")[..6]}";
            var path = Directory.CreateDirectory(System.IO.Path.Combine(root, name)).FullName;
            return new RunDirectory(path, OpenLock(path));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new QuickStartException($"The directory {parent} cannot be used: {exception.Message} Name another one with --data.", ExitCodes.Unavailable);
        }
    }

    public string Combine(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Removes the directory.</summary>
    public void Dispose()
    {
        _lock.Dispose();
        Remove(Path);
    }

    private static FileStream OpenLock(string path) =>
        new(System.IO.Path.Combine(path, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);

    private static void RemoveAbandoned(string path)
    {
        try
        {
            OpenLock(path).Dispose();
        }
        catch (IOException)
        {
            // Held by a run beside this one, or already gone with it.
            return;
        }

        Remove(path);
    }

    private static void Remove(string path)
    {
        try
        {
            // git writes its objects read-only, which hinders only the deletion on Windows.
            if (OperatingSystem.IsWindows())
            {
                foreach (var file in new DirectoryInfo(path).EnumerateFiles("*", SearchOption.AllDirectories))
                {
                    file.IsReadOnly = false;
                }
            }

            Directory.Delete(path, recursive: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"{path} could not be removed: {exception.Message}");
        }
    }
}
