using System.Text.RegularExpressions;

namespace AtomicDevOps.Architecture.Tests.Infra;

/// <summary>What a file of Bicep declares, as far as it can be told without a compiler.</summary>
internal sealed partial class BicepFile
{
    private BicepFile(string path)
    {
        Path = path;
        Text = Repository.Read(path);
        Declarations = [.. BicepDeclaration.In(Text)];
        Resources = [.. ResourcesIn(Declarations, parent: null)];
    }

    public static IReadOnlyList<BicepFile> All { get; } =
    [
        .. from file in Directory.EnumerateFiles(System.IO.Path.Combine(Repository.Root, "infra"), "*.bicep", SearchOption.AllDirectories)
           let path = System.IO.Path.GetRelativePath(Repository.Root, file)
           orderby path
           select new BicepFile(path),
    ];

    public static BicepFile Main { get; } = Named("infra/bicep/main.bicep");

    /// <summary>By the path from the repository's root.</summary>
    public string Path { get; }

    public string Text { get; }

    public IReadOnlyList<BicepDeclaration> Declarations { get; }

    /// <summary>Those inside of others too.</summary>
    public IReadOnlyList<BicepResource> Resources { get; }

    public IEnumerable<BicepDeclaration> Parameters => Of("param");

    public IEnumerable<BicepDeclaration> Outputs => Of("output");

    public IEnumerable<BicepModule> Modules =>
        from module in Of("module")
        let folder = System.IO.Path.GetDirectoryName(Path)!
        let target = System.IO.Path.GetRelativePath(Repository.Root, System.IO.Path.GetFullPath(System.IO.Path.Combine(Repository.Root, folder, Quoted.Match(module.Text).Groups["text"].Value)))
        select new BicepModule(this, module.Name, target, [.. module.Members.Where(member => member.Name is "params").SelectMany(parameters => parameters.Members).Select(parameter => parameter.Name)]);

    public static BicepFile Named(string path) => All.Single(file => string.Equals(file.Path, path, StringComparison.Ordinal));

    public IEnumerable<BicepDeclaration> Of(string keyword) => Declarations.Where(declaration => string.Equals(declaration.Keyword, keyword, StringComparison.Ordinal));

    public override string ToString() => Path;

    private IEnumerable<BicepResource> ResourcesIn(IEnumerable<BicepDeclaration> declarations, BicepResource? parent)
    {
        foreach (var declaration in declarations.Where(declaration => declaration.Keyword is "resource"))
        {
            var type = Quoted.Match(declaration.Text).Groups["text"].Value.Split('@');
            var resource = new BicepResource(
                this,
                declaration,
                parent is null ? type[0] : $"{parent.Type}/{type[0]}",
                type.Length > 1 ? type[1] : parent?.Version ?? "",
                Existing.IsMatch(declaration.Text));
            yield return resource;
            foreach (var child in ResourcesIn(declaration.Members, resource))
            {
                yield return child;
            }
        }
    }

    [GeneratedRegex("'(?<text>[^']*)'", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Quoted { get; }

    [GeneratedRegex("^resource \\w+ '[^']*' existing ", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Existing { get; }
}

/// <param name="Type">With the types of those that it stands in.</param>
/// <param name="IsExisting">Whether it is only referred to.</param>
internal sealed record BicepResource(BicepFile File, BicepDeclaration Declaration, string Type, string Version, bool IsExisting)
{
    public string? this[string property] =>
        Declaration.Members.SingleOrDefault(member => string.Equals(member.Name, property, StringComparison.Ordinal))?.Value;

    public override string ToString() => $"{File.Path}: {Declaration.Name} {Type}@{Version}";
}

/// <param name="Target">The file, by its path from the repository's root.</param>
/// <param name="Given">The names of the parameters that it is given.</param>
internal sealed record BicepModule(BicepFile File, string Name, string Target, IReadOnlyList<string> Given);
