namespace AtomicDevOps.Activities.Tools.CodeQl;

/// <summary>Configuration section <c>CodeQl</c>.</summary>
public sealed class CodeQlOptions
{
    public const string Section = "CodeQl";

    /// <summary>
    /// Whether CodeQL is asked at all. Its terms allow that for open source, for research and under a licence of GitHub Code Security: which of these holds is
    /// for whoever sets it to know.
    /// </summary>
    public bool Enabled { get; set; }

    /// <summary>A name in <c>PATH</c> or an absolute path, of a bundle with its query packs.</summary>
    public string Executable { get; set; } = "codeql";

    public CodeQlSuite Suite { get; set; }

    /// <summary>How many threads extract and evaluate; 0 for one a core, up to 256.</summary>
    public int Threads { get; set; } = 2;

    /// <summary>What <c>--ram</c> tells CodeQL, in MB, 2048 to 1048576. Twice as much ends it.</summary>
    public int MemoryMegabytes { get; set; } = 4096;

    /// <summary>How long all steps of an analysis may take together, 1 s to a day.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(30);

    /// <summary>How long each part of a query may take, 1 s to a day. What takes longer is left out, and the outcome says so.</summary>
    public TimeSpan QueryTimeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// Whether languages that CodeQL reads only while it builds them are built. The build runs code of the repository on this machine as this
    /// process's user, so it is for repositories whose every author is trusted.
    /// </summary>
    public bool AllowBuild { get; set; }

    /// <summary>Where databases are made; the system's temporary directory where it is left out.</summary>
    public string? Directory { get; set; }
}

/// <summary>Which of the query suites that each language's pack brings.</summary>
public enum CodeQlSuite
{
    /// <summary>What code scanning runs by default.</summary>
    Default,

    /// <summary>Adds security queries that are less precise or less severe.</summary>
    SecurityExtended,

    /// <summary>Adds those for maintainability.</summary>
    SecurityAndQuality,
}
