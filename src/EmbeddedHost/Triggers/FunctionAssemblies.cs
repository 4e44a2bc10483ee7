using System.Reflection;
using System.Text.Json;
using Microsoft.Azure.Functions.Worker;

namespace AtomicDevOps.EmbeddedHost.Triggers;

/// <summary>Finds the assemblies that may hold functions: the entry assembly and every project it references, however indirectly.</summary>
internal static class FunctionAssemblies
{
    private static readonly string HostAssembly = typeof(FunctionAttribute).Assembly.GetName().Name!;

    /// <param name="entryAssembly">A name; null for the process's entry assembly.</param>
    /// <exception cref="FunctionSetupException">There is no such assembly.</exception>
    public static IReadOnlyCollection<Type> TypesOf(string? entryAssembly)
    {
        var entry = entryAssembly is null ? Assembly.GetEntryAssembly() : TryLoad(new AssemblyName(entryAssembly));
        return entry is null
            ? throw new FunctionSetupException(
                $"Configuration 'Host:EntryAssembly' is '{entryAssembly}', which cannot be loaded. Use the name of an assembly beside the app.")
            : [.. From(entry).SelectMany(assembly => assembly.GetTypes())];
    }

    public static IReadOnlyList<Assembly> From(Assembly entry)
    {
        var found = new Dictionary<string, Assembly>(StringComparer.Ordinal);
        Collect(entry, found);

        // The compiler drops references of which no type is used; the dependency file still lists the project.
        foreach (var name in ReferencedProjects(entry))
        {
            if (!found.ContainsKey(name) && TryLoad(new AssemblyName(name)) is { } assembly)
            {
                Collect(assembly, found);
            }
        }

        return [.. found.Values.OrderBy(assembly => assembly.GetName().Name, StringComparer.Ordinal)];
    }

    private static void Collect(Assembly assembly, Dictionary<string, Assembly> found)
    {
        var references = assembly.GetReferencedAssemblies();
        if (!references.Any(reference => string.Equals(reference.Name, HostAssembly, StringComparison.Ordinal))
            && found.Count > 0)
        {
            return;
        }

        if (!found.TryAdd(assembly.GetName().Name!, assembly))
        {
            return;
        }

        foreach (var reference in references)
        {
            if (!IsFramework(reference.Name!)
                && !string.Equals(reference.Name, HostAssembly, StringComparison.Ordinal)
                && TryLoad(reference) is { } referenced)
            {
                Collect(referenced, found);
            }
        }
    }

    private static bool IsFramework(string name) =>
        name.StartsWith("System", StringComparison.Ordinal)
        || name.StartsWith("Microsoft.", StringComparison.Ordinal)
        || name is "netstandard" or "mscorlib";

    private static Assembly? TryLoad(AssemblyName name)
    {
        try
        {
            return Assembly.Load(name);
        }
        catch (Exception exception) when (exception is FileNotFoundException or FileLoadException or BadImageFormatException)
        {
            return null;
        }
    }

    private static List<string> ReferencedProjects(Assembly entry)
    {
        var path = Path.Combine(AppContext.BaseDirectory, entry.GetName().Name + ".deps.json");
        if (!File.Exists(path))
        {
            return [];
        }

        using var document = JsonDocument.Parse(File.ReadAllBytes(path));
        var projects = new List<string>();
        if (!document.RootElement.TryGetProperty("libraries", out var libraries)
            || !document.RootElement.TryGetProperty("targets", out var targets))
        {
            return projects;
        }

        var names = libraries.EnumerateObject()
            .Where(library => library.Value.TryGetProperty("type", out var type) && type.ValueEquals("project"))
            .Select(library => library.Name)
            .ToHashSet(StringComparer.Ordinal);
        foreach (var library in targets.EnumerateObject().SelectMany(target => target.Value.EnumerateObject()))
        {
            if (names.Contains(library.Name) && library.Value.TryGetProperty("runtime", out var runtime))
            {
                projects.AddRange(runtime.EnumerateObject().Select(file => Path.GetFileNameWithoutExtension(file.Name)));
            }
        }

        return projects;
    }
}
