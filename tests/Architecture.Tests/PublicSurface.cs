using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;

namespace AtomicDevOps.Architecture.Tests;

/// <summary>
/// What code outside of an assembly can see of it, one line a type, a base or a member: modifiers, types, parameter names, default values,
/// nullability. The same for a compilation from source and for a compiled assembly.
/// </summary>
internal static partial class PublicSurface
{
    private static readonly SymbolDisplayFormat TypeFormat = new(
        globalNamespaceStyle: SymbolDisplayGlobalNamespaceStyle.OmittedAsContaining,
        typeQualificationStyle: SymbolDisplayTypeQualificationStyle.NameAndContainingTypesAndNamespaces,
        genericsOptions: SymbolDisplayGenericsOptions.IncludeTypeParameters | SymbolDisplayGenericsOptions.IncludeVariance,
        miscellaneousOptions: SymbolDisplayMiscellaneousOptions.UseSpecialTypes
            | SymbolDisplayMiscellaneousOptions.EscapeKeywordIdentifiers
            | SymbolDisplayMiscellaneousOptions.IncludeNullableReferenceTypeModifier);

    private static readonly SymbolDisplayFormat MemberFormat = TypeFormat
        .WithGenericsOptions(TypeFormat.GenericsOptions | SymbolDisplayGenericsOptions.IncludeTypeConstraints)
        .WithMemberOptions(
            SymbolDisplayMemberOptions.IncludeContainingType
            | SymbolDisplayMemberOptions.IncludeType
            | SymbolDisplayMemberOptions.IncludeParameters
            | SymbolDisplayMemberOptions.IncludeModifiers
            | SymbolDisplayMemberOptions.IncludeAccessibility
            | SymbolDisplayMemberOptions.IncludeConstantValue
            | SymbolDisplayMemberOptions.IncludeRef)
        .WithParameterOptions(
            SymbolDisplayParameterOptions.IncludeType
            | SymbolDisplayParameterOptions.IncludeName
            | SymbolDisplayParameterOptions.IncludeDefaultValue
            | SymbolDisplayParameterOptions.IncludeParamsRefOut
            | SymbolDisplayParameterOptions.IncludeExtensionThis);

    private static readonly SymbolDisplayFormat PropertyFormat = new(
        MemberFormat.GlobalNamespaceStyle,
        MemberFormat.TypeQualificationStyle,
        MemberFormat.GenericsOptions,
        MemberFormat.MemberOptions,
        parameterOptions: MemberFormat.ParameterOptions,
        propertyStyle: SymbolDisplayPropertyStyle.ShowReadWriteDescriptor,
        miscellaneousOptions: MemberFormat.MiscellaneousOptions);

