namespace AtomicDevOps.Activities.Tools;

/// <summary>
/// A tool refused the request or could not carry it out, and asking again will not help.
/// The message says what was asked, what the tool answered and what would be right; it never holds a secret.
/// </summary>
public class ToolException : Exception
{
    public ToolException(string tool, string message, Exception? innerException = null)
        : base($"{tool}: {message}", innerException)
    {
        Tool = tool;
    }

    /// <summary>The tool's name as the catalogue has it, for example <c>GitHub API</c>.</summary>
    public string Tool { get; }
}

/// <summary>The tool cannot be reached or is overloaded: the same request may succeed later.</summary>
public sealed class ToolUnavailableException : ToolException
{
    public ToolUnavailableException(string tool, string message, Exception? innerException = null)
        : base(tool, message, innerException)
    {
    }

    /// <summary>How long the tool asked to be left alone, if it said so.</summary>
    public TimeSpan? RetryAfter { get; init; }
}

/// <summary>The thing that was asked for does not exist, or the credentials may not see it.</summary>
public sealed class ToolNotFoundException : ToolException
{
    public ToolNotFoundException(string tool, string message, Exception? innerException = null)
        : base(tool, message, innerException)
    {
    }
}

/// <summary>The call did not end within its deadline and was given up.</summary>
public sealed class ToolTimeoutException : ToolException
{
    public ToolTimeoutException(string tool, string message, Exception? innerException = null)
        : base(tool, message, innerException)
    {
    }
}
