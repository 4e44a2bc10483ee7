using System.Reflection;

namespace Microsoft.DurableTask.Entities;

/// <summary>The public instance method that serves an operation, with its arguments.</summary>
internal sealed class EntityMethod
{
    private const BindingFlags AnyCase = BindingFlags.Public | BindingFlags.Instance | BindingFlags.IgnoreCase;

    private readonly object _target;
    private readonly MethodInfo _method;
    private readonly object?[] _arguments;

    private EntityMethod(object target, MethodInfo method, object?[] arguments)
    {
        _target = target;
        _method = method;
        _arguments = arguments;
    }

    /// <returns>Null if the target has no method of the operation's name.</returns>
    /// <exception cref="AmbiguousMatchException">It has several.</exception>
    /// <exception cref="InvalidOperationException">The method's parameters cannot be bound.</exception>
    public static EntityMethod? Find(object target, TaskEntityOperation operation)
        => target.GetType().GetMethod(operation.Name, AnyCase) is { } method
            ? new EntityMethod(target, method, Bind(method, operation))
            : null;

    /// <returns>The result; null for <c>void</c>, <c>Task</c> and <c>ValueTask</c>.</returns>
    public async ValueTask<object?> InvokeAsync()
    {
        var returned = _method.Invoke(_target, BindingFlags.DoNotWrapExceptions, binder: null, _arguments, culture: null);
        switch (returned)
        {
            case Task task when typeof(Task).IsAssignableFrom(_method.ReturnType):
                await task;
                return IsGeneric(_method.ReturnType, typeof(Task<>)) ? ResultOf(_method.ReturnType, task) : null;
            case ValueTask task:
                await task;
                return null;
            case not null when IsGeneric(_method.ReturnType, typeof(ValueTask<>)):
                var asTask = (Task)_method.ReturnType.GetMethod(nameof(ValueTask<>.AsTask))!.Invoke(returned, null)!;
                await asTask;
                return ResultOf(typeof(Task<>).MakeGenericType(_method.ReturnType.GenericTypeArguments), asTask);
            default:
                return returned;
        }
    }

    private static bool IsGeneric(Type type, Type definition) => type.IsGenericType && type.GetGenericTypeDefinition() == definition;

    private static object? ResultOf(Type taskType, Task task) => taskType.GetProperty(nameof(Task<>.Result))!.GetValue(task);

    private static object?[] Bind(MethodInfo method, TaskEntityOperation operation)
    {
        var parameters = method.GetParameters();
        var arguments = new object?[parameters.Length];
        ParameterInfo? context = null;
        ParameterInfo? input = null;
        foreach (var parameter in parameters)
        {
            if (parameter.ParameterType == typeof(TaskEntityContext))
            {
                RejectSecond(context, parameter, "the context", operation);
                context = parameter;
                arguments[parameter.Position] = operation.Context;
            }
            else
            {
                RejectSecond(input, parameter, "the input", operation);
                input = parameter;
                arguments[parameter.Position] = BindInput(parameter, operation);
            }
        }

        return arguments;
    }

    private static object? BindInput(ParameterInfo parameter, TaskEntityOperation operation)
    {
        if (parameter.ParameterType == typeof(TaskEntityOperation))
        {
            throw Unbound(
                operation,
                parameter,
                $"would have to be read from the input, which gives no {nameof(TaskEntityOperation)}. "
                + $"Take a {nameof(TaskEntityContext)}, or implement {nameof(ITaskEntity)}");
        }

        if (operation.HasInput)
        {
            return operation.GetInput(parameter.ParameterType);
        }

        return parameter.HasDefaultValue
            ? parameter.DefaultValue
            : throw Unbound(operation, parameter, "takes the input, but the caller gave none. Give one, or give the parameter a default value");
    }

    private static void RejectSecond(ParameterInfo? first, ParameterInfo second, string source, TaskEntityOperation operation)
    {
        if (first is not null)
        {
            throw Unbound(operation, second, $"would be {source}, as '{first.Name}' already is. Leave one of them out");
        }
    }

    private static InvalidOperationException Unbound(TaskEntityOperation operation, ParameterInfo parameter, string problem)
        => new($"Operation '{operation}' cannot call {parameter.Member.DeclaringType}.{parameter.Member.Name}: "
            + $"parameter '{parameter.Name}' of type {parameter.ParameterType} {problem}.");
}
