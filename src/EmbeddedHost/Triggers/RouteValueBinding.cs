using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Reflection;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing.Patterns;

namespace AtomicDevOps.EmbeddedHost.Triggers;

/// <summary>Turns a route value into a parameter's type, in the invariant culture.</summary>
internal static class RouteValueBinding
{
    private delegate bool TryParse(string text, [NotNullWhen(true)] out object? value);

    private static readonly MethodInfo ParserMethod =
        typeof(RouteValueBinding).GetMethod(nameof(Parser), BindingFlags.NonPublic | BindingFlags.Static)!;

    /// <returns>Null if the type cannot be parsed from text.</returns>
    public static ParameterBinder? TryBind(ParameterInfo parameter, RoutePatternParameterPart routeParameter)
    {
        var type = Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType;
        if (ParserOf(type) is not { } parse)
        {
            return null;
        }

        var name = routeParameter.Name;
        var absent = Absent(parameter);
        return context =>
        {
            var request = ((HttpContext)context.Trigger).Request;
            var text = request.RouteValues.TryGetValue(name, out var value)
                ? Convert.ToString(value, CultureInfo.InvariantCulture)
                : null;
            if (text is null)
            {
                return absent;
            }

            return parse(text, out var parsed)
                ? parsed
                : throw new BadHttpRequestException($"'{text}' is not a valid {type.Name} for '{name}' in the address.");
        };
    }

    private static object? Absent(ParameterInfo parameter)
    {
        if (parameter.HasDefaultValue && parameter.DefaultValue is not null)
        {
            return parameter.DefaultValue;
        }

        return parameter.ParameterType.IsValueType ? Activator.CreateInstance(parameter.ParameterType) : null;
    }

    private static TryParse? ParserOf(Type type)
    {
        if (type == typeof(string))
        {
            return (string text, [NotNullWhen(true)] out object? value) =>
            {
                value = text;
                return true;
            };
        }

        if (type.IsEnum)
        {
            return (string text, [NotNullWhen(true)] out object? value) =>
                Enum.TryParse(type, text, ignoreCase: true, out value) && Enum.IsDefined(type, value);
        }

        var parsable = type.GetInterfaces().Any(candidate =>
            candidate.IsGenericType
            && candidate.GetGenericTypeDefinition() == typeof(IParsable<>)
            && candidate.GenericTypeArguments[0] == type);
        return parsable ? ParserMethod.MakeGenericMethod(type).CreateDelegate<TryParse>() : null;
    }

    private static bool Parser<T>(string text, [NotNullWhen(true)] out object? value)
        where T : IParsable<T>
    {
        if (T.TryParse(text, CultureInfo.InvariantCulture, out var parsed))
        {
            value = parsed;
            return true;
        }

        value = null;
        return false;
    }
}
