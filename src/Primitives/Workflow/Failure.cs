using System.Text.Json.Serialization;
using Microsoft.DurableTask;

namespace AtomicDevOps.Primitives.Workflow;

/// <summary>
/// What went wrong, as a value that reads the same in both forms of the context: in a process from the exception itself,
/// in an orchestration from what the host recorded of an exception thrown elsewhere.
/// </summary>
/// <param name="ErrorTypes">Full names of the exception's type and, after it, of its base types as far as they are known; never empty.</param>
/// <param name="Message">The exception's message.</param>
/// <param name="Inner">What caused it, if that is known.</param>
public sealed record Failure(IReadOnlyList<string> ErrorTypes, string Message, Failure? Inner = null)
{
    /// <summary>The full name of the exception's type.</summary>
    [JsonIgnore]
    public string ErrorType => ErrorTypes[0];

    /// <summary>Reads an exception; of a <see cref="TaskFailedException"/> the failure that it carries.</summary>
    public static Failure From(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        return exception is TaskFailedException failed
            ? From(failed.FailureDetails)
            : new(NamesOf(exception.GetType()), exception.Message, exception.InnerException is { } inner ? From(inner) : null);
    }

    /// <summary>Reads what the host recorded.</summary>
    public static Failure From(TaskFailureDetails details)
    {
        ArgumentNullException.ThrowIfNull(details);
        var inner = details.InnerFailure is { } cause ? From(cause) : null;
        var type = FindType(details.ErrorType);
        return new(type is null ? [details.ErrorType] : NamesOf(type), details.ErrorMessage, inner);
    }

    /// <summary>Whether this failure or one that led to it is an exception of the given type or of one derived from it.</summary>
    public bool IsCausedBy<TException>()
        where TException : Exception =>
        typeof(TException) == typeof(Exception)
        || ErrorTypes.Contains(typeof(TException).FullName, StringComparer.Ordinal)
        || (Inner?.IsCausedBy<TException>() ?? false);

    public override string ToString() => $"{ErrorType}: {Message}";

    private static List<string> NamesOf(Type exceptionType)
    {
        var names = new List<string>();
        for (var type = exceptionType; type != typeof(object); type = type.BaseType!)
        {
            names.Add(type.FullName!);
        }

        return names;
    }

    private static Type? FindType(string fullName) =>
        AppDomain.CurrentDomain.GetAssemblies()
            .Select(assembly => assembly.GetType(fullName, throwOnError: false))
            .FirstOrDefault(type => type is not null);
}
