using System.Text.Json;
using System.Text.Json.Nodes;

namespace AtomicDevOps.Architecture.Tests.Infra;

/// <summary>The resources that a deployment makes.</summary>
internal sealed record Deployment(IReadOnlyList<PlannedResource> Resources)
{
    public static Deployment Read(string file) => new(
        [.. from resource in JsonNode.Parse(File.ReadAllText(file))!["predictedResources"]!.AsArray()
            select new PlannedResource((string)resource!["type"]!, (string)resource["name"]!, (string)resource["id"]!, resource.AsObject())]);

    public IEnumerable<PlannedResource> Of(string type) => Resources.Where(resource => string.Equals(resource.Type, type, StringComparison.Ordinal));

    public PlannedResource Single(string type) => Of(type).ShouldHaveSingleItem();

    public JsonObject AppSettings => Of("Microsoft.Web/sites/config").Single(config => config.Name.EndsWith("/appsettings", StringComparison.Ordinal)).Properties;
}

internal sealed record PlannedResource(string Type, string Name, string Id, JsonObject Json)
{
    public JsonObject Properties => Json["properties"]!.AsObject();

    /// <summary>The value at a path of property names, as JSON; null where there is none.</summary>
    public string? At(string path)
    {
        JsonNode? node = Json;
        foreach (var name in path.Split('.'))
        {
            node = node?[name];
        }

        return node?.GetValueKind() is JsonValueKind.String ? (string?)node : node?.ToJsonString();
    }

    public override string ToString() => $"{Type} {Name}";
}
