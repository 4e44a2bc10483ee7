namespace AtomicDevOps.EndToEnd.Tests.Harness;

internal static class RepositoryRoot
{
    public static string Path { get; } = Find();

    private static string Find()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(System.IO.Path.Combine(directory!.FullName, "AtomicDevOps.slnx")))
        {
            directory = directory.Parent;
        }

        return directory.FullName;
    }
}
