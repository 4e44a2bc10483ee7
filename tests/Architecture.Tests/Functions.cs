using System.Reflection;
using Microsoft.Azure.Functions.Worker;

namespace AtomicDevOps.Architecture.Tests;

/// <summary>A method that the host calls by name.</summary>
internal sealed record FunctionMethod(string Name, MethodInfo Method)
{
    /// <summary>What it gives once it has ended.</summary>
    public Type Result => Method.ReturnType is { IsGenericType: true } type && type.GetGenericTypeDefinition() == typeof(Task<>)
        ? type.GetGenericArguments()[0]
        : Method.ReturnType;

    public ParameterInfo? ParameterWith<TAttribute>()
        where TAttribute : Attribute =>
        Method.GetParameters().SingleOrDefault(parameter => parameter.IsDefined(typeof(TAttribute), inherit: false));

    public override string ToString() => $"{Method.DeclaringType!.Name}.{Method.Name}, [Function(\"{Name}\")]";
}

/// <summary>Every function of the app.</summary>
internal static class Functions
{
    private const BindingFlags Methods =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    public static IReadOnlyList<FunctionMethod> All { get; } =
    [
        .. from assembly in Repository.FunctionAssemblies
           from type in assembly.GetTypes()
           from method in type.GetMethods(Methods)
           let function = method.GetCustomAttribute<FunctionAttribute>()
           where function is not null
           select new FunctionMethod(function.Name, method),
    ];

    public static IEnumerable<FunctionMethod> Activities { get; } = [.. All.Where(function => function.ParameterWith<ActivityTriggerAttribute>() is not null)];

    public static IEnumerable<FunctionMethod> Orchestrators { get; } = [.. All.Where(function => function.ParameterWith<OrchestrationTriggerAttribute>() is not null)];

    /// <summary>The public static properties of a constructed type such as <c>ActivityCall&lt;,&gt;</c>, with the name that each calls.</summary>
    public static IEnumerable<(string Name, Type Input, Type Output, PropertyInfo Property)> CallsOf(Type call) =>
        from assembly in Repository.FunctionAssemblies
        from type in assembly.GetTypes()
        from property in type.GetProperties(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly)
        where property.PropertyType.IsGenericType && property.PropertyType.GetGenericTypeDefinition() == call
        let arguments = property.PropertyType.GetGenericArguments()
        select ((string)property.PropertyType.GetProperty("Name")!.GetValue(property.GetValue(null))!, arguments[0], arguments[1], property);
}
