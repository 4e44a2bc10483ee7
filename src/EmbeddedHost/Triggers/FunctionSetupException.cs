namespace AtomicDevOps.EmbeddedHost.Triggers;

/// <summary>The app cannot start as it is written or configured; the message says where, what is wrong, and what would be right.</summary>
public sealed class FunctionSetupException : InvalidOperationException
{
    internal FunctionSetupException(string message)
        : base(message)
    {
    }

    internal FunctionSetupException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    internal static FunctionSetupException From(IReadOnlyCollection<string> problems) => new(
        problems.Count == 1
            ? problems.First()
            : $"{problems.Count} problems:{Environment.NewLine}{string.Join(Environment.NewLine, problems.Select(problem => "  - " + problem))}");
}
