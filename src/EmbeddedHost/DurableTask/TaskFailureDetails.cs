using System.Reflection;

namespace Microsoft.DurableTask;

/// <summary>A failure as it is kept in history: no exception object, so it survives a restart.</summary>
/// <param name="ErrorType">Full name of the exception's type.</param>
public record TaskFailureDetails(
    string ErrorType,
    string ErrorMessage,
    string? StackTrace,
    TaskFailureDetails? InnerFailure,
    IDictionary<string, object?>? Properties)
{
    public override string ToString() => $"{ErrorType}: {ErrorMessage}";

    /// <summary>Whether this failure, its inner ones not counted, was an exception of this type or of one that derives from it.</summary>
    public bool IsCausedBy<T>()
        where T : Exception
        => IsCausedBy(typeof(T));

    /// <inheritdoc cref="IsCausedBy{T}"/>
    /// <exception cref="ArgumentException">The type is not an exception type.</exception>
    /// <exception cref="AmbiguousMatchException">Several loaded assemblies have a type with this name.</exception>
    public bool IsCausedBy(Type targetBaseExceptionType)
    {
        ArgumentNullException.ThrowIfNull(targetBaseExceptionType);
        if (!typeof(Exception).IsAssignableFrom(targetBaseExceptionType))
        {
            throw new ArgumentException($"The type {targetBaseExceptionType} is not an exception type.", nameof(targetBaseExceptionType));
        }

        return FindErrorType(targetBaseExceptionType) is { } type && targetBaseExceptionType.IsAssignableFrom(type);
    }

    public static TaskFailureDetails FromException(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        return new TaskFailureDetails(
            exception.GetType().ToString(),
            Text(exception, static exception => exception.Message) ?? string.Empty,
            Text(exception, static exception => exception.StackTrace),
            exception.InnerException is { } inner ? FromException(inner) : (exception as TaskFailedException)?.FailureDetails,
            null);
    }

    /// <summary>An exception type of the app may fail even to describe itself.</summary>
    private static string? Text(Exception exception, Func<Exception, string?> read)
    {
        try
        {
            return read(exception);
        }
        catch (Exception failure)
        {
            return $"({failure.GetType()} while the exception was described)";
        }
    }

    private Type? FindErrorType(Type target)
    {
        if (string.IsNullOrEmpty(ErrorType))
        {
            return null;
        }

        var type = Type.GetType(ErrorType, throwOnError: false) ?? target.Assembly.GetType(ErrorType, throwOnError: false);
        if (type is not null)
        {
            return type;
        }

        var candidates = AppDomain.CurrentDomain.GetAssemblies()
            .Select(assembly => assembly.GetType(ErrorType, throwOnError: false))
            .OfType<Type>()
            .ToList();
        return candidates.Count <= 1
            ? candidates.FirstOrDefault()
            : throw new AmbiguousMatchException($"Several loaded assemblies have an exception type named '{ErrorType}'.");
    }
}
