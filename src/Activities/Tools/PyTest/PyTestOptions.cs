namespace AtomicDevOps.Activities.Tools.PyTest;

/// <summary>Configuration section <c>PyTest</c>.</summary>
public sealed class PyTestOptions
{
    /// <summary>
    /// Whether tests may run on this machine outside of a container. They then can do whatever this process may do,
    /// so it is for repositories whose every author is trusted.
    /// </summary>
    public bool AllowLocal { get; set; }

    /// <summary>The Python to run tests with; null takes the first of <c>/usr/bin/python3</c> and <c>python3</c> that has pytest.</summary>
    public string? Python { get; set; }

    /// <summary>Where trees are unpacked for local runs; null means the system's temporary directory.</summary>
    public string? Directory { get; set; }
}
