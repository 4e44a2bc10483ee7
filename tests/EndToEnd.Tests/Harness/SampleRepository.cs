namespace AtomicDevOps.EndToEnd.Tests.Harness;

/// <summary>The smallest repository that the platform builds, tests and merges.</summary>
public static class SampleRepository
{
    public const string Configuration = ".atomicdevops.yml";

    public static IReadOnlyDictionary<string, string> Files { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["Dockerfile"] = $"FROM {DockerEngine.BaseImage}\nWORKDIR /workspace\nCOPY . .\n",
        [Configuration] = "merge:\n  automatic: true\n",
        ["greeting.py"] = "def greet(name):\n    return f\"Hello, {name}\"\n",
        ["tests/test_greeting.py"] = "from greeting import greet\n\n\ndef test_greets():\n    assert greet(\"Ada\") == \"Hello, Ada\"\n",
        ["pytest.ini"] = "[pytest]\npythonpath = .\n",
    };

    /// <summary>A change that passes.</summary>
    public static (string Path, string? Content) GoodChange { get; } =
        ("tests/test_more.py", "from greeting import greet\n\n\ndef test_greets_another():\n    assert greet(\"Grace\").endswith(\"Grace\")\n");

    public static IEnumerable<KeyValuePair<string, string>> With(params IEnumerable<(string Path, string? Content)> files)
    {
        var all = Files.ToDictionary(StringComparer.Ordinal);
        foreach (var (path, content) in files)
        {
            if (content is null)
            {
                all.Remove(path);
            }
            else
            {
                all[path] = content;
            }
        }

        return all;
    }
}
