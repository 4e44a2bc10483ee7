using System.Reflection;
using System.Reflection.Emit;

namespace AtomicDevOps.Architecture.Tests;

/// <summary>Reads what the code of a type touches, from its signatures and from the instructions of its methods.</summary>
internal static class MethodBodies
{
    private const BindingFlags Everything =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<int, OpCode> OpCodesByValue = typeof(OpCodes)
        .GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!)
        .ToDictionary(code => (int)(ushort)code.Value);

    /// <summary>Lambdas and state machines are nested types, so a type's code includes that of the types nested in it.</summary>
    public static IReadOnlySet<Type> TypesUsedBy(Type type)
    {
        var used = new HashSet<Type>();
        foreach (var each in WithNested(type))
        {
            Add(used, each.BaseType);
            foreach (var member in each.GetMembers(Everything))
            {
                AddMember(used, member);
            }
        }

        return used;
    }

    /// <summary>The texts that stand in a type's code.</summary>
    public static IEnumerable<string> TextsIn(Type type) =>
        from each in WithNested(type)
        from method in each.GetMembers(Everything).OfType<MethodBase>()
        from operand in OperandsOf(method)
        where operand.Type == OperandType.InlineString
        select method.Module.ResolveString(operand.Token);

    /// <summary>The methods that a method's instructions name, and where it is asynchronous those of its state machine.</summary>
    public static IEnumerable<MethodBase> CallsOf(MethodInfo method) => MembersOf(method).OfType<MethodBase>();

    /// <summary>All that they name.</summary>
    /// <inheritdoc cref="CallsOf"/>
    public static IEnumerable<MemberInfo> MembersOf(MethodInfo method)
    {
        var stateMachine = method.GetCustomAttribute<System.Runtime.CompilerServices.StateMachineAttribute>()?.StateMachineType;
        return MembersNamedBy(method)
            .Concat(stateMachine is null ? [] : stateMachine.GetMethods(Everything).SelectMany(MembersNamedBy));
    }

    private static void AddMember(HashSet<Type> used, MemberInfo member)
    {
        switch (member)
        {
            case FieldInfo field:
                Add(used, field.FieldType);
                break;
            case MethodBase method:
                Add(used, (method as MethodInfo)?.ReturnType);
                foreach (var parameter in method.GetParameters())
                {
                    Add(used, parameter.ParameterType);
                }

                foreach (var named in MembersNamedBy(method))
                {
                    AddNamed(used, named);
                }

                break;
        }
    }

    private static void AddNamed(HashSet<Type> used, MemberInfo named)
    {
        Add(used, named as Type ?? named.DeclaringType);
        switch (named)
        {
            case MethodInfo { IsGenericMethod: true } generic:
                foreach (var argument in generic.GetGenericArguments())
                {
                    Add(used, argument);
                }

                break;
            case FieldInfo field:
                Add(used, field.FieldType);
                break;
        }
    }

    private static IEnumerable<Type> WithNested(Type type) =>
        type.GetNestedTypes(BindingFlags.Public | BindingFlags.NonPublic).SelectMany(WithNested).Prepend(type);

    private static void Add(HashSet<Type> used, Type? type)
    {
        if (type is null)
        {
            return;
        }

        if (type.HasElementType)
        {
            Add(used, type.GetElementType());
            return;
        }

        foreach (var argument in type.IsGenericType ? type.GetGenericArguments() : [])
        {
            Add(used, argument);
        }

        for (var each = type; each is not null; each = each.DeclaringType)
        {
            used.Add(each.IsConstructedGenericType ? each.GetGenericTypeDefinition() : each);
        }
    }

    private static IEnumerable<MemberInfo> MembersNamedBy(MethodBase method) =>
        from operand in OperandsOf(method)
        where operand.Type is OperandType.InlineMethod or OperandType.InlineField or OperandType.InlineType or OperandType.InlineTok
        let member = Resolve(method, operand.Token)
        where member is not null
        select member;

    /// <summary>The operand of each instruction; the token only where the operand is one.</summary>
    private static IEnumerable<(OperandType Type, int Token)> OperandsOf(MethodBase method)
    {
        if (method.GetMethodBody()?.GetILAsByteArray() is not { } code)
        {
            yield break;
        }

        for (var position = 0; position < code.Length;)
        {
            int value = code[position++];
            if (value == 0xFE)
            {
                value = (value << 8) | code[position++];
            }

            var operand = OpCodesByValue[value].OperandType;
            var length = operand switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(code, position)),
                _ => 4,
            };
            yield return (operand, length == 4 ? BitConverter.ToInt32(code, position) : 0);
            position += length;
        }
    }

    private static MemberInfo? Resolve(MethodBase method, int token)
    {
        var typeArguments = method.DeclaringType is { IsGenericType: true } declaring ? declaring.GetGenericArguments() : null;
        var methodArguments = method.IsGenericMethod ? method.GetGenericArguments() : null;
        return method.Module.ResolveMember(token, typeArguments, methodArguments);
    }
}
