using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

namespace AtomicDevOps.EmbeddedHost.Triggers;

/// <summary>Turns the methods that carry <see cref="FunctionAttribute"/> into functions, or says what is wrong with them.</summary>
internal static partial class FunctionDiscovery
{
    private const BindingFlags AnyMethod =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    /// <exception cref="FunctionSetupException">A function cannot be called as it is declared; every problem is listed.</exception>
    public static FunctionCatalog Find(IEnumerable<Type> types, string? taskHub)
    {
        var problems = new List<string>();
        var functions = new Dictionary<string, FunctionDescriptor>(StringComparer.OrdinalIgnoreCase);
        foreach (var type in types)
        {
            foreach (var method in type.GetMethods(AnyMethod))
            {
                if (method.GetCustomAttribute<FunctionAttribute>() is not { } attribute)
                {
                    continue;
                }

                if (Describe(attribute.Name, method, taskHub, problems) is not { } function)
                {
                    continue;
                }

                if (!functions.TryAdd(function.Name, function))
                {
                    problems.Add(
                        $"Two functions are named '{function.Name}': {functions[function.Name].EntryPoint} and {function.EntryPoint}. "
                        + "Function names are unique in an app, in any case: rename one.");
                }
            }
        }

        return problems.Count == 0 ? new FunctionCatalog(functions.Values) : throw FunctionSetupException.From(problems);
    }

    private static FunctionDescriptor? Describe(string name, MethodInfo method, string? taskHub, List<string> problems)
    {
        var where = $"{method.DeclaringType!.FullName}.{method.Name}";
        var before = problems.Count;
        if (!ValidName().IsMatch(name))
        {
            problems.Add(
                $"{where}: '{name}' is no function name. Use a letter, then up to 127 letters, digits, '_' or '-'.");
        }

        if (!method.IsPublic || !method.DeclaringType.IsVisible)
        {
            problems.Add($"{where}: a function is a public method of a public class. Make both public.");
        }

        if (method.ContainsGenericParameters || (!method.IsStatic && method.DeclaringType.IsAbstract))
        {
            problems.Add($"{where}: a function can be neither generic nor on an abstract class. Declare it on a concrete class.");
        }

        if (method.ReturnType == typeof(void) && method.IsDefined(typeof(AsyncStateMachineAttribute)))
        {
            problems.Add($"{where}: 'async void' ends before its work does. Return Task.");
        }

        if (method.ReturnType.IsByRef || IsValueTask(method.ReturnType))
        {
            problems.Add($"{where}: {method.ReturnType.Name} cannot be returned. Return Task, Task<T>, T or void.");
        }

        var triggers = method.GetParameters()
            .Select(parameter => (Parameter: parameter, Trigger: parameter.GetCustomAttribute<TriggerBindingAttribute>()))
            .Where(pair => pair.Trigger is not null)
            .ToList();
        if (triggers.Count != 1)
        {
            problems.Add(
                $"{where}: {triggers.Count} parameters carry a trigger attribute. Put exactly one of [HttpTrigger], [TimerTrigger], "
                + "[OrchestrationTrigger], [ActivityTrigger] and [EntityTrigger] on one parameter.");
            return null;
        }

        var binders = ParameterBinding.Bind(method, triggers[0].Parameter, triggers[0].Trigger!, name, where, taskHub, problems);
        return problems.Count > before
            ? null
            : new FunctionDescriptor(
                name, method, triggers[0].Trigger!, binders.Select(binder => binder.Bind), binders.SelectMany(binder => binder.Metadata));
    }

    private static bool IsValueTask(Type type) =>
        type == typeof(ValueTask) || (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ValueTask<>));

    [GeneratedRegex("^[a-zA-Z][a-zA-Z0-9_-]{0,127}$", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex ValidName();
}