    [GeneratedRegex("(private|internal|private protected) (get|set|init); ", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex HiddenAccessor { get; }

    [GeneratedRegex("^public ", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex PublicModifier { get; }

    /// <param name="isIncluded">Chooses by the full name of the namespace.</param>
    public static IEnumerable<string> Of(IAssemblySymbol assembly, Func<string, bool> isIncluded) =>
        Types(assembly.GlobalNamespace)
            .Where(type => isIncluded(type.ContainingNamespace.ToDisplayString()))
            .SelectMany(Lines)
            .Distinct(StringComparer.Ordinal);

    private static IEnumerable<INamedTypeSymbol> Types(INamespaceOrTypeSymbol container) => container.GetMembers().SelectMany(member => member switch
    {
        INamespaceSymbol inner => Types(inner),
        INamedTypeSymbol type when IsVisible(type) => Types(type).Prepend(type),
        _ => [],
    });

    private static IEnumerable<string> Lines(INamedTypeSymbol type)
    {
        var name = type.ToDisplayString(TypeFormat);
        yield return $"{Accessibility(type)} {Modifiers(type)}{Keyword(type)} {type.ToDisplayString(MemberFormat)}";
        if (type is { TypeKind: TypeKind.Class, BaseType: { SpecialType: not SpecialType.System_Object } baseType })
        {
            yield return $"{name} derives from {baseType.ToDisplayString(TypeFormat)}";
        }

        foreach (var implemented in type.TypeKind is TypeKind.Class or TypeKind.Struct or TypeKind.Interface ? type.AllInterfaces : [])
        {
            yield return $"{name} implements {implemented.ToDisplayString(TypeFormat)}";
        }

        if (type.GetAttributes().FirstOrDefault(attribute => attribute.AttributeClass?.Name is nameof(AttributeUsageAttribute)) is { } usage)
        {
            var targets = (AttributeTargets)usage.ConstructorArguments[0].Value!;
            var settings = usage.NamedArguments.Select(argument => string.Create(CultureInfo.InvariantCulture, $", {argument.Key}: {argument.Value.Value}"));
            yield return $"{name} is for {targets}{string.Concat(settings)}";
        }

        if (type.TypeKind is TypeKind.Delegate)
        {
            yield return $"{name} is called as {type.DelegateInvokeMethod!.ToDisplayString(MemberFormat)}";
            yield break;
        }

        foreach (var member in type.GetMembers().Where(member => member is not INamedTypeSymbol && IsVisible(member)))
        {
            yield return Line(member);
        }
    }

    private static string Line(ISymbol member) => member switch
    {
        IPropertySymbol => HiddenAccessor.Replace(member.ToDisplayString(PropertyFormat), string.Empty),

        // Only derived classes can call it, whatever it says.
        IMethodSymbol { MethodKind: MethodKind.Constructor, ContainingType.IsAbstract: true } =>
            PublicModifier.Replace(member.ToDisplayString(MemberFormat), "protected "),
        _ => member.ToDisplayString(MemberFormat),
    };

    private static bool IsVisible(ISymbol symbol) => symbol switch
    {
        { CanBeReferencedByName: false } when symbol is not (IMethodSymbol or IPropertySymbol) => false,
        { Name: ['<', ..] } => false,
        IMethodSymbol { MethodKind: MethodKind.PropertyGet or MethodKind.PropertySet or MethodKind.EventAdd or MethodKind.EventRemove } => false,
        IMethodSymbol { MethodKind: MethodKind.StaticConstructor or MethodKind.Destructor or MethodKind.ExplicitInterfaceImplementation } => false,
        IMethodSymbol { MethodKind: MethodKind.Constructor, IsImplicitlyDeclared: true, ContainingType.TypeKind: TypeKind.Struct or TypeKind.Enum } => false,
        _ => symbol.DeclaredAccessibility switch
        {
            Microsoft.CodeAnalysis.Accessibility.Public => true,
            Microsoft.CodeAnalysis.Accessibility.Protected or Microsoft.CodeAnalysis.Accessibility.ProtectedOrInternal =>
                symbol.ContainingType is { IsSealed: false },
            _ => false,
        },
    };

    private static string Accessibility(INamedTypeSymbol type) =>
        type.DeclaredAccessibility is Microsoft.CodeAnalysis.Accessibility.Public ? "public" : "protected";

    private static string Modifiers(INamedTypeSymbol type) => type switch
    {
        { TypeKind: TypeKind.Class, IsStatic: true } => "static ",
        { TypeKind: TypeKind.Class, IsAbstract: true } => "abstract ",
        { TypeKind: TypeKind.Class, IsSealed: true } => "sealed ",
        { TypeKind: TypeKind.Struct, IsReadOnly: true } => "readonly ",
        _ => string.Empty,
    };

    private static string Keyword(INamedTypeSymbol type) => type switch
    {
        { TypeKind: TypeKind.Class, IsRecord: true } => "record",
        _ => type.TypeKind switch
        {
            TypeKind.Struct => "struct",
            TypeKind.Enum => "enum",
            TypeKind.Interface => "interface",
            TypeKind.Delegate => "delegate",
            _ => "class",
        },
    };
}
