using System.Linq.Expressions;
using System.Reflection;

namespace AtomicDevOps.EmbeddedHost.Triggers;

/// <summary>Calls a function's method.</summary>
/// <param name="target">Null for a static method.</param>
/// <param name="arguments">One of the right type for each parameter.</param>
/// <returns>The result, boxed; null for <c>void</c> and <c>Task</c>.</returns>
internal delegate Task<object?> MethodInvoker(object? target, object?[] arguments);

internal static class MethodInvokerCompiler
{
    private static readonly MethodInfo BoxResultMethod =
        typeof(MethodInvokerCompiler).GetMethod(nameof(BoxResultAsync), BindingFlags.NonPublic | BindingFlags.Static)!;

    /// <summary>Compiles the call once, so that an invocation needs no reflection.</summary>
    public static MethodInvoker Compile(MethodInfo method)
    {
        var target = Expression.Parameter(typeof(object), "target");
        var arguments = Expression.Parameter(typeof(object[]), "arguments");
        var call = Expression.Call(
            method.IsStatic ? null : Expression.Convert(target, method.DeclaringType!),
            method,
            method.GetParameters().Select((parameter, index) => Expression.Convert(
                Expression.ArrayIndex(arguments, Expression.Constant(index)), parameter.ParameterType)));
        return Expression.Lambda<MethodInvoker>(AsTask(call, method.ReturnType), target, arguments).Compile();
    }

    private static Expression AsTask(MethodCallExpression call, Type returnType)
    {
        if (returnType == typeof(void))
        {
            return Expression.Block(call, Expression.Constant(Task.FromResult<object?>(null)));
        }

        if (returnType == typeof(Task))
        {
            return Expression.Call(((Func<Task, Task<object?>>)NoResultAsync).Method, call);
        }

        if (returnType.IsGenericType && returnType.GetGenericTypeDefinition() == typeof(Task<>))
        {
            return Expression.Call(BoxResultMethod.MakeGenericMethod(returnType.GenericTypeArguments), call);
        }

        return Expression.Call(((Func<object?, Task<object?>>)Task.FromResult).Method, Expression.Convert(call, typeof(object)));
    }

    private static async Task<object?> NoResultAsync(Task task)
    {
        await task;
        return null;
    }

    private static async Task<object?> BoxResultAsync<T>(Task<T> task) => await task;
}
