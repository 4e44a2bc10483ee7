using System.Reflection;

namespace AtomicDevOps.Architecture.Tests;

internal static class Repository
{
    public static string Root { get; } = FindRoot();

    public static IReadOnlyList<Assembly> AgentAssemblies { get; } =
        [Assembly.Load("AtomicDevOps.Activities"), Assembly.Load("AtomicDevOps.Orchestrations")];

    public static IReadOnlyList<Assembly> FunctionAssemblies { get; } = [.. AgentAssemblies, Assembly.Load("AtomicDevOps.FunctionApp")];

    /// <summary>The text of a file, by its path from the root.</summary>
    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    public static bool IsOutput(string path) =>
        path.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal)
        || path.Contains($"{Path.DirectorySeparatorChar}bin{Path.DirectorySeparatorChar}", StringComparison.Ordinal);

    private static string FindRoot()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "AtomicDevOps.slnx")))
            {
                return directory.FullName;
            }
        }

        throw new InvalidOperationException("The tests run outside the repository: no AtomicDevOps.slnx above them.");
    }
}
