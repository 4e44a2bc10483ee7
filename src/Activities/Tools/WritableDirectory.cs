namespace AtomicDevOps.Activities.Tools;

/// <summary>Whether a directory that a setting names can be used, found out at start.</summary>
internal static class WritableDirectory
{
    /// <summary>Makes it if it is not there, and a file in it for a moment.</summary>
    /// <returns>True also for no path at all, which is told by itself.</returns>
    public static bool IsUsable(string path)
    {
        if (string.IsNullOrWhiteSpace(path))
        {
            return true;
        }

        try
        {
            Directory.CreateDirectory(path);
            using var probe = new FileStream(
                Path.Combine(path, $".writable-{Guid.NewGuid():N}"), FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <param name="key">The setting that names it.</param>
    public static string Problem(string key) => $"{key} names a directory that cannot be made or written; give this process write access to it, or name another one.";
}
